"""People are found by the terms of their names (`NameTerm`); what search read before is gone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0010_merges")]
    operations = [
        migrations.RemoveIndex(model_name="person", name="person_name_grams"),
        migrations.RemoveField(model_name="person", name="name_grams"),
    ]
