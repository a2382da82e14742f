"""Who sees and writes what of allowances, and what stands once people have signed it."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division, show_to_citizen

NUMBERS = """
    create sequence allowances_award_number;
    create sequence allowances_run_number;
    create sequence allowances_receivable_number;
    grant usage on sequence allowances_award_number, allowances_run_number, allowances_receivable_number
        to app_staff, app_batch;
"""
UNNUMBERED = """
    drop sequence allowances_award_number;
    drop sequence allowances_run_number;
    drop sequence allowances_receivable_number;
"""

# A file that moves takes what is about the person along, what was paid included.
WITH_THE_FILE = ("award", "finding", "heirshare", "payline", "payorder", "receivable")

_SIGNED = "checked_by, checked_at, superseded_at"
LOCKS = (
    lock_by_division(
        "allowances_award",
        rights="""select, insert, update (state, public_from, public_to, decided_by, decided_at, decided_why,
            ended_on, ended_why, ended_document, ended_by, ended_checked_by, ended_at, annulled_why,
            annulled_by, annulled_checked_by, annulled_at)""",
        job_rights="select",
    )
    + lock_by_division(
        "allowances_objection",
        rights="select, insert, update (answer, upheld, answered_by, answered_at)",
        job_rights="select",
    )
    + lock_by_division(
        "allowances_finding", rights=f"select, insert, update ({_SIGNED})", job_rights="select"
    )
    + lock_by_division(
        "allowances_heirshare", rights=f"select, insert, update ({_SIGNED})", job_rights="select"
    )
    + lock_by_division(
        "allowances_payrun",
        rights="""select, insert, update (state, checked_by, checked_at, released_by, released_at, withdrawn_by,
            withdrawn_at, withdrawn_why)""",
        job_rights="""select, update (state, book, people, whole, count, total, recover, digest, batch, failure,
            drafted_at, withdrawn_by, withdrawn_at, withdrawn_why)""",
    )
    + lock_by_division(
        "allowances_payline", rights="select, update (live)", job_rights="select, insert, update (live)"
    )
    + lock_by_division(
        "allowances_payorder",
        rights="select, update (state, released_at)",
        job_rights="select, insert, update (state, reason, answered_at, told_at)",
    )
    + lock_by_division("allowances_payexception", rights="select", job_rights="select, insert")
    + lock_by_division("allowances_paychange", rights="select", job_rights="select, insert")
    + lock_by_division(
        "allowances_receivable",
        rights="select, insert, update (monthly, plan_from)",
        job_rights="select",
    )
    + lock_by_division(
        "allowances_receivablestep",
        rights="select, insert, update (checked_by, checked_at)",
        job_rights="select",
    )
    + "".join(
        show_to_citizen(f"allowances_{table}") for table in ("award", "payline", "payorder", "receivable")
    )
)

# They read past the row policies, so that a total is that of every line, whoever asks; who acts is said by
# app.actor, which the application tells once a transaction.
GUARD_RUN = """
    create function allowances_run_stands() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        actor text := coalesce(current_setting('app.actor', true), '');
        found record;
    begin
        if tg_op = 'DELETE' then
            raise exception 'a run is never deleted' using errcode = 'restrict_violation';
        end if;
        if tg_op = 'INSERT' then
            if new.state <> 'asked' or (actor like 'staff:%' and new.made_by <> actor) then
                raise exception 'a run is asked for by whoever makes it' using errcode = 'restrict_violation';
            end if;
            return new;
        end if;
        if (new.id, new.number, new.division, new.month, new.pay_on, new.known_at, new.made_by, new.made_at)
           is distinct from
           (old.id, old.number, old.division, old.month, old.pay_on, old.known_at, old.made_by, old.made_at)
        then
            raise exception 'what was asked for stays' using errcode = 'restrict_violation';
        end if;
        if (new.book, new.people, new.whole, new.count, new.total, new.recover, new.digest, new.batch, new.failure,
            new.drafted_at)
           is distinct from
           (old.book, old.people, old.whole, old.count, old.total, old.recover, old.digest, old.batch, old.failure,
            old.drafted_at)
           and old.state <> 'asked'
        then
            raise exception 'the figures of a run stand' using errcode = 'restrict_violation';
        end if;
        if (new.checked_by, new.checked_at) is distinct from (old.checked_by, old.checked_at)
           and (old.state || ' ' || new.state) <> 'draft checked'
           or (new.released_by, new.released_at) is distinct from (old.released_by, old.released_at)
           and (old.state || ' ' || new.state) <> 'checked released'
        then
            raise exception 'a signature stands' using errcode = 'restrict_violation';
        end if;
        if new.state = old.state then
            return new;
        end if;
        if (old.state || ' ' || new.state) not in (
            'asked draft', 'asked empty', 'asked failed', 'asked withdrawn', 'draft checked', 'draft withdrawn',
            'checked released', 'checked withdrawn')
        then
            raise exception 'a run does not go from % to %', old.state, new.state
                using errcode = 'restrict_violation';
        end if;
        if (new.state = 'checked' and actor <> '' and new.checked_by <> actor)
           or (new.state = 'released' and actor <> '' and new.released_by <> actor)
        then
            raise exception 'nobody checks or releases in the name of another' using errcode = 'restrict_violation';
        end if;
        if new.state in ('draft', 'checked', 'released') then
            select count(*) as lines, coalesce(sum(fen) filter (where kind in ('regular', 'back-pay')), 0) as pay,
                   coalesce(-sum(fen) filter (where kind = 'recovery'), 0) as recover
            into found from allowances_payline where run_id = new.id and live;
            if (found.lines, found.pay, found.recover) is distinct from (new.count, new.total, new.recover)
               or found.lines = 0
               or found.pay <> (select coalesce(sum(fen), 0) from allowances_payorder where run_id = new.id)
            then
                raise exception 'a run is the sum of its lines and of its payments'
                    using errcode = 'check_violation';
            end if;
        end if;
        return new;
    end $$;
    create trigger allowances_run_stands before insert or update or delete on allowances_payrun
        for each row execute function allowances_run_stands();
    revoke execute on function allowances_run_stands() from public;
    grant execute on function allowances_run_stands() to app_staff, app_batch;
"""
UNGUARD_RUN = "drop function allowances_run_stands() cascade;"

GUARD_LINES = """
    create function allowances_lines_of_asked() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        perform from allowances_payrun r where r.id in (select distinct run_id from added) for share;
        if exists (
            select from (select distinct run_id from added) a
            left join allowances_payrun r on r.id = a.run_id where r.state is distinct from 'asked')
        then
            raise exception 'lines are written while a run is drawn up' using errcode = 'restrict_violation';
        end if;
        return null;
    end $$;
    create trigger allowances_lines_of_asked after insert on allowances_payline
        referencing new table as added for each statement execute function allowances_lines_of_asked();
    create trigger allowances_orders_of_asked after insert on allowances_payorder
        referencing new table as added for each statement execute function allowances_lines_of_asked();
    revoke execute on function allowances_lines_of_asked() from public;
    grant execute on function allowances_lines_of_asked() to app_staff, app_batch;

    create function allowances_line_stands() returns trigger language plpgsql as $$
    begin
        -- A line ends once, and moves with the person's file.
        if tg_op = 'UPDATE' and to_jsonb(new) - 'live' - 'division' = to_jsonb(old) - 'live' - 'division'
           and (old.live or not new.live)
        then
            return new;
        end if;
        raise exception 'what was paid stands' using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_line_stands before update or delete on allowances_payline
        for each row execute function allowances_line_stands();

    create function allowances_order_stands() returns trigger language plpgsql as $$
    declare
        moving constant text[] := array['state', 'reason', 'released_at', 'answered_at', 'told_at', 'division'];
    begin
        if tg_op = 'UPDATE' and to_jsonb(new) - moving = to_jsonb(old) - moving then
            return new;
        end if;
        raise exception 'a payment stands' using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_order_stands before update or delete on allowances_payorder
        for each row execute function allowances_order_stands();

    create function allowances_never_changes() returns trigger language plpgsql as $$
    begin
        raise exception '% on %: what a run found stands', tg_op, tg_table_name
            using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_never_changes before update or delete on allowances_payexception
        for each row execute function allowances_never_changes();
    create trigger allowances_never_changes before update or delete on allowances_paychange
        for each row execute function allowances_never_changes();
"""
UNGUARD_LINES = """
    drop function allowances_lines_of_asked() cascade;
    drop function allowances_line_stands() cascade;
    drop function allowances_order_stands() cascade;
    drop function allowances_never_changes() cascade;
"""

GUARD_AWARD = """
    create function allowances_award_stands() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        actor text := coalesce(current_setting('app.actor', true), '');
        moving constant text[] := array['division', 'state', 'public_from', 'public_to', 'decided_by', 'decided_at',
            'decided_why', 'ended_on', 'ended_why', 'ended_document', 'ended_by', 'ended_checked_by', 'ended_at',
            'annulled_why', 'annulled_by', 'annulled_checked_by', 'annulled_at'];
    begin
        if tg_op = 'DELETE' then
            raise exception 'an award is never deleted' using errcode = 'restrict_violation';
        end if;
        if tg_op = 'INSERT' then
            if new.state <> 'draft' or new.ended_at is not null or new.annulled_at is not null
               or (actor like 'staff:%' and new.made_by <> actor)
            then
                raise exception 'an award begins as a draft of whoever makes it' using errcode = 'restrict_violation';
            end if;
            return new;
        end if;
        if to_jsonb(new) - moving <> to_jsonb(old) - moving then
            raise exception 'what an award was made as stays' using errcode = 'restrict_violation';
        end if;
        if old.state in ('granted', 'declined', 'withdrawn') and (new.state, new.decided_by, new.decided_at,
            new.decided_why, new.public_from, new.public_to) is distinct from (old.state, old.decided_by,
            old.decided_at, old.decided_why, old.public_from, old.public_to)
           or old.ended_at is not null and (new.ended_on, new.ended_by, new.ended_checked_by, new.ended_at,
            new.ended_why, new.ended_document) is distinct from (old.ended_on, old.ended_by, old.ended_checked_by,
            old.ended_at, old.ended_why, old.ended_document)
           or old.annulled_at is not null and (new.annulled_by, new.annulled_checked_by, new.annulled_at,
            new.annulled_why) is distinct from (old.annulled_by, old.annulled_checked_by, old.annulled_at,
            old.annulled_why)
        then
            raise exception 'a decision stands' using errcode = 'restrict_violation';
        end if;
        if (new.state <> old.state and new.state in ('granted', 'declined') and actor <> ''
                and new.decided_by <> actor)
           or (new.ended_at is distinct from old.ended_at and actor <> '' and new.ended_checked_by <> actor)
           or (new.annulled_at is distinct from old.annulled_at and actor <> '' and new.annulled_checked_by <> actor)
        then
            raise exception 'nobody decides in the name of another' using errcode = 'restrict_violation';
        end if;
        if new.state = 'granted' and old.state <> 'granted' then
            if new.public_to is not null
               and (new.decided_at at time zone 'Asia/Shanghai')::date <= new.public_to
            then
                raise exception 'an award is public to the end before it is granted'
                    using errcode = 'restrict_violation';
            end if;
            if exists (select from allowances_objection where award_id = new.id and upheld is distinct from false)
            then
                raise exception 'an award with an objection that stands is not granted'
                    using errcode = 'restrict_violation';
            end if;
        end if;
        return new;
    end $$;
    create trigger allowances_award_stands before insert or update or delete on allowances_award
        for each row execute function allowances_award_stands();
    revoke execute on function allowances_award_stands() from public;
    grant execute on function allowances_award_stands() to app_staff, app_batch;

    create function allowances_signed_stands() returns trigger language plpgsql as $$
    declare
        moving constant text[] := array['checked_by', 'checked_at', 'superseded_at', 'division'];
        actor text := coalesce(current_setting('app.actor', true), '');
    begin
        if tg_op = 'UPDATE' and to_jsonb(new) - moving = to_jsonb(old) - moving
           and (old.checked_by = '' or (new.checked_by, new.checked_at) = (old.checked_by, old.checked_at))
           and (new.checked_by = old.checked_by or actor = '' or new.checked_by = actor)
        then
            return new;
        end if;
        raise exception 'what was said stands, and nobody signs in the name of another'
            using errcode = 'restrict_violation';
    end $$;
    create trigger allowances_signed_stands before update or delete on allowances_finding
        for each row execute function allowances_signed_stands();
    create trigger allowances_signed_stands before update or delete on allowances_heirshare
        for each row execute function allowances_signed_stands();
    create trigger allowances_signed_stands before update or delete on allowances_receivablestep
        for each row execute function allowances_signed_stands();
"""
UNGUARD_AWARD = """
    drop function allowances_award_stands() cascade;
    drop function allowances_signed_stands() cascade;
"""

# What is still owed back follows from the steps, whoever writes one.
GUARD_RECEIVABLE = """
    create function allowances_receivable_counts() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        perform from allowances_receivable where id = new.receivable_id for update;
        update allowances_receivable r
        set remaining = r.fen - s.done, state = case when r.fen = s.done then 'settled' else 'open' end
        from (select coalesce(sum(fen), 0) as done from allowances_receivablestep
              where receivable_id = new.receivable_id
                and (kind in ('repaid', 'lifted') or kind = 'written-off' and checked_at is not null)) s
        where r.id = new.receivable_id;
        return null;
    end $$;
    create trigger allowances_receivable_counts after insert or update on allowances_receivablestep
        for each row execute function allowances_receivable_counts();
    revoke execute on function allowances_receivable_counts() from public;
    grant execute on function allowances_receivable_counts() to app_staff, app_batch;
"""
UNGUARD_RECEIVABLE = "drop function allowances_receivable_counts() cascade;"


class Migration(migrations.Migration):
    dependencies = [("allowances", "0001_awards")]

    operations = [
        migrations.RunSQL(NUMBERS, UNNUMBERED),
        *(
            migrations.RunSQL(
                f"alter table allowances_{name} add constraint {name}_same_division foreign key (person_id, division)"
                " references registry_person (id, division) on update cascade deferrable initially deferred",
                f"alter table allowances_{name} drop constraint {name}_same_division",
            )
            for name in WITH_THE_FILE
        ),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_RUN, UNGUARD_RUN),
        migrations.RunSQL(GUARD_LINES, UNGUARD_LINES),
        migrations.RunSQL(GUARD_AWARD, UNGUARD_AWARD),
        migrations.RunSQL(GUARD_RECEIVABLE, UNGUARD_RECEIVABLE),
    ]
