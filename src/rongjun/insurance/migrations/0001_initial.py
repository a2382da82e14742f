"""Settlements, decisions, reviews, payouts, years and the roster of the insurance."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry", "0017_statement_recorded"),
    ]

    operations = [
        migrations.CreateModel(
            name="Institution",
            fields=[
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                ("area", models.CharField(default="", max_length=12)),
                ("known_since", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("plan", models.CharField(max_length=40)),
                ("decisions", models.IntegerField(default=0)),
                ("opened_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InsuredYear",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("inside", models.BigIntegerField(default=0)),
                ("outside", models.BigIntegerField(default=0)),
                ("payout", models.BigIntegerField(default=0)),
                ("own", models.BigIntegerField(default=0)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="years",
                        to="insurance.member",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClaimDecision",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("institution", models.CharField(max_length=40)),
                ("number", models.CharField(max_length=40)),
                ("record", models.IntegerField()),
                ("place", models.IntegerField()),
                ("outcome", models.CharField(max_length=16)),
                ("plan_from", models.DateField()),
                ("plan_digest", models.CharField(max_length=64)),
                ("book_digest", models.CharField(max_length=140)),
                ("unconfirmed", models.BooleanField()),
                ("facts", models.JSONField(default=dict)),
                ("lines", models.JSONField(default=list)),
                ("shares", models.JSONField(default=list)),
                ("reasons", models.JSONField(default=list)),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("post", models.BigIntegerField()),
                ("proposed", models.BigIntegerField()),
                ("waits", models.BooleanField()),
                ("adverse", models.BooleanField()),
                ("signed_by", models.CharField(default="", max_length=200)),
                ("decided_at", models.DateTimeField()),
                ("decided_by", models.CharField(max_length=80)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
                (
                    "year",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="made_by",
                        to="insurance.insuredyear",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="insurance.member"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("fen", models.BigIntegerField()),
                ("state", models.CharField(max_length=12)),
                ("fault", models.CharField(default="", max_length=200)),
                ("batch", models.UUIDField(null=True)),
                ("reserved_at", models.DateTimeField()),
                ("drafted_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="insurance.claimdecision",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="insurance.member",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RosterSpan",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("begins_on", models.DateField()),
                ("begun_why", models.CharField(max_length=300)),
                ("begun_at", models.DateTimeField()),
                ("ends_on", models.DateField(null=True)),
                ("ended_why", models.CharField(default="", max_length=300)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spans",
                        to="insurance.member",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=12)),
                ("channel", models.CharField(max_length=8)),
                ("partner", models.CharField(max_length=32)),
                ("msgid", models.CharField(max_length=40)),
                ("digest", models.BinaryField()),
                ("institution", models.CharField(max_length=40)),
                ("number", models.CharField(max_length=40)),
                ("version", models.IntegerField(default=1)),
                ("of_number", models.CharField(default="", max_length=40)),
                ("admitted_on", models.DateField(null=True)),
                ("discharged_on", models.DateField(null=True)),
                ("care_type", models.CharField(default="", max_length=6)),
                ("care_area", models.CharField(default="", max_length=12)),
                ("total", models.BigIntegerField()),
                ("personal", models.BigIntegerField()),
                ("amounts", models.JSONField(default=dict)),
                ("number_sealed", models.BinaryField()),
                ("number_mask", models.CharField(max_length=24)),
                ("diagnosis_sealed", models.BinaryField(default=b"")),
                ("diagnosis_mask", models.CharField(default="", max_length=12)),
                ("settled_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField()),
                ("state", models.CharField(max_length=16)),
                ("standing", models.CharField(default="", max_length=12)),
                ("why", models.CharField(default="", max_length=40)),
                ("said", models.CharField(default="", max_length=500)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="insurance.member",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="registry.person"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("reasons", models.JSONField(default=list)),
                ("opened_at", models.DateTimeField()),
                ("due_on", models.DateField()),
                ("state", models.CharField(default="open", max_length=12)),
                ("answer", models.CharField(default="", max_length=8)),
                ("proposed_by", models.CharField(default="", max_length=80)),
                ("proposed_name", models.CharField(default="", max_length=64)),
                ("proposed_at", models.DateTimeField(null=True)),
                ("proposed_why", models.CharField(default="", max_length=500)),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_name", models.CharField(default="", max_length=64)),
                ("checked_at", models.DateTimeField(null=True)),
                ("appeal_said", models.CharField(default="", max_length=500)),
                ("appeal_noted_by", models.CharField(default="", max_length=80)),
                ("appeal_noted_at", models.DateTimeField(null=True)),
                ("appeal_answer", models.CharField(default="", max_length=8)),
                ("appeal_by", models.CharField(default="", max_length=80)),
                ("appeal_name", models.CharField(default="", max_length=64)),
                ("appeal_at", models.DateTimeField(null=True)),
                ("appeal_why", models.CharField(default="", max_length=500)),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review",
                        to="insurance.claimdecision",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="insurance.member"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="insurance.settlement",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="claimdecision",
            name="settlement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="made", to="insurance.settlement"
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(fields=("person", "plan"), name="insurance_member_once"),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(fields=("id", "division"), name="insurance_member_division"),
        ),
        migrations.AddConstraint(
            model_name="insuredyear",
            constraint=models.UniqueConstraint(fields=("member", "starts_on"), name="insurance_year_once"),
        ),
        migrations.AddConstraint(
            model_name="insuredyear",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on"))), name="insurance_year_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="insuredyear",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("inside__gte", 0),
                    ("outside__gte", 0),
                    ("payout__gte", 0),
                    (
                        "payout__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("inside"), "+", models.F("outside")
                        ),
                    ),
                ),
                name="insurance_year_foots",
            ),
        ),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(fields=["member"], name="insurance_payout_member"),
        ),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(
                condition=models.Q(("state__in", ["drafted", "reserved", "short"])),
                fields=["state", "reserved_at"],
                name="insurance_payout_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(("fen__gt", 0)), name="insurance_payout_pays"
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["short", "reserved", "drafted", "paid", "cancelled"])),
                name="insurance_payout_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["drafted", "paid"]), _negated=True),
                    ("batch__isnull", False),
                    _connector="OR",
                ),
                name="insurance_payout_batch",
            ),
        ),
        migrations.AddIndex(
            model_name="rosterspan",
            index=models.Index(fields=["begins_on"], name="insurance_roster_begins"),
        ),
        migrations.AddConstraint(
            model_name="rosterspan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_on", None)), fields=("member",), name="insurance_roster_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="rosterspan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("begins_on")), _connector="OR"
                ),
                name="insurance_roster_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="rosterspan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ends_on", None)),
                    models.Q(("ended_at__isnull", False), ("ends_on__isnull", False)),
                    _connector="OR",
                ),
                name="insurance_roster_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(fields=["member", "received_at"], name="insurance_settlement_member"),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(fields=["institution", "number"], name="insurance_settlement_ref"),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(
                condition=models.Q(("state__in", ["conflict", "mend", "review", "waiting"])),
                fields=["state", "received_at"],
                name="insurance_settlement_open",
            ),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(fields=["-received_at"], name="insurance_settlement_newest"),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                fields=("partner", "msgid"), name="insurance_settlement_msgid"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["conflict", "duplicate"]), _negated=True),
                fields=("institution", "number", "version", "kind"),
                name="insurance_settlement_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                fields=("id", "division"), name="insurance_settlement_division"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["waiting", "decided", "review", "mend", "refused", "duplicate", "conflict"],
                    )
                ),
                name="insurance_settlement_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["settlement", "refund"])), name="insurance_settlement_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("standing", ""),
                    ("standing__in", ["sound", "held", "mend", "admitted", "refused"]),
                    _connector="OR",
                ),
                name="insurance_settlement_standing",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "proposed", "appealed"])),
                fields=["due_on"],
                name="insurance_review_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "proposed", "closed", "appealed", "overtaken"])),
                name="insurance_review_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer", ""), ("answer__in", ["admit", "refuse"]), _connector="OR"),
                name="insurance_review_answer",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("checked_by", ""),
                    models.Q(("checked_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="insurance_review_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("appeal_by", ""),
                    models.Q(
                        models.Q(("appeal_by", models.F("proposed_by")), _negated=True),
                        models.Q(("appeal_by", models.F("checked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="insurance_appeal_by_a_third",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "proposed"), _negated=True),
                    models.Q(
                        models.Q(("proposed_by", ""), _negated=True),
                        models.Q(("proposed_why", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="insurance_review_proposed",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["closed", "appealed"]), _negated=True),
                    models.Q(
                        models.Q(("proposed_by", ""), _negated=True),
                        models.Q(("checked_by", ""), _negated=True),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="insurance_review_signed",
            ),
        ),
        migrations.AddIndex(
            model_name="claimdecision",
            index=models.Index(fields=["settlement"], name="insurance_decision_of"),
        ),
        migrations.AddIndex(
            model_name="claimdecision",
            index=models.Index(fields=["-decided_at"], name="insurance_decision_newest"),
        ),
        migrations.AddIndex(
            model_name="claimdecision",
            index=models.Index(fields=["member", "institution", "number"], name="insurance_decision_claim"),
        ),
        migrations.AddConstraint(
            model_name="claimdecision",
            constraint=models.UniqueConstraint(fields=("member", "place"), name="insurance_decision_place"),
        ),
        migrations.AddConstraint(
            model_name="claimdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("adverse", False),
                    ("waits", True),
                    models.Q(("signed_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="insurance_adverse_is_signed",
            ),
        ),
    ]
