"""Every address declares its rule. A view without one does not exist: a test walks all addresses.

`staff("permission")` is the usual one: signed in with two factors, holding a grant whose role lists the
permission; the view then runs in one transaction inside the grant's scope.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from rongjun.access import logic, queries
from rongjun.access.logic import PERMISSIONS, Actor
from rongjun.access.models import Account
from rongjun.access.scope import acting_as
from rongjun.audit import api as audit

View = Callable[..., HttpResponseBase]
GRANT_IN_SESSION = "access.grant"


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What an address asks of a visitor, and why if it asks nothing."""

    who: str
    permission: str = ""
    because: str = ""


class ActingRequest(HttpRequest):
    """A request whose visitor has been let in by a `staff` rule."""

    actor: Actor


def anyone(because: str) -> Callable[[View], View]:
    """No sign-in needed; the reason is part of the declaration. The view sees no personal data."""
    return _declare(AccessRule("anyone", because=because))


def signed_in(because: str) -> Callable[[View], View]:
    """Any signed-in account, about itself only (its password, its second factors)."""
    return _declare(AccessRule("signed-in", because=because))


def staff(permission: str) -> Callable[[View], View]:
    """Staff with two factors whose role lists `permission`; runs in the scope of the grant in use."""
    assert permission in PERMISSIONS, f"no role has {permission}"

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            turned_away = _turn_away(request)
            if turned_away is not None:
                return turned_away
            actor: Actor = request.actor
            if not actor.may(permission):
                deny(request, permission)
            with acting_as(actor):
                response = view(request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        guarded.access_rule = AccessRule("staff", permission)  # type: ignore[attr-defined]
        return guarded

    return decorate


def deny(request: Any, permission: str) -> None:
    """Write the denial into the evidence chain, then refuse (AU-01)."""
    actor: Actor = request.actor
    audit.note("access.denied", by=actor.text, role=actor.role, result="refused", source=request.path,
               detail={"permission": permission}, at=timezone.now())
    raise PermissionDenied(permission)


def actor_of(request: HttpRequest) -> Actor | None:
    """The visitor's actor, or None for a stranger or an account without a grant."""
    known = getattr(request, "actor", None)
    if known is not None:
        return known if isinstance(known, Actor) else None
    user = getattr(request, "user", None)
    if not isinstance(user, Account):
        return None
    actor = queries.actor_for(user, on=timezone.localdate(), grant=request.session.get(GRANT_IN_SESSION))
    request.actor = actor  # type: ignore[attr-defined]
    return actor


def used_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened with a passkey or a one-time code (ID-05)."""
    done = request.session.get("account_authentication_methods") or []
    return any(step.get("method") == "mfa" for step in done if isinstance(step, dict))


def _turn_away(request: HttpRequest) -> HttpResponse | None:
    """Where a visitor goes who may not yet enter: sign-in, second factor, password change, or nowhere."""
    user = request.user
    if not isinstance(user, Account):
        return redirect(f"{_url('account_login')}?next={request.path}")
    if user.kind != "staff":
        raise PermissionDenied("staff only")
    if not used_second_factor(request):
        if queries.has_second_factor(user.pk):
            raise PermissionDenied("second factor")
        messages.info(request, _("先绑定第二重验证：工作人员只用密码不能进入。"))
        return redirect("mfa_activate_totp")
    policy = logic.StaffPolicy()
    if logic.must_change_password(changed_at=user.password_changed_at, now=timezone.now(), policy=policy,
                                  has_stronger_factor=queries.has_passkey(user.pk)):
        messages.info(request, _("密码用了 90 天以上，请先换一个。"))
        return redirect("account_change_password")
    if actor_of(request) is None:
        raise PermissionDenied("no grant")
    return None


def _url(name: str) -> str:
    from django.urls import reverse

    return reverse(name)


def _declare(rule: AccessRule) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def declared(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if rule.who == "signed-in" and not isinstance(request.user, Account):
                return redirect(settings.LOGIN_URL)
            if rule.who == "signed-in":
                actor_of(request)
            return view(request, *args, **kwargs)

        declared.access_rule = rule  # type: ignore[attr-defined]
        return declared

    return decorate
