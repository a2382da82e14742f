"""同号不同内容: two people say which of two contents stands; the later is then taken up as a correction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.insurance.actions.claims import decide_record
from rongjun.insurance.actions.common import fit_words
from rongjun.insurance.actions.deciding import hold_member, hold_members
from rongjun.insurance.logic import records
from rongjun.insurance.logic.standing import (
    ASKED,
    CLOSED,
    LATER,
    PROPOSED,
    SAID,
    SENT_BACK,
    STANDS,
)
from rongjun.insurance.models import Conflict, Settlement
from rongjun.insurance.queries.conflicts import first_of, may_stand
from rongjun.insurance.queries.histories import SEAL, place_of
from rongjun.insurance.queries.plans import plan_file
from rongjun.kernel.errors import Refused

REVIEWS, CHECKS = "insurance.review", "insurance.check"
_LEAST, _MOST = 4, 400


def propose_standing(settlement: UUID, *, answer: str, why: str, by: Actor, now: datetime) -> None:
    """The first person says which content stands, and why; sent back, it may be said anew.

    The later one stands only where both are settlements of one person: what came for somebody else, or as a
    refund, is put right by the hospital. Refused("insurance.may-not-review"), ("insurance.no-such-conflict"),
    ("insurance.conflict-moved-on"), ("insurance.answer-missing"), ("insurance.later-cannot-stand"),
    ("insurance.words-missing"), ("insurance.no-numbers").
    """
    if not by.may(REVIEWS):
        raise Refused("insurance.may-not-review")
    words = fit_words(why, least=_LEAST, most=_MOST)
    with transaction.atomic():
        row = _record(settlement)
        if answer not in STANDS:
            raise Refused("insurance.answer-missing")
        if answer == LATER and not may_stand(row):
            raise Refused("insurance.later-cannot-stand")
        said = Conflict.objects.select_for_update().filter(settlement=row).first()
        if said is not None and said.state != SENT_BACK:
            raise Refused("insurance.conflict-moved-on")
        said = said or Conflict(id=uuid4(), division=row.division, settlement=row)
        is_new = said.state != SENT_BACK
        said.state, said.answer, said.why = PROPOSED, answer, words
        said.proposed_by, said.proposed_name, said.proposed_at = by.text, by.name, now
        said.save(force_insert=is_new, update_fields=None if is_new else _PROPOSAL)
        _note("insurance.conflict-proposed", row, by=by, now=now, answer=answer)


_PROPOSAL = ["state", "answer", "why", "proposed_by", "proposed_name", "proposed_at"]


def check_standing(settlement: UUID, *, agrees: bool, by: Actor, now: datetime) -> None:
    """The second person agrees, and it is closed; or sends it back.

    Refused("insurance.may-not-check"), ("insurance.no-such-conflict"), ("insurance.conflict-moved-on"),
    ("insurance.check-by-two").
    """
    if not by.may(CHECKS):
        raise Refused("insurance.may-not-check")
    with transaction.atomic():
        row = _record(settlement)
        said = Conflict.objects.select_for_update().filter(settlement=row, state=PROPOSED).first()
        if said is None:
            raise Refused("insurance.conflict-moved-on")
        if said.proposed_by == by.text:
            raise Refused("insurance.check-by-two")
        if not agrees:
            Conflict.objects.filter(pk=said.pk).update(state=SENT_BACK)
            _note("insurance.conflict-sent-back", row, by=by, now=now)
            return
        Conflict.objects.filter(pk=said.pk).update(
            state=CLOSED, checked_by=by.text, checked_name=by.name, checked_at=now
        )
        names = f"{said.proposed_name}、{by.name}"
        told = f"{names}核对后定：{STANDS[said.answer]}。{said.why}"
        Settlement.objects.filter(pk=row.pk).update(why=SAID, said=told[:500], decided_at=now)
        _note("insurance.conflict-closed", row, by=by, now=now, answer=said.answer)


def take_standing(*, most: int, by: str, now: datetime) -> int:
    """Take up later contents that two people said stand, each as a correction; returns how many were.

    What a correction takes away waits for a person's name like any other.
    """
    with transaction.atomic():
        rows = Conflict.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state=CLOSED, answer=LATER, taken=None
        )
        chosen = list(rows.select_related("settlement").order_by("checked_at", "id")[:most])
        people = [
            (each.settlement.person_id, each.settlement.division)
            for each in chosen
            if each.settlement.person_id is not None
        ]
        hold_members(people, plan=plan_file().plan.code, now=now)
        for each in chosen:
            _take(each, by=by, now=now)
    return len(chosen)


def _take(said: Conflict, *, by: str, now: datetime) -> None:
    row = said.settlement
    assert row.person_id is not None, "only what is somebody's may stand"
    member = hold_member(row.person_id, division=row.division, plan=plan_file().plan.code, now=now)
    taken = _as_correction(row, now=now)
    taken.save(force_insert=True)
    Conflict.objects.filter(pk=said.pk).update(taken=taken)
    decide_record(member, taken, by=by, now=now)


def _as_correction(row: Settlement, *, now: datetime) -> Settlement:
    """The same content under the next version; what is sealed is sealed anew, for its new place."""
    known_as, keys = uuid4(), audit.keys()
    same = Settlement.objects.filter(institution=row.institution, number=row.number, kind=row.kind)
    newest = same.exclude(state__in=records.SET_ASIDE).aggregate(most=Max("version"))["most"]
    kept = {field.attname: getattr(row, field.attname) for field in Settlement._meta.concrete_fields}

    def sealed(column: str, value: bytes | memoryview[int]) -> bytes:
        opened = keys.open(SEAL, bytes(value), place_of(row.id, column))
        return keys.seal(SEAL, opened, place_of(known_as, column))

    return Settlement(
        **kept
        | {
            "id": known_as,
            "version": (newest or row.version) + 1,
            "channel": "ruled",
            "msgid": f"{row.msgid}-ruled",
            "number_sealed": sealed("number", row.number_sealed),
            "diagnosis_sealed": sealed("diagnosis", row.diagnosis_sealed) if row.diagnosis_sealed else b"",
            "received_at": now,
            "state": records.WAITING,
            "standing": "sound",
            "why": "",
            "said": "",
            "decided_at": None,
        }
    )


def _record(settlement: UUID) -> Settlement:
    row = Settlement.objects.select_for_update().filter(pk=settlement, state=records.CONFLICT).first()
    if row is None or first_of(row) is None:
        raise Refused("insurance.no-such-conflict")
    if row.why != ASKED:
        raise Refused("insurance.conflict-moved-on")
    return row


def _note(event: str, row: Settlement, *, by: Actor, now: datetime, **detail: str) -> None:
    about = [f"settlement:{row.id}", *([f"person:{row.person_id}"] if row.person_id else [])]
    audit.note(event, by=by.text, role=by.role, about=about, division=row.division, detail=detail, at=now)
