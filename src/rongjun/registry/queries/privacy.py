"""Reads of notices shown, consents, requests, restrictions and lists taken out, in the asker's scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.timezone import localtime

from rongjun.registry.assessments import processings
from rongjun.registry.models import (
    Consent,
    ExportRequest,
    LegalHold,
    NoticeReceipt,
    Particulars,
    Restriction,
    RightsRequest,
)
from rongjun.registry.notices import notice_book
from rongjun.registry.queries.merged import all_files_of, as_kept, kept_file
from rongjun.registry.rights import KINDS, SAID_BY, STATES, is_child, is_overdue, may_ask_again
from rongjun.rules import asking


@dataclass(frozen=True, slots=True)
class Sharing:
    """Whether something may be handed on, by which law, and why not."""

    allowed: bool
    basis: str
    why_not: str = ""

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """What a person has said to one purpose and one recipient. `state`: none, given, declined, withdrawn."""

    purpose: str
    purpose_title: str
    recipient: str
    recipient_title: str
    state: str
    at: datetime | None
    is_noticed: bool
    may_ask: bool
    notice: str


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice and when a person was last shown its wording of today; None when not."""

    code: str
    title: str
    shown_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request."""

    id: UUID
    person: UUID
    kind: str
    kind_label: str
    asked_by: str
    proof: str
    wish: str
    received_at: datetime
    due_on: date
    overdue: bool
    state: str
    state_label: str
    answer: str
    decided_at: datetime | None
    decided_by: str
    fact: str  # the fact that is contested; "" for all other requests


@dataclass(frozen=True, slots=True)
class RestrictionLine:
    """A restriction in force."""

    kind: str
    reason: str
    since: datetime
    restricted_by: str


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One list asked for."""

    id: UUID
    sought: str
    people: int
    reason: str
    requested_at: datetime
    requested_by: str
    division: int
    state: str
    decided_at: datetime | None
    decided_by: str
    decision: str
    open_until: datetime | None
    taken_at: datetime | None

    @property
    def number(self) -> str:
        """By what the sheet and the evidence name it."""
        return export_number(self.id)


def export_number(request: UUID) -> str:
    """The number on a watermark."""
    return request.hex[:8].upper()


# --- restriction --------------------------------------------------------------------------------------------

# Jobs go on: what is paid is paid by law. Everybody else needs the named permission.
_CLOSED = """
    select distinct asked from unnest(%s::uuid[]) asked,
           registry_files_of(registry_root_of(asked, 'infinity'), 'infinity') file
    join registry_restriction on person_id = file
    where lifted_at is null
      and current_setting('role') <> 'app_batch'
      and not coalesce('registry.read-restricted'
                       = any (string_to_array(current_setting('app.permissions', true), ' ')), false)
"""


def closed_among(people: Iterable[UUID]) -> frozenset[UUID]:
    """Those of whom any file is restricted for whoever asks; one query for any number."""
    asked = list(people)
    if not asked:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_CLOSED, [asked])
        return frozenset(person for (person,) in cursor.fetchall())


def is_closed(person: UUID) -> bool:
    """Whether this file is restricted for whoever asks."""
    return bool(closed_among([person]))


def restricted_people() -> set[UUID]:
    """Every kept file in scope of a person under a restriction, whoever asks."""
    held = Restriction.objects.filter(lifted_at=None).values_list("person_id", flat=True)
    return set(as_kept(list(held)))


def restriction_of(person: UUID) -> RestrictionLine | None:
    """The restriction in force on a person, whoever asks."""
    row = Restriction.objects.filter(person_id__in=all_files_of(person), lifted_at=None).first()
    return RestrictionLine(row.kind, row.reason, row.since, row.restricted_by) if row else None


# --- what is kept back at the end of its retention ----------------------------------------------------------

# Every file of a person of whom any file is under a legal hold, a restriction or an open request.
_KEPT_BACK = """
    with kept_back as (
        select distinct file
        from (select person_id from registry_legalhold where lifted_at is null
              union select person_id from registry_restriction where lifted_at is null
              union select person_id from registry_rightsrequest where state = 'open') held,
             registry_files_of(registry_root_of(person_id, 'infinity'), 'infinity') file
    )
    select 'person:' || file from kept_back
    union select 'item:' || item_id from registry_feedcandidate
    where state = 'open' or person_id in (select file from kept_back)
"""


def kept_back() -> frozenset[str]:
    """What no retention may remove: `person:<uuid>`, and `item:<id>` for a partner's line about such a person
    or one nobody has decided on."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT_BACK)
        return frozenset(about for (about,) in cursor.fetchall())


def legal_hold_of(person: UUID) -> RestrictionLine | None:
    """The legal hold in force on a person: its reason, and the document as its kind."""
    row = LegalHold.objects.filter(person_id__in=all_files_of(person), lifted_at=None).first()
    return RestrictionLine(row.document, row.reason, row.since, row.held_by) if row else None


# --- notices and consents -----------------------------------------------------------------------------------


def is_noticed(person: UUID, notice: str, *, on: date) -> bool:
    """Whether the person was shown the wording that is in force on a day, and not another."""
    wording = notice_book().notices[notice].in_force(on)
    if wording is None:
        return False
    shown = NoticeReceipt.objects.filter(
        person_id__in=all_files_of(person), notice=notice, version=wording.since
    )
    return any(bytes(row.text_digest) == wording.digest for row in shown)


def notices_for(person: UUID, *, on: date) -> list[NoticeLine]:
    """Every notice, and when the person was shown today's wording."""
    shown = list(NoticeReceipt.objects.filter(person_id__in=all_files_of(person)).order_by("shown_at"))
    lines = []
    for notice in notice_book().notices.values():
        wording = notice.in_force(on)
        at = [
            row.shown_at
            for row in shown
            if wording and row.notice == notice.code and bytes(row.text_digest) == wording.digest
        ]
        lines.append(NoticeLine(notice.code, notice.title, at[-1] if at else None))
    return lines


def standing(on: date) -> Q:
    """Assertions that hold on a day, as known now."""
    return Q(superseded_at=None, valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gt=on))


def is_under_age(person: UUID, *, on: date) -> bool:
    """Whether the person is under 14 on a day (PIPL 31); somebody of unknown age is not taken for a child."""
    told = Particulars.objects.filter(standing(on), person_id__in=all_files_of(person))
    born = told.exclude(birth_date=None).values_list("birth_date", flat=True).first()
    return born is not None and is_child(born, on=on)


def may_share(person: UUID, *, recipient: str, purpose: str, at: datetime) -> Sharing:
    """Whether a person's data may be handed to a recipient for a purpose at a moment; no rule means no.

    Nothing is shared before its processing has been assessed (PIPL 55).
    What the law charges us with needs no consent and names its basis; all else needs the person's own yes to
    this purpose and this recipient. A withdrawal holds from its own moment on.
    """
    told = notice_book().purposes.get(purpose)
    if told is None or recipient not in told.recipients:
        return Sharing(False, "", "没有登记过这个目的或这个接收方")
    if processings()[told.assessment].in_force(localtime(at).date()) is None:
        return Sharing(False, told.basis, "这项处理还没有生效的个人信息保护影响评估")
    if not told.needs_consent:
        return Sharing(True, told.basis)
    yes = Consent.objects.filter(person_id__in=all_files_of(person), given=True, answered_at__lte=at)
    rows = yes.filter(purpose=purpose, recipient=recipient)
    yes_now = [row for row in rows if row.withdrawn_at is None or row.withdrawn_at > at]
    if not yes_now:
        return Sharing(False, told.basis, "本人没有单独同意，或已撤回")
    is_guarded = any(row.guardian for row in yes_now)
    if not is_guarded and is_under_age(person, on=localtime(at).date()):
        return Sharing(False, told.basis, "本人不满十四周岁，监护人没有同意")
    return Sharing(True, told.basis)


def consents_of(person: UUID, *, now: datetime, on: date, quiet_days: int) -> list[ConsentLine]:
    """Every optional purpose with every recipient, and what the person has said last; at first nothing."""
    book, said = notice_book(), {}
    for row in Consent.objects.filter(person_id__in=all_files_of(person)).order_by("answered_at", "id"):
        said[row.purpose, row.recipient] = row
    noticed = {line.code for line in notices_for(person, on=on) if line.shown_at}
    return [
        _consent_line(
            said.get((purpose.code, recipient)),
            purpose.code,
            recipient,
            noticed=purpose.notice in noticed,
            now=now,
            quiet_days=quiet_days,
        )
        for purpose in book.purposes.values()
        if purpose.needs_consent
        for recipient in purpose.recipients
    ]


def _consent_line(
    row: Consent | None, purpose: str, recipient: str, *, noticed: bool, now: datetime, quiet_days: int
) -> ConsentLine:
    book = notice_book()
    state, at = "none", None
    if row is not None:
        withdrawn = row.withdrawn_at is not None
        state = "withdrawn" if withdrawn else "given" if row.given else "declined"
        at = row.withdrawn_at or row.answered_at
    said_no = at if state in ("declined", "withdrawn") else None
    return ConsentLine(
        purpose=purpose,
        purpose_title=book.purposes[purpose].title,
        recipient=recipient,
        recipient_title=book.recipients[recipient].title,
        state=state,
        at=at,
        is_noticed=noticed,
        may_ask=state != "given" and may_ask_again(said_no, now=now, days=quiet_days),
        notice=book.purposes[purpose].notice,
    )


# --- requests -----------------------------------------------------------------------------------------------


def requests_of(person: UUID, *, today: date) -> list[RequestLine]:
    """A person's requests, newest first."""
    rows = RightsRequest.objects.filter(person_id__in=all_files_of(person)).order_by("-received_at", "id")
    return [_request_line(row, today=today) for row in rows]


def open_requests(*, today: date, limit: int = 200) -> list[RequestLine]:
    """What waits for an answer in scope, the most urgent first."""
    rows = RightsRequest.objects.filter(state="open").order_by("due_on", "received_at")
    return [_request_line(row, today=today) for row in rows[:limit]]


def count_requests(*, today: date) -> tuple[int, int]:
    """How many requests wait in scope, and how many of them are late."""
    dues = list(RightsRequest.objects.filter(state="open").values_list("due_on", flat=True))
    return len(dues), sum(is_overdue(due, today=today) for due in dues)


def request_of(request: UUID, *, today: date) -> RequestLine | None:
    """One request; None out of scope."""
    row = RightsRequest.objects.filter(pk=request).first()
    return _request_line(row, today=today) if row else None


def _request_line(row: RightsRequest, *, today: date) -> RequestLine:
    return RequestLine(
        id=row.id,
        person=row.person_id,
        kind=row.kind,
        kind_label=KINDS[row.kind],
        asked_by=SAID_BY[row.asked_by],
        proof=row.proof,
        wish=row.wish,
        received_at=row.received_at,
        due_on=row.due_on,
        overdue=row.state == "open" and is_overdue(row.due_on, today=today),
        state=row.state,
        state_label=STATES[row.state],
        answer=row.answer,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        fact=row.fact,
    )


def contests_of(person: UUID, *, today: date) -> dict[str, RequestLine]:
    """What is contested of a person and not yet answered, by fact."""
    rows = RightsRequest.objects.filter(person_id__in=all_files_of(person), state="open").exclude(fact="")
    return {row.fact: _request_line(row, today=today) for row in rows}


def reads_as_before(contest: RightsRequest, *, now: datetime) -> bool:
    """Whether the contested fact reads on its day as it did when it was contested."""
    assert contest.fact_on is not None
    told: list[Any] = []
    for at in (contest.received_at, now):
        asked: dict[str, Any] = {
            "on": contest.fact_on,
            "known_at": at,
            "person": kept_file(contest.person_id),
        }
        own = asking.facts_of_many([contest.fact], **asked)
        told.append((own.rows(), asking.relations_of_many([contest.fact], **asked).rows()))
    return bool(told[0] == told[1])


# --- lists taken out ----------------------------------------------------------------------------------------


def exports(*, limit: int = 100) -> list[ExportLine]:
    """The newest lists asked for in scope."""
    return [_export_line(row) for row in ExportRequest.objects.order_by("-requested_at", "id")[:limit]]


def _export_line(row: ExportRequest) -> ExportLine:
    return ExportLine(
        id=row.id,
        sought=row.sought,
        people=row.people,
        reason=row.reason,
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        division=row.division,
        state=row.state,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decision=row.decision,
        open_until=row.open_until,
        taken_at=row.taken_at,
    )
