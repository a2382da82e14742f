"""Reads of accounts and grants."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Q
from django.contrib.auth.hashers import check_password

from rongjun.access.logic import ROLES, Actor, scope_of
from rongjun.access.models import Account, Grant, PasswordUsed
from rongjun.audit.api import keys

SEAL_PURPOSE = "access-grant"


def grants_in_force(account: UUID, *, on: date) -> list[Grant]:
    """The account's grants on a day, oldest first; rows whose seal does not fit are left out."""
    rows = Grant.objects.filter(account_id=account, account__is_active=True, valid_from__lte=on)
    rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=on)).order_by("valid_from", "id")
    return [grant for grant in rows if is_sealed(grant)]


def actor_for(account: Account, *, on: date, grant: int | None = None) -> Actor | None:
    """The account acting by one grant (the first in force unless another is named); None without any."""
    held = grants_in_force(account.pk, on=on)
    chosen = next((g for g in held if g.pk == grant), held[0] if held else None)
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


def seal_of(grant: Grant) -> bytes:
    """HMAC-SM3 over everything a grant says (CR-08)."""
    said = (grant.account_id, grant.role, grant.family, grant.division, grant.division_label,
            grant.valid_from, grant.valid_to, grant.granted_by)
    return keys().index(SEAL_PURPOSE, "\x1f".join(str(part) for part in said).encode())


def is_sealed(grant: Grant) -> bool:
    """Whether the row is as the application wrote it."""
    return bytes(grant.seal) == seal_of(grant)


def has_second_factor(account: UUID) -> bool:
    """Whether an authenticator other than recovery codes is enrolled."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return Authenticator.objects.filter(user_id=account, type__in=kinds).exists()


def has_passkey(account: UUID) -> bool:
    """Whether the account can sign in without its password at all."""
    return Authenticator.objects.filter(user_id=account, type=Authenticator.Type.WEBAUTHN).exists()


def was_used_before(account: UUID, password: str, *, last: int) -> bool:
    """Whether one of the last passwords of the account was this one."""
    recent = PasswordUsed.objects.filter(account_id=account).order_by("-at")[:last]
    return any(check_password(password, used.password) for used in recent)


def actor_named(login: str, *, on: date) -> Actor | None:
    """The actor of a login name, for commands run at a terminal; None when there is no such grant."""
    account = Account.objects.filter(username__iexact=login, is_active=True).first()
    return actor_for(account, on=on) if account else None
