"""Events: append-only for everyone, written by every role, read by almost none."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

TABLE = """
create table audit_event (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null check (actor <> ''),
    actor_role text not null,
    source text not null,
    event text not null,
    about text[] not null,
    result text not null constraint audit_event_result_known check (result in ('done', 'refused', 'failed')),
    purpose text not null,
    division bigint,
    detail jsonb not null,
    xid xid8 not null default pg_current_xact_id()
);
create index audit_event_about on audit_event using gin (about);
create index audit_event_actor on audit_event (actor, id);
create index audit_event_event on audit_event (event, id);
create index audit_event_at on audit_event using brin (at);
-- Sealing asks for what transactions in a window have written.
create index audit_event_xid on audit_event (xid);
"""

# A statement trigger also stops the owner, TRUNCATE, and a statement that would have met no row;
# ALWAYS keeps it awake under session_replication_role = replica.
GUARD = """
create function audit_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %: audit rows are never changed', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger audit_append_only before update or delete or truncate on audit_event
    for each statement execute function audit_refuse_change();
alter table audit_event enable always trigger audit_append_only;
"""

# `audit.read` is compared as a whole word: `audit.read-own` is another permission.
# id and xid are not among the granted columns: nobody but the database says when an event was written.
RIGHTS = """
revoke all on audit_event from public;
alter table audit_event enable row level security;
alter table audit_event force row level security;
create policy anyone_notes on audit_event for insert
    to rongjun_login, app_staff, app_citizen, app_device, app_batch with check (true);
create policy staff_read_with_permission_or_own on audit_event for select to app_staff using (
    (select 'audit.read' = any (string_to_array(current_setting('app.permissions', true), ' ')))
    or actor = (select nullif(current_setting('app.actor', true), '')));
create policy jobs_read on audit_event for select to app_batch using (true);
grant insert (at, actor, actor_role, source, event, about, result, purpose, division, detail) on audit_event
    to rongjun_login, app_staff, app_citizen, app_device, app_batch;
grant select on audit_event to app_staff, app_batch;
"""

# Array containment is not leakproof, so under row security it may not use the index; the function asks the
# policies' question itself and then may. It shows nobody what the policies would not.
ABOUT = """
create function audit_events_about(object text) returns setof audit_event
    language sql stable security definer set search_path = pg_catalog, public as $$
    select * from public.audit_event where about @> array[object] and (
        (select 'audit.read' = any (string_to_array(current_setting('app.permissions', true), ' ')))
        or actor = (select nullif(current_setting('app.actor', true), ''))
        or (select current_setting('role') = 'app_batch'))
$$;
revoke all on function audit_events_about(text) from public;
grant execute on function audit_events_about(text) to app_staff, app_batch;
"""

UNDO = """
drop function audit_events_about(text);
drop table audit_event;
drop function audit_refuse_change();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            sql=[TABLE, GUARD, RIGHTS, ABOUT],
            reverse_sql=UNDO,
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("at", models.DateTimeField()),
                        ("actor", models.TextField()),
                        ("role", models.TextField(db_column="actor_role", default="")),
                        ("source", models.TextField(default="")),
                        ("event", models.TextField()),
                        (
                            "about",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        ("result", models.TextField(default="done")),
                        ("purpose", models.TextField(default="")),
                        ("division", models.BigIntegerField(null=True)),
                        ("detail", models.JSONField(default=dict)),
                    ],
                    options={
                        "indexes": [
                            django.contrib.postgres.indexes.GinIndex(
                                fields=["about"], name="audit_event_about"
                            ),
                            models.Index(fields=["actor", "id"], name="audit_event_actor"),
                            models.Index(fields=["event", "id"], name="audit_event_event"),
                            django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="audit_event_at"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("result__in", ["done", "refused", "failed"])),
                                name="audit_event_result_known",
                            )
                        ],
                    },
                ),
            ],
        ),
    ]
