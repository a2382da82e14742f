"""The addresses the templates name, so that they can be drawn without the rest of the house."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def _nothing(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return HttpResponse()


NAMES = [
    "account_login",
    "account_logout",
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_login_webauthn",
    "mfa_reauthenticate_webauthn",
]
urlpatterns = [
    *[path(f"{name}/", _nothing, name=name) for name in NAMES],
    path("keys/<int:pk>/edit/", _nothing, name="mfa_edit_webauthn"),
    path("keys/<int:pk>/remove/", _nothing, name="mfa_remove_webauthn"),
]
