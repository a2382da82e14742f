"""What was sent to the bank and to operators about cards, and until when a stop has to be acknowledged."""

from django.db import migrations, models

from rongjun.access.row_security import lock_by_division


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0003_proposals"),
    ]

    operations = [
        migrations.CreateModel(
            name="CardSending",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("partner", models.CharField(max_length=32)),
                ("kind", models.CharField(max_length=8)),
                ("rows", models.IntegerField()),
                ("as_of", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["partner", "kind", "-as_of"], name="cardsending_newest"),
                    models.Index(
                        condition=models.Q(("acknowledged_at", None), ("due_at__isnull", False)),
                        fields=["due_at"],
                        name="cardsending_unacknowledged",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["orders", "stops", "changes", "full"])),
                        name="cardsending_kind",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            lock_by_division(
                "cards_cardsending", rights="select", job_rights="select, insert, update (acknowledged_at)"
            ),
            migrations.RunSQL.noop,
        ),
    ]
