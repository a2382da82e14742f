"""The chain: one link per event, one signed anchor per sealed batch."""

from django.db import migrations, models

TABLES = """
create table audit_link (
    position bigint primary key check (position > 0),
    event_id bigint not null unique,
    event_digest bytea not null check (length(event_digest) = 32),
    chain_digest bytea not null check (length(chain_digest) = 32)
);
create table audit_anchor (
    last_position bigint primary key,
    chain_digest bytea not null check (length(chain_digest) = 32),
    count bigint not null check (count > 0),
    sealed_at timestamptz not null,
    algorithm text not null,
    key_version integer not null,
    signature bytea not null,
    settled_below bigint not null
);
"""


def guard(table: str) -> str:
    """Append-only for everyone; written and read by jobs, read by staff who may read the log."""
    return f"""
        create trigger audit_append_only before update or delete or truncate on {table}
            for each statement execute function audit_refuse_change();
        alter table {table} enable always trigger audit_append_only;
        revoke all on {table} from public;
        alter table {table} enable row level security;
        alter table {table} force row level security;
        create policy jobs_seal on {table} for insert to app_batch with check (true);
        create policy jobs_read on {table} for select to app_batch using (true);
        create policy staff_read_with_permission on {table} for select to app_staff using (
            (select 'audit.read' = any (string_to_array(current_setting('app.permissions', true), ' '))));
        grant insert, select on {table} to app_batch;
        grant select on {table} to app_staff;
    """


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_events")]
    operations = [
        migrations.RunSQL(
            sql=[TABLES, guard("audit_link"), guard("audit_anchor")],
            reverse_sql="drop table audit_anchor; drop table audit_link;",
            state_operations=[
                migrations.CreateModel(
                    name="Link",
                    fields=[
                        ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("event_id", models.BigIntegerField(unique=True)),
                        ("event_digest", models.BinaryField()),
                        ("chain_digest", models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Anchor",
                    fields=[
                        ("last_position", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("chain_digest", models.BinaryField()),
                        ("count", models.BigIntegerField()),
                        ("sealed_at", models.DateTimeField()),
                        ("algorithm", models.TextField()),
                        ("key_version", models.IntegerField()),
                        ("signature", models.BinaryField()),
                        ("settled_below", models.BigIntegerField()),
                    ],
                ),
            ],
        ),
    ]
