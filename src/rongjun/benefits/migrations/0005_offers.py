"""What is offered without a form, who has it since when, and how far it reaches."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0004_citizens"),
        ("registry", "0016_citizens"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferRound",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("on", models.DateField()),
                ("known_at", models.DateTimeField()),
                ("book", models.CharField(max_length=64)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="sweptpart",
            name="offered_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("code", models.CharField(max_length=80)),
                ("version", models.DateField()),
                ("facts", models.TextField()),
                ("state", models.CharField(max_length=20)),
                ("made_at", models.DateTimeField()),
                ("answer_by", models.DateField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(default="", max_length=80)),
                ("channel", models.CharField(default="", max_length=20)),
                ("words", models.CharField(default="", max_length=200)),
                ("entitled_to", models.DateField(null=True)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
                (
                    "round",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="benefits.offerround"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TakeUp",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("code", models.CharField(max_length=80)),
                ("entitled", models.IntegerField()),
                ("unknown", models.IntegerField()),
                ("accepted", models.IntegerField()),
                ("declined", models.IntegerField()),
                ("waiting", models.IntegerField()),
                ("lapsed", models.IntegerField()),
                ("counted_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("division", "code"), name="take_up_once")],
            },
        ),
        migrations.CreateModel(
            name="Enrolment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("code", models.CharField(max_length=80)),
                ("since", models.DateField()),
                ("enrolled_at", models.DateTimeField()),
                ("enrolled_by", models.CharField(max_length=80)),
                ("not_entitled_since", models.DateField(null=True)),
                ("look_again_on", models.DateField(null=True)),
                ("kept_by", models.CharField(default="", max_length=80)),
                ("kept_reason", models.CharField(default="", max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=80)),
                ("end_ground", models.CharField(default="", max_length=20)),
                ("end_reason", models.CharField(default="", max_length=200)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="benefits.recordeddecision",
                    ),
                ),
                (
                    "end_decision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="benefits.recordeddecision",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
                (
                    "offer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="benefits.offer"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None), ("not_entitled_since__isnull", False)),
                        fields=["not_entitled_since"],
                        name="enrolment_to_look_at",
                    ),
                    models.Index(
                        condition=models.Q(("ended_at", None)),
                        fields=["division", "code"],
                        name="enrolment_current",
                    ),
                    models.Index(fields=["ended_at"], name="enrolment_ended"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("person", "code"),
                        name="enrolment_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None),
                            models.Q(
                                models.Q(("ended_by", ""), _negated=True),
                                models.Q(("ended_by__startswith", "job:"), _negated=True),
                                models.Q(("end_reason", ""), _negated=True),
                                models.Q(("end_ground", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="enrolment_end_has_name",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("entitled_to", None)),
                fields=["division", "code", "state"],
                name="offer_current",
            ),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state", "offered")), fields=["answer_by"], name="offer_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(fields=["answered_at"], name="offer_answered"),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("entitled_to", None)),
                fields=("person", "code"),
                name="offer_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "withdrawn"), _negated=True),
                    ("entitled_to__isnull", False),
                    _connector="OR",
                ),
                name="offer_withdrawn_has_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["accepted", "declined"]), _negated=True),
                    models.Q(
                        ("answered_at__isnull", False),
                        models.Q(("answered_by", ""), _negated=True),
                        models.Q(("channel", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="offer_answer_has_name",
            ),
        ),
    ]
