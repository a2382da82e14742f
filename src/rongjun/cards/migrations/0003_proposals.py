"""What one proposes and another decides: a card ends because of a document."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0002_row_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="CarrierProposal",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("person_id", models.UUIDField()),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(max_length=200)),
                ("document", models.CharField(max_length=200)),
                ("proposed_by", models.CharField(max_length=80)),
                ("proposed_at", models.DateTimeField()),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("decided_by", models.CharField(default="", max_length=80)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision", models.CharField(default="", max_length=200)),
                (
                    "carrier",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cards.carrier",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person_id"], name="carrierproposal_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["move-away", "wrong"])), name="carrierproposal_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "approved", "rejected"])),
                        name="carrierproposal_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", ""), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                models.Q(("decided_by", ""), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="carrierproposal_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("proposed_by", models.F("decided_by")), _negated=True),
                        name="carrierproposal_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True), models.Q(("document", ""), _negated=True)
                        ),
                        name="carrierproposal_document",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("carrier",),
                        name="carrierproposal_waits_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "alter table cards_carrierproposal add constraint carrierproposal_of_carrier"
            " foreign key (carrier_id, person_id, division)"
            " references cards_carrier (reference, person_id, division)"
            " on update cascade deferrable initially deferred",
            "alter table cards_carrierproposal drop constraint carrierproposal_of_carrier",
        ),
        migrations.RunSQL(
            lock_by_division(
                "cards_carrierproposal",
                rights="select, insert, update (state, decided_by, decided_at, decision)",
                job_rights="select",
            ),
            migrations.RunSQL.noop,
        ),
    ]
