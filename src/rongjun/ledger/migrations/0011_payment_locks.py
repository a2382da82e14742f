"""Payments: locks by division, and the guards that keep three people apart and lines as they were."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division

# Running numbers show in no row's key, so their sequence is asked for by name.
NUMBERS = """
    create sequence ledger_payment_number;
    grant usage on sequence ledger_payment_number to app_staff, app_batch;
"""
UNNUMBERED = "drop sequence ledger_payment_number;"

LOCKS = (
    lock_by_division(
        "ledger_paymentbatch",
        rights="""select, insert, update (state, count, total, checked_at, checked_by, released_at, released_by,
            withdrawn_at, withdrawn_by, withdrawn_reason, closed_at, held)""",
        job_rights="select, insert, update (state, sent_at, answered_at, closed_at, held)",
    )
    + lock_by_division(
        "ledger_paymentline",
        rights="select, insert, update (state, owner, dispute, ended_at, ended_by, ended_reason)",
        job_rights="select, insert, update (state, code, reason, answered_at, owner, dispute)",
    )
    + lock_by_division(
        "ledger_paymentfile", rights="select", job_rights="select, insert, update (delivered_at, failure)"
    )
    + lock_by_division("ledger_paymentanswer", rights="select", job_rights="select, insert")
)

# They read past the row policies, so that a total is that of every line, whoever asks; who acts is said by
# app.actor, which the application tells once a transaction.
GUARD_BATCH = """
    create function ledger_guard_payment_batch() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        actor text := coalesce(current_setting('app.actor', true), '');
        found_count int;
        found_total bigint;
    begin
        if tg_op = 'DELETE' then
            raise exception 'a payment batch is never deleted' using errcode = 'restrict_violation';
        end if;
        if tg_op = 'INSERT' then
            if new.state <> 'draft' or (actor like 'staff:%' and new.made_by <> actor) then
                raise exception 'a batch begins as a draft of whoever makes it' using errcode = 'restrict_violation';
            end if;
            return new;
        end if;
        if (new.id, new.number, new.division, new.purpose, new.title, new.fund, new.counter, new.budgets, new.partner, new.layout, new.pay_on,
            new.made_by, new.made_at)
           is distinct from
           (old.id, old.number, old.division, old.purpose, old.title, old.fund, old.counter, old.budgets, old.partner, old.layout, old.pay_on,
            old.made_by, old.made_at)
        then
            raise exception 'what a batch was made as stays' using errcode = 'restrict_violation';
        end if;
        if (new.count, new.total, new.checked_by, new.checked_at)
           is distinct from (old.count, old.total, old.checked_by, old.checked_at)
           and not (old.state = 'draft' and new.state = 'checked')
        then
            raise exception 'what was checked stays' using errcode = 'restrict_violation';
        end if;
        if (new.released_by, new.released_at) is distinct from (old.released_by, old.released_at)
           and not (old.state = 'checked' and new.state = 'released')
        then
            raise exception 'what was released stays' using errcode = 'restrict_violation';
        end if;
        if new.state = old.state then
            return new;
        end if;
        if (old.state || ' ' || new.state) not in (
            'draft checked', 'draft withdrawn', 'checked released', 'checked withdrawn', 'released withdrawn',
            'released sent', 'sent answered', 'sent closed', 'answered closed')
        then
            raise exception 'a batch does not go from % to %', old.state, new.state
                using errcode = 'restrict_violation';
        end if;
        if (new.state = 'checked' and actor <> '' and new.checked_by <> actor)
           or (new.state = 'released' and actor <> '' and new.released_by <> actor)
        then
            raise exception 'nobody checks or releases in the name of another' using errcode = 'restrict_violation';
        end if;
        if new.state in ('checked', 'released') then
            select count(*), coalesce(sum(fen), 0) into found_count, found_total
            from ledger_paymentline where batch_id = new.id and state in ('draft', 'ready');
            if (found_count, found_total) is distinct from (new.count, new.total) or found_count = 0 then
                raise exception 'the lines are % with % fen, not % with %',
                    found_count, found_total, new.count, new.total using errcode = 'check_violation';
            end if;
        end if;
        if new.state = 'closed' and exists (
            select from ledger_paymentline where batch_id = new.id and state = 'ready')
        then
            raise exception 'a batch with an unanswered line stays open' using errcode = 'restrict_violation';
        end if;
        return new;
    end $$;
    create trigger ledger_guard_payment_batch before insert or update or delete on ledger_paymentbatch
        for each row execute function ledger_guard_payment_batch();
    revoke execute on function ledger_guard_payment_batch() from public;
    grant execute on function ledger_guard_payment_batch() to app_staff, app_batch;
"""
UNGUARD_BATCH = """
    drop trigger ledger_guard_payment_batch on ledger_paymentbatch;
    drop function ledger_guard_payment_batch();
"""

GUARD_LINE = """
    create function ledger_guard_payment_line() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        actor text := coalesce(current_setting('app.actor', true), '');
        held record;
    begin
        if tg_op = 'DELETE' then
            raise exception 'a payment is never deleted' using errcode = 'restrict_violation';
        end if;
        if tg_op = 'INSERT' then
            -- Held, so that no line slips in between a check and its totals.
            select state, made_by into held from ledger_paymentbatch where id = new.batch_id for share;
            if held.state is distinct from 'draft' or new.state <> 'draft' then
                raise exception 'lines are added to a draft' using errcode = 'restrict_violation';
            end if;
            -- Whoever adds a line makes the batch, and so is not who checks it.
            if actor like 'staff:%' and actor <> held.made_by then
                raise exception 'only who makes a batch adds lines' using errcode = 'restrict_violation';
            end if;
            if (select coalesce(sum(value::bigint), 0) from jsonb_each_text(new.shares)) <> new.fen then
                raise exception 'the shares do not add up to the amount' using errcode = 'check_violation';
            end if;
            return new;
        end if;
        if (new.id, new.batch_id, new.division, new.line, new.key, new.payee, new.account_sealed, new.account_index,
            new.account_mask, new.document_sealed, new.bank, new.fen, new.purpose, new.shares, new.why, new.added_at,
            new.added_by, new.follows_id)
           is distinct from
           (old.id, old.batch_id, old.division, old.line, old.key, old.payee, old.account_sealed, old.account_index,
            old.account_mask, old.document_sealed, old.bank, old.fen, old.purpose, old.shares, old.why, old.added_at,
            old.added_by, old.follows_id)
        then
            raise exception 'a payment stays as it was added' using errcode = 'restrict_violation';
        end if;
        if new.state = old.state then
            return new;
        end if;
        if (old.state || ' ' || new.state) not in (
            'draft ready', 'draft withdrawn', 'ready withdrawn', 'ready paid', 'ready failed', 'paid failed',
            'failed paid', 'failed requeued', 'failed written-back', 'requeued paid', 'written-back paid')
        then
            raise exception 'a payment does not go from % to %', old.state, new.state
                using errcode = 'restrict_violation';
        end if;
        select state into held from ledger_paymentbatch where id = new.batch_id;
        if (new.state = 'withdrawn' and held.state not in ('draft', 'withdrawn'))
           or (new.state = 'ready' and held.state <> 'checked')
           or (new.state in ('paid', 'failed') and held.state not in ('sent', 'answered', 'closed'))
        then
            raise exception 'a payment of a batch that is % does not become %', held.state, new.state
                using errcode = 'restrict_violation';
        end if;
        return new;
    end $$;
    create trigger ledger_guard_payment_line before insert or update or delete on ledger_paymentline
        for each row execute function ledger_guard_payment_line();
    revoke execute on function ledger_guard_payment_line() from public;
    grant execute on function ledger_guard_payment_line() to app_staff, app_batch;
"""
UNGUARD_LINE = """
    drop trigger ledger_guard_payment_line on ledger_paymentline;
    drop function ledger_guard_payment_line();
"""

GUARD_APPENDED = """
    create function ledger_keep_payment_evidence() returns trigger language plpgsql as $$
    begin
        if tg_op = 'UPDATE' and tg_table_name = 'ledger_paymentfile' and to_jsonb(old) ->> 'delivered_at' is null
           and to_jsonb(new) - 'delivered_at' - 'failure' = to_jsonb(old) - 'delivered_at' - 'failure'
        then
            return new;
        end if;
        raise exception '% on %: what was sent and answered is never changed', tg_op, tg_table_name
            using errcode = 'restrict_violation';
    end $$;
    create trigger ledger_keep_payment_evidence before update or delete on ledger_paymentfile
        for each row execute function ledger_keep_payment_evidence();
    create trigger ledger_keep_payment_evidence before update or delete on ledger_paymentanswer
        for each row execute function ledger_keep_payment_evidence();
"""
UNGUARD_APPENDED = """
    drop trigger ledger_keep_payment_evidence on ledger_paymentfile;
    drop trigger ledger_keep_payment_evidence on ledger_paymentanswer;
    drop function ledger_keep_payment_evidence();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0010_payments")]

    operations = [
        migrations.RunSQL(NUMBERS, UNNUMBERED),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_BATCH, UNGUARD_BATCH),
        migrations.RunSQL(GUARD_LINE, UNGUARD_LINE),
        migrations.RunSQL(GUARD_APPENDED, UNGUARD_APPENDED),
    ]
