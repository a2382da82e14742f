"""A citizen hands in papers, and sees those they handed in."""

from django.db import migrations

OWN = """
    create policy citizen_own on files_upload for all to app_citizen
        using (uploaded_by = (select current_setting('app.actor', true)))
        with check (uploaded_by = (select current_setting('app.actor', true)) and linked_to = '');
    grant select, insert on files_upload to app_citizen;
"""


class Migration(migrations.Migration):
    dependencies = [("files", "0001_initial")]
    operations = [migrations.RunSQL(OWN, migrations.RunSQL.noop)]
