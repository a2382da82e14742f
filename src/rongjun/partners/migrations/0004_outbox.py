"""What we send to partners, and what of it may travel where."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

# Whoever may try again or close: by hand, with a reason.
BY_HAND = """state, next_try_at, tries, resends, retry_reason, retried_by, retried_at,
    close_reason, close_asked_by, close_asked_at, closed_by, closed_at"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0003_bulk_and_calls"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutboundBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("format", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=64)),
                ("business_date", models.DateField()),
                ("asked_digest", models.BinaryField()),
                ("given_count", models.IntegerField()),
                ("withheld_count", models.IntegerField(default=0)),
                ("count", models.IntegerField()),
                ("total", models.BigIntegerField()),
                ("content_sealed", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=80)),
                ("sequence", models.IntegerField(null=True)),
                ("channel", models.CharField(default="", max_length=8)),
                ("digest", models.BinaryField(default=b"")),
                ("size", models.IntegerField(default=0)),
                ("state", models.CharField(default="waiting", max_length=12)),
                ("tries", models.SmallIntegerField(default=0)),
                ("resends", models.SmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("failure", models.CharField(default="", max_length=300)),
                ("first_try_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_count", models.IntegerField(null=True)),
                ("retry_reason", models.CharField(default="", max_length=200)),
                ("retried_by", models.CharField(default="", max_length=80)),
                ("retried_at", models.DateTimeField(null=True)),
                ("close_reason", models.CharField(default="", max_length=200)),
                ("close_asked_by", models.CharField(default="", max_length=80)),
                ("close_asked_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(default="", max_length=80)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="partner",
            name="address",
            field=models.CharField(default="", max_length=200),
        ),
        migrations.AddField(
            model_name="partner",
            name="daily_sends",
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name="partner",
            name="takes",
            field=models.JSONField(default=dict),
        ),
        migrations.AddConstraint(
            model_name="partner",
            constraint=models.CheckConstraint(
                condition=models.Q(("daily_sends__gte", 0)), name="partner_sends_counted"
            ),
        ),
        migrations.AddField(
            model_name="outboundbatch",
            name="partner",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="partners.partner"
            ),
        ),
        migrations.AddIndex(
            model_name="outboundbatch",
            index=models.Index(fields=["-made_at"], name="outbound_newest"),
        ),
        migrations.AddIndex(
            model_name="outboundbatch",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "sent"])),
                fields=["next_try_at"],
                name="outbound_due",
            ),
        ),
        migrations.AddIndex(
            model_name="outboundbatch",
            index=models.Index(
                condition=models.Q(("state", "gave-up")), fields=["made_at"], name="outbound_given_up"
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sent", "acknowledged", "gave-up", "closed"])),
                name="outbound_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("count__gte", 0),
                    (
                        "given_count",
                        django.db.models.expressions.CombinedExpression(
                            models.F("count"), "+", models.F("withheld_count")
                        ),
                    ),
                    ("withheld_count__gte", 0),
                ),
                name="outbound_lines_add_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("acknowledged_at__isnull", False),
                        ("acknowledged_count", models.F("count")),
                        ("state", "acknowledged"),
                    ),
                    models.Q(
                        models.Q(("state", "acknowledged"), _negated=True),
                        ("acknowledged_at", None),
                        ("acknowledged_count", None),
                    ),
                    _connector="OR",
                ),
                name="outbound_acknowledged_in_full",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sent", "acknowledged"]), _negated=True),
                    ("sequence__isnull", False),
                    _connector="OR",
                ),
                name="outbound_sent_has_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "gave-up"), _negated=True),
                    models.Q(("failure", ""), _negated=True),
                    _connector="OR",
                ),
                name="outbound_given_up_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["waiting", "sent"]), _negated=True),
                    ("next_try_at__isnull", False),
                    _connector="OR",
                ),
                name="outbound_comes_again",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", False),
                        ("state", "closed"),
                        models.Q(("close_reason", ""), _negated=True),
                        models.Q(("close_asked_by", ""), _negated=True),
                        models.Q(("closed_by", ""), _negated=True),
                        models.Q(("closed_by", models.F("close_asked_by")), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "closed"), _negated=True), ("closed_at", None), ("closed_by", "")
                    ),
                    _connector="OR",
                ),
                name="outbound_closed_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.UniqueConstraint(fields=("partner", "format", "key"), name="outbound_key_once"),
        ),
        migrations.AddConstraint(
            model_name="outboundbatch",
            constraint=models.UniqueConstraint(
                fields=("partner", "format", "sequence"), name="outbound_sequence_once"
            ),
        ),
        migrations.RunSQL(
            lock_by_division(
                "partners_outboundbatch", rights="select, insert", job_rights="select, insert, update"
            ),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            f"grant update ({BY_HAND}) on partners_outboundbatch to app_staff", migrations.RunSQL.noop
        ),
    ]
