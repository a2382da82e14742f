"""Notices, consents, rights, restrictions, lists taken out: locked like all else about people."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

ABOUT_PERSONS = {
    "noticereceipt": "select, insert",
    "consent": "select, insert, update (withdrawn_at, withdrawn_how, withdrawn_by)",
    "rightsrequest": "select, insert, update (state, answer, decided_at, decided_by)",
    "restriction": "select, insert, update (lifted_at, lifted_by, lifted_reason)",
}
EXPORT = "select, insert, update (state, decided_at, decided_by, decision, open_until, taken_at)"


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0008_feeds"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExportRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("sought", models.CharField(default="", max_length=50)),
                ("people", models.IntegerField()),
                ("reason", models.CharField(max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=80)),
                ("state", models.CharField(default="waiting", max_length=12)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(default="", max_length=80)),
                ("decision", models.CharField(default="", max_length=200)),
                ("open_until", models.DateTimeField(null=True)),
                ("taken_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["requested_at"], name="export_request_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "approved", "refused", "taken"])),
                        name="export_request_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by", ""), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                models.Q(("decided_by", ""), _negated=True),
                                models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="export_request_second_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "taken"]), _negated=True),
                            ("open_until__isnull", False),
                            _connector="OR",
                        ),
                        name="export_request_open_for_some_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "taken"), _negated=True),
                            ("taken_at__lte", models.F("open_until")),
                            _connector="OR",
                        ),
                        name="export_request_taken_in_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RightsRequest",
            fields=[
                ("division", models.BigIntegerField()),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(max_length=16)),
                ("asked_by", models.CharField(max_length=16)),
                ("proof", models.CharField(default="", max_length=200)),
                ("wish", models.CharField(default="", max_length=500)),
                ("received_at", models.DateTimeField()),
                ("received_by", models.CharField(max_length=80)),
                ("due_on", models.DateField()),
                ("state", models.CharField(default="open", max_length=8)),
                ("answer", models.CharField(default="", max_length=500)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(default="", max_length=80)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                ("division", models.BigIntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("reason", models.CharField(max_length=200)),
                ("since", models.DateTimeField()),
                ("restricted_by", models.CharField(max_length=80)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_by", models.CharField(default="", max_length=80)),
                ("lifted_reason", models.CharField(default="", max_length=200)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
                (
                    "request",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="registry.rightsrequest"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("division", models.BigIntegerField()),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("purpose", models.CharField(max_length=40)),
                ("recipient", models.CharField(max_length=40)),
                ("given", models.BooleanField()),
                ("answered_at", models.DateTimeField()),
                ("how", models.CharField(max_length=16)),
                ("recorded_by", models.CharField(max_length=80)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_how", models.CharField(default="", max_length=16)),
                ("withdrawn_by", models.CharField(default="", max_length=80)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="consent_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("purpose__regex", "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"),
                            ("recipient__regex", "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"),
                        ),
                        name="consent_is_not_bundled",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn_at", None),
                            models.Q(("given", True), ("withdrawn_at__gte", models.F("answered_at"))),
                            _connector="OR",
                        ),
                        name="consent_withdrawn_after_given",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("given", True), ("withdrawn_at", None)),
                        fields=("person", "purpose", "recipient"),
                        name="consent_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeReceipt",
            fields=[
                ("division", models.BigIntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("notice", models.CharField(max_length=40)),
                ("version", models.DateField()),
                ("text_digest", models.BinaryField()),
                ("how", models.CharField(max_length=16)),
                ("shown_at", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=80)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="noticereceipt_person")],
            },
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(fields=["person"], name="rightsrequest_person"),
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["due_on"], name="rights_request_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("state", "open")),
                    models.Q(
                        models.Q(("decided_by", ""), _negated=True), models.Q(("answer", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="rights_request_decided_with_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "done", "refused"])),
                name="rights_request_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("asked_by", "self"), models.Q(("proof", ""), _negated=True), _connector="OR"
                ),
                name="rights_request_for_another_with_proof",
            ),
        ),
        migrations.AddIndex(
            model_name="restriction",
            index=models.Index(fields=["person"], name="restriction_person"),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at", None)), fields=("person",), name="restriction_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lifted_at", None),
                    models.Q(
                        models.Q(("lifted_reason", ""), _negated=True),
                        models.Q(("lifted_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="restriction_lifted_with_words",
            ),
        ),
        *(
            migrations.RunSQL(
                f"alter table registry_{name} add constraint {name}_same_division foreign key (person_id, division)"
                " references registry_person (id, division) on update cascade deferrable initially deferred",
                f"alter table registry_{name} drop constraint {name}_same_division",
            )
            for name in ABOUT_PERSONS
        ),
        *(
            migrations.RunSQL(lock_by_division(f"registry_{name}", rights=rights), migrations.RunSQL.noop)
            for name, rights in ABOUT_PERSONS.items()
        ),
        migrations.RunSQL(lock_by_division("registry_exportrequest", rights=EXPORT), migrations.RunSQL.noop),
    ]
