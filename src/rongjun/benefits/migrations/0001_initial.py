"""Editions of the book, confirmations, recorded decisions."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry", "0003_row_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="BookFiles",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=80)),
                ("version", models.DateField()),
                ("digest", models.CharField(max_length=64)),
                ("document", models.CharField(max_length=200)),
                ("confirmed_by", models.CharField(max_length=80)),
                ("confirmed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("code", "version", "digest"), name="confirmation_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("city", models.CharField(max_length=40)),
                ("confirmations", models.JSONField()),
                ("document", models.CharField(max_length=200)),
                ("adopted_at", models.DateTimeField()),
                ("adopted_by", models.CharField(max_length=80)),
                (
                    "files",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="benefits.bookfiles"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["digest"], name="edition_digest")],
            },
        ),
        migrations.CreateModel(
            name="RecordedDecision",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("code", models.CharField(max_length=80)),
                ("book", models.CharField(max_length=64)),
                ("on", models.DateField()),
                ("verdict", models.CharField(max_length=20)),
                ("content", models.TextField()),
                ("decided_at", models.DateTimeField()),
                ("decided_by", models.CharField(max_length=80)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "decided_at"], name="decision_person"),
                    models.Index(fields=["decided_at"], name="decision_moment"),
                ],
            },
        ),
    ]
