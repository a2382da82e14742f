"""Every row about a person carries the person's division, and the database keeps it so when the person moves."""

from django.db import migrations

ASSERTIONS = (
    "particulars",
    "identitydocument",
    "contact",
    "service",
    "status",
    "disabilityrating",
    "household",
    "statement",
)


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "alter table registry_person add constraint person_with_division unique (id, division)",
            "alter table registry_person drop constraint person_with_division",
        ),
        *(
            migrations.RunSQL(
                f"alter table registry_{name} add constraint {name}_same_division foreign key (person_id, division)"
                " references registry_person (id, division) on update cascade deferrable initially deferred",
                f"alter table registry_{name} drop constraint {name}_same_division",
            )
            for name in ASSERTIONS
        ),
    ]
