"""Who says yes for a child, which kin asks, legal holds; and what jobs may remove at the end of retention."""

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

HOLD = "select, insert, update (lifted_at, lifted_by, lifted_reason)"
REMOVED = (
    "importedrow",
    "duplicatecandidate",
    "noticereceipt",
    "consent",
    "rightsrequest",
    "exportrequest",
    "lookup",
)
CLEARED = {
    "rosterimport": "file_name, uploaded_by",
    "cutoverimport": "file_name, uploaded_by, faults, refused_sealed",
    "feedcandidate": "source, key, said, change, reasons, decision_reason",
}


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0014_name_term_key"),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="guardian",
            field=models.CharField(default="", max_length=48),
        ),
        migrations.AddField(
            model_name="rightsrequest",
            name="kin",
            field=models.CharField(default="", max_length=48),
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("division", models.BigIntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=200)),
                ("document", models.CharField(max_length=120)),
                ("since", models.DateTimeField()),
                ("held_by", models.CharField(max_length=80)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_by", models.CharField(default="", max_length=80)),
                ("lifted_reason", models.CharField(default="", max_length=200)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person"], name="legalhold_person")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("person",),
                        name="legal_hold_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("document", ""), _negated=True),
                            models.Q(("held_by", ""), _negated=True),
                        ),
                        name="legal_hold_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifted_at", None),
                            models.Q(
                                models.Q(("lifted_reason", ""), _negated=True),
                                models.Q(("lifted_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="legal_hold_lifted_with_words",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "alter table registry_legalhold add constraint legalhold_same_division foreign key (person_id, division)"
            " references registry_person (id, division) on update cascade deferrable initially deferred",
            "alter table registry_legalhold drop constraint legalhold_same_division",
        ),
        migrations.RunSQL(lock_by_division("registry_legalhold", rights=HOLD), migrations.RunSQL.noop),
        *(
            migrations.RunSQL(
                f"grant delete on registry_{table} to app_batch",
                f"revoke delete on registry_{table} from app_batch",
            )
            for table in REMOVED
        ),
        *(
            migrations.RunSQL(
                f"grant update ({columns}) on registry_{table} to app_batch",
                f"revoke update ({columns}) on registry_{table} from app_batch",
            )
            for table, columns in CLEARED.items()
        ),
    ]
