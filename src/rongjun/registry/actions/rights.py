"""What a person may ask of us: received, answered, refused with a reason; restrictions and their end."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel import outcomes
from rongjun.kernel.errors import Refused
from rongjun.registry.actions.consents import withdraw_everything
from rongjun.registry.actions.saying import hold, note
from rongjun.registry.logic import CONTESTABLE
from rongjun.registry.models import LegalHold, Person, Restriction, RightsRequest
from rongjun.registry.queries.kin import is_dead, kin_of
from rongjun.registry.queries.merged import all_files_of
from rongjun.registry.queries.privacy import reads_as_before
from rongjun.registry.rights import ASKED_BY, KINDS, NEEDS_WISH, RESTRICTED, RESTRICTS, SAID_BY, due_on


def receive_request(
    person: UUID,
    *,
    kind: str,
    asked_by: str,
    kin: str = "",
    proof: str = "",
    wish: str = "",
    days: int,
    by: Actor,
    now: datetime,
    today: date,
) -> UUID:
    """Take a request in, to be answered within `days`; the person's station owns it until then.

    A withdrawal of all consents holds at once and is answered by that. Refused("registry.no-such-file"),
    "registry.rights-unclear" for an unknown kind or asker or without saying what is meant,
    "registry.rights-proof-missing" for whoever asks for another without naming documents,
    "registry.no-numbers-here" when a text could hold somebody's number; for next of kin
    "registry.rights-not-dead" without a death on file, "registry.rights-no-kin" when `kin` (`HeldKin.key`) is
    nobody who is on file as such.
    """
    proof, wish = proof.strip(), wish.strip()
    if kind not in KINDS or asked_by not in ASKED_BY or (kind in NEEDS_WISH and not wish):
        raise Refused("registry.rights-unclear")
    if asked_by != "self" and not proof:
        raise Refused("registry.rights-proof-missing")
    _refuse_numbers(proof, wish)
    with transaction.atomic():
        row = hold(person, though_restricted=True)
        if asked_by == "kin":
            _refuse_no_kin(row, kin, on=today)
        said = {
            "kind": kind,
            "asked_by": asked_by,
            "kin": kin if asked_by == "kin" else "",
            "proof": proof,
            "wish": wish,
        }
        request = _receive(row, due=due_on(today, days=days), by=by, now=now, **said)
        if kind == "withdraw":
            count = withdraw_everything(row, how="window", by=by, now=now)
            _close(request, row, state="done", answer=f"已撤回 {count} 项同意，马上生效。", by=by, now=now)
    return request.id


def contest_fact(
    person: UUID,
    *,
    fact: str,
    on: date,
    wrong: str,
    said_by: str,
    proof: str = "",
    days: int,
    by: Actor,
    now: datetime,
    today: date,
) -> UUID:
    """异议: somebody says that a fact, as it is told for a day, is wrong. It stands until it is answered.

    A request for correction like others: the station's, due in `days`. `wrong` says what is wrong and how it
    is, `proof` names the evidence; whoever speaks for another, and the office, must name some.
    Refused("registry.no-such-file"), "registry.contest-unclear" for a fact that is not ours, an unknown
    speaker or no words, "registry.contest-open" while the fact is contested already,
    "registry.contest-proof-missing", "registry.no-numbers-here".
    """
    wrong, proof = wrong.strip(), proof.strip()
    if fact not in CONTESTABLE or said_by not in SAID_BY or not 2 <= len(wrong) <= 500:
        raise Refused("registry.contest-unclear")
    if (said_by != "self" and not proof) or len(proof) > 200:
        raise Refused("registry.contest-proof-missing")
    _refuse_numbers(proof, wrong)
    with transaction.atomic():
        # Two who contest one fact take turns at the person; the later sees that it is contested.
        row = hold(person, though_restricted=True)
        waiting = RightsRequest.objects.filter(person_id__in=all_files_of(row.pk), fact=fact, state="open")
        if waiting.exists():
            raise Refused("registry.contest-open")
        said = {"kind": "correct", "asked_by": said_by, "proof": proof, "wish": wrong}
        due = due_on(today, days=days)
        request = _receive(row, due=due, by=by, now=now, fact=fact, fact_on=on, **said)
    return request.id


def answer_request(request: UUID, *, answer: str, by: Actor, now: datetime) -> None:
    """Grant a request. Granting a restriction or a deletion restricts the file from this moment on.

    Refused("registry.rights-closed") when it is not there or was decided before, "registry.rights-no-words"
    without an answer, "registry.rights-above" when the actor may not decide on this kind,
    "registry.contest-unchanged" for a contested fact that still reads as it did.
    """
    with transaction.atomic():
        row, person = _open(request, answer)
        if row.fact and reads_as_before(row, now=now):
            raise Refused("registry.contest-unchanged")
        if row.kind in RESTRICTS:
            _refuse_below(by)
            _restrict(person, kind=RESTRICTS[row.kind], request=row, by=by, now=now)
        _close(row, person, state="done", answer=answer.strip(), by=by, now=now)


def refuse_request(request: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Refuse a request, with the reason the person is told. Refused as in `answer_request`."""
    with transaction.atomic():
        row, person = _open(request, reason)
        _refuse_below(by)
        _close(row, person, state="refused", answer=reason.strip(), by=by, now=now)


def lift_restriction(person: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """End a restriction. Refused("registry.not-restricted"), "registry.rights-no-words", "-above"."""
    if not reason.strip():
        raise Refused("registry.rights-no-words")
    _refuse_numbers(reason)
    with transaction.atomic():
        row = hold(person, though_restricted=True)
        _refuse_below(by)
        held = Restriction.objects.filter(person_id__in=all_files_of(row.pk), lifted_at=None)
        if not held.update(lifted_at=now, lifted_by=by.text, lifted_reason=reason.strip()):
            raise Refused("registry.not-restricted")
        note("registry.restriction-lifted", row, by=by, now=now, detail={})


def _receive(person: Person, *, due: date, by: Actor, now: datetime, **said: object) -> RightsRequest:
    """Keep the request; the person's station owns it until it is answered."""
    request = RightsRequest.objects.create(
        person=person,
        division=person.division,
        received_at=now,
        received_by=by.text,
        due_on=due,
        **said,
    )
    note("registry.rights-received", person, by=by, now=now, detail=_detail(request))
    return request


def _refuse_no_kin(row: Person, kin: str, *, on: date) -> None:
    if not is_dead(row.pk):
        raise Refused("registry.rights-not-dead")
    if kin not in {each.key for each in kin_of(row.pk, on=on)}:
        raise Refused("registry.rights-no-kin")


def hold_for_law(person: UUID, *, reason: str, document: str, by: Actor, now: datetime) -> None:
    """Keep everything about the person beyond its retention, by a document that says so.

    Refused("registry.rights-no-words") without reason or document, "registry.legal-hold-stands",
    "registry.rights-above".
    """
    reason, document = reason.strip(), document.strip()
    if not reason or not document:
        raise Refused("registry.rights-no-words")
    _refuse_numbers(reason, document)
    with transaction.atomic():
        row = hold(person, though_restricted=True)
        _refuse_below(by)
        if _holds(row).exists():
            raise Refused("registry.legal-hold-stands")
        LegalHold.objects.create(
            person=row, division=row.division, reason=reason, document=document, since=now, held_by=by.text
        )
        note("registry.legal-hold-placed", row, by=by, now=now, detail={"document": document})


def lift_legal_hold(person: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """End a legal hold. Refused("registry.no-legal-hold"), "registry.rights-no-words", "-above"."""
    if not reason.strip():
        raise Refused("registry.rights-no-words")
    _refuse_numbers(reason)
    with transaction.atomic():
        row = hold(person, though_restricted=True)
        _refuse_below(by)
        if not _holds(row).update(lifted_at=now, lifted_by=by.text, lifted_reason=reason.strip()):
            raise Refused("registry.no-legal-hold")
        note("registry.legal-hold-lifted", row, by=by, now=now, detail={})


def _holds(person: Person) -> QuerySet[LegalHold]:
    return LegalHold.objects.filter(person_id__in=all_files_of(person.pk), lifted_at=None)


def _restrict(person: Person, *, kind: str, request: RightsRequest, by: Actor, now: datetime) -> None:
    if Restriction.objects.filter(person_id__in=all_files_of(person.pk), lifted_at=None).exists():
        return
    Restriction.objects.create(
        person=person,
        division=person.division,
        kind=kind,
        reason=RESTRICTED[kind],
        request=request,
        since=now,
        restricted_by=by.text,
    )
    note("registry.person-restricted", person, by=by, now=now, detail={"kind": kind})


def _open(request: UUID, words: str) -> tuple[RightsRequest, Person]:
    if not words.strip():
        raise Refused("registry.rights-no-words")
    _refuse_numbers(words)
    # Two who decide at once take turns; the later finds it closed.
    row = RightsRequest.objects.select_for_update().filter(pk=request, state="open").first()
    if row is None:
        raise Refused("registry.rights-closed")
    return row, hold(row.person_id, though_restricted=True)


def _close(
    request: RightsRequest, person: Person, *, state: str, answer: str, by: Actor, now: datetime
) -> None:
    closed = {"state": state, "answer": answer, "decided_at": now, "decided_by": by.text}
    RightsRequest.objects.filter(pk=request.pk).update(**closed)
    event = "registry.rights-answered" if state == "done" else "registry.rights-refused"
    note(event, person, by=by, now=now, detail=_detail(request))
    if request.asked_by != "kin":  # who asks as kin asks of the dead
        outcomes.call(
            "registry.request-answered",
            person=person.pk,
            division=person.division,
            request=str(request.pk),
            asked=KINDS[request.kind],
            answer=answer,
            is_done=state == "done",
            reads=[request.fact] if request.fact else [],
            now=now,
        )


def _detail(request: RightsRequest) -> dict[str, str]:
    told = {"request": str(request.pk), "kind": request.kind, "asked_by": request.asked_by}
    return told | ({"fact": request.fact} if request.fact else {})


def _refuse_below(by: Actor) -> None:
    if not by.may("registry.decide-rights"):
        raise Refused("registry.rights-above")


def _refuse_numbers(*texts: str) -> None:
    if any(audit.looks_personal(text) for text in texts):
        raise Refused("registry.no-numbers-here")
