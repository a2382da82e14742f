"""What the database itself holds to: nothing is changed, every transfer adds up, no limit is passed.

The one way to change a booked row is a migration of the owner that says so: it disables the trigger of that
table in its own transaction, and enables it again before it ends (docs/explanation/ledger.md).
"""

from django.db import migrations

from rongjun.access.row_security import lock_by_division

# Who wrote an entry in which transaction: totals are drawn up to where all transactions have ended.
XID = """
alter table ledger_entry add column xid xid8 not null default pg_current_xact_id();
create index ledger_entry_xid on ledger_entry (xid);
"""

# Statement triggers also stop the owner, TRUNCATE, and a statement that would have met no row; ALWAYS keeps
# them awake under session_replication_role = replica.
APPEND_ONLY = """
create function ledger_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %: what is booked stays', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
"""


def append_only(table: str, events: str = "update or delete or truncate") -> str:
    """Nobody changes rows of this table, or nobody removes them."""
    return f"""
        create trigger ledger_append_only before {events} on {table}
            for each statement execute function ledger_refuse_change();
        alter table {table} enable always trigger ledger_append_only;
    """


# What comes in with one statement. An entry belongs to a transfer that announced it: once all announced lines
# are there, none can be added, whenever it is tried. Joins by hash would read the whole ledger for two legs.
TAKE_IN = """
create function ledger_take_in() returns trigger language plpgsql security definer
    set search_path = pg_catalog, public set enable_hashjoin = off set enable_mergejoin = off as $$
declare counted record;
begin
    if exists (
        select from added e where not exists (
            select from public.ledger_transfer t
            where t.id = e.transfer_id and e.line between 1 and t.legs
              and e.on_day = t.on_day and e.recorded_at = t.recorded_at)
        or not exists (
            select from public.ledger_account a where a.id = e.account_id and a.division = e.division)
    ) then
        raise exception 'an entry without its transfer or its account' using errcode = 'check_violation',
            constraint = 'ledger_entry_announced';
    end if;
    -- In the order of accounts: two writers meet at the same account first, so neither waits for the other.
    for counted in
        select e.account_id,
               coalesce(sum(e.fen) filter (where e.layer = 'posted'), 0) as posted,
               coalesce(sum(e.fen) filter (where e.layer <> 'posted'
                                             and (e.fen < 0) = (e.layer = 'held')), 0) as held_out,
               coalesce(sum(e.fen) filter (where e.layer <> 'posted'
                                             and (e.fen < 0) <> (e.layer = 'held')), 0) as held_in
        from added e join public.ledger_limit l on l.account_id = e.account_id
        group by e.account_id order by e.account_id
    loop
        update public.ledger_limit set posted = posted + counted.posted, held_in = held_in + counted.held_in,
               held_out = held_out + counted.held_out
        where account_id = counted.account_id;
    end loop;
    return null;
end $$;
create trigger ledger_take_in after insert on ledger_entry referencing new table as added
    for each statement execute function ledger_take_in();
"""

# Judged when the transaction ends: all its entries are there, each book adds up, a hold is given back whole,
# a settlement or a reversal takes no more than there was.
WHOLE = """
create function ledger_refuse_transfer(transfer uuid, rule text) returns void language plpgsql as $$
begin
    raise exception 'transfer % is refused: %', transfer, rule using errcode = 'check_violation',
        constraint = rule;
end $$;

create function ledger_transfer_whole() returns trigger language plpgsql security definer
    set search_path = pg_catalog, public as $$
declare
    n integer; posted numeric; held numeric; freed numeric;
begin
    select count(*), sum(fen) filter (where layer = 'posted'), sum(fen) filter (where layer = 'held'),
           sum(fen) filter (where layer = 'freed')
    into n, posted, held, freed from public.ledger_entry where transfer_id = new.id;
    if n <> new.legs or posted <> 0 or held <> 0 or freed <> 0 then
        perform public.ledger_refuse_transfer(new.id, 'ledger_transfer_balanced');
    end if;
    if (posted is null) <> (new.kind in ('hold', 'release', 'expire')) or (held is null) <> (new.kind <> 'hold')
       or (freed is null) <> (new.ends_id is null) then
        perform public.ledger_refuse_transfer(new.id, 'ledger_transfer_books');
    end if;
    if new.ends_id is not null then perform public.ledger_hold_given_back(new.id, new.ends_id); end if;
    if new.corrects_id is not null then perform public.ledger_not_over_reversed(new.id, new.corrects_id); end if;
    return null;
end $$;
create constraint trigger ledger_transfer_whole after insert on ledger_transfer
    deferrable initially deferred for each row execute function ledger_transfer_whole();

create function ledger_hold_given_back(ender uuid, hold uuid) returns void language plpgsql as $$
begin
    if not exists (select from public.ledger_transfer where id = hold and kind = 'hold') or exists (
        select from (
            select account_id, sum(fen) as left_over from public.ledger_entry
            where (transfer_id = hold and layer = 'held') or (transfer_id = ender and layer = 'freed')
            group by account_id) e
        where left_over <> 0
    ) then
        perform public.ledger_refuse_transfer(ender, 'ledger_hold_given_back');
    end if;
    if exists (
        select from (
            select coalesce(sum(fen) filter (where layer = 'held'), 0) as most,
                   coalesce(sum(fen) filter (where layer = 'posted'), 0) as taken
            from public.ledger_entry
            where (transfer_id = hold and layer = 'held') or (transfer_id = ender and layer = 'posted')
            group by account_id) e
        where abs(taken) > abs(most) or taken * most < 0
    ) then
        perform public.ledger_refuse_transfer(ender, 'ledger_settled_within_hold');
    end if;
end $$;

create function ledger_not_over_reversed(reversal uuid, original uuid) returns void language plpgsql as $$
begin
    if not exists (
        select from public.ledger_transfer where id = original and kind in ('post', 'settle')
    ) or exists (
        select from (
            select sum(e.fen) filter (where t.id = original) as was,
                   sum(e.fen) filter (where t.id <> original) as taken_back
            from public.ledger_transfer t join public.ledger_entry e on e.transfer_id = t.id
            where (t.id = original or t.corrects_id = original) and e.layer = 'posted'
            group by e.account_id) e
        where taken_back <> 0 and (abs(taken_back) > abs(coalesce(was, 0)) or taken_back * was > 0)
    ) then
        perform public.ledger_refuse_transfer(reversal, 'ledger_reversed_within');
    end if;
end $$;
"""

# Two reversals of one transfer take turns, whoever writes them.
TURNS = """
create function ledger_correction_turn() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('ledger:' || new.corrects_id, 0));
    return new;
end $$;
create trigger ledger_correction_turn before insert on ledger_transfer for each row
    when (new.corrects_id is not null) execute function ledger_correction_turn();
"""

# Only the two triggers run with their owner's rights: they have to see entries of every division.
CALLED = """
revoke all on function ledger_take_in(), ledger_transfer_whole() from public;
grant execute on function ledger_take_in(), ledger_transfer_whole() to app_batch;
"""

UNDO = """
drop trigger ledger_correction_turn on ledger_transfer;
drop function ledger_correction_turn();
drop trigger ledger_transfer_whole on ledger_transfer;
drop function ledger_transfer_whole();
drop function ledger_hold_given_back(uuid, uuid);
drop function ledger_not_over_reversed(uuid, uuid);
drop function ledger_refuse_transfer(uuid, text);
drop trigger ledger_take_in on ledger_entry;
drop function ledger_take_in();
drop function ledger_refuse_change() cascade;
alter table ledger_entry drop column xid;
"""

# Who may see one of a transfer's entries may see the transfer. Jobs write; the columns that the database
# fills in itself are not among the granted ones.
TRANSFERS = """
alter table ledger_transfer enable row level security;
alter table ledger_transfer force row level security;
create policy staff_see_by_entries on ledger_transfer for select to app_staff
    using (exists (select from ledger_entry e where e.transfer_id = ledger_transfer.id));
create policy job_books on ledger_transfer for all to app_batch using (true) with check (true);
grant select on ledger_transfer to app_staff;
grant select, insert on ledger_transfer to app_batch;
alter table ledger_openhold enable row level security;
alter table ledger_openhold force row level security;
create policy job_works_off on ledger_openhold for all to app_batch using (true) with check (true);
grant select, insert, update, delete on ledger_openhold to app_batch;
"""
ENTRY_COLUMNS = "transfer_id, line, account_id, division, layer, fen, on_day, recorded_at"
JOB_RIGHTS = {
    "ledger_account": "select, insert, update (closed_on)",
    "ledger_limit": "select, insert (account_id, division, floor, ceiling), update (floor, ceiling)",
    "ledger_budgetline": "select, insert",
    "ledger_budgetchange": "select, insert",
    "ledger_entry": f"select, insert ({ENTRY_COLUMNS})",
}


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("access", "0003_row_security")]
    operations = [
        migrations.RunSQL(
            [
                XID,
                APPEND_ONLY,
                append_only("ledger_transfer"),
                append_only("ledger_entry"),
                append_only("ledger_budgetchange"),
                append_only("ledger_account", "delete or truncate"),
                append_only("ledger_limit", "delete or truncate"),
                append_only("ledger_budgetline"),
                TAKE_IN,
                WHOLE,
                TURNS,
                CALLED,
            ],
            UNDO,
        ),
        migrations.RunSQL(
            TRANSFERS
            + "".join(
                lock_by_division(table, rights="select", job_rights=rights)
                for table, rights in JOB_RIGHTS.items()
            ),
            migrations.RunSQL.noop,
        ),
    ]
