"""Messages: one for a template and a decision, for ever; what was told stays as it was told."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division, show_to_citizen

OPEN = ["queued", "sending", "by-hand"]
FINAL = ["delivered", "told-by-hand", "failed", "expired"]
ENDING = "state, read_at, settled_at, settled_by, words"
KEY = """
    alter table notices_message add constraint notices_message_same_division
    foreign key (person_id, division) references registry_person (id, division)
    on update cascade deferrable initially deferred
"""
# At the end of its retention a message loses its values and nothing else.
STAYS = """
    create function notices_message_stays() returns trigger language plpgsql as $$
    begin
        if (new.id, new.person_id, new.template, new.version, new.about, new.rests_on, new.told_at,
            new.expires_at) is distinct from
           (old.id, old.person_id, old.template, old.version, old.about, old.rests_on, old.told_at,
            old.expires_at)
           or new.values is distinct from old.values and new.values <> '{}'::jsonb then
            raise exception 'what was told stays as it was told';
        end if;
        if old.settled_at is not null
           and (new.state, new.settled_at) is distinct from (old.state, old.settled_at) then
            raise exception 'the end of a message is not undone';
        end if;
        return new;
    end $$;
    create trigger notices_message_stays before update on notices_message
    for each row execute function notices_message_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0016_citizens"), ("access", "0005_citizens")]

    operations = [
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("template", models.CharField(max_length=40)),
                ("version", models.DateField()),
                ("about", models.CharField(max_length=160)),
                ("values", models.JSONField()),
                (
                    "rests_on",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), default=list, size=None
                    ),
                ),
                ("told_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("state", models.CharField(default="queued", max_length=16)),
                ("read_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_by", models.CharField(default="", max_length=80)),
                ("words", models.CharField(default="", max_length=200)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="registry.person"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "-told_at"], name="message_of_person"),
                    models.Index(fields=["told_at"], name="message_newest"),
                    models.Index(
                        condition=models.Q(("state__in", OPEN)), fields=["expires_at"], name="message_open"
                    ),
                    models.Index(
                        condition=models.Q(("state", "by-hand")),
                        fields=["division", "told_at"],
                        name="message_by_hand",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("template", "about"), name="message_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [*OPEN, *FINAL])), name="message_state"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at", None), ("settled_by", ""), ("state__in", OPEN)),
                            models.Q(
                                ("settled_at__isnull", False),
                                ("state__in", FINAL),
                                models.Q(("settled_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="message_end_has_name",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEY, migrations.RunSQL.noop),
        migrations.RunSQL(
            STAYS,
            "drop trigger notices_message_stays on notices_message; drop function notices_message_stays();",
        ),
        migrations.RunSQL(
            lock_by_division(
                "notices_message",
                rights=f"select, insert, update ({ENDING})",
                job_rights=f"select, insert, update ({ENDING}, values)",
            )
            + show_to_citizen("notices_message", rights=f"select, insert, update ({ENDING})"),
            migrations.RunSQL.noop,
        ),
    ]
