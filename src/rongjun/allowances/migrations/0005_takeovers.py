"""What an old system had paid: proposed by one, adopted by another, and then it stands."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

LOCK = (
    lock_by_division(
        "allowances_takeover",
        rights="select, insert, update (checked_by, checked_at, withdrawn_by, withdrawn_at, withdrawn_why)",
        job_rights="select",
    )
    + lock_by_division("allowances_oldpayment", rights="select, insert, update (live)", job_rights="select")
    + """
    alter table allowances_oldpayment add constraint oldpayment_same_division foreign key (person_id, division)
        references registry_person (id, division) on update cascade deferrable initially deferred;
"""
)

# The sum is that of every row, whoever asks: it reads past the row policies.
GUARD = """
    create function allowances_takeover_stands() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        signed constant text[] := array['checked_by', 'checked_at'];
        taken_back constant text[] := array['withdrawn_by', 'withdrawn_at', 'withdrawn_why'];
        actor text := coalesce(current_setting('app.actor', true), '');
        found record;
    begin
        if tg_op = 'INSERT' then
            if new.checked_by = '' and new.withdrawn_by = '' and (actor = '' or new.made_by = actor) then
                return new;
            end if;
        elsif tg_op = 'UPDATE' and old.checked_by = '' and old.withdrawn_by = '' then
            if new.checked_by <> '' and to_jsonb(new) - signed = to_jsonb(old) - signed
               and (actor = '' or new.checked_by = actor)
            then
                select count(*) as months, coalesce(sum(fen), 0) as total into found
                from allowances_oldpayment where takeover_id = new.id and live;
                if (found.months, found.total) is distinct from (new.months::bigint, new.total::numeric) then
                    raise exception 'a takeover is the sum of its payments' using errcode = 'check_violation';
                end if;
                return new;
            end if;
            if new.withdrawn_by <> '' and to_jsonb(new) - taken_back = to_jsonb(old) - taken_back
               and (actor = '' or new.withdrawn_by = actor)
            then
                return new;
            end if;
        end if;
        raise exception 'a takeover stands, and nobody signs in the name of another'
            using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_takeover_stands before insert or update or delete on allowances_takeover
        for each row execute function allowances_takeover_stands();
    revoke execute on function allowances_takeover_stands() from public;
    grant execute on function allowances_takeover_stands() to app_staff, app_batch;

    create function allowances_oldpayments_of_open() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        perform from allowances_takeover t where t.id in (select distinct takeover_id from added) for share;
        if exists (
            select from (select distinct takeover_id from added) a
            left join allowances_takeover t on t.id = a.takeover_id
            where t.id is null or t.checked_by <> '' or t.withdrawn_by <> '')
        then
            raise exception 'payments are written while a takeover is proposed'
                using errcode = 'restrict_violation';
        end if;
        return null;
    end $$;
    create trigger allowances_oldpayments_of_open after insert on allowances_oldpayment
        referencing new table as added for each statement execute function allowances_oldpayments_of_open();
    revoke execute on function allowances_oldpayments_of_open() from public;
    grant execute on function allowances_oldpayments_of_open() to app_staff, app_batch;

    create function allowances_oldpayment_stands() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        -- It moves with the person's file, and ends only with a takeover nobody adopted.
        if tg_op = 'UPDATE' and to_jsonb(new) - 'live' - 'division' = to_jsonb(old) - 'live' - 'division'
           and (new.live = old.live or old.live and not new.live and exists (
               select from allowances_takeover t where t.id = old.takeover_id and t.checked_by = ''))
        then
            return new;
        end if;
        raise exception 'what the old system paid stands' using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_oldpayment_stands before update or delete on allowances_oldpayment
        for each row execute function allowances_oldpayment_stands();
    revoke execute on function allowances_oldpayment_stands() from public;
    grant execute on function allowances_oldpayment_stands() to app_staff, app_batch;
"""
UNGUARD = """
    drop function allowances_takeover_stands() cascade;
    drop function allowances_oldpayments_of_open() cascade;
    drop function allowances_oldpayment_stands() cascade;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("allowances", "0004_simulations"),
        ("registry", "0017_statement_recorded"),
    ]

    operations = [
        migrations.CreateModel(
            name="Takeover",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("source", models.UUIDField()),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=24)),
                ("file_name", models.CharField(max_length=200)),
                ("rows", models.IntegerField()),
                ("taken", models.IntegerField()),
                ("left_out", models.IntegerField()),
                ("faults", models.JSONField(default=list)),
                ("months", models.IntegerField()),
                ("total", models.BigIntegerField()),
                ("first", models.IntegerField(default=0)),
                ("last", models.IntegerField(default=0)),
                ("digest", models.CharField(max_length=64)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(default="", max_length=80)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(default="", max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["-made_at", "id"], name="takeover_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)), fields=("source",), name="takeover_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rows",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("taken"), "+", models.F("left_out")
                                ),
                            ),
                            models.Q(("made_by", ""), _negated=True),
                        ),
                        name="takeover_balances",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at", None), ("checked_by", "")),
                            models.Q(
                                models.Q(("checked_by", ""), _negated=True),
                                ("checked_at__isnull", False),
                                models.Q(("checked_by", models.F("made_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="takeover_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at", None), ("withdrawn_by", ""), ("withdrawn_why", "")),
                            models.Q(
                                models.Q(("withdrawn_by", ""), _negated=True),
                                ("checked_at", None),
                                ("withdrawn_at__isnull", False),
                                models.Q(("withdrawn_why", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="takeover_withdrawn_before",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OldPayment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("code", models.CharField(max_length=60)),
                ("month", models.IntegerField()),
                ("fen", models.BigIntegerField()),
                ("live", models.BooleanField(default=True)),
                ("standard", models.CharField(default="", max_length=40)),
                ("picked", models.CharField(default="", max_length=120)),
                ("award", models.CharField(default="", max_length=80)),
                ("rate", models.CharField(default="", max_length=80)),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "takeover",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="allowances.takeover",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("fen__gt", 0)), name="oldpayment_is_some"),
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)),
                        fields=("person", "code", "month"),
                        name="oldpayment_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
