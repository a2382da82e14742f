"""Every address of the house. Each declares its access rule; a test walks them all."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkey
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from rongjun.access import http as access
from rongjun.access.api import STAFF, anyone, signed_in
from rongjun.config.pages import front, health

_entering = anyone("part of signing in")
_reading = anyone("one's own language")
_own = signed_in("one's own password and passkeys")
# Citizens have no second step after a password.
_of_staff = signed_in("one's own second factors", kind=STAFF)

accounts = [
    path("login/", _entering(account.login), name="account_login"),
    path("logout/", _entering(account.logout), name="account_logout"),
    path("inactive/", _entering(account.account_inactive), name="account_inactive"),
    path("reauthenticate/", _own(account.reauthenticate), name="account_reauthenticate"),
    path(
        "password/change/",
        _own(access.with_password(account.password_change)),
        name="account_change_password",
    ),
    path("2fa/", _of_staff(second_factor.index), name="mfa_index"),
    path("2fa/authenticate/", _entering(second_factor.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", _of_staff(second_factor.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", _of_staff(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", _of_staff(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", _of_staff(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        _of_staff(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        _of_staff(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("2fa/passkeys/", _own(passkey.list_webauthn), name="mfa_list_webauthn"),
    path(
        "2fa/passkeys/add/", _own(access.newly_proved(access.AddPasskey.as_view())), name="mfa_add_webauthn"
    ),
    path(
        "2fa/passkeys/reauthenticate/",
        _own(passkey.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("2fa/passkeys/<int:pk>/remove/", _own(passkey.remove_webauthn), name="mfa_remove_webauthn"),
    path("2fa/passkeys/<int:pk>/edit/", _own(passkey.edit_webauthn), name="mfa_edit_webauthn"),
    path("2fa/passkeys/login/", _entering(passkey.login_webauthn), name="mfa_login_webauthn"),
    path("session/extend/", access.extend_session, name="extend_session"),
    path("session/grant/", access.switch_grant, name="switch_grant"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", front, name="front"),
    path("health", health, name="health"),
    path("language/", require_POST(_reading(set_language)), name="set_language"),
    path("accounts/", include(accounts)),
    path("desk/", include("rongjun.desk.urls")),
    path("my/", include("rongjun.citizen.urls")),
    path("insight/", include("rongjun.insight.urls")),
    path("registry/", include("rongjun.registry.urls")),
    path("ledger/", include("rongjun.ledger.urls")),
    path("places/", include("rongjun.places.urls")),
    path("allowances/", include("rongjun.allowances.urls")),
    path("partners/", include("rongjun.partners.urls")),
    path("uses/", include("rongjun.benefits.urls")),
    path("insurance/", include("rongjun.insurance.urls")),
    path("notices/", include("rongjun.notices.urls")),
]
