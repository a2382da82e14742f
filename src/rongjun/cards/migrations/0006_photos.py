"""The photo that goes on a card, an upload kept by files."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cards", "0005_yearly_checks")]

    operations = [
        migrations.AddField(model_name="carrier", name="photo", field=models.UUIDField(null=True)),
        migrations.RunSQL(
            "grant update (photo) on cards_carrier to app_staff",
            "revoke update (photo) on cards_carrier from app_staff",
        ),
    ]
