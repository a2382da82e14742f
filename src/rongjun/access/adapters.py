"""How django-allauth is fitted to this house: no sign-up, sealed secrets, the demo's fixed code."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from rongjun.audit.api import keys

_BOUND_TO = b"mfa_authenticator:secret"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are opened by an administrator, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up."""
        return False


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator secrets lie encrypted in the database (SM4-GCM)."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return base64.b64encode(keys().seal("mfa", text.encode(), _BOUND_TO)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open it again; Tampered when a bit has changed."""
        return keys().open("mfa", base64.b64decode(encrypted_text), _BOUND_TO).decode()

    def get_totp_label(self, user: Any) -> str:
        """The name shown in the authenticator app."""
        return str(user.username)


class SecondFactorForm(AuthenticateForm):  # type: ignore[misc]
    """Accepts the demo's fixed code beside real ones, and only where the profile is `demo`."""

    def clean_code(self) -> str:
        """The code, if it is right; a validation error otherwise."""
        code = str(self.cleaned_data["code"]).replace(" ", "")
        fixed = settings.DEMO_SECOND_FACTOR
        if fixed and constant_time_compare(code, fixed):
            assert settings.PROFILE == "demo"
            authenticator = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).first()
            if authenticator:
                authenticator.user = self.user
                self.authenticator = authenticator
                return code
        return str(super().clean_code())
