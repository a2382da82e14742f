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
    # Not used; deleting an attempt looks here for what belongs to it.
    "axes_accessattemptexpiration": "select, delete",
    # Always empty; allauth looks here before it changes a second factor.
    "account_emailaddress": "select",
}
# Tables that come with the framework and that nobody uses, or only migrations do.
CLOSED = (
    "account_emailconfirmation",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "axes_accessfailurelog",
    "axes_accesslog",
    "django_content_type",
    "django_migrations",
)
# What jobs of access may do: close an account, never open one; delete what is past its time and nothing else.
JOBS = """
    create policy job_closes on access_account for all to app_batch
        using (kind = 'staff') with check (not is_active);
    grant select (id, kind, is_active, used_at), update (is_active, current_sign_in)
        on access_account to app_batch;
    create policy job_forgets on django_session for all to app_batch
        using (expire_date < now()) with check (false);
    grant select (expire_date), delete on django_session to app_batch;
    create policy job_forgets on access_cache for all to app_batch
        using (expires < now()) with check (false);
    grant select (expires), delete on access_cache to app_batch;
    create policy job_forgets on axes_accessattempt for all to app_batch
        using (true) with check (false);
    grant select (attempt_time), delete on axes_accessattempt to app_batch;
"""


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
        migrations.RunSQL(
            "grant usage on schema public to rongjun_login, app_staff, app_citizen, app_device, app_batch",
            migrations.RunSQL.noop,
        ),
        *(
            migrations.RunSQL(lock_for_login(table, rights=rights), migrations.RunSQL.noop)
            for table, rights in SIGN_IN.items()
        ),
        *(migrations.RunSQL(close(table), migrations.RunSQL.noop) for table in CLOSED),
        migrations.RunSQL(JOBS, migrations.RunSQL.noop),
    ]
