"""Quarantined batches are closed by hand, by two people where lines are dropped; files come with signatures."""

from django.db import migrations, models

CLOSING = "state, close_reason, close_asked_by, close_asked_at, closed_by, closed_at"


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="inboundbatch",
            name="inbound_state",
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="close_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="close_asked_by",
            field=models.CharField(default="", max_length=80),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="close_reason",
            field=models.CharField(default="", max_length=200),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="closed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="closed_by",
            field=models.CharField(default="", max_length=80),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="signature",
            field=models.CharField(default="", max_length=256),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["received", "accepted", "quarantined", "processed", "closed"])
                ),
                name="inbound_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", False),
                        ("state", "closed"),
                        models.Q(("equation", ""), _negated=True),
                        models.Q(("close_reason", ""), _negated=True),
                        models.Q(("close_asked_by", ""), _negated=True),
                        models.Q(("closed_by", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "closed"), _negated=True), ("closed_at", None), ("closed_by", "")
                    ),
                    _connector="OR",
                ),
                name="inbound_closed_with_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    ("declared_count", 0),
                    ("size", 0),
                    models.Q(("closed_by", models.F("close_asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="inbound_closed_by_second",
            ),
        ),
        migrations.RunSQL(
            f"grant update ({CLOSING}) on partners_inboundbatch to app_staff",
            f"revoke update ({CLOSING}) on partners_inboundbatch from app_staff",
        ),
    ]
