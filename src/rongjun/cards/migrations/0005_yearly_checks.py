"""The yearly checks: opened by a job, closed by a person, and then as they are."""

from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

KEY = """
    alter table cards_cardcheck add constraint cardcheck_of_carrier
        foreign key (carrier_id, person_id, division)
        references cards_carrier (reference, person_id, division)
        on update cascade deferrable initially deferred
"""
CLOSES = "state, tried_on, words, way, closed_on, closed_by"
# The division follows the person; nothing else of a check that is over ever changes.
GUARD = """
    create function cards_refuse_reopening() returns trigger language plpgsql as $$
    begin
        if old.state = 'waiting' or to_jsonb(new) - 'division' = to_jsonb(old) - 'division' then
            return new;
        end if;
        raise exception 'a check that is over stays so' using errcode = 'integrity_constraint_violation';
    end $$;
    create trigger stays_over before update on cards_cardcheck
        for each row execute function cards_refuse_reopening();
"""
NO_GUARD = """
    drop trigger stays_over on cards_cardcheck;
    drop function cards_refuse_reopening();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0004_sendings"),
    ]

    operations = [
        migrations.CreateModel(
            name="CardCheck",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("person_id", models.UUIDField()),
                ("division", models.BigIntegerField()),
                ("due_on", models.DateField()),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("opened_at", models.DateTimeField()),
                ("tried_on", models.DateField(null=True)),
                ("words", models.CharField(default="", max_length=200)),
                ("way", models.CharField(default="", max_length=16)),
                ("closed_on", models.DateField(null=True)),
                ("closed_by", models.CharField(default="", max_length=80)),
                (
                    "carrier",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="cards.carrier",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person_id"], name="cardcheck_person"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["division", "due_on"],
                        name="cardcheck_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "done", "lapsed"])),
                        name="cardcheck_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_by", ""), ("closed_on", None), ("state", "waiting"), ("way", "")
                            ),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("closed_on__isnull", False),
                                models.Q(("closed_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="cardcheck_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(("way", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="cardcheck_way",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("carrier",),
                        name="cardcheck_waits_once",
                    ),
                    models.UniqueConstraint(fields=("carrier", "due_on"), name="cardcheck_due_once"),
                ],
            },
        ),
        migrations.RunSQL(KEY, "alter table cards_cardcheck drop constraint cardcheck_of_carrier"),
        migrations.RunSQL(GUARD, NO_GUARD),
        migrations.RunSQL(
            lock_by_division(
                "cards_cardcheck",
                rights=f"select, update ({CLOSES})",
                job_rights=f"select, insert, update ({CLOSES})",
            ),
            migrations.RunSQL.noop,
        ),
    ]
