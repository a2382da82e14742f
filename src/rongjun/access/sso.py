"""The provincial single sign-on: OpenID Connect through django-allauth, and what it leaves to its users.

allauth keeps the state, proves the code (PKCE) and fetches the token. Here a token is believed only after its
signature, issuer, audience, time and nonce were checked, and nothing of it is kept: no social account, no
token, no claim is written down. Who the number in it belongs to is not known on this floor.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import requests
from allauth.account.internal.flows.login import record_authentication
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from rongjun.access.models import Account
from rongjun.access.rules import ActingRequest
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused

NAME = "province"
NONCE = "access.sso-nonce"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# What a clock may be wrong by, ours or theirs.
TOLERANCE = timedelta(seconds=60)
ALGORITHMS = ("ES256", "RS256", "PS256")
Claims = Mapping[str, Any]


def read_id_token(
    token: str, *, keys: Sequence[Mapping[str, Any]], issuer: str, audience: str, nonce: str, now: datetime
) -> Claims:
    """The claims of a token that is genuine, meant for us, fresh, and the answer to our own question.

    Refused("access.province-unproven"), or "access.province-clock" for one that is past or not yet there.
    """
    try:
        head = jwt.get_unverified_header(token)
        signed_by = next(key for key in keys if key.get("kid") == head.get("kid"))
        # We compare the times ourselves, with the moment of the request.
        claims: Claims = jwt.decode(
            token,
            jwt.PyJWK(dict(signed_by)).key,
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=audience,
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "require": ["iss", "aud", "exp", "iat", "nonce"],
            },
        )
        issued, expires = float(claims["iat"]), float(claims["exp"])
    except (jwt.PyJWTError, StopIteration, TypeError, ValueError) as fault:
        raise Refused("access.province-unproven") from fault
    if not nonce or not secrets.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise Refused("access.province-unproven")
    allowed = TOLERANCE.total_seconds()
    if expires + allowed < now.timestamp() or issued - allowed > now.timestamp():
        raise Refused("access.province-clock")
    return claims


class Province(OpenIDConnectProvider):  # type: ignore[misc]
    """The one provider, from settings: no row of the database can point people elsewhere."""

    pkce_enabled_default = True

    def __init__(self, request: HttpRequest) -> None:
        app = SocialApp(
            provider=self.id,
            provider_id=NAME,
            name=NAME,
            client_id=settings.SSO["client"],
            secret=settings.SSO["secret"],
            settings={"server_url": settings.SSO["issuer"]},
        )
        super().__init__(request, app=app)

    def get_oauth2_adapter(self, request: HttpRequest) -> ProvinceAdapter:
        """Ours, which checks the token."""
        return ProvinceAdapter(request)

    def get_default_scope(self) -> list[str]:
        """Who somebody is, and their identity number; no address, no telephone."""
        return ["openid", settings.SSO["scope"]]

    def get_auth_params_from_request(self, request: HttpRequest, _action: str) -> dict[str, str]:
        """A nonce for this browser and this try; nothing a visitor could put into the address."""
        request.session[NONCE] = secrets.token_urlsafe(24)
        return {"nonce": request.session[NONCE]}

    def get_scope_from_request(self, _request: HttpRequest) -> list[str]:
        """What we ask for, whatever stands in the address."""
        return list(self.get_default_scope())


class ProvinceAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Fetches a token and checks it."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, NAME)

    def get_provider(self) -> Province:
        """The provider of this installation."""
        return Province(self.request)

    def get_callback_url(self, request: HttpRequest, _app: SocialApp) -> str:
        """Where the province sends people back to."""
        return str(request.build_absolute_uri(reverse("citizen:sso-callback")))

    def complete_login(self, request: Any, app: SocialApp, token: object, **kwargs: Any) -> None:  # noqa: ARG002 - allauth's signature
        """Believe the token or refuse. Ends allauth's way here: it would go on to keep a social account."""
        claims = read_id_token(
            str(kwargs["response"].get("id_token", "")),
            keys=self._signing_keys(),
            issuer=settings.SSO["issuer"],
            audience=app.client_id,
            nonce=request.session.pop(NONCE, ""),
            now=request.now,
        )
        raise _Believed(claims)

    def _signing_keys(self) -> list[Mapping[str, Any]]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys: list[Mapping[str, Any]] = answer.json()["keys"]
            return keys


class _Believed(Exception):  # noqa: N818 - no fault: the way out of allauth's view
    """The claims of a token that was believed."""

    def __init__(self, claims: Claims) -> None:
        super().__init__()
        self.claims = claims


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody the province vouches for, not yet signed in."""

    request: Any
    claims: Claims

    def let_in(self, account: UUID) -> None:
        """Open a session for them by this account. Refused("access.account-closed")."""
        known = Account.objects.get(pk=account)
        if not known.is_active:
            raise Refused("access.account-closed")
        login(self.request, known, backend=BACKEND)
        record_authentication(self.request, known, method="socialaccount", provider=NAME)


def send_to_province(request: HttpRequest) -> HttpResponse:
    """To the province's page, with state, nonce and challenge. Refused("access.province-silent")."""
    if not settings.SSO["issuer"]:
        raise Refused("access.province-silent")
    try:
        view = OAuth2LoginView.adapter_view(ProvinceAdapter(request))
        answer: HttpResponse = view(request)
    except (requests.RequestException, KeyError, ValueError) as fault:
        raise Refused("access.province-silent") from fault
    return answer


def back_from_province(request: HttpRequest) -> Arrival:
    """Whom the province vouches for. Refused("access.province-…") names what went wrong on the way."""
    try:
        OAuth2CallbackView.adapter_view(ProvinceAdapter(request))(request)
    except _Believed as believed:
        return Arrival(request, believed.claims)
    except (requests.RequestException, KeyError, ValueError) as fault:
        raise Refused("access.province-silent") from fault
    raise AssertionError("allauth's view ends with a token that was believed, or in a refusal")


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Nobody is signed up by a token, and what allauth calls an error has its own sentence."""

    def is_open_for_signup(self, _request: HttpRequest, _sociallogin: object) -> bool:
        """Nobody signs up."""
        return False

    def on_authentication_error(
        self,
        _request: HttpRequest,
        _provider: object,
        error: str | None = None,
        exception: BaseException | None = None,
        extra_context: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise the refusal that says it."""
        if error == AuthError.CANCELLED:
            raise Refused("access.province-cancelled")
        if exception is None and not (extra_context or {}).get("state"):
            raise Refused("access.province-forgotten")
        raise Refused("access.province-silent") from exception


def note_refusal(request: ActingRequest, refused: Refused) -> None:
    """Put into the evidence that somebody came from the province and was not let in."""
    audit.note(
        "access.sign-in-failed",
        by="stranger",
        result="failed",
        source=request.path,
        detail={"why": refused.code},
        at=request.now,
    )
