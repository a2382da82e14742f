"""What is done with one card: applied for, reviewed, handed over, lost, found, frozen, replaced, ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.cards.actions.opening import new_reference
from rongjun.cards.actions.telling import Told, happened_to, hold, refuse_step, spans_row, tell
from rongjun.cards.actions.writing import insert
from rongjun.cards.kinds import card_book
from rongjun.cards.logic.life import (
    APPLIED,
    HELD,
    LONGEST_HOLD,
    LOST,
    READY,
    REPLACING,
    SHORTEST_HOLD,
    STEPS,
    Standing,
    standing_at,
)
from rongjun.cards.models import Carrier, CarrierProposal
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words
from rongjun.notices import api as notices
from rongjun.registry import api as registry
from rongjun.rules.api import Decision

HANDLE, DECIDE = "cards.handle", "cards.decide"
# What one person with a document may do, and what anybody at a station may.
_BY_DOCUMENT = frozenset({"freeze", "thaw"})
_AT_STATION = frozenset({"lift", "lose", "find", "withdraw"})
LONGEST = 200


# --- from application to the hand ---------------------------------------------------------------------------


def apply_for(
    person: UUID, *, kind: str, category: str = "", decision: Decision | None, by: Actor, now: datetime
) -> int:
    """Take in an application for a card of this kind; the reference of the carrier to be.

    `decision` is what the policy book says of the benefit the kind is had by: Refused("cards.not-entitled")
    when that is not "granted", with the reason unless it is unknown. Refused("cards.no-such-kind"),
    ("cards.has-one") when the person has or is getting one of the family, ("registry.no-such-file"),
    ("registry.restricted"), ("cards.holder-dead").
    """
    _refuse_without(HANDLE, by)
    found = card_book().kinds.get(kind)
    if found is None:
        raise Refused("cards.no-such-kind")
    if decision is None or decision.code != found.entitled_by or decision.verdict != "granted":
        raise Refused("cards.not-entitled", kind=found.label)
    head = registry.head_of(person, known_at=now)
    if head is None:
        raise Refused("registry.no-such-file")
    if head.restricted:
        raise Refused("registry.restricted")
    if registry.died_on([person], known_at=now):
        raise Refused("cards.holder-dead")
    basis = f"{decision.code} {decision.book[:12]}"
    return _open(
        head.id, head.division, kind=kind, category=category, reason="本人申领", basis=basis, by=by, now=now
    )


def _open(
    person: UUID,
    division: int,
    *,
    kind: str,
    category: str,
    reason: str,
    basis: str,
    by: Actor,
    now: datetime,
    replaces: int | None = None,
) -> int:
    row = Carrier(
        reference=new_reference(),
        person_id=person,
        division=division,
        kind=kind,
        family=card_book().kinds[kind].family,
        category=category,
        state=APPLIED,
        replaces_id=replaces,
        opened_at=now,
        opened_by=by.text,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            insert("cards_carrierspans", [spans_row(row, [], now=now)])
            told = Told(row.reference, "apply", now, reason, basis=basis)
            tell([told], held={row.reference: row}, by=by.text, role=by.role, now=now)
    except IntegrityError as error:
        if "carrier_live_once" not in str(error) and "carrier_replaced_once" not in str(error):
            raise
        raise Refused("cards.has-one") from error
    return row.reference


def review(reference: int, *, approved: bool, reason: str, by: Actor, now: datetime) -> None:
    """Record that the application is in order, or refuse it with a reason; by another than took it in.

    Refused("cards.may-not"), ("cards.by-another"), ("cards.reason-missing"), ("cards.not-now").
    """
    _refuse_without(DECIDE, by)
    with transaction.atomic():
        row = hold([reference])[reference]
        if row.opened_by == by.text:
            raise Refused("cards.by-another")
        kind = "approve" if approved else "refuse"
        told = Told(reference, kind, now, _said(reason), decides_over=row.opened_by)
        step(row, told, by=by, now=now)
        if not approved:
            inform(row, "refuse", now=now)


def hand_over(
    reference: int, *, checked: str, receiver: str = "", at_home: bool = False, by: Actor, now: datetime
) -> None:
    """The person has the card now: `checked` says by what the identity was checked.

    `receiver` names who signed for it, if not the holder; `at_home` that it was brought there. The carrier it
    replaces ends. Refused("cards.identity-unchecked"), ("cards.not-now") for one that is lost or frozen too,
    ("cards.holder-dead").
    """
    _refuse_without(HANDLE, by)
    if not checked.strip():
        raise Refused("cards.identity-unchecked")
    with transaction.atomic():
        row = hold([reference])[reference]
        standing = _standing(reference, now)
        if standing.state != READY:
            raise Refused("cards.not-now", state=standing.state)
        if registry.died_on([row.person_id], known_at=now):
            raise Refused("cards.holder-dead")
        signed = receiver.strip() or "本人"
        where = "上门" if at_home else "到站"
        told = Told(
            reference, "hand-over", now, _cut(f"{where}领取，核验：{checked.strip()}，签收：{signed}")
        )
        _tell_one(row, told, by=by, now=now)
        close_replaced(row, by=by.text, role=by.role, now=now)


def close_replaced(row: Carrier, *, by: str, role: str = "", now: datetime) -> None:
    """End the carriers of the family that waited for this one to be handed over."""
    waiting = Carrier.objects.filter(person_id=row.person_id, family=row.family, state=REPLACING)
    old = hold(waiting.values_list("reference", flat=True))
    told = [Told(reference, "close", now, "新证已领") for reference in old]
    tell(told, held=old, by=by, role=role, now=now)


# --- loss and return ----------------------------------------------------------------------------------------


def report_loss(
    reference: int, *, reason: str, days: int | None = None, by: Actor, now: datetime
) -> datetime:
    """Report the card lost for now; the moment at which that lifts itself. The holder may do so online.

    `days` are 5 to 15, the city's usual number if not said. Refused("cards.hold-days"), ("cards.not-now").
    """
    lasts = card_book().hold if days is None else timedelta(days=days)
    if not SHORTEST_HOLD <= lasts <= LONGEST_HOLD:
        raise Refused("cards.hold-days")
    if by.kind != "citizen":
        _refuse_without(HANDLE, by)
    with transaction.atomic():
        row = hold([reference])[reference]
        standing = _standing(reference, now)
        if HELD in standing.marks:
            raise Refused("cards.not-now", state=standing.state)
        step(row, Told(reference, "hold", now, _said(reason), until=now + lasts), by=by, now=now)
        if by.kind != "citizen":  # who reports it themselves reads it on the page
            inform(row, "hold", now=now, until=now + lasts)
    return now + lasts


def take_step(reference: int, kind: str, *, reason: str, basis: str = "", by: Actor, now: datetime) -> None:
    """Lift a loss, report a formal one, take it back, withdraw, freeze or thaw.

    Refused("cards.may-not"), ("cards.document-missing") for a freeze without the court's document,
    ("cards.reason-missing"), ("cards.not-now").
    """
    assert kind in _BY_DOCUMENT | _AT_STATION, kind
    _refuse_without(DECIDE if kind in _BY_DOCUMENT else HANDLE, by)
    if kind in _BY_DOCUMENT and not basis.strip():
        raise Refused("cards.document-missing")
    with transaction.atomic():
        row = hold([reference])[reference]
        if kind == "lose" and LOST in _standing(reference, now).marks:
            raise Refused("cards.not-now", state=LOST)
        step(row, Told(reference, kind, now, _said(reason), basis=basis.strip()), by=by, now=now)
        if kind in TOLD:
            inform(row, kind, now=now)


def accept_replacement(
    reference: int, *, ground: str, kind: str = "", reason: str, by: Actor, now: datetime
) -> int:
    """Take in a replacement: the old card ends now, the new one is reviewed like any; its reference.

    `ground` is one of the city's; `lost` needs a formal loss first. `kind` is another of the family for a
    swap. Refused("cards.no-such-ground"), ("cards.not-lost"), ("cards.frozen"), ("cards.not-now").
    """
    _refuse_without(HANDLE, by)
    book = card_book()
    if ground not in book.replacements:
        raise Refused("cards.no-such-ground")
    with transaction.atomic():
        row = hold([reference])[reference]
        wanted = kind or row.kind
        if wanted not in book.kinds or book.kinds[wanted].family != row.family:
            raise Refused("cards.no-such-kind")
        _refuse_replacing(_standing(reference, now), ground)
        said = _cut(f"{book.replacements[ground].label}：{_said(reason)}")
        step(row, Told(reference, "replace", now, said), by=by, now=now)
        return _open(
            row.person_id,
            row.division,
            kind=wanted,
            category=row.category,
            reason=_cut(f"补换 {said}"),
            basis="",
            by=by,
            now=now,
            replaces=reference,
        )


def _refuse_replacing(standing: Standing, ground: str) -> None:
    if standing.state in ("frozen", "suspended"):
        raise Refused("cards.frozen")
    if ground == "lost" and LOST not in standing.marks:
        raise Refused("cards.not-lost")


# --- ends that take two people ------------------------------------------------------------------------------


def propose_end(
    reference: int, *, kind: str, at: datetime, reason: str, document: str, by: Actor, now: datetime
) -> UUID:
    """Propose that a card ends because the household moved away or it was wrongly issued.

    Refused("cards.document-missing"), ("cards.reason-missing"), ("cards.not-now") for one that has ended.
    """
    assert STEPS[kind].grave, kind
    _refuse_without(HANDLE, by)
    if not document.strip():
        raise Refused("cards.document-missing")
    with transaction.atomic():
        row = hold([reference])[reference]
        refuse_step(kind, _standing(reference, now))
        if CarrierProposal.objects.filter(carrier=row, state="waiting").exists():
            raise Refused("cards.proposed-already")
        return CarrierProposal.objects.create(
            carrier=row,
            person_id=row.person_id,
            division=row.division,
            kind=kind,
            at=min(at, now),
            reason=_said(reason),
            document=document.strip()[:LONGEST],
            proposed_by=by.text,
            proposed_at=now,
        ).id


def decide_end(proposal: UUID, *, approved: bool, reason: str, by: Actor, now: datetime) -> None:
    """Approve or turn down what another proposed. Refused("cards.by-another"), ("cards.decided-already")."""
    _refuse_without(DECIDE, by)
    with transaction.atomic():
        found = CarrierProposal.objects.select_for_update().filter(pk=proposal).first()
        if found is None:
            raise Refused("cards.no-such-card")
        if found.state != "waiting":
            raise Refused("cards.decided-already")
        if found.proposed_by == by.text:
            raise Refused("cards.by-another")
        found.state = "approved" if approved else "rejected"
        found.decided_by, found.decided_at, found.decision = by.text, now, _said(reason)
        found.save(update_fields=["state", "decided_by", "decided_at", "decision"])
        if approved:
            row = hold([found.carrier_id])[found.carrier_id]
            told = Told(
                row.reference, found.kind, found.at, found.reason, basis=found.document,
                decides_over=found.proposed_by,
            )  # fmt: skip
            _tell_one(row, told, by=by, now=now)
            inform(row, "end", now=now)


# --- shared -------------------------------------------------------------------------------------------------


def step(row: Carrier, told: Told, *, by: Actor, now: datetime) -> None:
    """Take one step of a card that is held. Refused("cards.not-now") when it changes nothing."""
    refuse_step(told.kind, _standing(row.reference, now))
    _tell_one(row, told, by=by, now=now)


def _tell_one(row: Carrier, told: Told, *, by: Actor, now: datetime) -> None:
    tell([told], held={row.reference: row}, by=by.text, role=by.role, now=now)


def _standing(reference: int, now: datetime) -> Standing:
    return standing_at((event for _, event in happened_to([reference])[reference]), now)


def _refuse_without(permission: str, by: Actor) -> None:
    if not by.may(permission):
        raise Refused("cards.may-not")


def _said(reason: str) -> str:
    if not reason.strip():
        raise Refused("cards.reason-missing")
    return reason.strip()[:LONGEST]


def _cut(text: str) -> str:
    return text[:LONGEST]


def inform(row: Carrier, event: str, *, now: datetime, until: datetime | None = None) -> None:
    """Tell the holder, in plain words, what has happened to which of their cards and what to do."""
    what, todo = TOLD[event]
    day = localtime(until) if until else None
    notices.tell(
        "card-changed",
        person=row.person_id,
        division=row.division,
        about=f"carrier:{row.reference:x} {event} {now.isoformat()}",
        values={
            "title": card_book().label(row.kind),
            "what": what,
            "todo": todo.format(day=f"{day.month}月{day.day}日") if day else todo,
        },
        now=now,
    )


# What the holder is told of an event: what happened, what to do.
TOLD: Words[Mapping[str, tuple[str, str]]] = {
    "refuse": ("申领没有通过", "理由和怎么办，请问服务站"),
    "make": ("制好了", "请带身份证到服务站领取，走不动的可以上门送"),
    "hold": ("已临时挂失", "到{day}自动解除，没找到请到服务站办正式挂失"),
    "lose": ("已正式挂失", "请带身份证到服务站办补领"),
    "freeze": ("已按司法文书冻结", "有疑问请问服务站"),
    "thaw": ("已解除冻结", "可以照常使用"),
    "end": ("已经停用", "理由请问服务站，不同意的可以申请行政复议"),
}
