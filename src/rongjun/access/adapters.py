"""How django-allauth is fitted to this house: no sign-up, sealed secrets, codes that work once."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.crypto import constant_time_compare

from rongjun.access import queries
from rongjun.access.logic import CITIZEN
from rongjun.access.models import Account
from rongjun.access.rules import STARTED
from rongjun.audit.api import keys

_BOUND_TO = b"mfa_authenticator:secret"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are opened by an administrator, never by a visitor."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Nobody signs up."""
        return False

    def get_login_redirect_url(self, request: Any) -> str:
        """Staff begin at the workbench, citizens at their own first page."""
        is_citizen = request.user.kind == CITIZEN
        return resolve_url(settings.CITIZEN_HOME_URL if is_citizen else settings.LOGIN_REDIRECT_URL)

    def get_logout_redirect_url(self, request: Any) -> str:
        """Back to the door one came in by."""
        is_citizen = isinstance(request.user, Account) and request.user.kind == CITIZEN
        return resolve_url(settings.CITIZEN_LOGIN_URL if is_citizen else settings.ACCOUNT_LOGOUT_REDIRECT_URL)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Failed passwords are counted by axes alone, which says how long to wait."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """One try at a time per login name: of many at once the sixth meets the lock, too (ID-04)."""
        name = queries.login_name_index(str(credentials.get("username", "")))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
            return super().authenticate(request, **credentials)

    def set_password(self, user: Account, password: str) -> None:
        """Writes the password and nothing else: the row may have been disabled since it was read."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever has just signed in and has no second factor yet may enrol the first at once."""
        request = context.request
        started = datetime.fromtimestamp(request.session.get(STARTED, 0), tz=UTC)
        is_fresh = request.now - started < timedelta(seconds=account_settings.REAUTHENTICATION_TIMEOUT)
        if is_fresh and not queries.second_factors(request.user.pk).count:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator secrets lie encrypted in the database (SM4-GCM)."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return base64.b64encode(keys().seal("mfa", text.encode(), _BOUND_TO)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open it again; Tampered when a bit has changed."""
        return keys().open("mfa", base64.b64decode(encrypted_text), _BOUND_TO).decode()

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """What the device's list of passkeys shows; a citizen's login name would say nothing to anybody."""
        shown = {"display_name": user.name, "name": user.name} if user.kind == CITIZEN else {}
        return {**super().get_public_key_credential_user_entity(user), **shown}

    def get_totp_label(self, user: Any) -> str:
        """The name shown in the authenticator app."""
        return str(user.username)


class _WorksOnce:
    """Refuses a code that has opened something before (ID-07).

    allauth remembers a used code for one period, but with a tolerance it stays right for several.
    """

    user: Account

    def clean_code(self) -> str:
        """The code, if it is right and new; a validation error otherwise."""
        code = str(super().clean_code())  # type: ignore[misc]
        periods = 2 * mfa_settings.TOTP_TOLERANCE + 1
        key = f"access.code-used:{self.user.pk}:{normalize_user_code(code)}"
        if not cache.add(key, True, timeout=(periods + 1) * mfa_settings.TOTP_PERIOD):
            raise SecondFactorAdapter().validation_error("incorrect_code")
        return code


class EnrolCodeForm(_WorksOnce, ActivateTOTPForm):  # type: ignore[misc]
    """The code that proves an authenticator app was set up."""


class AgainCodeForm(_WorksOnce, ReauthenticateForm):  # type: ignore[misc]
    """The code that confirms a change of factors."""


class SecondFactorForm(_WorksOnce, AuthenticateForm):  # type: ignore[misc]
    """The code at sign-in. In the demo, and only there, a fixed one is accepted beside real ones."""

    def clean_code(self) -> str:
        """The code, if it is right; a validation error otherwise."""
        code = str(self.cleaned_data["code"]).replace(" ", "")
        return code if self._is_demo_code(code) else super().clean_code()

    def _is_demo_code(self, code: str) -> bool:
        fixed = settings.DEMO_SECOND_FACTOR if settings.PROFILE == "demo" else ""
        if not fixed or not constant_time_compare(code, fixed):
            return False
        enrolled = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).first()
        if enrolled:
            enrolled.user = self.user
            self.authenticator = enrolled
        return enrolled is not None


class PasskeyForm(LoginWebAuthnForm):  # type: ignore[misc]
    """Sign-in by passkey; a failure is told like that of a password."""

    def clean_credential(self) -> Any:
        """The authenticator; a validation error otherwise."""
        try:
            return super().clean_credential()
        except ValidationError:
            user_login_failed.send(type(self), credentials={}, request=context.request)
            raise
