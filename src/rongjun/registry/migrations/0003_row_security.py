"""People are seen by division, and what was said of them is never rewritten.

The application may close an assertion (`superseded_at`) and move or rename a person; nothing else.
Whether a number has a file anywhere is answered by a function, yes or no.
"""

from django.db import migrations

from rongjun.access.row_security import lock_by_division

RIGHTS = {
    "person": "select, insert, update (division, name, name_grams)",
    "particulars": "select, insert, update (superseded_at)",
    "identitydocument": "select, insert, update (superseded_at)",
    "contact": "select, insert, update (superseded_at)",
    "service": "select, insert, update (superseded_at)",
    "status": "select, insert, update (superseded_at)",
    "disabilityrating": "select, insert, update (superseded_at)",
    "household": "select, insert, update (superseded_at)",
    "statement": "select, insert, update (superseded_at)",
    "rosterimport": "select, insert",
    "importedrow": "select, insert",
}


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_one_division"), ("access", "0003_row_security")]
    operations = [
        *(
            migrations.RunSQL(lock_by_division(f"registry_{name}", rights=rights), migrations.RunSQL.noop)
            for name, rights in RIGHTS.items()
        ),
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
