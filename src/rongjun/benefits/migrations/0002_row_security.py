"""Books are for everybody to read and only ever added to; a recorded decision is seen by division."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division, open_to_read


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0001_initial"),
        ("registry", "0003_row_security"),
        ("access", "0003_row_security"),
    ]
    operations = [
        *(
            migrations.RunSQL(
                open_to_read(f"benefits_{name}", job_rights="select, insert"), migrations.RunSQL.noop
            )
            for name in ("bookfiles", "edition", "confirmation")
        ),
        migrations.RunSQL(
            "alter table benefits_recordeddecision add constraint recordeddecision_same_division"
            " foreign key (person_id, division) references registry_person (id, division)"
            " on update cascade deferrable initially deferred",
            "alter table benefits_recordeddecision drop constraint recordeddecision_same_division",
        ),
        migrations.RunSQL(
            lock_by_division("benefits_recordeddecision", rights="select, insert"), migrations.RunSQL.noop
        ),
    ]
