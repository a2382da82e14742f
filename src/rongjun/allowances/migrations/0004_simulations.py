"""What-ifs: asked for in one's division, reckoned by a job, and what was found stands."""

import uuid

from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

LOCK = lock_by_division(
    "allowances_simulation",
    rights="select, insert",
    job_rights="select, update (state, book, result, failure, done_at)",
)
GUARD = """
    create function allowances_simulation_stands() returns trigger language plpgsql as $$
    declare
        found constant text[] := array['state', 'book', 'result', 'failure', 'done_at'];
    begin
        if tg_op = 'UPDATE' and old.state = 'asked' and new.state <> 'asked'
           and to_jsonb(new) - found = to_jsonb(old) - found
        then
            return new;
        end if;
        raise exception 'a simulation stands' using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_simulation_stands before update or delete on allowances_simulation
        for each row execute function allowances_simulation_stands();
"""
UNGUARD = "drop function allowances_simulation_stands() cascade;"


class Migration(migrations.Migration):
    dependencies = [
        ("allowances", "0003_rate_confirmations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Simulation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("order", models.CharField(max_length=60)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("month", models.IntegerField()),
                ("state", models.CharField(default="asked", max_length=8)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("book", models.CharField(default="", max_length=64)),
                ("result", models.JSONField(default=dict)),
                ("failure", models.CharField(default="", max_length=300)),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-made_at", "id"], name="simulation_newest"),
                    models.Index(
                        condition=models.Q(("state", "asked")), fields=["id"], name="simulation_asked"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["asked", "done", "failed"])),
                        name="simulation_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at", None), ("state", "asked")),
                            models.Q(models.Q(("state", "asked"), _negated=True), ("done_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="simulation_done",
                    ),
                ],
            },
        ),
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
