"""结算单收下并判定: one record of a hospital, from the message to the decision, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from rongjun.audit import api as audit
from rongjun.insurance.actions.deciding import hold_member, hold_members, record_decisions, state_after
from rongjun.insurance.cover import Facts
from rongjun.insurance.incoming import Incoming, amounts_of, diagnosis_mask
from rongjun.insurance.logic import records
from rongjun.insurance.logic.bills import Bill
from rongjun.insurance.logic.reasons import Standing, holding
from rongjun.insurance.logic.years import NoTerms, take
from rongjun.insurance.models import ClaimDecision, Member, Settlement
from rongjun.insurance.queries.histories import SEAL, bill_of, history_of, place_of, refund_of
from rongjun.insurance.queries.plans import known_of, plan_file
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import DocumentType
from rongjun.places import api as places
from rongjun.registry import api as registry

_SAID = 500
# How long after a bill came a late registration still decides it by itself (待局方确认).
LATE = timedelta(days=90)
_OF_FACTS = (
    "not-covered",
    "status-ended",
    "cover-unknown",
    "dead-before-discharge",
    "unknown-institution",
)
_DIGEST = "insurance-message"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message; amounts in fen are of what was decided now."""

    settlement: UUID
    state: str
    why: str
    said: str
    post: int
    waits: bool


def take_message(message: Incoming, *, channel: str, partner: str, by: str, now: datetime) -> Taken:
    """Take one record in and decide it; the same message again gets the same answer.

    Refused("insurance.msgid-reused") when another content came under this message id. The person's row as
    a member is held from before anything is looked at until the decision is kept.
    """
    digest = audit.keys().index(_DIGEST, _content(message))
    with transaction.atomic():
        held = registry.holder_of(DocumentType.RESIDENT_ID, message.number.number)
        member = (
            hold_member(held.person, division=held.division, plan=plan_file().plan.code, now=now)
            if held
            else None
        )
        row, is_new = _keep(message, member, digest=digest, channel=channel, partner=partner, now=now)
        if not is_new:
            if bytes(row.digest) != digest:
                raise Refused("insurance.msgid-reused", msgid=message.msgid)
            return told_of(row)
        if row.state in records.SET_ASIDE:
            return told_of(row)
        if member is None:
            _put(row, records.WAITING, "person-unknown", "登记库里没有这个人，等建档。", now=now)
            return told_of(row)
        decide_record(member, row, by=by, now=now)
    return told_of(row)


def told_of(row: Settlement) -> Taken:
    """How a record stands."""
    made = list(ClaimDecision.objects.filter(settlement=row).values_list("post", "waits"))
    return Taken(
        row.id, row.state, row.why, row.said, sum(post for post, _ in made), any(waits for _, waits in made)
    )


def decide_record(member: Member, row: Settlement, *, by: str, now: datetime) -> None:
    """Decide a record that is kept already, for the member whose row the caller holds."""
    found = plan_file()
    history = history_of(member, plan=found.plan, without=row.id)
    record = bill_of(row) if row.kind == records.SETTLEMENT else refund_of(row)
    standing: Standing | None = None
    facts: Facts = {}
    try:
        if isinstance(record, Bill):
            if found.plan.terms(on=record.discharged_on) is None:
                raise NoTerms(record.discharged_on)
            standing, facts = known_of(member.person_id, record, known_at=now)
        after, decisions = take(history, record, plan=found.plan, standing=partial(_standing, standing))
    except NoTerms as error:
        row.standing = ""
        _put(row, records.WAITING, "no-terms", str(error), now=now)
        return
    ref = record.ref if isinstance(record, Bill) else record.of
    known = bool(after.claims[ref].records)
    assert known or not isinstance(record, Bill)
    state, why, said = state_after(decisions)
    _put(row, state, why, said, now=now)
    record_decisions(member, row, decisions, before=history, after=after, facts=facts, by=by, now=now)
    if isinstance(record, Bill):
        _end_waiting_refunds(member, row, now=now)


def _standing(found: Standing | None, _: Bill) -> Standing:
    assert found is not None
    return found


def _end_waiting_refunds(member: Member, row: Settlement, *, now: datetime) -> None:
    """Refunds that came before this settlement have met it."""
    Settlement.objects.filter(
        member=member,
        kind=records.REFUND,
        institution=row.institution,
        of_number=row.number,
        state=records.WAITING,
    ).update(state=records.DECIDED, why="already-refunded", said="结算单到了，两相抵消。", decided_at=now)


def match_waiting(*, most: int, by: str, now: datetime) -> int:
    """Decide records whose person has got a file since; returns how many were."""
    plan, found = plan_file().plan.code, []
    with transaction.atomic():
        rows = Settlement.objects.select_for_update(skip_locked=True).filter(
            state=records.WAITING, why="person-unknown"
        )
        for row in rows.order_by("received_at", "id")[:most]:
            number = audit.keys().open(SEAL, bytes(row.number_sealed), place_of(row.id, "number")).decode()
            held = registry.holder_of(DocumentType.RESIDENT_ID, number)
            if held is not None:
                found.append((row, held))
        hold_members([(held.person, held.division) for _, held in found], plan=plan, now=now)
        for row, held in found:
            member = hold_member(held.person, division=held.division, plan=plan, now=now)
            row.person_id, row.division, row.member = held.person, held.division, member
            row.standing = "sound"
            row.save(update_fields=["person", "division", "member", "standing"])
            decide_record(member, row, by=by, now=now)
    return len(found)


def look_again(*, most: int, by: str, now: datetime) -> int:
    """Decide bills anew that were held for a fact of the person or the hospital that reads otherwise now.

    The window is LATE from the moment a bill came. Nothing is refused here: what still stands against a bill
    goes on waiting for a person. Returns how many are no longer held.
    """
    held = Settlement.objects.filter(
        state=records.REVIEW, standing="held", why__in=_OF_FACTS, received_at__gte=now - LATE
    )
    with transaction.atomic():
        rows = list(held.order_by("received_at", "id")[:most])
        people = [(row.person_id, row.division) for row in rows if row.person_id is not None]
        hold_members(people, plan=plan_file().plan.code, now=now)
        return sum(_decided_again(row, by=by, now=now) for row in rows)


def _decided_again(row: Settlement, *, by: str, now: datetime) -> bool:
    """Whether nothing stands against a held bill any more, and it was decided. Its member is held."""
    row.refresh_from_db()
    if row.state != records.REVIEW or row.standing != "held":
        return False
    assert row.member_id is not None, "what is held is somebody's"
    member, bill = Member.objects.get(pk=row.member_id), bill_of(row)
    terms = plan_file().plan.terms(on=bill.discharged_on)
    standing, _ = known_of(member.person_id, bill, known_at=now)
    if terms is None or holding(bill, standing=standing, terms=terms):
        return False
    decide_record(member, row, by=by, now=now)
    return True


# --- keeping the record -------------------------------------------------------------------------------------


def _content(message: Incoming) -> bytes:
    # Not the moment: a hospital whose clock was set sends the same record with another one.
    return f"{message.number.number}|{message.record!r}".encode()


def _keep(
    message: Incoming,
    member: Member | None,
    *,
    digest: bytes,
    channel: str,
    partner: str,
    now: datetime,
) -> tuple[Settlement, bool]:
    """The record's row, and whether it is new; one whose number is another's is kept as a conflict."""
    earlier = Settlement.objects.filter(partner=partner, msgid=message.msgid).first()
    if earlier is not None:
        return earlier, False
    row = _row(message, member, digest=digest, channel=channel, partner=partner, now=now)
    known = _under_this_number(row)
    if known is not None:
        _compare(row, known)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        # Somebody was first a moment ago.
        if "insurance_settlement_msgid" in str(error):
            return Settlement.objects.get(partner=partner, msgid=message.msgid), False
        if "insurance_settlement_once" not in str(error):
            raise
        known = _under_this_number(row)
        assert known is not None
        _compare(row, known)
        row.save(force_insert=True)
    return row, True


def _under_this_number(row: Settlement) -> Settlement | None:
    return (
        Settlement.objects.filter(
            institution=row.institution, number=row.number, version=row.version, kind=row.kind
        )
        .exclude(state__in=records.SET_ASIDE)
        .first()
    )


def _compare(row: Settlement, known: Settlement) -> None:
    """The same content of the same person is a duplicate; anything else is set aside and looked at."""
    row.standing = ""
    if bytes(known.digest) == bytes(row.digest):
        row.state, row.why, row.said = records.DUPLICATE, "duplicate", "已经收到过，内容相同，不再处理。"
        return
    whose = "内容不同" if known.member_id == row.member_id else "是另一个人的"
    row.state, row.why = records.CONFLICT, "conflict"
    row.said = f"结算单 {row.number} 已经收到过，{whose}：保留先收到的，请核对。"


def _row(
    message: Incoming,
    member: Member | None,
    *,
    digest: bytes,
    channel: str,
    partner: str,
    now: datetime,
) -> Settlement:
    record, known_as, keys = message.record, uuid4(), audit.keys()
    row = Settlement(
        id=known_as,
        division=member.division if member else places.city().code,
        person_id=member.person_id if member else None,
        member=member,
        kind=message.kind,
        channel=channel,
        partner=partner,
        msgid=message.msgid,
        digest=digest,
        institution=record.ref.institution,
        number=record.ref.number,
        total=int(record.total),
        personal=int(record.personal),
        amounts=amounts_of(record),
        number_sealed=keys.seal(SEAL, message.number.number.encode(), place_of(known_as, "number")),
        number_mask=message.number.masked,
        settled_at=message.settled_at,
        received_at=now,
        state=records.WAITING,
        standing="sound" if member else "",
    )
    if not isinstance(record, Bill):
        row.of_number = record.of.number
        return row
    row.version = record.version
    row.admitted_on, row.discharged_on = record.admitted_on, record.discharged_on
    row.care_type, row.care_area = record.care_type, record.care_area or ""
    if record.diagnosis or record.causes:
        said = json.dumps({"diagnosis": record.diagnosis, "causes": list(record.causes)})
        row.diagnosis_sealed = keys.seal(SEAL, said.encode(), place_of(known_as, "diagnosis"))
        row.diagnosis_mask = diagnosis_mask(record.diagnosis)
    return row


def _put(row: Settlement, state: str, why: str, said: str, *, now: datetime) -> None:
    row.state, row.why, row.said = state, why, said[:_SAID]
    row.decided_at = now if state != records.WAITING else None
    row.save(update_fields=["state", "why", "said", "decided_at", "standing"])
