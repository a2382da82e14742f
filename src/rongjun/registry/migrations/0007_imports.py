"""Imports that can be taken up again, what the old system had done, and names found in ways a lock allows."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

RIGHTS = {
    "cutoverimport": "select, insert",
    "cutoverrecord": "select, insert",
    "lookup": "select, insert",
    "nameterm": "select, insert, delete",
    "rosterpart": "select, insert, delete",
}
# Staff learn where a number is on file and how the name begins, and only staff whose role lists the look-up.
LOOK_UP = """
    create function registry_look_up(wanted bytea[]) returns table (person uuid, division bigint, masked_name text)
    language sql stable security definer set search_path = public, pg_temp as
    $$ select p.id, p.division, left(p.name, 1) || repeat('*', greatest(1, char_length(p.name) - 1))
       from registry_identitydocument d join registry_person p on p.id = d.person_id
       where d.number_index = any (wanted) and d.superseded_at is null
         and 'registry.look-up' = any (string_to_array(current_setting('app.permissions', true), ' ')) $$;
    revoke all on function registry_look_up(bytea[]) from public;
    grant execute on function registry_look_up(bytea[]) to app_staff;
"""


def write_terms(apps, _schema_editor):
    """Names that are on file already."""
    from rongjun.registry.spelling import terms

    person, term = apps.get_model("registry", "Person"), apps.get_model("registry", "NameTerm")
    found = (
        term(person_id=key, division=division, term=text)
        for key, division, name in person.objects.values_list("id", "division", "name").iterator()
        for text in terms(name)
    )
    term.objects.bulk_create(found, batch_size=5000)


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0005_person_in_full"),
    ]

    operations = [
        migrations.CreateModel(
            name="CutoverImport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=24)),
                ("file_name", models.CharField(max_length=200)),
                ("file_digest", models.BinaryField()),
                ("uploaded_at", models.DateTimeField()),
                ("uploaded_by", models.CharField(max_length=80)),
                ("total", models.IntegerField()),
                ("recorded", models.IntegerField()),
                ("unchanged", models.IntegerField()),
                ("refused", models.IntegerField()),
                ("total_fen", models.BigIntegerField()),
                ("recorded_fen", models.BigIntegerField()),
                ("unchanged_fen", models.BigIntegerField()),
                ("refused_fen", models.BigIntegerField()),
                ("faults", models.JSONField(default=list)),
                ("refused_sealed", models.BinaryField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="CutoverRecord",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=24)),
                ("key", models.CharField(max_length=120)),
                ("amounts", models.JSONField(default=dict)),
                ("content", models.JSONField(default=dict)),
                ("row", models.IntegerField()),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="LookUp",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("purpose", models.CharField(max_length=40)),
                ("found", models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name="NameTerm",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                (
                    "served_by",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.F("division"),
                        output_field=models.BigIntegerField(),
                    ),
                ),
                ("term", models.CharField(db_collation="C", max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="RosterPart",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("number", models.IntegerField()),
                ("rows_sealed", models.BinaryField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="rosterimport",
            name="roster_import_balances",
        ),
        migrations.AddField(
            model_name="contact",
            name="number_tail",
            field=models.CharField(default="", max_length=4),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="corrected",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.rosterimport",
            ),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="original_sealed",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="rosterimport",
            name="division_label",
            field=models.CharField(default="", max_length=120),
        ),
        migrations.AddField(
            model_name="rosterimport",
            name="role",
            field=models.CharField(default="", max_length=32),
        ),
        migrations.AddField(
            model_name="rosterimport",
            name="state",
            field=models.CharField(default="done", max_length=16),
        ),
        migrations.AddField(
            model_name="rosterimport",
            name="waiting",
            field=models.IntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["number_tail"], name="contact_number_tail"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["number_index"], name="contact_number_index"),
        ),
        migrations.AddIndex(
            model_name="rosterimport",
            index=models.Index(
                condition=models.Q(("state", "running")), fields=["uploaded_at"], name="roster_import_running"
            ),
        ),
        migrations.AddConstraint(
            model_name="importedrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome", "refused"),
                    models.Q(("corrected", None), ("original_sealed", None)),
                    _connector="OR",
                ),
                name="imported_row_original",
            ),
        ),
        migrations.AddConstraint(
            model_name="rosterimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("opened"), "+", models.F("unchanged")
                                ),
                                "+",
                                models.F("refused"),
                            ),
                            "+",
                            models.F("waiting"),
                        ),
                    )
                ),
                name="roster_import_balances",
            ),
        ),
        migrations.AddConstraint(
            model_name="rosterimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), ("waiting", 0)),
                    models.Q(("state", "running"), ("waiting__gt", 0)),
                    _connector="OR",
                ),
                name="roster_import_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="cutoverimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("recorded"), "+", models.F("unchanged")
                            ),
                            "+",
                            models.F("refused"),
                        ),
                    ),
                    (
                        "total_fen",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("recorded_fen"), "+", models.F("unchanged_fen")
                            ),
                            "+",
                            models.F("refused_fen"),
                        ),
                    ),
                ),
                name="cutover_import_balances",
            ),
        ),
        migrations.AddConstraint(
            model_name="cutoverimport",
            constraint=models.UniqueConstraint(
                fields=("division", "file_digest"), name="cutover_import_once"
            ),
        ),
        migrations.AddField(
            model_name="cutoverrecord",
            name="person",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
        ),
        migrations.AddField(
            model_name="cutoverrecord",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="records",
                to="registry.cutoverimport",
            ),
        ),
        migrations.AddIndex(
            model_name="lookup",
            index=models.Index(fields=["by", "at"], name="look_up_by"),
        ),
        migrations.AddField(
            model_name="nameterm",
            name="person",
            field=models.ForeignKey(
                db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="registry.person"
            ),
        ),
        migrations.AddField(
            model_name="rosterpart",
            name="roster",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="registry.rosterimport"
            ),
        ),
        migrations.AddIndex(
            model_name="cutoverrecord",
            index=models.Index(fields=["kind", "key"], name="cutover_record_kind"),
        ),
        migrations.AddConstraint(
            model_name="cutoverrecord",
            constraint=models.UniqueConstraint(fields=("person", "kind", "key"), name="cutover_record_once"),
        ),
        migrations.AddIndex(
            model_name="nameterm",
            index=models.Index(fields=["term", "person"], include=("division",), name="name_term_everywhere"),
        ),
        migrations.AddIndex(
            model_name="nameterm",
            index=models.Index(
                fields=["served_by", "term", "person"], include=("division",), name="name_term_by_station"
            ),
        ),
        migrations.AddConstraint(
            model_name="rosterpart",
            constraint=models.UniqueConstraint(fields=("roster", "number"), name="roster_part_once"),
        ),
        *(
            migrations.RunSQL(
                f"alter table registry_{name} add constraint {name}_same_division foreign key (person_id, division)"
                " references registry_person (id, division) on update cascade deferrable initially deferred",
                f"alter table registry_{name} drop constraint {name}_same_division",
            )
            for name in ("nameterm", "cutoverrecord")
        ),
        *(
            migrations.RunSQL(lock_by_division(f"registry_{name}", rights=rights), migrations.RunSQL.noop)
            for name, rights in RIGHTS.items()
        ),
        migrations.RunSQL(
            "grant update (state, opened, unchanged, refused, waiting) on registry_rosterimport to app_staff, app_batch;"
            "grant update (corrected_id, original_sealed) on registry_importedrow to app_staff, app_batch;",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(LOOK_UP, "drop function registry_look_up(bytea[])"),
        migrations.RunSQL(
            "update registry_contact set number_tail = right(number_mask, 4)", migrations.RunSQL.noop
        ),
        migrations.RunPython(write_terms, migrations.RunPython.noop),
    ]
