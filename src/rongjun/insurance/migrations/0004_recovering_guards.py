"""Who sees and writes what is owed back; what is still owed follows from the steps, and nobody signs for another."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division, show_to_citizen

LOCKS = (
    lock_by_division(
        "insurance_receivable",
        rights="select, insert, update (state, signed_by, opened_at)",
        job_rights="select, insert, update (state, signed_by, opened_at)",
    )
    + lock_by_division(
        "insurance_receivablestep",
        rights="select, insert, update (checked_by, checked_name, checked_at)",
        job_rights="select, insert",
    )
    + show_to_citizen("insurance_receivable")
    + show_to_citizen("insurance_receivablestep")
)

GUARDS = """
create function insurance_receivable_stands() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    moving constant text[] := array['division', 'remaining', 'state', 'signed_by', 'opened_at'];
    actor constant text := coalesce(current_setting('app.actor', true), '');
    done bigint;
begin
    if tg_op = 'INSERT' then
        if new.state = 'waiting' and new.remaining = new.fen and new.signed_by = '' then
            return new;
        end if;
        raise exception 'what is owed back begins without a name' using errcode = '23514';
    end if;
    if tg_op = 'DELETE' or to_jsonb(old) - moving <> to_jsonb(new) - moving
            or old.signed_by <> '' and (new.signed_by, new.opened_at) <> (old.signed_by, old.opened_at) then
        raise exception 'what is owed back stands' using errcode = '23514';
    end if;
    select coalesce(sum(fen), 0) into done from insurance_receivablestep
        where receivable_id = new.id and (kind in ('repaid', 'lifted') or kind = 'written-off' and checked_by <> '');
    if new.remaining <> new.fen - done then
        raise exception 'what is still owed is what no step took away' using errcode = '23514';
    end if;
    if new.state <> old.state and (old.state, new.state) not in
            (('waiting', 'open'), ('waiting', 'settled'), ('open', 'settled')) then
        raise exception 'it does not go from % to %', old.state, new.state using errcode = '23514';
    end if;
    -- Asked back by whoever signed second, or heard the appeal, for this settlement; by nobody else, and no job.
    if old.state = 'waiting' and new.state = 'open' and not exists (
            select from insurance_review r
            join insurance_claimdecision asked on asked.id = r.decision_id
            join insurance_claimdecision d on d.id = new.decision_id
            where r.member_id = new.member_id and r.state = 'closed' and actor in (r.checked_by, r.appeal_by)
                and actor <> '' and (asked.institution, asked.number) = (d.institution, d.number)) then
        raise exception 'money is asked back by two, in their names' using errcode = '23514';
    end if;
    return new;
end $$;
revoke all on function insurance_receivable_stands() from public;
grant execute on function insurance_receivable_stands() to app_staff, app_batch;
create trigger receivable_stands before insert or update or delete on insurance_receivable
    for each row execute function insurance_receivable_stands();

create function insurance_backstep_stands() returns trigger language plpgsql as $$
declare
    moving constant text[] := array['checked_by', 'checked_name', 'checked_at', 'division'];
    actor constant text := coalesce(current_setting('app.actor', true), '');
begin
    if tg_op = 'UPDATE' and to_jsonb(new) - moving = to_jsonb(old) - moving
            and (old.checked_by = '' or (new.checked_by, new.checked_name, new.checked_at)
                = (old.checked_by, old.checked_name, old.checked_at))
            and (new.checked_by = old.checked_by or new.kind = 'written-off' and new.checked_by = actor) then
        return new;
    end if;
    if tg_op = 'INSERT' and new.checked_by = '' and (actor = '' or new.made_by = actor or new.kind = 'lifted') then
        return new;
    end if;
    raise exception 'a step stands, and nobody signs in the name of another' using errcode = '23514';
end $$;
create trigger backstep_stands before insert or update or delete on insurance_receivablestep
    for each row execute function insurance_backstep_stands();

create function insurance_backstep_counts() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    perform from insurance_receivable where id = new.receivable_id for update;
    update insurance_receivable r
    set remaining = r.fen - s.done, state = case when r.fen = s.done then 'settled' else r.state end
    from (select coalesce(sum(fen), 0) as done from insurance_receivablestep
          where receivable_id = new.receivable_id
            and (kind in ('repaid', 'lifted') or kind = 'written-off' and checked_by <> '')) s
    where r.id = new.receivable_id and r.remaining <> r.fen - s.done;
    return null;
end $$;
revoke all on function insurance_backstep_counts() from public;
grant execute on function insurance_backstep_counts() to app_staff, app_batch;
create trigger backstep_counts after insert or update on insurance_receivablestep
    for each row execute function insurance_backstep_counts();
"""
UNGUARD = "".join(
    f"drop function insurance_{name}() cascade;"
    for name in ("receivable_stands", "backstep_stands", "backstep_counts")
)


def _with_its_person(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"alter table insurance_{name} add constraint insurance_{name}_same_division"
        " foreign key (person_id, division) references registry_person (id, division)"
        " on update cascade deferrable initially deferred",
        f"alter table insurance_{name} drop constraint insurance_{name}_same_division",
    )


class Migration(migrations.Migration):
    dependencies = [("insurance", "0003_recovering")]
    operations = [
        _with_its_person("receivable"),
        _with_its_person("receivablestep"),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, UNGUARD),
    ]
