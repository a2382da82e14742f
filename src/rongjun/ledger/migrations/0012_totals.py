"""Totals per account up to a watermark, so that a much used account without a limit is not summed anew."""

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

# One row: everything written by transactions below it is in the totals.
WATERMARK = """
create table ledger_watermark (one boolean primary key default true check (one), below xid8 not null);
insert into ledger_watermark (below) values ('0');
alter table ledger_watermark enable row level security;
alter table ledger_watermark force row level security;
create policy staff_reads on ledger_watermark for select to app_staff using (true);
create policy job_draws on ledger_watermark for all to app_batch using (true) with check (true);
grant select on ledger_watermark to app_staff;
grant select, update on ledger_watermark to app_batch;
"""
# A transfer's work-list row is seen by whoever sees the transfer.
HOLDS = """
create policy staff_see_by_transfer on ledger_openhold for select to app_staff
    using (exists (select from ledger_transfer t where t.id = ledger_openhold.hold_id));
grant select on ledger_openhold to app_staff;
"""
UNDO_HOLDS = """
revoke select on ledger_openhold from app_staff;
drop policy staff_see_by_transfer on ledger_openhold;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0011_payment_locks")]
    operations = [
        migrations.CreateModel(
            name="Total",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="ledger.account",
                    ),
                ),
                ("division", models.BigIntegerField()),
                ("posted", models.BigIntegerField()),
                ("held_in", models.BigIntegerField()),
                ("held_out", models.BigIntegerField()),
            ],
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("linked__isnull", False)),
                fields=["linked"],
                name="ledger_transfer_linked",
            ),
        ),
        migrations.RunSQL(WATERMARK, "drop table ledger_watermark"),
        migrations.RunSQL(
            lock_by_division("ledger_total", rights="select", job_rights="select, insert, update, delete"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(HOLDS, UNDO_HOLDS),
    ]
