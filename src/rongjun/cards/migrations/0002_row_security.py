"""Cards are seen by division; what happened to one is only ever added to.

A citizen sees the own cards and may report one lost, which takes away from what it opens and gives nothing.
"""

from django.db import migrations

from rongjun.access.row_security import lock_by_division

KEYS = """
    alter table cards_carrier add constraint carrier_same_division foreign key (person_id, division)
        references registry_person (id, division) on update cascade deferrable initially deferred;
    alter table cards_carrierevent add constraint carrierevent_of_carrier
        foreign key (carrier_id, person_id, division)
        references cards_carrier (reference, person_id, division)
        on update cascade deferrable initially deferred;
    alter table cards_carrierspans add constraint carrierspans_of_carrier
        foreign key (carrier_id, person_id, division)
        references cards_carrier (reference, person_id, division)
        on update cascade deferrable initially deferred;
"""
NO_KEYS = """
    alter table cards_carrierspans drop constraint carrierspans_of_carrier;
    alter table cards_carrierevent drop constraint carrierevent_of_carrier;
    alter table cards_carrier drop constraint carrier_same_division;
"""
# The division follows the person; nothing else of an event ever changes.
GUARD = """
    create function cards_refuse_change() returns trigger language plpgsql as $$
    begin
        if tg_op = 'UPDATE' and to_jsonb(new) - 'division' = to_jsonb(old) - 'division' then
            return new;
        end if;
        raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
    end $$;
    create trigger only_added before update or delete on cards_carrierevent
        for each row execute function cards_refuse_change();
    create trigger only_added_whole before truncate on cards_carrierevent
        for each statement execute function cards_refuse_change();
"""
NO_GUARD = """
    drop trigger only_added_whole on cards_carrierevent;
    drop trigger only_added on cards_carrierevent;
    drop function cards_refuse_change();
"""
CHANGES = (
    "state, next_at, bank, bank_number_mask, bank_number_digest, transit_number_mask, transit_number_digest"
)
IN_HAND = "person_id = any ((select registry_files_in_hand())::uuid[])"
ACTOR = "(select current_setting('app.actor', true))"
TAKES_AWAY = """
    create function cards_takes_away(which bigint, at timestamptz, opens tstzmultirange) returns boolean
    language sql stable security definer set search_path = public, pg_temp as
    $$ select exists (select from cards_carrierspans was
                      where was.carrier_id = which and was.superseded_at = at and opens <@ was.usable) $$;
    revoke all on function cards_takes_away(bigint, timestamptz, tstzmultirange) from public;
    grant execute on function cards_takes_away(bigint, timestamptz, tstzmultirange) to app_citizen;
"""
CITIZEN = f"""
    create policy citizen_reports on cards_carrierevent for insert to app_citizen
        with check ({IN_HAND} and kind = 'hold' and by = {ACTOR} and decides_over = '' and retracts_id is null);
    grant insert on cards_carrierevent to app_citizen;
    create policy citizen_holds on cards_carrier for update to app_citizen
        using ({IN_HAND}) with check ({IN_HAND} and state not in ('valid', 'ready'));
    grant update (state, next_at) on cards_carrier to app_citizen;
    create policy citizen_closes on cards_carrierspans for update to app_citizen
        using ({IN_HAND} and superseded_at is null) with check ({IN_HAND} and superseded_at is not null);
    create policy citizen_takes_away on cards_carrierspans for insert to app_citizen
        with check ({IN_HAND} and superseded_at is null
                    and cards_takes_away(carrier_id, recorded_at, usable));
    grant insert, update (superseded_at) on cards_carrierspans to app_citizen;
"""
READS = """
    create policy citizen_in_hand on {table} for select to app_citizen using ({in_hand});
    grant select on {table} to app_citizen;
"""
TABLES = ("cards_carrier", "cards_carrierevent", "cards_carrierspans")


class Migration(migrations.Migration):
    dependencies = [("cards", "0001_initial"), ("access", "0005_citizens"), ("registry", "0016_citizens")]
    operations = [
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(GUARD, NO_GUARD),
        migrations.RunSQL(
            lock_by_division("cards_carrier", rights=f"select, insert, update ({CHANGES})")
            + lock_by_division("cards_carrierevent", rights="select, insert")
            + lock_by_division("cards_carrierspans", rights="select, insert, update (superseded_at)"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "".join(READS.format(table=table, in_hand=IN_HAND) for table in TABLES), migrations.RunSQL.noop
        ),
        migrations.RunSQL(TAKES_AWAY, "drop function cards_takes_away(bigint, timestamptz, tstzmultirange)"),
        migrations.RunSQL(CITIZEN, migrations.RunSQL.noop),
    ]
