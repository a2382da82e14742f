"""Conflicts are decided by two, top-ups of virtual amounts are kept, people let in by hand are counted."""

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

# A step is taken once and in turn, and nothing else of a decision changes. A use is voided for a conflict
# only where two people have said so: the difference row is the money.
GUARDS = """
create function benefits_decision_stands() returns trigger language plpgsql as $$
declare
    steps constant text[] := array['state', 'decided_by', 'decided_at', 'done_at'];
    signer text := case when tg_op = 'DELETE' then '' when tg_op = 'INSERT' then new.proposed_by else new.decided_by end;
begin
    if current_user = 'app_staff' and signer is distinct from current_setting('app.actor', true) then
        raise exception 'whoever proposes or decides does it in their own name' using errcode = '23514';
    end if;
    if tg_op = 'INSERT' then
        if new.state = 'proposed' or (new.state = 'done' and new.voids = 0 and new.adds = 0) then
            return new;
        end if;
        raise exception 'a decision that changes money begins as a proposal' using errcode = '23514';
    end if;
    if tg_op = 'UPDATE' and to_jsonb(old) - steps = to_jsonb(new) - steps and (old.state, new.state) in
            (('proposed', 'confirmed'), ('proposed', 'declined'), ('confirmed', 'done'))
            and (old.decided_by = '' or old.decided_by = new.decided_by) then
        return new;
    end if;
    raise exception 'a decision stands' using errcode = '23514';
end $$;
create trigger use_decision_stands before insert or update or delete on benefits_use_decision
    for each row execute function benefits_decision_stands();

create function benefits_void_was_decided() returns trigger language plpgsql as $$
begin
    if exists (
        select from benefits_use_decision d join benefits_use_refusal r on r.id = d.refusal_id
        where r.source_id = new.source and r.reference = new.reference and d.voids > 0
          and d.state in ('confirmed', 'done') and d.decided_by <> d.proposed_by
    ) then
        return new;
    end if;
    raise exception 'a use is voided for a conflict when two people have decided it' using errcode = '23514';
end $$;
create trigger use_void_was_decided before insert on benefits_use_void
    for each row when (new.reason in ('conflict', 'month-twice'))
    execute function benefits_void_was_decided();
"""
UNGUARD = """
drop function benefits_decision_stands() cascade;
drop function benefits_void_was_decided() cascade;
"""

# Of a month in which a fare version was added later, a use may be taken off another piece than it was put
# on: only the pieces together say how many there were, and a month with pieces is priced day by day.
PIECES = "alter table benefits_use_month drop constraint use_month_count;"

LOCKS = lock_by_division(
    "benefits_use_decision",
    rights="select, insert, update (state, decided_by, decided_at)",
    job_rights="select, update (state, done_at)",
) + lock_by_division("benefits_top_up", rights="select", job_rights="select, insert, delete")


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0042_days_held"),
    ]

    operations = [
        migrations.CreateModel(
            name="TopUp",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("month", models.IntegerField()),
                ("reference", models.CharField(max_length=32)),
                ("card", models.BigIntegerField()),
                ("topped_at", models.DateTimeField()),
                ("day", models.DateField()),
                ("before", models.IntegerField()),
                ("amount", models.IntegerField()),
                ("file", models.UUIDField()),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "benefits_top_up",
            },
        ),
        migrations.CreateModel(
            name="UseDecision",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("outcome", models.CharField(max_length=8)),
                ("reason", models.CharField(max_length=200)),
                ("voids", models.SmallIntegerField()),
                ("adds", models.SmallIntegerField()),
                ("state", models.CharField(default="proposed", max_length=12)),
                ("proposed_by", models.CharField(max_length=80)),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.CharField(default="", max_length=80)),
                ("decided_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "benefits_use_decision",
            },
        ),
        migrations.AddField(
            model_name="manualuse",
            name="band",
            field=models.SmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="manualuse",
            name="corrects",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="benefits.manualuse"
            ),
        ),
        migrations.AddField(
            model_name="manualuse",
            name="people",
            field=models.SmallIntegerField(default=1),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="manualuse",
            name="programme",
            field=models.ForeignKey(
                db_index=False,
                default=0,
                on_delete=django.db.models.deletion.PROTECT,
                to="benefits.programme",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="operatorstatement",
            name="manual",
            field=models.JSONField(default=dict),
        ),
        migrations.AddConstraint(
            model_name="manualuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("band__range", (0, 9999)), ("people__range", (1, 60))),
                name="manual_use_counts",
            ),
        ),
        migrations.AddField(
            model_name="topup",
            name="source",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="benefits.usesource"
            ),
        ),
        migrations.AddField(
            model_name="usedecision",
            name="refusal",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="benefits.userefusal"
            ),
        ),
        migrations.AddIndex(
            model_name="topup",
            index=models.Index(fields=["day", "card"], name="top_up_day"),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.UniqueConstraint(fields=("source", "month", "reference"), name="top_up_once"),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("before__gte", 0)), name="top_up_amounts"
            ),
        ),
        migrations.AddConstraint(
            model_name="usedecision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "declined"), _negated=True),
                fields=("refusal",),
                name="use_decision_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="usedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["first", "second", "neither", "both"]),
                    models.Q(("reason", ""), _negated=True),
                ),
                name="use_decision_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="usedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("adds__range", (0, 1)), ("voids__range", (0, 2))),
                name="use_decision_counts",
            ),
        ),
        migrations.AddConstraint(
            model_name="usedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at", None), ("decided_by", ""), ("done_at", None), ("state", "proposed")
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("done_at", None),
                        ("state__in", ["confirmed", "declined"]),
                        models.Q(("decided_by", ""), _negated=True),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("done_at__isnull", False),
                        ("state", "done"),
                        models.Q(("decided_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="use_decision_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="usedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("adds", 0), ("voids", 0)),
                    models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="use_decision_by_two",
            ),
        ),
        migrations.RunSQL(GUARDS, UNGUARD),
        migrations.RunSQL(
            PIECES, "alter table benefits_use_month add constraint use_month_count check (n >= 0) not valid;"
        ),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]
