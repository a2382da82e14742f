"""The uses themselves by month, their difference rows and the rollups; added to by jobs, changed by nobody."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division, open_to_read

# A unique key of a partitioned table holds the partition key: the same reference in two months is looked
# for at night. The month is that of Beijing time, whatever the session's zone is. Source, programme and place
# are looked up in the statement's own transaction and have no right of deletion: a foreign key would ask again
# for every row. A difference row is made of the use it lowers, and a month past its retention can be dropped.
TABLES = """
create table benefits_use (
    month int not null,
    source smallint not null,
    reference varchar(32) collate "C" not null,
    card bigint not null,
    used_at timestamptz not null,
    day date not null,
    programme smallint not null,
    place int not null,
    band smallint not null,
    paid int not null,
    division bigint not null,
    batch bigint not null,
    primary key (month, source, reference),
    constraint use_day check (day = (used_at at time zone 'Asia/Shanghai')::date),
    constraint use_month check (month = extract(year from day) * 100 + extract(month from day)),
    constraint use_amounts check (band >= 0 and paid >= 0)
) partition by range (month);
create index use_card on benefits_use (card, used_at);
create index use_moment on benefits_use using brin (used_at);
create table benefits_use_late partition of benefits_use default;

create table benefits_use_void (
    month int not null,
    source smallint not null,
    reference varchar(32) collate "C" not null,
    turn smallint not null,
    effect smallint not null,
    division bigint not null,
    reason varchar(24) not null,
    recorded_at timestamptz not null,
    recorded_by varchar(80) not null,
    primary key (month, source, reference, turn),
    constraint use_void_turns check (turn > 0 and effect = case when turn % 2 = 1 then -1 else 1 end)
);

create table benefits_use_day (
    day date not null,
    source smallint not null,
    programme smallint not null,
    division bigint not null,
    band smallint not null,
    paid int not null,
    n bigint not null,
    primary key (day, source, programme, division, band, paid),
    constraint use_day_count check (n >= 0)
) with (fillfactor = 50);

create table benefits_use_month (
    month int not null,
    span date not null,
    source smallint not null,
    programme smallint not null,
    division bigint not null,
    band smallint not null,
    paid int not null,
    n bigint not null,
    primary key (month, span, source, programme, division, band, paid),
    constraint use_month_count check (n >= 0),
    constraint use_month_span check (month = extract(year from span) * 100 + extract(month from span))
) with (fillfactor = 50);
"""

APPEND_ONLY = """
create function benefits_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'uses are only ever added: a correction is a difference row';
end $$;
create trigger use_append_only before update or delete on benefits_use
    for each row execute function benefits_refuse_change();
create trigger use_no_truncate before truncate on benefits_use
    for each statement execute function benefits_refuse_change();
create trigger use_void_append_only before update or delete on benefits_use_void
    for each row execute function benefits_refuse_change();
create trigger use_void_no_truncate before truncate on benefits_use_void
    for each statement execute function benefits_refuse_change();
"""

# The worker opens months and owns no table. What a month is partitioned by is checked here, not there.
OPEN_MONTH = """
create function benefits_open_month(asked int) returns boolean
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text := 'benefits_use_' || asked;
    newest int := to_char((now() at time zone 'Asia/Shanghai') + interval '4 months', 'YYYYMM')::int;
begin
    if asked is null or asked not between 200001 and newest or asked % 100 not between 1 and 12 then
        raise exception 'month % is not one to open', asked;
    end if;
    perform pg_advisory_xact_lock(hashtext('benefits_open_month'));
    if to_regclass(name) is not null then
        return false;
    end if;
    execute format('create table %I partition of benefits_use for values from (%s) to (%s)',
                   name, asked, asked + 1);
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    return true;
end $$;
revoke all on function benefits_open_month(int) from public;
grant execute on function benefits_open_month(int) to app_batch;
"""

CLOSED = """
alter table benefits_use_late enable row level security;
alter table benefits_use_late force row level security;
"""

LOCKS = (
    open_to_read("benefits_programme")
    + open_to_read("benefits_use_source")
    + open_to_read("benefits_use_place")
    + lock_by_division("benefits_use", rights="select", job_rights="select, insert")
    + lock_by_division("benefits_use_void", rights="select", job_rights="select, insert")
    + lock_by_division("benefits_use_day", rights="select", job_rights="select, insert, update")
    + lock_by_division("benefits_use_month", rights="select", job_rights="select, insert, update, delete")
    + lock_by_division("benefits_use_batch", rights="select", job_rights="select, insert, update")
    + lock_by_division(
        "benefits_use_refusal",
        rights="select, update (state, closed_at, closed_by, closed_reason)",
        job_rights="select, insert,"
        " update (state, closed_at, closed_by, closed_reason, fields, stands, digest)",
    )
)


class Migration(migrations.Migration):
    dependencies = [("benefits", "0010_uses")]
    operations = [
        migrations.RunSQL(
            TABLES + APPEND_ONLY + OPEN_MONTH + CLOSED + LOCKS,
            "drop function benefits_open_month; drop table benefits_use_void, benefits_use_month,"
            " benefits_use_day, benefits_use; drop function benefits_refuse_change;",
        )
    ]
