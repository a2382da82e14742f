"""Closed months: archived, aggregated, signed; their single uses may go, and only then."""

from django.db import migrations, models
from django.db.models import F, Q

from rongjun.access.row_security import lock_by_division

# A row is never changed but for the day its single uses went. The uses of a month go by the partition, and
# only where the newest closing of that month is signed and says as many uses as the partition holds: the
# worker owns no table, so what must hold before is checked here too.
DROP_MONTH = """
create function benefits_closed_month_guard() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.dropped_at is not null
       or (to_jsonb(new) - 'dropped_at') is distinct from (to_jsonb(old) - 'dropped_at') then
        raise exception 'a closed month is only ever added to';
    end if;
    return new;
end $$;
create trigger closed_month_append_only before update or delete on benefits_closed_month
    for each row execute function benefits_closed_month_guard();

create function benefits_drop_month(asked int, kept_months int) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text := 'benefits_use_' || asked;
    held bigint;
    closed benefits_closed_month;
    today date := (now() at time zone 'Asia/Shanghai')::date;
begin
    if asked is null or kept_months is null or kept_months < 3 then
        raise exception 'no month to drop';
    end if;
    if make_date(asked / 100, asked % 100, 1) + make_interval(months => kept_months + 1) > today then
        raise exception 'month % is kept longer', asked;
    end if;
    if to_regclass(name) is null then
        raise exception 'month % has no partition', asked;
    end if;
    execute format('lock table %I in access exclusive mode', name);
    select * into closed from benefits_closed_month c where c.month = asked order by turn desc limit 1;
    execute format('select count(*) from %I', name) into held;
    if closed.id is null or closed.signature is null or closed.uses <> held then
        raise exception 'month % holds % uses that no closing says', asked, held;
    end if;
    execute format('alter table benefits_use detach partition %I', name);
    execute format('drop table %I', name);
    return held;
end $$;
revoke all on function benefits_drop_month(int, int) from public;
grant execute on function benefits_drop_month(int, int) to app_batch;
"""
LOCKS = lock_by_division(
    "benefits_closed_month", rights="select", job_rights="select, insert, update (dropped_at)"
)


class Migration(migrations.Migration):
    dependencies = [("benefits", "0010_unanswered")]
    operations = [
        migrations.CreateModel(
            name="ClosedMonth",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("month", models.IntegerField()),
                ("turn", models.SmallIntegerField()),
                ("uses", models.BigIntegerField()),
                ("fates", models.JSONField()),
                ("fares", models.CharField(max_length=64)),
                ("archive", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("lines", models.BinaryField()),
                ("algorithm", models.CharField(max_length=24)),
                ("key_version", models.IntegerField()),
                ("signature", models.BinaryField()),
                ("closed_at", models.DateTimeField()),
                ("closed_by", models.CharField(max_length=80)),
                ("dropped_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "benefits_closed_month",
                "constraints": [
                    models.UniqueConstraint(fields=["month", "turn"], name="closed_month_turn"),
                    models.CheckConstraint(
                        condition=Q(("turn__gte", 1), ("uses__gte", 0)), name="closed_month_counts"
                    ),
                    models.CheckConstraint(
                        condition=Q(("dropped_at", None)) | Q(("dropped_at__gte", F("closed_at"))),
                        name="closed_month_order",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            DROP_MONTH + LOCKS,
            "drop function benefits_drop_month(int, int); drop trigger closed_month_append_only on"
            " benefits_closed_month; drop function benefits_closed_month_guard;",
        ),
    ]
