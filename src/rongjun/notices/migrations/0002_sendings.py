"""Sendings by outside channels, receipts, what people chose, and whether a gateway answers."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division, open_to_read, show_to_citizen

KEYS = ("sending", "receipt", "choice", "binding")
KEY = """
    alter table notices_{table} add constraint notices_{table}_same_division
    foreign key (person_id, division) references registry_person (id, division)
    on update cascade deferrable initially deferred
"""
# An end stays an end; only a receipt that comes late may say of what was given up that it arrived after all.
STAYS = """
    create function notices_sending_stays() returns trigger language plpgsql as $$
    begin
        if (new.id, new.message_id, new.person_id, new.channel, new.made_at) is distinct from
           (old.id, old.message_id, old.person_id, old.channel, old.made_at) then
            raise exception 'a sending stays that of its message';
        end if;
        if old.settled_at is not null and new.state <> old.state
           and not (old.state in ('gave-up', 'refused', 'dropped') and new.state = 'arrived') then
            raise exception 'the end of a sending is not undone';
        end if;
        return new;
    end $$;
    create trigger notices_sending_stays before update on notices_sending
    for each row execute function notices_sending_stays();
    create function notices_kept() returns trigger language plpgsql as $$
    begin
        if new is distinct from old and (to_jsonb(new) - 'division') <> (to_jsonb(old) - 'division') then
            raise exception '% is only added to', tg_table_name;
        end if;
        return new;
    end $$;
    create trigger notices_receipt_kept before update on notices_receipt
    for each row execute function notices_kept();
    create trigger notices_choice_kept before update on notices_choice
    for each row execute function notices_kept();
"""
UNDO = """
    drop trigger notices_sending_stays on notices_sending; drop function notices_sending_stays();
    drop trigger notices_receipt_kept on notices_receipt; drop trigger notices_choice_kept on notices_choice;
    drop function notices_kept();
"""
ENDING = "ended_at, ended_by, openid_sealed, openid_index"
LOCKS = (
    lock_by_division("notices_sending", rights="select", job_rights="select, insert, update")
    + lock_by_division("notices_receipt", rights="select", job_rights="select, insert, delete")
    + lock_by_division("notices_choice", rights="select, insert", job_rights="select")
    + lock_by_division("notices_binding", rights=f"select, update ({ENDING})", job_rights="select")
    + open_to_read("notices_channel", roles="app_staff")
    + show_to_citizen("notices_sending")
    + show_to_citizen("notices_receipt")
    + show_to_citizen("notices_choice", rights="select, insert")
    + show_to_citizen("notices_binding", rights=f"select, insert, update ({ENDING})")
)


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_messages"), ("registry", "0016_citizens")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "queued")), fields=["told_at"], name="message_queued"
            ),
        ),
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("code", models.CharField(max_length=8, primary_key=True, serialize=False)),
                ("failures", models.IntegerField(default=0)),
                ("down_since", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(default="", max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="Sending",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("channel", models.CharField(max_length=8)),
                ("state", models.CharField(default="waiting", max_length=12)),
                ("made_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(null=True)),
                ("tries", models.SmallIntegerField(default=0)),
                ("unsure_since", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("address_mask", models.CharField(default="", max_length=40)),
                ("digest", models.BinaryField(default=b"")),
                ("reference", models.CharField(default="", max_length=64)),
                ("reason", models.CharField(default="", max_length=80)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sendings",
                        to="notices.message",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="registry.person"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("arrived", models.BooleanField()),
                ("reason", models.CharField(default="", max_length=80)),
                ("received_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="registry.person"
                    ),
                ),
                (
                    "sending",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="notices.sending"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Binding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("openid_sealed", models.BinaryField()),
                ("openid_index", models.BinaryField()),
                ("bound_at", models.DateTimeField()),
                ("bound_by", models.CharField(max_length=80)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=80)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="registry.person"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("person",),
                        name="binding_one_a_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("openid_index",),
                        name="binding_one_an_address",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Choice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                (
                    "wants",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), size=None
                    ),
                ),
                ("chosen_at", models.DateTimeField()),
                ("chosen_by", models.CharField(max_length=80)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="registry.person"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person", "-chosen_at"], name="choice_of_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("wants__contained_by", ["wechat", "sms"])),
                        name="choice_of_channels",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="sending",
            index=models.Index(
                condition=models.Q(("settled_at", None)),
                fields=["channel", "state", "next_at"],
                name="sending_at_work",
            ),
        ),
        migrations.AddIndex(
            model_name="sending",
            index=models.Index(
                condition=models.Q(("reference", ""), _negated=True),
                fields=["channel", "reference"],
                name="sending_reference",
            ),
        ),
        migrations.AddIndex(
            model_name="sending",
            index=models.Index(fields=["person"], name="sending_of_person"),
        ),
        migrations.AddIndex(
            model_name="sending",
            index=models.Index(fields=["made_at"], name="sending_newest"),
        ),
        migrations.AddConstraint(
            model_name="sending",
            constraint=models.UniqueConstraint(fields=("message", "channel"), name="sending_once_by_channel"),
        ),
        migrations.AddConstraint(
            model_name="sending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("next_at__isnull", False),
                        ("settled_at", None),
                        ("state__in", ("waiting", "calling", "accepted")),
                    ),
                    models.Q(
                        ("next_at", None),
                        ("settled_at__isnull", False),
                        ("state__in", ("arrived", "refused", "gave-up", "dropped")),
                    ),
                    _connector="OR",
                ),
                name="sending_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(fields=("sending", "arrived"), name="receipt_once"),
        ),
        *(
            migrations.RunSQL(
                KEY.format(table=table),
                f"alter table notices_{table} drop constraint notices_{table}_same_division",
            )
            for table in KEYS
        ),
        migrations.RunSQL(STAYS, UNDO),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]
