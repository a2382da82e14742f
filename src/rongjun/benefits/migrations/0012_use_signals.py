"""How far uses were judged again, signals for an officer, and uses of certificates from elsewhere."""

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

LOCKS = (
    """
        alter table benefits_use_replay enable row level security;
        alter table benefits_use_replay force row level security;
        create policy job_writes on benefits_use_replay for all to app_batch using (true) with check (true);
        grant select, insert, update on benefits_use_replay to app_batch;
    """
    + lock_by_division(
        "benefits_use_signal",
        rights="select, update (state, looked_by, looked_at, ended_by, ended_at, reason)",
        job_rights="select, insert, delete",
    )
    + lock_by_division(
        "benefits_manual_use",
        rights="select, insert, update (struck_at, struck_by, struck_reason)",
        job_rights="select, update (name)",
    )
)


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0030_closed_months"),
    ]

    operations = [
        migrations.CreateModel(
            name="ManualUse",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("used_at", models.DateTimeField()),
                ("day", models.DateField()),
                ("name", models.CharField(max_length=40)),
                ("certificate", models.CharField(max_length=24)),
                ("province", models.CharField(max_length=2)),
                ("recorded_by", models.CharField(max_length=80)),
                ("recorded_at", models.DateTimeField()),
                ("struck_at", models.DateTimeField(null=True)),
                ("struck_by", models.CharField(default="", max_length=80)),
                ("struck_reason", models.CharField(default="", max_length=200)),
            ],
            options={
                "db_table": "benefits_manual_use",
            },
        ),
        migrations.CreateModel(
            name="UseReplay",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("known_to", models.DateTimeField()),
            ],
            options={
                "db_table": "benefits_use_replay",
            },
        ),
        migrations.CreateModel(
            name="UseSignal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=16)),
                ("card", models.BigIntegerField()),
                ("evidence", models.JSONField()),
                ("state", models.CharField(default="open", max_length=12)),
                ("found_at", models.DateTimeField()),
                ("looked_by", models.CharField(default="", max_length=80)),
                ("looked_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=80)),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(default="", max_length=500)),
            ],
            options={
                "db_table": "benefits_use_signal",
            },
        ),
        migrations.AddConstraint(
            model_name="usesource",
            constraint=models.UniqueConstraint(
                condition=models.Q(("record", "file")), fields=("partner",), name="use_source_one_file"
            ),
        ),
        migrations.AddField(
            model_name="manualuse",
            name="place",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="benefits.useplace"
            ),
        ),
        migrations.AddConstraint(
            model_name="usereplay",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="use_replay_one_row"),
        ),
        migrations.AddIndex(
            model_name="usesignal",
            index=models.Index(fields=["state", "-day", "id"], name="use_signal_state"),
        ),
        migrations.AddConstraint(
            model_name="usesignal",
            constraint=models.UniqueConstraint(fields=("day", "kind", "card"), name="use_signal_once"),
        ),
        migrations.AddConstraint(
            model_name="usesignal",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["travel", "places", "times", "top-up"])),
                name="use_signal_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="usesignal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_by", ""), ("looked_by", ""), ("state", "open")),
                    models.Q(
                        ("ended_by", ""), ("state", "looked-at"), models.Q(("looked_by", ""), _negated=True)
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("state__in", ["explained", "followed-up"]),
                        models.Q(("looked_by", ""), _negated=True),
                        models.Q(("ended_by", ""), _negated=True),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="use_signal_state",
            ),
        ),
        migrations.AddIndex(
            model_name="manualuse",
            index=models.Index(fields=["-day", "place"], name="manual_use_day"),
        ),
        migrations.AddConstraint(
            model_name="manualuse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("struck_at", None), ("struck_by", ""), ("struck_reason", "")),
                    models.Q(
                        ("struck_at__isnull", False),
                        models.Q(("struck_by", ""), _negated=True),
                        models.Q(("struck_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="manual_use_struck",
            ),
        ),
        migrations.AddConstraint(
            model_name="manualuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="manual_use_named"
            ),
        ),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]
