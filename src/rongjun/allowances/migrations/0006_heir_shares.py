"""Shares of heirs are said whole: what waits and what holds each add up, whoever writes a row."""

from django.db import migrations, models
from django.db.models import Q

ADD_UP = """
    create function allowances_shares_add_up() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if exists (
            select from allowances_heirshare where person_id = new.person_id and superseded_at is null
            group by checked_by <> ''
            having sum(parts) <> min(whole) or min(whole) <> max(whole))
        then
            raise exception 'the shares of heirs add up to the whole' using errcode = 'check_violation';
        end if;
        return null;
    end $$;
    create constraint trigger allowances_shares_add_up after insert or update on allowances_heirshare
        deferrable initially deferred for each row execute function allowances_shares_add_up();
    revoke execute on function allowances_shares_add_up() from public;
    grant execute on function allowances_shares_add_up() to app_staff, app_batch;
"""
FORGET = "drop function allowances_shares_add_up() cascade;"


class Migration(migrations.Migration):
    dependencies = [("allowances", "0005_takeovers")]

    operations = [
        migrations.AddField(
            "heirshare", "whole", models.SmallIntegerField(default=1), preserve_default=False
        ),
        migrations.RemoveConstraint("heirshare", "heirshare_once"),
        migrations.AddConstraint(
            "heirshare",
            models.UniqueConstraint(
                fields=["person", "payee"],
                condition=Q(superseded_at=None, checked_by=""),
                name="heirshare_waits_once",
            ),
        ),
        migrations.AddConstraint(
            "heirshare",
            models.UniqueConstraint(
                fields=["person", "payee"],
                condition=Q(superseded_at=None) & ~Q(checked_by=""),
                name="heirshare_holds_once",
            ),
        ),
        migrations.RunSQL(ADD_UP, FORGET),
    ]
