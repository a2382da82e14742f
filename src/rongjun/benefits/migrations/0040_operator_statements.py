"""Statements of operators: three people by constraint, figures that foot and stand by trigger."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

SAME_DIVISION = "".join(
    f"alter table {table} add constraint {name} foreign key (statement_id, division)"
    " references benefits_operatorstatement (id, division) deferrable initially deferred;"
    for table, name in (
        ("benefits_operatorstatementline", "operator_line_same_division"),
        ("benefits_operatordispute", "operator_dispute_same_division"),
    )
)

# What a person signed must be what is kept: figures never change, and at each signature they are the sum of the
# lines. A trigger, because no constraint sees two rows.
GUARDS = """
create function benefits_statement_stands() returns trigger language plpgsql as $$
declare
    lines record;
    signing constant text[] := array['state', 'checked_by', 'checked_at', 'dispute_until', 'agreed_by', 'agreed_at',
        'released_by', 'released_at', 'withdrawn_by', 'withdrawn_at', 'withdrawn_why'];
begin
    if old.state in ('released', 'withdrawn') then
        raise exception 'a statement that is released or withdrawn stands' using errcode = '23514';
    end if;
    if to_jsonb(old) - signing <> to_jsonb(new) - signing then
        raise exception 'the figures of a statement stand' using errcode = '23514';
    end if;
    if (old.state, new.state) not in (('drafted', 'drafted'), ('drafted', 'checked'), ('drafted', 'withdrawn'),
            ('checked', 'checked'), ('checked', 'released'), ('checked', 'withdrawn')) then
        raise exception 'a statement does not go from % to %', old.state, new.state using errcode = '23514';
    end if;
    if (old.checked_by <> '' and new.checked_by <> old.checked_by)
            or (old.agreed_by <> '' and new.agreed_by <> old.agreed_by) then
        raise exception 'a signature stands' using errcode = '23514';
    end if;
    if new.state in ('checked', 'released') and new.state <> old.state then
        select coalesce(sum(count), 0) as count, coalesce(sum(ordinary), 0) as ordinary,
            coalesce(sum(paid), 0) as paid,
            coalesce(sum(ordinary - paid) filter (where payer = 'fiscal'), 0) as payable
        into lines from benefits_operatorstatementline where statement_id = new.id;
        if (lines.count, lines.ordinary, lines.paid, lines.payable)
                is distinct from (new.count, new.ordinary, new.paid, new.payable) then
            raise exception 'a statement is not the sum of its lines' using errcode = '23514';
        end if;
        if new.payment <> greatest(0, new.payable + new.carried) then
            raise exception 'a payment is what is payable and carried' using errcode = '23514';
        end if;
    end if;
    if new.state = 'released' and exists (
        select from benefits_operatordispute where statement_id = new.id and outcome <> 'rejected'
    ) then
        raise exception 'a disputed statement is not released' using errcode = '23514';
    end if;
    return new;
end $$;
create trigger statement_stands before update on benefits_operatorstatement
    for each row execute function benefits_statement_stands();

create function benefits_statement_line_stands() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and exists (
        select from benefits_operatorstatement where id = new.statement_id and state = 'drafted' for share
    ) then
        return new;
    end if;
    raise exception 'lines are written with their statement, and stand' using errcode = '23514';
end $$;
create trigger statement_line_stands before insert or update or delete on benefits_operatorstatementline
    for each row execute function benefits_statement_line_stands();
create trigger statement_lines_stay before truncate on benefits_operatorstatementline
    for each statement execute function benefits_statement_line_stands();

create function benefits_dispute_stands() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform from benefits_operatorstatement where id = new.statement_id and state = 'checked' for share;
        if found and new.outcome = '' then
            return new;
        end if;
    elsif tg_op = 'UPDATE' and old.outcome = '' and (old.id, old.statement_id, old.said, old.raised_by, old.raised_at)
            = (new.id, new.statement_id, new.said, new.raised_by, new.raised_at)
            and old.claimed is not distinct from new.claimed then
        return new;
    end if;
    raise exception 'a dispute is raised against a checked statement, and answered once' using errcode = '23514';
end $$;
create trigger dispute_stands before insert or update or delete on benefits_operatordispute
    for each row execute function benefits_dispute_stands();
"""
UNGUARD = """
drop function benefits_statement_stands() cascade;
drop function benefits_statement_line_stands() cascade;
drop function benefits_dispute_stands() cascade;
"""

LOCKS = (
    lock_by_division("benefits_operatorstatement", job_rights="select")
    + lock_by_division("benefits_operatorstatementline", rights="select, insert", job_rights="select")
    + lock_by_division("benefits_operatordispute", job_rights="select")
)


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0031_citizens_uses"),
    ]

    operations = [
        migrations.CreateModel(
            name="OperatorStatement",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("operator", models.CharField(max_length=32)),
                ("operator_name", models.CharField(max_length=80)),
                ("month", models.IntegerField()),
                ("number", models.SmallIntegerField()),
                ("state", models.CharField(default="drafted", max_length=16)),
                ("known_at", models.DateTimeField()),
                ("count", models.BigIntegerField()),
                ("ordinary", models.BigIntegerField()),
                ("paid", models.BigIntegerField()),
                ("savings", models.BigIntegerField()),
                ("payable", models.BigIntegerField()),
                ("carried", models.BigIntegerField()),
                ("payment", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("refused", models.JSONField(default=dict)),
                ("coverage", models.JSONField(default=dict)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("dispute_until", models.DateField(null=True)),
                ("agreed_by", models.CharField(default="", max_length=80)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("released_by", models.CharField(default="", max_length=80)),
                ("released_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(default="", max_length=80)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(default="", max_length=500)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-month", "operator", "number"], name="operator_statement_month")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("operator", "month", "number"), name="operator_statement_once"
                    ),
                    models.UniqueConstraint(fields=("id", "division"), name="operator_statement_division"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["checked", "drafted"])),
                        fields=("operator",),
                        name="operator_statement_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["drafted", "checked", "released", "withdrawn"])),
                        name="operator_statement_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_by", models.F("made_by")), _negated=True),
                            models.Q(("released_by", models.F("made_by")), _negated=True),
                            models.Q(
                                ("released_by", ""),
                                models.Q(("released_by", models.F("checked_by")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="operator_statement_by_three",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("checked_by", ""), ("released_by", ""), ("state", "drafted")),
                                models.Q(("state", "drafted"), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(models.Q(("checked_by", ""), _negated=True), ("released_by", "")),
                                models.Q(("state", "checked"), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(
                                    models.Q(("checked_by", ""), _negated=True),
                                    models.Q(("released_by", ""), _negated=True),
                                ),
                                models.Q(("state", "released"), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("released_by", ""), models.Q(("withdrawn_by", ""), _negated=True)),
                                models.Q(("state", "withdrawn"), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="operator_statement_signed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("carried__lte", 0),
                            ("payment__gte", 0),
                            (
                                "savings",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("ordinary"), "-", models.F("paid")
                                ),
                            ),
                        ),
                        name="operator_statement_foots",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OperatorDispute",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("said", models.CharField(max_length=500)),
                ("claimed", models.BigIntegerField(null=True)),
                ("raised_by", models.CharField(max_length=80)),
                ("raised_at", models.DateTimeField()),
                ("outcome", models.CharField(default="", max_length=16)),
                ("answer", models.CharField(default="", max_length=500)),
                ("answered_by", models.CharField(default="", max_length=80)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="benefits.operatorstatement",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answer", ""), ("answered_at", None), ("answered_by", ""), ("outcome", "")
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("outcome__in", ["upheld", "rejected"]),
                                models.Q(("answer", ""), _negated=True),
                                models.Q(("answered_by", models.F("raised_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="operator_dispute_answered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("said", ""), _negated=True), name="operator_dispute_said"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OperatorStatementLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("programme", models.CharField(max_length=32)),
                ("county", models.BigIntegerField()),
                ("band", models.SmallIntegerField()),
                ("paid_each", models.IntegerField()),
                ("fare_from", models.DateField()),
                ("payer", models.CharField(max_length=16)),
                ("count", models.BigIntegerField()),
                ("ordinary", models.BigIntegerField()),
                ("paid", models.BigIntegerField()),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="benefits.operatorstatement",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "statement",
                            "programme",
                            "county",
                            "band",
                            "paid_each",
                            "fare_from",
                            "payer",
                        ),
                        name="operator_statement_line_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(SAME_DIVISION, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, UNGUARD),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]
