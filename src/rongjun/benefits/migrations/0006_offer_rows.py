"""Offers and enrolments are seen by division, and by their person. A job ends no enrolment."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division, open_to_read, show_to_citizen

ANSWER = "select, update (state, answered_at, answered_by, channel, words)"
LOOK_AT = (
    "select, insert, update (look_again_on, kept_by, kept_reason,"
    " ended_at, ended_by, end_ground, end_reason, end_decision_id)"
)
LOCKS = {
    "offer": (ANSWER, "select, insert, update (state, entitled_to)"),
    "enrolment": (LOOK_AT, "select, update (not_entitled_since)"),
    "takeup": ("select", "select, insert, delete"),
}


def _with_its_person(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"alter table benefits_{name} add constraint {name}_same_division"
        " foreign key (person_id, division) references registry_person (id, division)"
        " on update cascade deferrable initially deferred",
        f"alter table benefits_{name} drop constraint {name}_same_division",
    )


class Migration(migrations.Migration):
    dependencies = [("benefits", "0005_offers")]
    operations = [
        *(_with_its_person(name) for name in ("offer", "enrolment")),
        *(
            migrations.RunSQL(
                lock_by_division(f"benefits_{name}", rights=staff, job_rights=job), migrations.RunSQL.noop
            )
            for name, (staff, job) in LOCKS.items()
        ),
        *(
            migrations.RunSQL(show_to_citizen(f"benefits_{name}"), migrations.RunSQL.noop)
            for name in ("offer", "enrolment")
        ),
        migrations.RunSQL(
            open_to_read("benefits_offerround", roles="app_staff, app_citizen"), migrations.RunSQL.noop
        ),
    ]
