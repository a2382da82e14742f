"""People are seen by division; whether a number has a file anywhere is answered by a function, yes or no."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division

TABLES = (
    "person", "identitydocument", "contact", "service", "status", "disabilityrating", "household", "statement",
    "rosterimport", "importedrow",
)


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_one_division"), ("access", "0003_row_security")]
    operations = [
        *(migrations.RunSQL(lock_by_division(f"registry_{name}"), migrations.RunSQL.noop) for name in TABLES),
        migrations.RunSQL(
            """
            create function registry_numbers_taken(wanted bytea[]) returns setof bytea
            language sql stable security definer set search_path = public, pg_temp as
            $$ select distinct number_index from registry_identitydocument
               where number_index = any (wanted) and superseded_at is null $$;
            revoke all on function registry_numbers_taken(bytea[]) from public;
            grant execute on function registry_numbers_taken(bytea[]) to app_staff, app_batch;
            """,
            "drop function registry_numbers_taken(bytea[])",
        ),
    ]
