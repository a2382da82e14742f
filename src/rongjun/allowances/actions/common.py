"""What every action here is made of: permissions, words fit to keep, running numbers, notes."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused

PROPOSE, DECIDE = "allowances.propose", "allowances.decide"
RUN, CHECK, RELEASE = "allowances.run", "allowances.check", "allowances.release"
RECOVER = "allowances.recover"
TAKE_OVER = "allowances.take-over"
_SEQUENCES = {
    "award": "allowances_award_number",
    "run": "allowances_run_number",
    "receivable": "allowances_receivable_number",
}


def require(by: Actor, permission: str) -> None:
    """Refused("allowances.may-not") for whoever may not do this."""
    if not by.may(permission):
        raise Refused("allowances.may-not")


def next_number(kind: str) -> int:
    """The next running number of awards, runs or receivables."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(%s)", [_SEQUENCES[kind]])
        return int(cursor.fetchone()[0])


def take_turn(*, shared: bool = False) -> None:
    """Wait until nobody takes over what an old system paid while a run is drawn up; until the end of ours.

    Runs share the turn, a takeover has it alone: a run sees all of it or none.
    """
    suffix = "_shared" if shared else ""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_advisory_xact_lock{suffix}(hashtext('allowances.takeover'))")


def words(text: str, *, least: int = 2, most: int = 200) -> str:
    """Words that may be kept. Refused("allowances.words-missing"), ("allowances.no-numbers")."""
    said = " ".join(text.split())
    if not least <= len(said) <= most:
        raise Refused("allowances.words-missing", least=least, most=most)
    if audit.looks_personal(said):
        raise Refused("allowances.no-numbers")
    return said


def note(event: str, about: str, division: int, *, by: Actor, now: datetime, **detail: str) -> None:
    """One event in the evidence."""
    audit.note(event, by=by.text, role=by.role, about=about, division=division, detail=detail, at=now)
