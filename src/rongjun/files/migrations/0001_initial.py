"""Every upload, seen by division. Staff link and discard; what a scan says is written by jobs only."""

import uuid

from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

STAFF = (
    "select, insert, update (state, linked_to, linked_at, linked_by, discarded_at, discarded_by, discard_reason,"
    " destroy_after)"
)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("access", "0003_row_security")]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=32)),
                ("file_name", models.CharField(max_length=200)),
                ("media_type", models.CharField(default="", max_length=64)),
                ("size", models.BigIntegerField()),
                ("digest", models.BinaryField()),
                ("notes", models.JSONField(default=list)),
                ("state", models.CharField(max_length=24)),
                ("about", models.CharField(default="", max_length=80)),
                ("purpose", models.CharField(default="", max_length=120)),
                ("retention", models.CharField(default="as-long-as-the-file", max_length=32)),
                ("uploaded_at", models.DateTimeField()),
                ("uploaded_by", models.CharField(max_length=80)),
                ("refusal", models.CharField(default="", max_length=64)),
                ("linked_to", models.CharField(default="", max_length=80)),
                ("linked_at", models.DateTimeField(null=True)),
                ("linked_by", models.CharField(default="", max_length=80)),
                ("scan_tries", models.IntegerField(default=0)),
                ("scan_after", models.DateTimeField(null=True)),
                ("scanned_at", models.DateTimeField(null=True)),
                ("found", models.CharField(default="", max_length=200)),
                ("discarded_at", models.DateTimeField(null=True)),
                ("discarded_by", models.CharField(default="", max_length=80)),
                ("discard_reason", models.CharField(default="", max_length=200)),
                ("destroy_after", models.DateTimeField(null=True)),
                ("destroyed_at", models.DateTimeField(null=True)),
                ("recovered_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("linked_to", ""), _negated=True),
                        fields=["linked_to", "uploaded_at"],
                        name="upload_linked_to",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("state__in", ["waiting-for-scan", "quarantined", "missing"]),
                            models.Q(("linked_to", ""), ("state", "stored")),
                            _connector="OR",
                        ),
                        fields=["division", "uploaded_at"],
                        name="upload_to_do",
                    ),
                    models.Index(
                        condition=models.Q(("state", "waiting-for-scan")),
                        fields=["scan_after"],
                        name="upload_to_scan",
                    ),
                    models.Index(fields=["uploaded_at"], name="upload_by_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                (
                                    "waiting-for-scan",
                                    "stored",
                                    "quarantined",
                                    "refused",
                                    "discarded",
                                    "missing",
                                ),
                            )
                        ),
                        name="upload_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "stored"), _negated=True),
                            ("scanned_at__isnull", False),
                            _connector="OR",
                        ),
                        name="upload_scanned_first",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("linked_at", None), ("linked_to", "")),
                            models.Q(
                                models.Q(("linked_to", ""), _negated=True), ("linked_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="upload_linked_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("refusal", ""), ("state", "refused"), _negated=True),
                        name="upload_refused_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "discarded"), _negated=True),
                            models.Q(
                                ("destroy_after__isnull", False),
                                ("discarded_at__isnull", False),
                                models.Q(("discard_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="upload_discarded_why",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            lock_by_division("files_upload", rights=STAFF, job_rights="select, insert, update"),
            migrations.RunSQL.noop,
        ),
    ]
