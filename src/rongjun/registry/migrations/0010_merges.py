"""Two files of one person: candidates with reasons, and the pointer from one file to the kept one.

Whoever sees a candidate sees both files. While a pointer holds, the other file follows the kept one from
division to division, so that whoever sees one sees all that is said of the person.
"""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import also_within, lock_by_division

KEYS = (
    ("duplicatecandidate", "duplicate_a_same_division", "person_a_id", "division"),
    ("duplicatecandidate", "duplicate_b_same_division", "person_b_id", "division_b"),
    ("merge", "merge_same_division", "kept_id", "division"),
)
CANDIDATE = "select, insert, update (score, reasons, state, decided_by, decided_at, reason)"
MERGE = "select, insert, update (approved_by, at, ended_at, ended_by, ended_reason)"
# As known at a moment: a file with every file that points to it, near or far; and the file at a chain's end.
# Both run as whoever asks, so row security holds in them.
POINTERS = """
    create function registry_files_of(file uuid, as_known timestamptz) returns setof uuid
    language sql stable rows 1 set search_path = public, pg_temp as
    $$ with recursive below(id) as (
           select file
           union
           select m.other_id from registry_merge m join below on m.kept_id = below.id
           where m.at <= as_known and (m.ended_at is null or m.ended_at > as_known))
       select id from below $$;
    create function registry_root_of(file uuid, as_known timestamptz) returns uuid
    language sql stable set search_path = public, pg_temp as
    $$ with recursive above(id, steps) as (
           select file, 0
           union
           select m.kept_id, above.steps + 1 from registry_merge m join above on m.other_id = above.id and above.steps < 1000
           where m.at <= as_known and (m.ended_at is null or m.ended_at > as_known))
       select id from above order by steps desc limit 1 $$;
    create function registry_merged_follow() returns trigger
    language plpgsql set search_path = public, pg_temp as
    $$ begin
        update registry_person set division = new.division
        where division <> new.division and id in (
            select other_id from registry_merge where kept_id = new.id and at is not null and ended_at is null);
        return null;
    end $$;
    create trigger merged_follow after update of division on registry_person
        for each row when (old.division <> new.division) execute function registry_merged_follow();
    revoke all on function registry_files_of(uuid, timestamptz), registry_root_of(uuid, timestamptz) from public;
    grant execute on function registry_files_of(uuid, timestamptz), registry_root_of(uuid, timestamptz)
        to app_staff, app_batch;
"""
NO_POINTERS = """
    drop trigger merged_follow on registry_person;
    drop function registry_merged_follow();
    drop function registry_root_of(uuid, timestamptz);
    drop function registry_files_of(uuid, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0009_privacy"),
    ]

    operations = [
        migrations.CreateModel(
            name="DuplicateCandidate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("division_b", models.BigIntegerField()),
                ("score", models.SmallIntegerField()),
                ("reasons", models.JSONField()),
                ("found_at", models.DateTimeField()),
                ("state", models.CharField(default="open", max_length=16)),
                ("decided_by", models.CharField(default="", max_length=80)),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(default="", max_length=200)),
                (
                    "person_a",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "person_b",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "-score", "id"], name="duplicate_by_score"),
                    models.Index(fields=["person_a", "person_b"], name="duplicate_pair"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("person_a__lt", models.F("person_b"))),
                        name="duplicate_pair_order",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("person_a", "person_b"),
                        name="duplicate_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("state", "open")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("state__in", ["merged", "different"]),
                                models.Q(("decided_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="duplicate_decided",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("other_division", models.BigIntegerField()),
                ("reason", models.CharField(max_length=200)),
                ("merged_by", models.CharField(max_length=80)),
                ("proposed_at", models.DateTimeField()),
                ("approved_by", models.CharField(default="", max_length=80)),
                ("at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=80)),
                ("ended_reason", models.CharField(default="", max_length=200)),
                (
                    "kept",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kept", "at"], name="merge_kept"),
                    models.Index(fields=["other", "at"], name="merge_other"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kept", models.F("other")), _negated=True), name="merge_of_two"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_by", ""), ("at", None)),
                            models.Q(("at__isnull", False), models.Q(("approved_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="merge_approved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("merged_by")), _negated=True),
                        name="merge_two_officers",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("ended_by", "")),
                            models.Q(("ended_at__isnull", False), models.Q(("ended_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="merge_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("at", None),
                            ("ended_at", None),
                            ("ended_at__gte", models.F("at")),
                            _connector="OR",
                        ),
                        name="merge_order",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("other",), name="merge_one_pointer"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("at__isnull", False)),
                        expressions=[
                            ("other", "="),
                            (
                                models.Func(
                                    "at",
                                    "ended_at",
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="merge_one_pointer_at_a_time",
                    ),
                ],
            },
        ),
        *(
            migrations.RunSQL(
                f"alter table registry_{table} add constraint {name} foreign key ({person}, {division})"
                " references registry_person (id, division) on update cascade deferrable initially deferred",
                f"alter table registry_{table} drop constraint {name}",
            )
            for table, name, person, division in KEYS
        ),
        migrations.RunSQL(
            lock_by_division("registry_duplicatecandidate", rights=CANDIDATE)
            + also_within("registry_duplicatecandidate", "division_b")
            + lock_by_division("registry_merge", rights=MERGE),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(POINTERS, NO_POINTERS),
    ]
