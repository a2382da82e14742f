"""Who a login name is, by name and place: a person who asks who read their file is told names, not logins."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("access", "0003_row_security")]
    operations = [
        migrations.RunSQL(
            """
            create function access_staff_named(logins text[])
            returns table (login text, name text, role text, place text)
            language sql stable security definer set search_path = public, pg_temp as
            $$ select distinct on (a.username, g.role) a.username::text, a.name::text, g.role::text,
                      g.division_label::text
               from access_account a join access_grant g on g.account_id = a.id
               where a.kind = 'staff' and a.username = any (logins)
               order by a.username, g.role, g.valid_from desc, g.id desc $$;
            revoke all on function access_staff_named(text[]) from public;
            grant execute on function access_staff_named(text[]) to app_staff, app_citizen, app_batch;
            """,
            "drop function access_staff_named(text[])",
        ),
    ]
