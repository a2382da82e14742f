"""Every address declares its rule. A view without one does not exist: a test walks all addresses.

`staff("permission")` is the usual one: signed in with two factors, holding a grant whose role lists the
permission; the view then runs in one transaction inside the grant's scope. `citizen("reason")` is that of the
citizen pages: one transaction in which the database shows the citizen's own file and no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.template.response import SimpleTemplateResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from rongjun.access import logic, passwords, queries
from rongjun.access.logic import PERMISSIONS, Actor
from rongjun.access.models import Account
from rongjun.access.scope import acting_as, acting_as_citizen
from rongjun.audit import api as audit

View = Callable[..., HttpResponseBase]
# What a session remembers beside what Django and allauth put there.
GRANT, SIGN_IN, STARTED, SEEN = "access.grant", "access.sign-in", "access.started", "access.seen"
ACTING_FOR = "access.acting-for"


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What an address asks of a visitor, and why if it asks nothing."""

    who: str
    permission: str = ""
    because: str = ""


class ActingRequest(HttpRequest):
    """A request that has come past `http.SessionLimits` (`now`) and a `staff` or `citizen` rule (`actor`)."""

    now: datetime
    actor: Actor


def anyone(because: str) -> Callable[[View], View]:
    """No sign-in needed; the reason is part of the declaration. The view sees no personal data."""

    def decorate(view: View) -> View:
        @wraps(view)
        def open_to_all(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, *args, **kwargs)

        return _declared(open_to_all, AccessRule("anyone", because=because))

    return decorate


def signed_in(because: str, *, kind: str = "") -> Callable[[View], View]:
    """Any signed-in account, or any of a kind, about itself only (its password, its second factors)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not isinstance(request.user, Account):
                return to_sign_in(request)
            if kind and request.user.kind != kind:
                raise denial(request, kind)
            with transaction.atomic():
                return _finished(view(request, *args, **kwargs))

        return _declared(guarded, AccessRule("signed-in", because=because))

    return decorate


def staff(permission: str) -> Callable[[View], View]:
    """Staff with two factors whose role lists `permission`; runs in the scope of the grant in use.

    Whoever is refused, here or by a PermissionDenied of the view, leaves an event that stays (AU-01).
    """
    assert permission in PERMISSIONS, f"no role has {permission}"

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            turned_away = _turn_away(request)
            if turned_away is not None:
                return turned_away
            actor: Actor = request.actor
            if not actor.may(permission):
                raise denial(request, permission)
            try:
                with acting_as(actor):
                    return _finished(view(request, *args, **kwargs))
            except PermissionDenied as refusal:
                raise denial(request, permission) from refusal

        return _declared(guarded, AccessRule("staff", permission))

    return decorate


def citizen(because: str) -> Callable[[View], View]:
    """A citizen about their own file, or about the one of whom they act for.

    Without a scope of divisions and without permissions: row security shows what is theirs, by the account.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, Account):
                return to_sign_in(request, kind=logic.CITIZEN)
            if user.kind != logic.CITIZEN:
                raise denial(request, logic.CITIZEN)
            request.actor = queries.citizen_by(user, acting_for=_acting_for(request))
            try:
                with acting_as_citizen(request.actor):
                    return _finished(view(request, *args, **kwargs))
            except PermissionDenied as refusal:
                raise denial(request, logic.CITIZEN) from refusal

        return _declared(guarded, AccessRule("citizen", because=because))

    return decorate


def act_for(request: HttpRequest, person: UUID | None) -> None:
    """From the next request on the citizen acts for this person; for themselves again when None."""
    if person is None:
        request.session.pop(ACTING_FOR, None)
    else:
        request.session[ACTING_FOR] = str(person)


def _acting_for(request: HttpRequest) -> UUID | None:
    held = request.session.get(ACTING_FOR)
    return UUID(held) if held else None


def rule_of(view: object) -> AccessRule | None:
    """The rule a view declares."""
    rule = getattr(view, "access_rule", None)
    return rule if isinstance(rule, AccessRule) else None


def denial(request: Any, missing: str) -> PermissionDenied:
    """The refusal to raise; it is in the evidence chain already, outside the transaction it ends."""
    user = request.user
    actor = actor_of(request)
    audit.note(
        "access.denied",
        by=user.text if isinstance(user, Account) else "stranger",
        role=actor.role if actor else "",
        result="refused",
        source=request.path,
        detail={"missing": missing},
        at=request.now,
    )
    return PermissionDenied(missing)


def actor_of(request: Any) -> Actor | None:
    """The visitor's actor, or None for a stranger or an account without a grant; looked up once a request."""
    if hasattr(request, "actor"):
        known: Actor | None = request.actor
        return known
    user = getattr(request, "user", None)
    if not isinstance(user, Account):
        return None
    held = queries.grants_in_force(user.pk, on=localtime(request.now).date())
    for number in held.tampered:
        audit.note(
            "access.grant-tampered",
            by=user.text,
            about=f"account:{user.pk}",
            result="refused",
            source=request.path,
            detail={"grant": number},
            at=request.now,
        )
    request.actor = queries.actor_by(user, held.grants, wanted=request.session.get(GRANT))
    actor: Actor | None = request.actor
    return actor


def used_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened with a passkey or a one-time code, or has enrolled one (ID-05)."""
    assert isinstance(request.user, Account)
    return any(step.get("method") == "mfa" for step in get_authentication_records(request, request.user))


def to_sign_in(request: HttpRequest, *, kind: str = logic.STAFF) -> HttpResponse:
    """Send a visitor to sign in, and back afterwards to the page (not to a form's address)."""
    page = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
    if request.headers.get("HX-Request"):
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        page = f"{shown.path}?{shown.query}" if shown.query else shown.path
    url = resolve_url(settings.LOGIN_URL if kind == logic.STAFF else settings.CITIZEN_LOGIN_URL)
    return go(request, f"{url}?{urlencode({'next': page})}" if page else url, status=401)


def go(request: HttpRequest, url: str, *, status: int = 204) -> HttpResponse:
    """A redirect that moves the whole page, also when only a part of it was asked for (then `status`)."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=status, headers={"HX-Redirect": url})
    return redirect(url)


def _turn_away(request: Any) -> HttpResponse | None:
    """Where a visitor goes who may not yet enter: sign-in, second factor, password change, or nowhere."""
    user = request.user
    if not isinstance(user, Account):
        return to_sign_in(request)
    if user.kind != logic.STAFF:
        raise denial(request, "staff")
    enrolled = queries.second_factors(user.pk)
    if not enrolled.count:
        messages.info(request, _("先绑定第二重验证：工作人员只用密码不能进入。"))
        return go(request, resolve_url("mfa_activate_totp"))
    if not used_second_factor(request):
        raise denial(request, "second-factor")
    if _must_change_password(user, has_passkey=enrolled.has_passkey, now=request.now):
        days = passwords.staff_policy().change_after.days
        messages.info(
            request, _("请先换一个密码：它是别人替您设的，或者用了 %(days)s 天以上。") % {"days": days}
        )
        return go(request, resolve_url("account_change_password"))
    if actor_of(request) is None:
        raise denial(request, "grant")
    return None


def _must_change_password(user: Account, *, has_passkey: bool, now: datetime) -> bool:
    return logic.must_change_password(
        changed_at=user.password_changed_at,
        is_temporary=user.password_is_temporary,
        now=now,
        policy=passwords.staff_policy(),
        has_stronger_factor=has_passkey,
    )


def _finished(response: HttpResponseBase) -> HttpResponseBase:
    """The response with nothing left to read: after this the scope is gone."""
    assert not response.streaming, "a stream would be read outside its scope"
    if isinstance(response, SimpleTemplateResponse):
        return response.render()
    return response


def _declared(view: View, rule: AccessRule) -> View:
    view.access_rule = rule  # type: ignore[attr-defined]
    return view
