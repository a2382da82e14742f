"""What the bureau says of rate orders: read by all, said by two, never changed."""

import uuid

from django.db import migrations, models

LOCK = """
    alter table allowances_rateconfirmation enable row level security;
    alter table allowances_rateconfirmation force row level security;
    create policy anyone_reads on allowances_rateconfirmation for select
        to app_staff, app_citizen, app_batch using (true);
    create policy staff_says on allowances_rateconfirmation for insert to app_staff
        with check (made_by = current_setting('app.actor', true));
    create policy staff_signs on allowances_rateconfirmation for update to app_staff using (true)
        with check (true);
    grant select on allowances_rateconfirmation to app_staff, app_citizen, app_batch;
    grant insert, update (checked_by, checked_at, withdrawn_by, withdrawn_at, withdrawn_why)
        on allowances_rateconfirmation to app_staff;

    create function allowances_rates_stand() returns trigger language plpgsql as $$
    declare
        signed constant text[] := array['checked_by', 'checked_at'];
        taken_back constant text[] := array['withdrawn_by', 'withdrawn_at', 'withdrawn_why'];
        actor text := coalesce(current_setting('app.actor', true), '');
    begin
        if tg_op = 'INSERT' then
            if new.checked_by = '' and new.withdrawn_by = '' then
                return new;
            end if;
        elsif tg_op = 'UPDATE' and old.withdrawn_by = '' then
            if old.checked_by = '' and new.checked_by = actor and to_jsonb(new) - signed = to_jsonb(old) - signed
            then
                return new;
            end if;
            if new.withdrawn_by = actor and to_jsonb(new) - taken_back = to_jsonb(old) - taken_back then
                return new;
            end if;
        end if;
        raise exception 'what was said of rates stands, and nobody signs in the name of another'
            using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_rates_stand before insert or update or delete on allowances_rateconfirmation
        for each row execute function allowances_rates_stand();
"""
UNLOCK = "drop function allowances_rates_stand() cascade;"


class Migration(migrations.Migration):
    dependencies = [
        ("allowances", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="RateConfirmation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("order", models.CharField(max_length=60)),
                ("start", models.DateField(null=True)),
                ("digest", models.CharField(max_length=64)),
                ("document", models.CharField(max_length=120)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(default="", max_length=80)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(default="", max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("order", "digest"),
                        name="rate_confirmation_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("document", ""), _negated=True),
                            models.Q(("made_by", ""), _negated=True),
                        ),
                        name="rate_confirmation_documented",
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
                        name="rate_confirmation_by_two",
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
                        name="rate_confirmation_withdrawn_with_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(LOCK, UNLOCK),
    ]
