"""A request for correction may name the fact it contests, as it was told for one day; one at a time."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("registry", "0011_names_by_terms")]
    operations = [
        migrations.AddField(
            model_name="rightsrequest", name="fact", field=models.CharField(default="", max_length=64)
        ),
        migrations.AddField(model_name="rightsrequest", name="fact_on", field=models.DateField(null=True)),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=Q(fact="", fact_on=None) | ~Q(fact="") & Q(kind="correct", fact_on__isnull=False),
                name="rights_request_contest_of_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.UniqueConstraint(
                fields=["person", "fact"],
                condition=Q(state="open") & ~Q(fact=""),
                name="rights_request_one_contest_a_fact",
            ),
        ),
    ]
