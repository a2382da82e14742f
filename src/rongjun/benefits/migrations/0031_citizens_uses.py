"""Citizens see the uses of the cards in hand, so that they can be told what these saved."""

from django.db import migrations

# A scalar subselect: the planner then finds the few uses by the index on the card.
OWN = """
create policy citizen_in_hand on benefits_use for select to app_citizen
    using (card = any ((select array_agg(reference) from cards_carrier)::bigint[]));
create policy citizen_in_hand on benefits_use_void for select to app_citizen
    using (exists (select 1 from benefits_use u where u.month = benefits_use_void.month
                   and u.source = benefits_use_void.source and u.reference = benefits_use_void.reference));
grant select on benefits_use, benefits_use_void to app_citizen;
"""
BACK = """
revoke select on benefits_use, benefits_use_void from app_citizen;
drop policy citizen_in_hand on benefits_use_void;
drop policy citizen_in_hand on benefits_use;
"""


class Migration(migrations.Migration):
    dependencies = [("benefits", "0012_use_signals"), ("cards", "0002_row_security")]
    operations = [migrations.RunSQL(OWN, BACK)]
