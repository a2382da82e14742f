"""割接, acted: what the old system paid, proposed from its file by one and adopted by another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from rongjun.access.api import Actor, scope_of
from rongjun.allowances.actions.common import TAKE_OVER, note, require, take_turn, words
from rongjun.allowances.book import book_in_force
from rongjun.allowances.logic.months import month_of, read_month
from rongjun.allowances.logic.running import AFTER_DEATH
from rongjun.allowances.logic.taking_over import MONTHS, THROUGH, LeftOut, Taken, Told, take
from rongjun.allowances.models import OldPayment, PayLine, PayRun, Takeover
from rongjun.allowances.models.runs import OPEN_RUNS
from rongjun.allowances.queries import takeovers as queries
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry


def propose_takeover(source: UUID, *, by: Actor, now: datetime, today: date) -> UUID:
    """Make payments of a file of the old system (handed in at the registry); another adopts them.

    Rows that cannot be payments are left out, each with its reason. The same file again is the same takeover.
    Refused("allowances.may-not"), ("allowances.no-such-takeover") for a file out of scope or of another kind,
    ("allowances.takeover-nothing") when no row can be taken, ("allowances.takeover-overtaken") when another
    file says the same at this moment.
    """
    require(by, TAKE_OVER)
    report = registry.cutover_report(source)
    if report is None or report.kind not in {MONTHS, THROUGH}:
        raise Refused("allowances.no-such-takeover")
    earlier = queries.takeover_of(source)
    if earlier:
        return earlier
    taken, left = _sorted(told_of(source, report.kind), now=now, today=today)
    if not taken:
        raise Refused("allowances.takeover-nothing")
    try:
        with transaction.atomic():
            row = _written(report, taken, left, by=by, now=now)
            _note("allowances.takeover-proposed", row, by=by, now=now)
    except IntegrityError as error:
        if "takeover_once" not in str(error) and "oldpayment_once" not in str(error):
            raise
        raise Refused("allowances.takeover-overtaken") from error
    return row.id


def told_of(source: UUID, kind: str) -> list[Told]:
    """The rows of a file of the old system that the registry has recorded."""
    found = []
    for thing in registry.cutover_records(kind, source=source):
        code, _, month = thing.key.rpartition(" ")
        fen = thing.amounts["paid"] if kind == MONTHS else None
        found.append(Told(thing.row, str(thing.person), code, read_month(month), fen))
    return found


def _sorted(told: Sequence[Told], *, now: datetime, today: date) -> tuple[list[Taken], list[LeftOut]]:
    """Every row as payments or left out."""
    book = book_in_force()
    schemes = frozenset({*book.schemes, *(f"{code}{AFTER_DEATH}" for code in book.schemes)})
    by_person: dict[UUID, list[Told]] = {}
    for each in told:
        by_person.setdefault(UUID(each.person), []).append(each)
    taken: list[Taken] = []
    left: list[LeftOut] = []
    this_month = month_of(today)
    for reckoned in queries.reckoned(by_person, through=this_month, known_at=now):
        found, out = take(
            by_person[reckoned.file],
            reckoned.owed,
            schemes=schemes,
            this_month=this_month,
            paid=reckoned.paid,
            taken=reckoned.taken,
        )
        taken += found
        left += out
    return taken, left


def _written(
    report: registry.CutoverReport,
    taken: Sequence[Taken],
    left: Sequence[LeftOut],
    *,
    by: Actor,
    now: datetime,
) -> Takeover:
    rows = len({each.row for each in taken})
    months = [each.payment.month for each in taken]
    row = Takeover.objects.create(
        id=uuid4(),
        source=report.id,
        division=by.division,
        kind=report.kind,
        file_name=report.file_name,
        rows=rows + len(left),
        taken=rows,
        left_out=len(left),
        faults=[asdict(each) for each in sorted(left, key=lambda each: each.row)],
        months=len(taken),
        total=sum(int(each.payment.fen) for each in taken),
        first=min(months),
        last=max(months),
        digest=_digest(taken),
        made_by=by.text,
        made_at=now,
    )
    divisions = registry.divisions_of([UUID(each.payment.file) for each in taken])
    registry.insert_rows([_payment(row, each, divisions) for each in taken])
    return row


def _payment(row: Takeover, taken: Taken, divisions: Mapping[UUID, int]) -> OldPayment:
    payment, person = taken.payment, UUID(taken.payment.file)
    return OldPayment(
        takeover=row,
        division=divisions[person],
        person_id=person,
        code=payment.code,
        month=payment.month,
        fen=int(payment.fen),
        standard=payment.standard or "",
        picked=payment.picked or "",
        award=payment.award or "",
        rate=payment.rate or "",
    )


def _digest(taken: Iterable[Taken]) -> str:
    told = sorted(
        f"{each.payment.file} {each.payment.code} {each.payment.month} {int(each.payment.fen)}\n"
        for each in taken
    )
    return sha256("".join(told).encode()).hexdigest()


def adopt_takeover(takeover: UUID, *, by: Actor, now: datetime) -> None:
    """Another has compared it with the old system: from now on its payments count as paid.

    Refused("allowances.may-not"), ("allowances.no-such-takeover"), ("allowances.step-not-now"),
    ("allowances.by-two"), ("allowances.run-open") while a run of its people is under way, which would not
    have seen it, ("allowances.takeover-overtaken") when a run has paid one of its months meanwhile.
    """
    require(by, TAKE_OVER)
    with transaction.atomic():
        take_turn()
        row = _held(takeover)
        if row.made_by == by.text:
            raise Refused("allowances.by-two")
        if _is_run_open(row):
            raise Refused("allowances.run-open")
        if _is_paid_by_us(row):
            raise Refused("allowances.takeover-overtaken")
        row.checked_by, row.checked_at = by.text, now
        row.save(update_fields=["checked_by", "checked_at"])
        _note("allowances.takeover-adopted", row, by=by, now=now)


def withdraw_takeover(takeover: UUID, *, why: str, by: Actor, now: datetime) -> None:
    """Take back what was proposed; once adopted it stands.

    Refused("allowances.may-not"), ("allowances.no-such-takeover"), ("allowances.step-not-now"),
    ("allowances.words-missing").
    """
    require(by, TAKE_OVER)
    said = words(why, least=4)
    with transaction.atomic():
        row = _held(takeover)
        OldPayment.objects.filter(takeover=row).update(live=False)
        row.withdrawn_by, row.withdrawn_at, row.withdrawn_why = by.text, now, said
        row.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_why"])
        _note("allowances.takeover-withdrawn", row, by=by, now=now)


def _held(takeover: UUID) -> Takeover:
    row = Takeover.objects.select_for_update().filter(pk=takeover).first()
    if row is None:
        raise Refused("allowances.no-such-takeover")
    if row.checked_by or row.withdrawn_by:
        raise Refused("allowances.step-not-now")
    return row


def _is_run_open(row: Takeover) -> bool:
    scope = scope_of(row.division)
    runs = PayRun.objects.filter(state__in=OPEN_RUNS).values_list("division", flat=True)
    return any(scope.contains(each) or scope_of(each).contains(row.division) for each in runs)


def _is_paid_by_us(row: Takeover) -> bool:
    said = set(OldPayment.objects.filter(takeover=row).values_list("person_id", "code", "month"))
    people = {person for person, _code, _month in said}
    ours = PayLine.objects.filter(person_id__in=people, live=True, month__gte=row.first, month__lte=row.last)
    return not said.isdisjoint(ours.values_list("person_id", "code", "month"))


def _note(event: str, row: Takeover, *, by: Actor, now: datetime) -> None:
    note(
        event,
        f"takeover:{row.id}",
        row.division,
        by=by,
        now=now,
        rows=str(row.rows),
        months=str(row.months),
        fen=str(row.total),
        digest=row.digest[:12],
    )
