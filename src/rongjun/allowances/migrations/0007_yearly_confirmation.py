"""年度确认: campaigns anybody may read, confirmations locked by division, late ones by two."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division, show_to_citizen

LOCK = (
    """
    alter table allowances_campaign enable row level security;
    alter table allowances_campaign force row level security;
    create policy anyone_reads on allowances_campaign for select
        to app_staff, app_citizen, app_batch using (true);
    create policy staff_opens on allowances_campaign for insert to app_staff
        with check (made_by = current_setting('app.actor', true)
            and division between (select nullif(current_setting('app.lo', true), '')::bigint)
                and (select nullif(current_setting('app.hi', true), '')::bigint));
    create policy staff_signs on allowances_campaign for update to app_staff
        using (division between (select nullif(current_setting('app.lo', true), '')::bigint)
            and (select nullif(current_setting('app.hi', true), '')::bigint)) with check (true);
    create policy job_reminds on allowances_campaign for update to app_batch using (true) with check (true);
    grant select on allowances_campaign to app_staff, app_citizen, app_batch;
    grant insert, update (checked_by, checked_at) on allowances_campaign to app_staff;
    grant update (reminded_at) on allowances_campaign to app_batch;
    """
    + lock_by_division(
        "allowances_confirmed",
        rights="select, insert, update (checked_by, checked_at, withdrawn_by, withdrawn_at, withdrawn_why)",
        job_rights="select",
    )
    + show_to_citizen("allowances_confirmed")
)

GUARD = """
    create function allowances_campaign_stands() returns trigger language plpgsql as $$
    declare
        actor text := coalesce(current_setting('app.actor', true), '');
        signed constant text[] := array['checked_by', 'checked_at'];
    begin
        if tg_op = 'INSERT' and new.checked_by = '' and new.reminded_at is null
           or tg_op = 'UPDATE' and old.checked_by = '' and new.checked_by = actor
              and (new.checked_at at time zone 'Asia/Shanghai')::date <= new.notice_on
              and to_jsonb(new) - signed = to_jsonb(old) - signed
           or tg_op = 'UPDATE' and old.reminded_at is null
              and to_jsonb(new) - 'reminded_at' = to_jsonb(old) - 'reminded_at'
        then
            return new;
        end if;
        raise exception 'a campaign stands, and nobody signs in the name of another'
            using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_campaign_stands before insert or update or delete on allowances_campaign
        for each row execute function allowances_campaign_stands();

    create function allowances_confirmed_stands() returns trigger language plpgsql as $$
    declare
        actor text := coalesce(current_setting('app.actor', true), '');
        signed constant text[] := array['checked_by', 'checked_at'];
        taken_back constant text[] := array['withdrawn_by', 'withdrawn_at', 'withdrawn_why'];
        campaign record;
    begin
        if tg_op = 'INSERT' and new.checked_by = '' and new.withdrawn_by = '' and new.made_by = actor then
            select c.checked_at, c.confirm_by into campaign from allowances_campaign c where c.id = new.campaign_id;
            if campaign.checked_at is null then
                raise exception 'nobody is confirmed in a campaign that is not in force'
                    using errcode = 'restrict_violation';
            end if;
            -- What starts money again that has stopped is by two; which that is, nobody says but the day.
            new.late := (new.made_at at time zone 'Asia/Shanghai')::date > campaign.confirm_by;
            return new;
        elsif tg_op = 'UPDATE' and to_jsonb(new) - 'division' = to_jsonb(old) - 'division' then
            return new;
        elsif tg_op = 'UPDATE' and old.withdrawn_by = '' then
            if old.late and old.checked_by = '' and new.checked_by = actor
               and to_jsonb(new) - signed = to_jsonb(old) - signed
               or new.withdrawn_by = actor and to_jsonb(new) - taken_back = to_jsonb(old) - taken_back
            then
                return new;
            end if;
        end if;
        raise exception 'a confirmation stands, and nobody signs in the name of another'
            using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_confirmed_stands before insert or update or delete on allowances_confirmed
        for each row execute function allowances_confirmed_stands();
"""
UNGUARD = """
    drop function allowances_campaign_stands() cascade;
    drop function allowances_confirmed_stands() cascade;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("allowances", "0006_heir_shares"),
        ("registry", "0017_statement_recorded"),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("year", models.SmallIntegerField()),
                ("division", models.BigIntegerField()),
                ("notice_on", models.DateField()),
                ("confirm_by", models.DateField()),
                ("document", models.CharField(max_length=120)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("year", "division"), name="campaign_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("document", ""), _negated=True),
                            ("confirm_by__gt", models.F("notice_on")),
                        ),
                        name="campaign_has_time",
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
                        name="campaign_by_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Confirmed",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("how", models.CharField(max_length=12)),
                ("confirmed_on", models.DateField()),
                ("late", models.BooleanField(default=False)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(default="", max_length=80)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(default="", max_length=200)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="allowances.campaign",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person"], name="confirmed_person")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("campaign", "person"),
                        name="confirmed_once",
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
                        name="confirmed_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at", None), ("withdrawn_by", ""), ("withdrawn_why", "")),
                            models.Q(
                                models.Q(("withdrawn_by", ""), _negated=True),
                                ("withdrawn_at__isnull", False),
                                models.Q(("withdrawn_why", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="confirmed_withdrawn_with_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "alter table allowances_confirmed add constraint confirmed_same_division"
            " foreign key (person_id, division) references registry_person (id, division)"
            " on update cascade deferrable initially deferred",
            "alter table allowances_confirmed drop constraint confirmed_same_division",
        ),
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
