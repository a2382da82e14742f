"""Who may do what, where: roles, scopes, session limits, the two password policies. No clock, no Django."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from rongjun.kernel.identifiers import DivisionCode
from rongjun.kernel.words import Words, translatable, worded

BUSINESS, SYSTEM, SECURITY, AUDIT = "business", "system", "security", "audit"
STAFF, CITIZEN = "staff", "citizen"
# In which capacity a citizen acts: about themselves, or for somebody who has given them a mandate.
SELF, HELPER = "self", "helper"
CITIZEN_ROLES: Words[dict[str, str]] = {SELF: "本人", HELPER: "代办人"}


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions. Families other than business exclude each other (等保 8.1.5.1–8.1.5.3)."""

    code: str
    label: str
    permissions: frozenset[str]
    family: str = BUSINESS


def _role(code: str, label: str, permissions: str, family: str = BUSINESS) -> Role:
    return Role(code, label, frozenset(permissions.split()), family)


_READ = "desk.open registry.read-person policy.read places.read audit.read-own allowances.read-rates"
_PAPERS = "files.read files.add"
_OFFICE = (
    "registry.import-roster registry.state-fact registry.propose registry.unmask registry.look-up"
    " benefits.record-decision benefits.answer-offer notices.read notices.tell cards.handle"
    " uses.record-manual allowances.confirm"
)
_WORK = f"{_READ} {_PAPERS} {_OFFICE} registry.handle-rights registry.export registry.propose-merge"
_DECIDE = (
    f"{_WORK} registry.check registry.decide-rights registry.approve-export registry.decide-feed"
    " registry.approve-merge registry.read-guarded benefits.end-enrolment insight.read supervision.read"
    " ledger.read ledger.read-payments ledger.make-payments ledger.check-payments"
    " uses.read uses.signals cards.decide insurance.read insurance.review insurance.check"
    " allowances.read allowances.propose allowances.decide allowances.run allowances.check"
    " allowances.recover insurance.pay insurance.recover"
)
ROLES: dict[str, Role] = {
    role.code: role
    for role in (
        _role("station-clerk", "站点窗口", _WORK),
        _role("district-officer", "区市经办", f"{_DECIDE} supervision.report"),
        _role(
            "city-officer",
            "市局经办",
            f"{_DECIDE} partners.read partners.close-batch partners.resend registry.cutover"
            " supervision.direct settlement.read settlement.make settlement.check ledger.read-bank-file"
            " uses.close-refusal uses.decide-conflict allowances.confirm-rates allowances.take-over"
            " allowances.simulate",
        ),
        _role(
            "privacy-officer",
            "个人信息保护",
            f"{_READ} registry.handle-rights registry.decide-rights registry.read-restricted"
            " desk.read-assessments",
        ),
        _role(
            "bureau-leader",
            "局领导",
            f"{_READ} insight.read settlement.read settlement.release"
            " ledger.read-payments ledger.release-payments allowances.read allowances.release"
            " allowances.simulate insurance.read",
        ),
        _role(
            "policy-officer",
            "政策法规",
            f"{_READ} policy.adopt policy.confirm supervision.read allowances.confirm-rates"
            " allowances.simulate",
        ),
        _role("system-admin", "系统管理员", "desk.open system.configure", SYSTEM),
        _role(
            "security-admin",
            "安全管理员",
            "desk.open access.manage-accounts desk.read-assessments",
            SECURITY,
        ),
        _role(
            "audit-admin",
            "审计管理员",
            "desk.open audit.read audit.verify supervision.read settlement.read ledger.read",
            AUDIT,
        ),
    )
}
PERMISSIONS: frozenset[str] = frozenset().union(*(role.permissions for role in ROLES.values()))


@dataclass(frozen=True, slots=True)
class Scope:
    """An inclusive range of 12-digit division codes."""

    lo: int
    hi: int

    def contains(self, division: int) -> bool:
        """Whether a division lies inside."""
        return self.lo <= division <= self.hi


NOWHERE = Scope(0, -1)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, in which capacity: one account with one of its grants. Plain values only."""

    account: UUID
    login: str
    name: str
    kind: str
    role: str
    role_label: str
    division: int
    division_label: str
    scope: Scope
    permissions: frozenset[str] = field(default_factory=frozenset)
    # For whom a citizen acts; whether a mandate lets them, the database finds out.
    acting_for: UUID | None = None

    @property
    def text(self) -> str:
        """How the evidence chain names this actor."""
        return f"{self.kind}:{self.login}"

    def may(self, permission: str) -> bool:
        """Deny by default: only what the role lists."""
        return permission in self.permissions


def scope_of(division: int) -> Scope:
    """The range a division code spans (990102000000 → 990102000000 to 990102999999). Raises Unfit."""
    code = DivisionCode(division)
    return Scope(code.lo, code.hi)


# --- login names (ID-01) ------------------------------------------------------------------------------------

LOGIN_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"


def login_name(typed: str) -> str:
    """The one spelling of a login name: another spelling is no second account and no second counter."""
    return typed.strip().lower()


def is_login_name(name: str) -> bool:
    """Whether an account may be called so: small Latin letters, digits, dot, dash, underscore."""
    return re.fullmatch(LOGIN_NAME, name, re.ASCII) is not None and "\n" not in name


# --- sessions (SE-02) and idle accounts (AC-06) -------------------------------------------------------------

SessionEnd = Literal["idle", "too-long"]


@dataclass(frozen=True, slots=True)
class SessionLimit:
    """How long a session may rest, and how long it may live in all."""

    idle: timedelta
    absolute: timedelta


def session_end(
    *, started: datetime, seen: datetime, now: datetime, limit: SessionLimit
) -> SessionEnd | None:
    """Why the session is over; None while it holds. Exactly at a limit it still holds."""
    if now - seen > limit.idle:
        return "idle"
    return "too-long" if now - started > limit.absolute else None


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """等保 8.1.4.2 c: a staff account nobody has used for so long is closed; 90 days is assessors' custom."""

    close_after: timedelta = timedelta(days=90)


# --- passwords: staff follow 等保 (ID-02), citizens follow ASVS (ID-03) ------------------------------------


@dataclass(frozen=True, slots=True)
class StaffPolicy:
    """等保 8.1.4.1 a; the numbers are assessors' custom, so they are values and not constants in the code."""

    shortest: int = 12
    classes: int = 3
    history: int = 5
    change_after: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class CitizenPolicy:
    """ASVS 6.2: length only, any characters, no forced change, nothing that is on everybody's list."""

    shortest: int = 8
    longest: int = 256


def staff_password_faults(
    password: str, *, policy: StaffPolicy, login: str, was_used: Callable[[str], bool]
) -> list[str]:
    """What is wrong with a staff password, as sentences; empty when it may be used."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    present = sum(any(kind(c) for c in password) for kind in kinds)
    faults: list[str] = []
    if len(password) < policy.shortest:
        faults.append(
            worded(
                "密码至少 {shortest} 位，现在是 {count} 位。", shortest=policy.shortest, count=len(password)
            )
        )
    if present < policy.classes:
        faults.append(
            worded(
                "大写字母、小写字母、数字、符号至少要有 {classes} 种，现在有 {present} 种。",
                classes=policy.classes,
                present=present,
            )
        )
    if login and login in password.lower():
        faults.append(translatable("密码里不能带登录名。"))
    if not faults and was_used(password):
        faults.append(worded("不能用最近 {history} 次用过的密码。", history=policy.history))
    return faults


def citizen_password_faults(
    password: str, *, policy: CitizenPolicy, common: Container[str], context: Container[str]
) -> list[str]:
    """What is wrong with a citizen's password; spaces and any characters are welcome, nothing is cut off.

    `common` and `context` hold small letters; a word of theirs with digits hung on is no better.
    """
    lowered = password.lower()
    guesses = {lowered, lowered.rstrip("0123456789!@#.")}
    faults: list[str] = []
    if len(password) < policy.shortest:
        faults.append(
            worded(
                "密码至少 {shortest} 位，现在是 {count} 位。可以用一句您记得住的话。",
                shortest=policy.shortest,
                count=len(password),
            )
        )
    if len(password) > policy.longest:
        faults.append(worded("密码最多 {longest} 位。", longest=policy.longest))
    if any(guess in common or guess in context for guess in guesses):
        faults.append(translatable("这个密码很多人在用，容易被猜到。请换一个。"))
    return faults


def must_change_password(
    *, changed_at: datetime, is_temporary: bool, now: datetime, policy: StaffPolicy, has_stronger_factor: bool
) -> bool:
    """Whether a staff password has to be changed before anything else.

    One that somebody else has set always; an old one unless a passkey makes it unimportant (ID-02).
    """
    is_old = now - changed_at > policy.change_after
    return is_temporary or (is_old and not has_stronger_factor)
