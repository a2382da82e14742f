"""Sessions and lock-out: what happens around every request, before its access rule is asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa import signals as second_factor
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rongjun.access import actions, queries
from rongjun.access.logic import SessionLimit, session_is_over
from rongjun.access.models import Account
from rongjun.access.rules import GRANT_IN_SESSION, signed_in
from rongjun.audit import api as audit

STARTED, SEEN, SIGN_IN = "access.started", "access.seen", "access.sign-in"


class SessionLimits:
    """Ends sessions that are idle, old, ended by an administrator, or overtaken by a newer sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let the request through, or send its visitor to sign in again."""
        user = request.user
        if isinstance(user, Account) and not _still_holds(request, user, now=timezone.now()):
            logout(request)
            if request.headers.get("HX-Request"):
                return HttpResponse(status=401, headers={"HX-Redirect": settings.LOGIN_URL})
            return redirect(f"/accounts/login/?next={request.path}" if request.method == "GET" else "account_login")
        return self.get_response(request)


def _still_holds(request: HttpRequest, user: Account, *, now: datetime) -> bool:
    session = request.session
    if not secrets.compare_digest(session.get(SIGN_IN, ""), user.current_sign_in) or not user.current_sign_in:
        return False
    idle, absolute = settings.SESSION_LIMITS[user.kind]
    limit = SessionLimit(timedelta(seconds=idle), timedelta(seconds=absolute))
    over = session_is_over(started=_moment(session.get(STARTED)), seen=_moment(session.get(SEEN)), now=now,
                           limit=limit)
    if over:
        audit.note("access.session-ended", by=f"{user.kind}:{user.username}", at=now)
        return False
    session[SEEN] = now.timestamp()
    return True


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(float(seconds or 0), tz=UTC)


@require_POST
@signed_in("keeps one's own session alive")
def extend_session(request: HttpRequest) -> HttpResponse:
    """The 'I am still here' of the warning dialog; the middleware has already counted the visit."""
    return HttpResponse(status=204)


@require_POST
@signed_in("chooses which of one's own grants to act by")
def switch_grant(request: HttpRequest) -> HttpResponse:
    """Work in another of one's own divisions or roles from now on."""
    assert isinstance(request.user, Account)
    wanted = request.POST.get("grant", "")
    held = {str(g.pk) for g in queries.grants_in_force(request.user.pk, on=timezone.localdate())}
    if wanted in held:
        request.session[GRANT_IN_SESSION] = int(wanted)
    return redirect(settings.LOGIN_REDIRECT_URL)


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """The page after five failures; the same for an account that exists and one that does not (ID-04)."""
    return render(request, "access/locked_out.html", {"minutes": 15}, status=429)


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, user: Account, **_kwargs: Any) -> None:
    now = timezone.now()
    token = secrets.token_urlsafe(24)
    Account.objects.filter(pk=user.pk).update(current_sign_in=token)
    user.current_sign_in = token
    request.session.update({SIGN_IN: token, STARTED: now.timestamp(), SEEN: now.timestamp()})
    audit.note("access.signed-in", by=f"{user.kind}:{user.username}", source=request.path, at=now)


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: Account | None, **_kwargs: Any) -> None:
    if user is not None:
        audit.note("access.signed-out", by=f"{user.kind}:{user.username}", source=request.path, at=timezone.now())


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_kwargs: Any) -> None:
    # The typed name may be somebody's number or even a password typed into the wrong field: keep none of it.
    known = Account.objects.filter(username__iexact=str(credentials.get("username", ""))).first()
    by = f"{known.kind}:{known.username}" if known else "stranger"
    audit.note("access.sign-in-failed", by=by, result="failed", source=request.path if request else "",
               at=timezone.now())


@receiver(password_changed)
def _password_changed(user: Account, **_kwargs: Any) -> None:
    now = timezone.now()
    actions.remember_password(user, now=now)
    audit.note("access.password-changed", by=f"{user.kind}:{user.username}", at=now)


@receiver(second_factor.authenticator_added)
def _factor_added(request: HttpRequest, user: Account, **_kwargs: Any) -> None:
    audit.note("access.second-factor-added", by=f"{user.kind}:{user.username}", at=timezone.now())


@receiver(second_factor.authenticator_removed)
def _factor_removed(request: HttpRequest, user: Account, **_kwargs: Any) -> None:
    audit.note("access.second-factor-removed", by=f"{user.kind}:{user.username}", at=timezone.now())


@receiver(second_factor.authentication_failed)
def _factor_failed(request: HttpRequest, user: Account, **_kwargs: Any) -> None:
    audit.note("access.second-factor-failed", by=f"{user.kind}:{user.username}", result="failed",
               at=timezone.now())
