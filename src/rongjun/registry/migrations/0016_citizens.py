"""What a citizen sees: the own file, and that of whom they act for while a mandate holds. Nothing else.

Whose file is in hand is worked out here from the account and the wish alone: a mistake of the application
cannot show another's. Merged files are one person's, as everywhere.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division, show_to_citizen

SAID = (
    "particulars", "identitydocument", "contact", "service", "status", "disabilityrating", "household",
    "residence", "servicing", "merit", "death", "payee", "bankaccount", "sentence",
    "noticereceipt", "consent", "restriction", "legalhold",
)  # fmt: skip
# What a citizen may add: an answer to a question, and a request.
ADDED = {
    "statement": "select, insert, update (superseded_at)",
    "relation": "select, insert, update (superseded_at)",
    "rightsrequest": "select, insert",
}
DECIDING = "state, decided_at, decided_by, decision, ends_at, ended_by"
KEYS = (("citizenlink", "citizen_link_same_division"), ("mandate", "mandate_same_division"))
IN_HAND = """
    create function registry_own_files() returns uuid[]
    language sql stable security definer set search_path = public, pg_temp as
    $$ select coalesce(array_agg(file), '{}') from registry_citizenlink link,
              registry_files_of(registry_root_of(link.person_id, 'infinity'), 'infinity') file
       where link.account_id = nullif(current_setting('app.account', true), '')::uuid $$;
    create function registry_files_in_hand() returns uuid[]
    language sql stable security definer set search_path = public, pg_temp as
    $$ with wish as (select nullif(current_setting('app.acting_for', true), '')::uuid as person)
       select case when wish.person is null then registry_own_files() else (
           select coalesce(array_agg(file), '{}')
           from registry_files_of(registry_root_of(wish.person, 'infinity'), 'infinity') file
           where exists (
               select from registry_mandate held
               where held.state = 'granted' and held.ends_at > now()
                 and held.helper_id = any (registry_own_files())
                 and registry_root_of(held.person_id, 'infinity') = registry_root_of(wish.person, 'infinity')))
       end from wish $$;
    revoke all on function registry_own_files(), registry_files_in_hand() from public;
    grant execute on function registry_own_files(), registry_files_in_hand() to app_citizen;
    grant execute on function registry_files_of(uuid, timestamptz), registry_root_of(uuid, timestamptz)
        to app_citizen;
"""
# The person's row is held while something is said of it: that takes the right to update, and nothing more.
PERSON = """
    create policy citizen_in_hand on registry_person for select to app_citizen
        using (id = any ((select registry_files_in_hand())::uuid[]));
    create policy citizen_holds on registry_person for update to app_citizen
        using (id = any ((select registry_files_in_hand())::uuid[])) with check (false);
    grant select, update (division) on registry_person to app_citizen;
"""
LINK = """
    create policy citizen_own on registry_citizenlink for select to app_citizen
        using (account_id = (select nullif(current_setting('app.account', true), '')::uuid));
    grant select on registry_citizenlink to app_citizen;
"""
# A mandate is seen by both; the helper asks for it, and either ends it.
MANDATE = """
    create policy citizen_of_both on registry_mandate for select to app_citizen
        using (person_id = any ((select registry_files_in_hand())::uuid[])
               or helper_id = any ((select registry_own_files())::uuid[]));
    create policy citizen_asks on registry_mandate for insert to app_citizen
        with check (state = 'asked' and helper_id = any ((select registry_own_files())::uuid[]));
    create policy citizen_ends on registry_mandate for update to app_citizen
        using (state = 'granted' and ends_at > now()
               and (person_id = any ((select registry_own_files())::uuid[])
                    or helper_id = any ((select registry_own_files())::uuid[])))
        with check (ends_at <= now() and ended_by = (select current_setting('app.actor')));
    grant select, insert, update (ends_at, ended_by) on registry_mandate to app_citizen;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0015_guardians_kin_legal_holds"),
        ("access", "0005_citizens"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CitizenLink",
            fields=[
                ("division", models.BigIntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("linked_at", models.DateTimeField()),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="citizenlink_person")],
                "constraints": [models.UniqueConstraint(fields=("person",), name="citizen_link_once")],
            },
        ),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                ("division", models.BigIntegerField()),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("person_name", models.CharField(max_length=64)),
                ("helper_name", models.CharField(max_length=64)),
                ("relation", models.CharField(max_length=16)),
                ("proof", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=80)),
                ("state", models.CharField(default="asked", max_length=8)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(default="", max_length=80)),
                ("decision", models.CharField(default="", max_length=200)),
                ("ends_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=80)),
                (
                    "helper",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["person"], name="mandate_person"),
                    models.Index(fields=["helper"], name="mandate_helper"),
                    models.Index(
                        condition=models.Q(("state", "asked")), fields=["asked_at"], name="mandate_asked"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("helper", models.F("person")), _negated=True),
                        name="mandate_for_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["asked", "granted", "refused"])),
                        name="mandate_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", ""), ("state", "asked")),
                            models.Q(
                                models.Q(("state", "asked"), _negated=True),
                                models.Q(("decided_by", ""), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="mandate_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "granted"), _negated=True),
                            ("ends_at__isnull", False),
                            _connector="OR",
                        ),
                        name="mandate_granted_until",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("person", "helper"),
                        name="mandate_asked_once",
                    ),
                ],
            },
        ),
        *(
            migrations.RunSQL(
                f"alter table registry_{table} add constraint {name} foreign key (person_id, division)"
                " references registry_person (id, division) on update cascade deferrable initially deferred",
                f"alter table registry_{table} drop constraint {name}",
            )
            for table, name in KEYS
        ),
        migrations.RunSQL(
            lock_by_division("registry_citizenlink", rights="select", job_rights="select, insert")
            + lock_by_division(
                "registry_mandate", rights=f"select, update ({DECIDING})", job_rights="select, delete"
            ),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            IN_HAND, "drop function registry_files_in_hand(); drop function registry_own_files();"
        ),
        migrations.RunSQL(
            PERSON
            + LINK
            + MANDATE
            + show_to_citizen("registry_merge", column="kept_id")
            + "".join(show_to_citizen(f"registry_{name}") for name in SAID)
            + "".join(show_to_citizen(f"registry_{name}", rights=rights) for name, rights in ADDED.items()),
            migrations.RunSQL.noop,
        ),
    ]
