"""Of which days the rollup by day holds anything, a month in one number: coverage is asked of every figure."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division

# A trigger and no part of the intake: it holds for whoever adds a line, and a line is rare beside a use. Lines of
# the rollup are never taken away again (jobs have no right to), so a bit once set stays right. Taken in one order,
# as the rollups are.
TABLE = """
create table benefits_use_days_held (
    month int not null,
    source smallint not null,
    division bigint not null,
    days int not null,
    primary key (month, source, division),
    constraint use_days_held_some check (days > 0)
);
create function benefits_hold_days() returns trigger language plpgsql as $$
begin
    insert into benefits_use_days_held as held (month, source, division, days)
    select extract(year from day) * 100 + extract(month from day), source, division,
           bit_or(1 << (extract(day from day)::int - 1))
    from added group by 1, 2, 3 order by 1, 2, 3
    on conflict (month, source, division) do update set days = held.days | excluded.days;
    return null;
end $$;
create trigger use_days_held after insert on benefits_use_day referencing new table as added
    for each statement execute function benefits_hold_days();
"""
# Row security is forced on the owner too, whom no policy names.
FILL = """
alter table benefits_use_day no force row level security;
insert into benefits_use_days_held (month, source, division, days)
select extract(year from day) * 100 + extract(month from day), source, division,
       bit_or(1 << (extract(day from day)::int - 1))
from benefits_use_day group by 1, 2, 3;
alter table benefits_use_day force row level security;
"""
LOCK = lock_by_division("benefits_use_days_held", rights="select", job_rights="select, insert, update")


class Migration(migrations.Migration):
    dependencies = [("benefits", "0041_operator_payees")]
    operations = [
        migrations.RunSQL(
            TABLE + FILL + LOCK,
            "drop trigger use_days_held on benefits_use_day; drop function benefits_hold_days;"
            " drop table benefits_use_days_held;",
        )
    ]
