"""Sessions and lock-out: what happens around every request, before its access rule is asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.signals import password_changed
from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.mfa.webauthn.views import AddWebAuthnView
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongjun.access import actions, queries
from rongjun.access.logic import CITIZEN, SessionLimit, login_name, session_end
from rongjun.access.models import Account
from rongjun.access.rules import (
    GRANT,
    SEEN,
    SIGN_IN,
    STARTED,
    ActingRequest,
    View,
    denial,
    rule_of,
    signed_in,
    to_sign_in,
)
from rongjun.audit import api as audit

Respond = Callable[[HttpRequest], HttpResponseBase]
_COUNTED_EVERY = timedelta(seconds=30)


class SessionLimits:
    """Ends sessions that are idle, old, ended by an administrator, or overtaken by a newer sign-in.

    Also reads the clock, once: whatever a request does, it does at `request.now`.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        """Let the request through, or send its visitor to sign in again."""
        request.now = timezone.now()
        request.has_signed_out = False
        user = request.user
        if not isinstance(user, Account):
            return self.get_response(request)
        why = _why_over(request, user)
        if why:
            _end(request, user, why)
            response: HttpResponseBase = to_sign_in(request, kind=user.kind)
        else:
            _count_visit(request)
            response = self.get_response(request)
        # Pages of a signed-in visitor stay in no cache, whatever became of the request (SE-05).
        add_never_cache_headers(response)
        if request.has_signed_out:
            response["Clear-Site-Data"] = '"storage"'
        return response


class EveryAddressDeclares:
    """Refuses a view that declares no rule (AC-01: deny by default)."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing to do before the view is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, _args: object, _kwargs: object) -> None:
        """Raise PermissionDenied for a view without a rule."""
        if rule_of(view) is None:
            raise denial(request, "access-rule")


def _why_over(request: ActingRequest, user: Account) -> str | None:
    session = request.session
    held = session.get(SIGN_IN, "")
    if not held or not secrets.compare_digest(held, user.current_sign_in):
        return "ended-elsewhere"
    idle, absolute = settings.SESSION_LIMITS[user.kind]
    return session_end(
        started=_moment(session.get(STARTED)),
        seen=_moment(session.get(SEEN)),
        now=request.now,
        limit=SessionLimit(timedelta(seconds=idle), timedelta(seconds=absolute)),
    )


def _count_visit(request: ActingRequest) -> None:
    # To the half minute: each count is a commit of its own, and idle limits are quarters of an hour.
    if request.now - _moment(request.session.get(SEEN)) >= _COUNTED_EVERY:
        request.session[SEEN] = request.now.timestamp()


def _end(request: ActingRequest, user: Account, why: str) -> None:
    audit.note("access.session-ended", by=user.text, detail={"why": why}, at=request.now)
    request.session.flush()
    request.user = AnonymousUser()


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(float(seconds or 0), tz=UTC)


@require_POST
@signed_in("keeps one's own session alive")
def extend_session(request: HttpRequest) -> HttpResponse:
    """The 'I am still here' of the warning dialog; the middleware has already counted the visit."""
    return HttpResponse(status=204)


def with_password(view: View) -> View:
    """Whoever came in without a password has none to change."""

    @wraps(view)
    def guarded(request: ActingRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        assert isinstance(request.user, Account)
        if not request.user.has_usable_password():
            raise denial(request, "password")
        return view(request, *args, **kwargs)

    return guarded


def newly_proved(view: View) -> View:
    """Citizens have proved who they are lately before they add a passkey: there is no password to ask for.

    Whoever has a passkey already is asked for that one by allauth.
    """

    @wraps(view)
    def guarded(request: ActingRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        assert isinstance(request.user, Account)
        proved = _moment(request.session.get(STARTED))
        is_fresh = request.now - proved < timedelta(seconds=account_settings.REAUTHENTICATION_TIMEOUT)
        if (
            request.user.kind == CITIZEN
            and not is_fresh
            and not queries.second_factors(request.user.pk).count
        ):
            messages.info(request, _("为了安全，加通行密钥前请重新登录一次：先退出，再进来。"))
            return redirect("citizen:settings")
        return view(request, *args, **kwargs)

    return guarded


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """Adds a passkey. A citizen gets no recovery codes with it: the single sign-on is always open to them."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep it; allauth would print recovery codes for everybody."""
        if self.request.user.kind != CITIZEN:
            kept: HttpResponse = super().form_valid(form)
            return kept
        raise_if_reauthentication_required(self.request, app="allauth.mfa")
        said = form.cleaned_data
        added = WebAuthn.add(self.request.user, said["name"], said["credential"]).instance
        second_factor.authenticator_added.send(
            sender=Authenticator, request=self.request, user=self.request.user, authenticator=added
        )
        messages.success(self.request, _("通行密钥加好了。下次点“我加过通行密钥”就能进。"))
        return redirect("mfa_list_webauthn")


@require_POST
@signed_in("chooses which of one's own grants to act by")
def switch_grant(request: ActingRequest) -> HttpResponse:
    """Work in another of one's own divisions or roles from now on."""
    assert isinstance(request.user, Account)
    held = queries.grants_in_force(request.user.pk, on=timezone.localdate(request.now)).grants
    chosen = next((grant for grant in held if str(grant.pk) == request.POST.get("grant", "")), None)
    if chosen:
        request.session[GRANT] = chosen.pk
        audit.note(
            "access.grant-chosen",
            by=request.user.text,
            role=chosen.role,
            division=chosen.division,
            detail={"grant": chosen.pk},
            at=request.now,
        )
    return redirect(settings.LOGIN_REDIRECT_URL)


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """The page after too many failures; the same for an account that exists and one that does not (ID-04)."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    context = {"minutes": minutes, "failures": settings.AXES_FAILURE_LIMIT}
    response = render(request, "access/locked_out.html", context, status=429)
    add_never_cache_headers(response)
    return response


def counted_as(_request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """What axes counts a failed sign-in under: all spellings of a name alike, none of them readable."""
    typed = (credentials or {}).get("username")
    return queries.login_name_index(str(typed)) if typed else None


# --- what becomes evidence ----------------------------------------------------------------------------------


@receiver(user_logged_in)
def _signed_in(request: ActingRequest, user: Account, **_kwargs: Any) -> None:
    now = request.now
    token = secrets.token_urlsafe(24)
    Account.objects.filter(pk=user.pk).update(current_sign_in=token, used_at=now)
    user.current_sign_in, user.used_at = token, now
    request.session.update({SIGN_IN: token, STARTED: now.timestamp(), SEEN: now.timestamp()})
    audit.note("access.signed-in", by=user.text, source=request.path, at=now)


@receiver(user_logged_out)
def _signed_out(request: Any, user: Account | None, **_kwargs: Any) -> None:
    if user is not None:
        request.has_signed_out = True
        audit.note("access.signed-out", by=user.text, source=request.path, at=request.now)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_kwargs: Any) -> None:
    # The typed name may be somebody's number or even a password typed into the wrong field: keep none of it.
    known = Account.objects.filter(username=login_name(str(credentials.get("username", "")))).first()
    audit.note(
        "access.sign-in-failed",
        by=known.text if known else "stranger",
        result="failed",
        source=request.path if request else "",
        at=timezone.now(),
    )


@receiver(user_locked_out)
def _locked_out(request: ActingRequest, **_kwargs: Any) -> None:
    audit.note("access.locked-out", by="stranger", result="refused", source=request.path, at=request.now)


@receiver(password_changed)
def _password_changed(request: ActingRequest, user: Account, **_kwargs: Any) -> None:
    user.password_is_temporary = False
    user.save(update_fields=["password_is_temporary"])
    actions.remember_password(user, now=request.now)
    audit.note("access.password-changed", by=user.text, about=f"account:{user.pk}", at=request.now)


@receiver(second_factor.authenticator_added)
def _factor_added(request: ActingRequest, user: Account, authenticator: Any, **_kwargs: Any) -> None:
    kind = str(authenticator.type)
    audit.note(
        "access.second-factor-added",
        by=user.text,
        about=f"account:{user.pk}",
        detail={"kind": kind},
        at=request.now,
    )
    if kind != Authenticator.Type.RECOVERY_CODES:
        # Enrolling has just proved possession: the session goes on with two factors, under a new key, and
        # may see its recovery codes.
        record_authentication(request, user, "mfa", id=authenticator.pk, type=kind, reauthenticated=True)
        request.session.cycle_key()


@receiver(second_factor.authenticator_removed)
def _factor_removed(request: ActingRequest, user: Account, authenticator: Any, **_kwargs: Any) -> None:
    audit.note(
        "access.second-factor-removed",
        by=user.text,
        about=f"account:{user.pk}",
        detail={"kind": str(authenticator.type)},
        at=request.now,
    )


@receiver(second_factor.authentication_failed)
def _factor_failed(request: ActingRequest, user: Account, **_kwargs: Any) -> None:
    audit.note("access.second-factor-failed", by=user.text, result="failed", at=request.now)
