"""What changes accounts and grants. Each is one transaction and leaves one event in the evidence chain."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import IntegrityError, transaction

from rongjun.access.logic import ROLES, scope_of
from rongjun.access.models import Account, Grant, PasswordUsed
from rongjun.access.queries import seal_of
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused


def create_account(
    username: str, *, name: str, kind: str, password: str, by: str, now: datetime
) -> UUID:
    """A new account; Refused("access.login-name-taken") when the login name exists in any case."""
    with transaction.atomic():
        if Account.objects.filter(username__iexact=username).exists():
            raise Refused("access.login-name-taken", username=username)
        account = Account(username=username, name=name, kind=kind, password_changed_at=now)
        account.set_password(password)
        account.save(force_insert=True)
        remember_password(account, now=now)
        audit.note("access.account-created", by=by, about=[f"account:{account.pk}"], at=now)
    return account.pk


def grant_role(
    account: UUID, *, role: str, division: int, division_label: str, valid_from: date,
    valid_to: date | None = None, by: str, now: datetime,
) -> int:
    """Let an account act in a role over a division.

    Refused("access.families-exclude") when it holds a role of another administrators' family (AC-04).
    """
    grant = Grant(
        account_id=account, role=role, family=ROLES[role].family, division=division,
        division_label=division_label, valid_from=valid_from, valid_to=valid_to, granted_by=by,
    )
    grant.seal = seal_of(grant)
    assert scope_of(division).contains(division)
    try:
        with transaction.atomic():
            grant.save(force_insert=True)
            audit.note("access.role-granted", by=by, about=[f"account:{account}"], division=division,
                       detail={"role": role}, at=now)
    except IntegrityError as error:
        if "grant_families_exclude_each_other" in str(error):
            raise Refused("access.families-exclude", role=ROLES[role].label) from error
        raise
    return grant.pk


def end_sessions(account: UUID, *, by: str, now: datetime) -> None:
    """Sign the account out everywhere, from the next call on (SE-03)."""
    with transaction.atomic():
        Account.objects.filter(pk=account).update(current_sign_in="")
        audit.note("access.sessions-ended", by=by, about=[f"account:{account}"], at=now)


def disable_account(account: UUID, *, by: str, now: datetime) -> None:
    """Close the way in at once; the account's past stays."""
    with transaction.atomic():
        Account.objects.filter(pk=account).update(is_active=False, current_sign_in="")
        audit.note("access.account-disabled", by=by, about=[f"account:{account}"], at=now)


def remember_password(account: Account, *, now: datetime) -> None:
    """Keep the hash, so that the password is not used again, and the day it was set."""
    PasswordUsed.objects.create(account=account, password=account.password, at=now)
    Account.objects.filter(pk=account.pk).update(password_changed_at=now)
    account.password_changed_at = now


def enrol_totp(account: UUID, *, secret: str, by: str, now: datetime) -> None:
    """Enrol an authenticator app whose secret is already known (the demo's accounts, an import)."""
    with transaction.atomic():
        if not Authenticator.objects.filter(user_id=account, type=Authenticator.Type.TOTP).exists():
            TOTP.activate(Account.objects.get(pk=account), secret)
            audit.note("access.second-factor-added", by=by, about=[f"account:{account}"], at=now)
