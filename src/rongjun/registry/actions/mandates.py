"""代办授权: a citizen asks to act for another with a proof; a clerk decides; either ends it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.timezone import get_default_timezone

from rongjun.access.api import CITIZEN, Actor, acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel import outcomes
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.identifiers import DocumentType, IdentityNumber
from rongjun.registry.actions.looking import take_turn
from rongjun.registry.actions.saying import hold
from rongjun.registry.logic.mandates import RELATIONS
from rongjun.registry.models import IdentityDocument, LookUp, Mandate, Person
from rongjun.registry.queries.citizens import InHand
from rongjun.registry.queries.covered import number_index
from rongjun.registry.queries.merged import kept_file

# 待局方确认: how long a mandate may hold at most, and how often one may name somebody in a day.
LONGEST = timedelta(days=366)
MOST_A_DAY = 5


def find_relative(name: str, number: str, *, by: Actor, now: datetime) -> InHand:
    """The person on file with this name and number, whom a helper wants to act for.

    Whether it was the name or the number that did not fit is not told, and after MOST_A_DAY tries a day
    nothing is: Refused("registry.relative-unknown"), "registry.relative-limit".
    """
    with acting_as_job("registry.find-relative"):
        take_turn(by)
        tried = LookUp.objects.filter(by=by.text, at__gt=now - timedelta(days=1)).count()
        found = _on_file(name, number) if tried < MOST_A_DAY else None
        LookUp.objects.create(
            division=by.division, by=by.text, at=now, purpose="代办授权", found=found is not None
        )
        audit.note(
            "registry.relative-sought",
            by=by.text,
            role=by.role,
            result="done" if found else "refused",
            division=by.division,
            at=now,
        )
    if tried >= MOST_A_DAY:
        raise Refused("registry.relative-limit", most=MOST_A_DAY)
    if found is None:
        raise Refused("registry.relative-unknown")
    return found


def _on_file(name: str, typed: str) -> InHand | None:
    try:
        index = number_index(DocumentType.RESIDENT_ID, IdentityNumber.from_text(typed).number)
    except Unfit:
        return None
    document = IdentityDocument.objects.filter(number_index=index, superseded_at=None).first()
    row = Person.objects.filter(pk=kept_file(document.person_id)).first() if document else None
    return InHand(row.id, row.name, row.division) if row and row.name == name.strip() else None


def ask_for_mandate(
    relative: InHand, *, helper: UUID, relation: str, proof: UUID, by: Actor, now: datetime
) -> UUID:
    """Ask to act for somebody, with an upload that shows why.

    Refused("registry.mandate-unclear") for an unknown relation or oneself, "registry.mandate-waiting" while
    the same is not yet decided.
    """
    if relation not in RELATIONS or relative.id == helper:
        raise Refused("registry.mandate-unclear")
    try:
        with transaction.atomic():
            row = Mandate.objects.create(
                person_id=relative.id,
                division=relative.division,
                person_name=relative.name,
                helper_id=helper,
                helper_name=by.name,
                relation=relation,
                proof=proof,
                asked_at=now,
                asked_by=by.text,
            )
    except IntegrityError as error:
        if "mandate_asked_once" in str(error):
            raise Refused("registry.mandate-waiting") from error
        raise
    _note("registry.mandate-asked", row, by=by, now=now)
    return row.id


def grant_mandate(mandate: UUID, *, last_day: date, words: str, by: Actor, now: datetime) -> None:
    """Let the helper act until the end of a day; `words` say what was looked at.

    Refused("registry.mandate-decided") when it is not there or was decided before, "registry.mandate-days"
    for a day that is past or more than a year away, "registry.mandate-no-words".
    """
    ends_at = datetime.combine(last_day + timedelta(days=1), time.min, get_default_timezone())
    if not now < ends_at <= now + LONGEST:
        raise Refused("registry.mandate-days")
    _decide(mandate, state="granted", words=words, ends_at=ends_at, by=by, now=now)


def refuse_mandate(mandate: UUID, *, words: str, by: Actor, now: datetime) -> None:
    """Do not let the helper act, with the reason they are told. Refused as in `grant_mandate`."""
    _decide(mandate, state="refused", words=words, ends_at=None, by=by, now=now)


def end_mandate(mandate: UUID, *, by: Actor, now: datetime) -> None:
    """End a mandate at once; the helper, the person or a clerk may. Refused("registry.mandate-over")."""
    with transaction.atomic():
        row = Mandate.objects.filter(pk=mandate, state="granted", ends_at__gt=now).first()
        # Of two who end at once the second changes nothing; the row need not be held.
        open_ones = Mandate.objects.filter(pk=mandate, state="granted", ends_at__gt=now)
        if row is None or not open_ones.update(ends_at=now, ended_by=by.text):
            raise Refused("registry.mandate-over")
        _note("registry.mandate-ended", row, by=by, now=now)
        if by.kind != CITIZEN:  # who ends it at home has the page of it before them
            _announce(row, "ended", now=now)


def _decide(
    mandate: UUID, *, state: str, words: str, ends_at: datetime | None, by: Actor, now: datetime
) -> None:
    if not words.strip():
        raise Refused("registry.mandate-no-words")
    if audit.looks_personal(words):
        raise Refused("registry.no-numbers-here")
    with transaction.atomic():
        row = Mandate.objects.select_for_update().filter(pk=mandate, state="asked").first()
        if row is None:
            raise Refused("registry.mandate-decided")
        hold(row.person_id)
        row.state, row.decision, row.ends_at = state, words.strip()[:200], ends_at
        row.decided_at, row.decided_by = now, by.text
        row.save(update_fields=["state", "decision", "ends_at", "decided_at", "decided_by"])
        _note(f"registry.mandate-{state}", row, by=by, now=now)
        if state == "granted":
            _announce(row, state, now=now)


def _announce(row: Mandate, change: str, *, now: datetime) -> None:
    outcomes.call(
        "registry.mandate-changed",
        person=row.person_id,
        division=row.division,
        mandate=row.id,
        relation=RELATIONS[row.relation],
        change=change,
        now=now,
    )


def _note(event: str, row: Mandate, *, by: Actor, now: datetime) -> None:
    audit.note(
        event,
        by=by.text,
        role=by.role,
        about=[f"person:{row.person_id}", f"person:{row.helper_id}", f"mandate:{row.id}"],
        division=row.division,
        at=now,
    )
