"""The table behind Django's cache: rate limits and used one-time codes are shared by every server process."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]
    operations = [
        migrations.RunSQL(
            """
            create unlogged table access_cache (
                cache_key varchar(255) primary key, value text not null, expires timestamptz not null
            );
            create index access_cache_expires on access_cache (expires);
            """,
            "drop table access_cache",
        )
    ]
