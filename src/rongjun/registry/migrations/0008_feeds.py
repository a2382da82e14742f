"""What feeds may mean for a file, and sentences: locked by division, and never rewritten."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

DECIDED = "state, decided_by, decided_at, decision_reason"
RIGHTS = {
    "sentence": "select, insert, update (superseded_at)",
    "feedcandidate": f"select, update ({DECIDED})",
}


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
        ("registry", "0007_imports"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedCandidate",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("feed", models.CharField(max_length=24)),
                ("source", models.CharField(max_length=120)),
                ("key", models.CharField(max_length=64)),
                ("said", models.JSONField()),
                ("change", models.JSONField()),
                ("reasons", models.JSONField()),
                ("score", models.SmallIntegerField()),
                ("recorded_at", models.DateTimeField()),
                ("state", models.CharField(default="open", max_length=12)),
                ("decided_by", models.CharField(default="", max_length=80)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.CharField(default="", max_length=200)),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="partners.inbounditem"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["feed", "-score", "id"],
                        name="feed_candidate_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("item", "person"), name="feed_candidate_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "confirmed")),
                        fields=("item",),
                        name="feed_candidate_one_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", ""), ("state", "open")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("state__in", ["confirmed", "dismissed"]),
                                models.Q(("decided_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="feed_candidate_decided_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Sentence",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("source", models.CharField(max_length=120)),
                ("evidence", models.CharField(default="", max_length=200)),
                ("recorded_by", models.CharField(max_length=80)),
                ("penalty", models.CharField(max_length=24)),
                ("term_end", models.DateField(null=True)),
                ("report_document", models.CharField(default="", max_length=120)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="sentence_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="sentence_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at", None),
                            ("superseded_at__gte", models.F("recorded_at")),
                            _connector="OR",
                        ),
                        name="sentence_known_order",
                    ),
                ],
            },
        ),
        *(
            migrations.RunSQL(
                f"alter table registry_{name} add constraint {name}_same_division foreign key (person_id, division)"
                " references registry_person (id, division) on update cascade deferrable initially deferred",
                f"alter table registry_{name} drop constraint {name}_same_division",
            )
            for name in RIGHTS
        ),
        *(
            migrations.RunSQL(
                lock_by_division(f"registry_{name}", rights=rights, job_rights="select, insert"),
                migrations.RunSQL.noop,
            )
            for name, rights in RIGHTS.items()
        ),
        # A line without a number is compared with everybody born on that day.
        migrations.RunSQL(
            "create index particulars_birth_date on registry_particulars (birth_date)",
            "drop index particulars_birth_date",
        ),
    ]
