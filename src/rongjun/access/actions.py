"""What changes accounts and grants. Each is one transaction and leaves one event in the evidence chain.

`by` names who decided ("staff:login", "operator:terminal", "job:name").
"""

from __future__ import annotations

import secrets
from datetime import date, datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import IntegrityError, transaction

from rongjun.access import passwords
from rongjun.access.logic import CITIZEN, ROLES, STAFF, IdlePolicy, is_login_name, login_name, scope_of
from rongjun.access.models import Account, Grant, PasswordUsed
from rongjun.access.queries import seal_of
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused

_LETTERS = "abcdefghijklmnopqrstuvwxyz"

# --- accounts -----------------------------------------------------------------------------------------------


def create_account(
    username: str, *, name: str, kind: str, password: str, by: str, now: datetime, temporary: bool = False
) -> UUID:
    """A new account; `temporary` when somebody other than its owner chose the password.

    Refused: "access.login-name-taken" (in any case of letters), "access.login-name-unfit",
    "access.password-unfit"; "audit.looks-personal" for a login name that could be somebody's number.
    """
    login = login_name(username)
    if not is_login_name(login):
        raise Refused("access.login-name-unfit")
    account = Account(username=login, name=name, kind=kind, used_at=now, password_changed_at=now)
    account.password_is_temporary = temporary
    _refuse_unfit(password, account)
    account.set_password(password)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
            remember_password(account, now=now)
            detail = {"login": login, "kind": kind}
            audit.note("access.account-created", by=by, about=_about(account.pk), detail=detail, at=now)
    except IntegrityError as error:
        if "access_account_username" in str(error):
            raise Refused("access.login-name-taken", username=login) from error
        raise
    return account.pk


def open_citizen_account(*, name: str, by: str, now: datetime) -> UUID:
    """A new account for a citizen, who signs in elsewhere or by passkey: without a password of any kind.

    Its login name is drawn: nobody types it, and it says nothing.
    """
    login = "c-" + "".join(secrets.choice(_LETTERS) for _ in range(16))
    account = Account(username=login, name=name, kind=CITIZEN, used_at=now, password_changed_at=now)
    account.set_unusable_password()
    with transaction.atomic():
        account.save(force_insert=True)
        detail = {"login": login, "kind": CITIZEN}
        audit.note("access.account-created", by=by, about=_about(account.pk), detail=detail, at=now)
    return account.pk


def choose_look(account: UUID, *, large_type: bool, high_contrast: bool) -> None:
    """How a citizen wants the pages from now on."""
    Account.objects.filter(pk=account).update(large_type=large_type, high_contrast=high_contrast)


def disable_account(account: UUID, *, by: str, now: datetime) -> None:
    """Close the way in from the next call on; the account's past stays."""
    with transaction.atomic():
        Account.objects.filter(pk=account).update(is_active=False, current_sign_in="")
        audit.note("access.account-disabled", by=by, about=_about(account), at=now)


def enable_account(account: UUID, *, by: str, now: datetime) -> None:
    """Open a closed account again; its days without use are counted from now."""
    with transaction.atomic():
        Account.objects.filter(pk=account).update(is_active=True, used_at=now)
        audit.note("access.account-enabled", by=by, about=_about(account), at=now)


def close_idle_accounts(*, by: str, now: datetime, policy: IdlePolicy | None = None) -> int:
    """Close staff accounts nobody has used for too long (AC-06); how many. Runs under a job's few rights."""
    before = now - (policy or IdlePolicy()).close_after
    idle = Account.objects.filter(kind=STAFF, is_active=True, used_at__lt=before)
    closed = 0
    for account in list(idle.values_list("pk", flat=True)):
        with transaction.atomic():
            # The condition again: somebody may have signed in since we looked.
            if idle.filter(pk=account).update(is_active=False, current_sign_in=""):
                audit.note("access.account-closed-idle", by=by, about=_about(account), at=now)
                closed += 1
    return closed


def end_sessions(account: UUID, *, by: str, now: datetime) -> None:
    """Sign the account out everywhere, from the next call on (SE-03)."""
    with transaction.atomic():
        Account.objects.filter(pk=account).update(current_sign_in="")
        audit.note("access.sessions-ended", by=by, about=_about(account), at=now)


# --- passwords and second factors ---------------------------------------------------------------------------


def reset_password(account: UUID, *, password: str, by: str, now: datetime) -> None:
    """Set a password its owner has to change; ends all sessions, leaves the second factors (ID-09).

    Refused("access.password-unfit") with the faults.
    """
    with transaction.atomic():
        row = Account.objects.select_for_update().get(pk=account)
        _refuse_unfit(password, row)
        row.set_password(password)
        row.password_is_temporary = True
        row.current_sign_in = ""
        row.save(update_fields=["password", "password_is_temporary", "current_sign_in"])
        remember_password(row, now=now)
        audit.note("access.password-reset", by=by, about=_about(account), at=now)


def remember_password(account: Account, *, now: datetime) -> None:
    """Keep the day a password was set and, for staff, its hash among the last ones."""
    Account.objects.filter(pk=account.pk).update(password_changed_at=now)
    account.password_changed_at = now
    if account.kind != STAFF:
        return
    PasswordUsed.objects.create(account=account, password=account.password, at=now)
    used = PasswordUsed.objects.filter(account=account).order_by("-at", "-id")
    kept = list(used.values_list("pk", flat=True)[: passwords.staff_policy().history])
    PasswordUsed.objects.filter(account=account).exclude(pk__in=kept).delete()


def enrol_totp(account: UUID, *, secret: str, by: str, now: datetime) -> None:
    """Enrol an authenticator app whose secret is already known (the demo's accounts, an import)."""
    with transaction.atomic():
        if not Authenticator.objects.filter(user_id=account, type=Authenticator.Type.TOTP).exists():
            TOTP.activate(Account.objects.get(pk=account), secret)
            audit.note("access.second-factor-added", by=by, about=_about(account), at=now)


def remove_second_factors(account: UUID, *, by: str, now: datetime) -> None:
    """For a lost phone: take all factors off and end all sessions; the next sign-in has to enrol anew."""
    with transaction.atomic():
        Authenticator.objects.filter(user_id=account).delete()
        Account.objects.filter(pk=account).update(current_sign_in="")
        audit.note("access.second-factors-removed", by=by, about=_about(account), at=now)


# --- grants -------------------------------------------------------------------------------------------------


def grant_role(
    account: UUID,
    *,
    role: str,
    division: int,
    division_label: str,
    valid_from: date,
    valid_to: date | None = None,
    by: str,
    now: datetime,
) -> int:
    """Let an account act in a role over a division, until (not including) `valid_to`; the grant's number.

    Refused("access.families-exclude") when it holds a role of another administrators' family (AC-04).
    """
    assert scope_of(division).contains(division)
    grant = Grant(
        account_id=account,
        role=role,
        family=ROLES[role].family,
        division=division,
        division_label=division_label,
        valid_from=valid_from,
        valid_to=valid_to,
        granted_by=by,
    )
    grant.seal = seal_of(grant)
    try:
        with transaction.atomic():
            grant.save(force_insert=True)
            detail = {"role": role, "grant": grant.pk}
            audit.note(
                "access.role-granted", by=by, about=_about(account), division=division, detail=detail, at=now
            )
    except IntegrityError as error:
        if "grant_families_exclude_each_other" in str(error):
            raise Refused("access.families-exclude", role=ROLES[role].label) from error
        raise
    return grant.pk


def end_grant(grant: int, *, on: date, by: str, now: datetime) -> None:
    """The grant holds until the day before `on`; sealed anew."""
    with transaction.atomic():
        row = Grant.objects.select_for_update().get(pk=grant)
        row.valid_to = max(on, row.valid_from)
        row.seal = seal_of(row)
        row.save(update_fields=["valid_to", "seal"])
        detail = {"role": row.role, "grant": row.pk, "until": str(row.valid_to)}
        audit.note(
            "access.grant-ended",
            by=by,
            about=_about(row.account_id),
            division=row.division,
            detail=detail,
            at=now,
        )


def _refuse_unfit(password: str, account: Account) -> None:
    faults = passwords.faults_of(password, account=account)
    if faults:
        raise Refused("access.password-unfit", faults="".join(faults))


def _about(account: UUID) -> str:
    return f"account:{account}"
