"""Reads of accounts and grants."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.db.models import Q

from rongjun.access.logic import CITIZEN_ROLES, HELPER, NOWHERE, ROLES, SELF, Actor, login_name, scope_of
from rongjun.access.models import Account, Grant, PasswordUsed
from rongjun.audit.api import keys
from rongjun.kernel.words import translatable

SEAL_PURPOSE = "access-grant"
LOGIN_NAME_PURPOSE = "access-login-name"


@dataclass(frozen=True, slots=True)
class Held:
    """An account's grants on a day, oldest first, and the numbers of those somebody has tampered with."""

    grants: tuple[Grant, ...]
    tampered: tuple[int, ...]


def grants_in_force(account: UUID, *, on: date) -> Held:
    """What the account holds on a day; a row whose seal does not fit opens nothing (CR-08)."""
    rows = Grant.objects.filter(account_id=account, account__is_active=True, valid_from__lte=on)
    rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=on)).order_by("valid_from", "id")
    found = [(grant, is_sealed(grant)) for grant in rows]
    return Held(
        tuple(grant for grant, sealed in found if sealed),
        tuple(grant.pk for grant, sealed in found if not sealed),
    )


def actor_by(account: Account, grants: tuple[Grant, ...], *, wanted: int | None = None) -> Actor | None:
    """The account acting by one grant (the first unless another is wanted and held); None without any."""
    chosen = next((grant for grant in grants if grant.pk == wanted), grants[0] if grants else None)
    if chosen is None or chosen.role not in ROLES:
        return None
    role = ROLES[chosen.role]
    return Actor(
        account=account.pk,
        login=account.username,
        name=account.name,
        kind=account.kind,
        role=role.code,
        role_label=role.label,
        division=chosen.division,
        division_label=chosen.division_label,
        scope=scope_of(chosen.division),
        permissions=role.permissions,
    )


def citizen_by(account: Account, *, acting_for: UUID | None = None) -> Actor:
    """A citizen as they act: about themselves, or for another. Without permissions, in no division."""
    role = HELPER if acting_for else SELF
    return Actor(
        account=account.pk,
        login=account.username,
        name=account.name,
        kind=account.kind,
        role=role,
        role_label=CITIZEN_ROLES[role],
        division=0,
        division_label="",
        scope=NOWHERE,
        acting_for=acting_for,
    )


@dataclass(frozen=True, slots=True)
class StaffName:
    """Who a member of staff is, and where they work in a role."""

    name: str
    place: str


def staff_named(actors: Iterable[str]) -> dict[tuple[str, str], StaffName]:
    """Name and place of actors as the evidence names them ("staff:login"), by actor and role."""
    logins = sorted({actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")})
    if not logins:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("select login, name, role, place from access_staff_named(%s)", [logins])
        return {
            (f"staff:{login}", role): StaffName(name, place) for login, name, role, place in cursor.fetchall()
        }


def names_of_actors(actors: Iterable[str]) -> dict[str, str]:
    """The name of every actor a page tells of; of one nobody knows, what is kept of him."""
    asked = set(actors)
    found = {actor: translatable("网上账户") for actor in asked if actor.startswith("citizen:")}
    found |= {actor: each.name for (actor, _role), each in staff_named(asked).items()}
    return {actor: found.get(actor, actor.removeprefix("staff:")) for actor in asked}


def has_accounts() -> bool:
    """Whether anybody has an account yet."""
    return Account.objects.exists()


def actor_named(login: str, *, on: date) -> Actor | None:
    """The actor of a login name, for commands run at a terminal; None when there is no such grant."""
    account = Account.objects.filter(username=login_name(login), is_active=True).first()
    return actor_by(account, grants_in_force(account.pk, on=on).grants) if account else None


def seal_of(grant: Grant) -> bytes:
    """HMAC-SM3 over everything a grant says (CR-08)."""
    said = (
        grant.account_id,
        grant.role,
        grant.family,
        grant.division,
        grant.division_label,
        grant.valid_from,
        grant.valid_to,
        grant.granted_by,
    )
    return keys().index(SEAL_PURPOSE, json.dumps([str(part) for part in said]).encode())


def is_sealed(grant: Grant) -> bool:
    """Whether the row is as the application wrote it."""
    return hmac.compare_digest(bytes(grant.seal), seal_of(grant))


def login_name_index(typed: str) -> str:
    """What failed sign-ins are counted under: tells equal names apart from others, and nobody which they are.

    People type a number or even their password into the wrong field; no table keeps that.
    """
    return keys().index(LOGIN_NAME_PURPOSE, login_name(typed).encode()).hex()


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """The authenticators an account has enrolled, recovery codes not counted; a passkey needs no password."""

    count: int
    has_passkey: bool


def second_factors(account: UUID) -> SecondFactors:
    """What the account can show beside its password."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    kept = list(Authenticator.objects.filter(user_id=account, type__in=kinds).values_list("type", flat=True))
    return SecondFactors(len(kept), Authenticator.Type.WEBAUTHN in kept)


def was_used_before(account: UUID, password: str, *, last: int) -> bool:
    """Whether one of the last passwords of the account was this one."""
    recent = PasswordUsed.objects.filter(account_id=account).order_by("-at", "-id")[:last]
    return any(check_password(password, used.password) for used in recent)
