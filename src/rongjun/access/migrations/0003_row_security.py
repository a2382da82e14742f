"""The second lock on everything sign-in is made of, and on the framework's own tables."""

from django.db import migrations

from rongjun.access.row_security import close, lock_for_login

SIGN_IN = {
    "access_account": "select, insert, update",
    "access_grant": "select, insert, update",
    "access_passwordused": "select, insert, delete",
    "access_cache": "select, insert, update, delete",
    "django_session": "select, insert, update, delete",
    "mfa_authenticator": "select, insert, update, delete",
    "axes_accessattempt": "select, insert, update, delete",
    "axes_accessattemptexpiration": "select, insert, update, delete",
    "axes_accessfailurelog": "select, insert, delete",
    "axes_accesslog": "select, insert, update, delete",
}
# Tables that come with the framework and that nobody uses, or only migrations do.
CLOSED = (
    "account_emailaddress",
    "account_emailconfirmation",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
)


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_cache"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("axes", "0010_accessattemptexpiration"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
    ]
    operations = [
        migrations.RunSQL("grant usage on schema public to rongjun_login, app_staff, app_citizen, app_device, app_batch",
                          migrations.RunSQL.noop),
        *(migrations.RunSQL(lock_for_login(table, rights=rights), migrations.RunSQL.noop)
          for table, rights in SIGN_IN.items()),
        *(migrations.RunSQL(close(table), migrations.RunSQL.noop) for table in CLOSED),
    ]
