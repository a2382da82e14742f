"""Residence, servicing station, accounts, payees, merits, deaths; and what two people decide together."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

ASSERTIONS = ("residence", "servicing", "merit", "death", "payee", "bankaccount")
DECIDING = "state, decided_by, decided_at, reason"


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0004_relation"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankAccount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("source", models.CharField(max_length=120)),
                ("evidence", models.CharField(default="", max_length=200)),
                ("recorded_by", models.CharField(max_length=80)),
                ("belongs_to", models.UUIDField()),
                ("purpose", models.CharField(max_length=16)),
                ("kind", models.CharField(max_length=8)),
                ("bank", models.CharField(max_length=60)),
                ("holder", models.CharField(max_length=64)),
                ("number_sealed", models.BinaryField()),
                ("number_index", models.BinaryField()),
                ("number_mask", models.CharField(max_length=40)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["person"], name="bankaccount_person"),
                    models.Index(fields=["number_index"], name="bankaccount_number"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="bankaccount_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at", None),
                            ("superseded_at__gte", models.F("recorded_at")),
                            _connector="OR",
                        ),
                        name="bankaccount_known_order",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("superseded_at", None)),
                        expressions=[
                            ("person", "="),
                            ("belongs_to", "="),
                            ("purpose", "="),
                            (
                                models.Func(
                                    "valid_from",
                                    "valid_to",
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="bankaccount_one_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Death",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("source", models.CharField(max_length=120)),
                ("evidence", models.CharField(default="", max_length=200)),
                ("recorded_by", models.CharField(max_length=80)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="death_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="death_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at", None),
                            ("superseded_at__gte", models.F("recorded_at")),
                            _connector="OR",
                        ),
                        name="death_known_order",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at", None)), fields=("person",), name="death_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("valid_to", None)), name="death_for_good"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Merit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("source", models.CharField(max_length=120)),
                ("evidence", models.CharField(default="", max_length=200)),
                ("recorded_by", models.CharField(max_length=80)),
                ("rank", models.SmallIntegerField()),
                ("title", models.CharField(default="", max_length=60)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="merit_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="merit_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at", None),
                            ("superseded_at__gte", models.F("recorded_at")),
                            _connector="OR",
                        ),
                        name="merit_known_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rank__gte", 0), ("rank__lte", 6)), name="merit_rank_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payee",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("source", models.CharField(max_length=120)),
                ("evidence", models.CharField(default="", max_length=200)),
                ("recorded_by", models.CharField(max_length=80)),
                ("series", models.UUIDField(default=uuid.uuid4)),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(default="", max_length=64)),
                ("document_kind", models.CharField(default="", max_length=8)),
                ("number_sealed", models.BinaryField(default=b"")),
                ("number_index", models.BinaryField(default=b"")),
                ("number_mask", models.CharField(default="", max_length=40)),
                (
                    "payee",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="payee_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="payee_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at", None),
                            ("superseded_at__gte", models.F("recorded_at")),
                            _connector="OR",
                        ),
                        name="payee_known_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("payee", models.F("person")), _negated=True),
                        name="payee_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("payee__isnull", False),
                            models.Q(
                                models.Q(("name", ""), _negated=True),
                                models.Q(("number_mask", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="payee_is_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("evidence", ""), _negated=True), name="payee_has_evidence"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("superseded_at", None)),
                        expressions=[
                            ("series", "="),
                            (
                                models.Func(
                                    "valid_from",
                                    "valid_to",
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="payee_one_word_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("content", models.JSONField()),
                ("authority", models.CharField(max_length=24)),
                ("document", models.CharField(max_length=120)),
                ("valid_from", models.DateField()),
                ("state", models.CharField(default="waiting", max_length=12)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("decided_by", models.CharField(max_length=80, null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(default="", max_length=200)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["division", "made_at"], name="proposal_by_division")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("made_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="proposal_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("state", "waiting")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state", "approved"),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state", "rejected"),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="proposal_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("authority", ""), _negated=True),
                            models.Q(("document", ""), _negated=True),
                        ),
                        name="proposal_documented",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Residence",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("source", models.CharField(max_length=120)),
                ("evidence", models.CharField(default="", max_length=200)),
                ("recorded_by", models.CharField(max_length=80)),
                ("county", models.CharField(default="", max_length=6)),
                ("address_sealed", models.BinaryField(default=b"")),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="residence_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="residence_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at", None),
                            ("superseded_at__gte", models.F("recorded_at")),
                            _connector="OR",
                        ),
                        name="residence_known_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Servicing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("source", models.CharField(max_length=120)),
                ("evidence", models.CharField(default="", max_length=200)),
                ("recorded_by", models.CharField(max_length=80)),
                ("station", models.BigIntegerField()),
                ("came_from", models.BigIntegerField()),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="servicing_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="servicing_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at", None),
                            ("superseded_at__gte", models.F("recorded_at")),
                            _connector="OR",
                        ),
                        name="servicing_known_order",
                    ),
                ],
            },
        ),
        *(
            migrations.RunSQL(
                f"alter table registry_{name} add constraint {name}_same_division foreign key (person_id, division)"
                " references registry_person (id, division) on update cascade deferrable initially deferred",
                f"alter table registry_{name} drop constraint {name}_same_division",
            )
            for name in (*ASSERTIONS, "proposal")
        ),
        *(
            migrations.RunSQL(
                lock_by_division(f"registry_{name}", rights="select, insert, update (superseded_at)"),
                migrations.RunSQL.noop,
            )
            for name in ASSERTIONS
        ),
        migrations.RunSQL(
            lock_by_division(
                "registry_proposal", rights=f"select, insert, update ({DECIDING})", job_rights="select"
            ),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            f"""
            create function registry_refuse_second_decision() returns trigger language plpgsql as
            $$ begin raise exception 'a decided proposal stands'; end $$;
            create trigger decided_proposals_stand before update of {DECIDING} on registry_proposal
            for each row when (old.state <> 'waiting') execute function registry_refuse_second_decision();
            """,
            """
            drop trigger decided_proposals_stand on registry_proposal;
            drop function registry_refuse_second_decision();
            """,
        ),
    ]
