"""发放批次, acted: asked for by one, drawn up by the worker, checked by a second, released by a third.

The three sign the run and, with the same signature, its payment batch in the ledger. What is drawn up are
differences: owed as known less what live lines paid. Run again, nothing is left to pay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction

from rongjun.access.api import Actor, scope_of
from rongjun.allowances.actions.common import (
    CHECK,
    RELEASE,
    RUN,
    next_number,
    note,
    require,
    take_turn,
    words,
)
from rongjun.allowances.actions.recoveries import claim_back
from rongjun.allowances.book import book_in_force, paying_book
from rongjun.allowances.logic.history import Asserted, Award
from rongjun.allowances.logic.months import month_of
from rongjun.allowances.logic.paying import by_fund, chosen, objection_to, shared_out
from rongjun.allowances.logic.running import ASIDE, Aside, Asked, Reckoned, RunLine, ours, reckon
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.models import PayChange, PayException, PayLine, PayOrder, PayRun
from rongjun.allowances.queries import standing
from rongjun.allowances.queries.histories import chunks, histories, paid_of
from rongjun.allowances.queries.looking import Look, look_of
from rongjun.allowances.telling import tell_of_arrival
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.heap import uncollected
from rongjun.ledger import api as ledger
from rongjun.registry import api as registry

ASKED, DRAFT, CHECKED, RELEASED, WITHDRAWN = "asked", "draft", "checked", "released", "withdrawn"
EMPTY, FAILED = "empty", "failed"
JOB, FOLLOW = "allowances.draw-up-runs", "allowances.follow-payments"


def ask_run(*, division: int, month: int, pay_on: date, by: Actor, now: datetime) -> UUID:
    """Ask for the run of a month for everybody a division serves; the worker draws it up.

    Refused("allowances.may-not"), ("allowances.run-outside"), ("allowances.run-open") while another of the
    division is not released or withdrawn.
    """
    require(by, RUN)
    scope = scope_of(division)
    if not (by.scope.contains(scope.lo) and by.scope.contains(scope.hi)):
        raise Refused("allowances.run-outside")
    run = uuid4()
    try:
        with transaction.atomic():
            row = PayRun.objects.create(
                id=run, number=next_number("run"), division=division, month=month, pay_on=pay_on,
                known_at=now, made_by=by.text, made_at=now,
            )  # fmt: skip
            _note("allowances.run-asked", row, by=by, now=now)
    except IntegrityError as error:
        if "payrun_open_once" not in str(error):
            raise
        raise Refused("allowances.run-open") from error
    return run


# --- drawn up -----------------------------------------------------------------------------------------------


def draw_up_asked(*, now: datetime, today: date) -> int:
    """Draw up the oldest run that is asked for; returns how many were. A job's scope, one transaction."""
    take_turn(shared=True)
    row = PayRun.objects.select_for_update(skip_locked=True).filter(state=ASKED).order_by("number").first()
    if row is None:
        return 0
    try:
        with transaction.atomic(), uncollected():
            _draw_up(row, now=now, today=today)
    except IntegrityError as error:
        if "payline_turn_once" not in str(error):
            raise
        _close(row, FAILED, failure="另一个批次同时发放了同样的人和月份，请重新出一次")
    except Refused as refused:
        _close(row, FAILED, failure=refused.code)
    return 1


def _draw_up(row: PayRun, *, now: datetime, today: date) -> None:
    people = standing.recipients(scope_of(row.division), known_at=row.known_at)
    book = paying_book()
    work = _Drawing(row, book, look_of(row, book=book), now=now, today=today)
    for some in chunks(people):
        work.take(some)
    work.done(len(people))


@dataclass(slots=True)
class _Drawing:
    """A run on the table: people are taken some thousand at a time, their rows written at once."""

    row: PayRun
    book: AllowanceBook
    look: Look
    now: datetime
    today: date
    count: int = 0
    total: int = 0
    recover: int = 0
    whole: int = 0
    batch: UUID | None = None
    digest: Any = field(default_factory=sha256)

    def take(self, people: Sequence[UUID]) -> None:
        """Reckon these people and write what comes of it."""
        asked = asked_of(people, row=self.row, look=self.look)
        reckoned = [
            reckon(each, month=self.row.month, known_at=self.row.known_at, book=self.book) for each in asked
        ]
        self.whole += sum(each.whole for each in asked)
        self._write(reckoned)

    def _write(self, reckoned: Sequence[Reckoned]) -> None:
        divisions = registry.divisions_of([UUID(each.person) for each in reckoned])
        paying = [UUID(each.person) for each in reckoned if each.pays]
        accounts = registry.pay_accounts(paying, purpose="allowance", on=self.today) if paying else {}
        parts = standing.heir_parts(paying, on=self.today)
        lines: list[PayLine] = []
        orders: dict[str, tuple[PayOrder, ledger.NewLine]] = {}
        aside: list[PayException] = []
        changes: list[PayChange] = []
        for each in reckoned:
            person = UUID(each.person)
            division = divisions[person]
            found = list(each.aside)
            mine, objection = self._orders(each, division, accounts.get(person, []), parts.get(person, {}))
            if objection:
                found.append(objection)
            orders |= mine
            kept = [line for line in each.lines if mine or not line.is_paid]
            lines += [self._line(line, person, division) for line in kept]
            aside += [self._aside(one, person, division) for one in found]
            changes += [
                PayChange(
                    run=self.row, division=division, person_id=person, code=change.code,
                    before=change.before, after=change.after, why=change.why[:300],
                )
                for change in each.changes
            ]  # fmt: skip
        unfit = self._unfit(orders)
        if unfit:
            gone = {orders[key][0].person_id for key in unfit}
            aside += [
                self._aside(
                    Aside("bank-unfit", "", orders[key][0].fen, "；".join(faults)),
                    orders[key][0].person_id, orders[key][0].division,
                )
                for key, faults in unfit.items()
            ]  # fmt: skip
            orders = {key: pair for key, pair in orders.items() if pair[0].person_id not in gone}
            lines = [
                line
                for line in lines
                if line.person_id not in gone or line.fen < 0 or line.kind == "recovery-lifted"
            ]
        self._keep(lines, list(orders.values()), aside, changes)

    def _orders(
        self,
        each: Reckoned,
        division: int,
        accounts: Sequence[registry.PayAccount],
        parts: Mapping[UUID, int],
    ) -> tuple[dict[str, tuple[PayOrder, ledger.NewLine]], Aside | None]:
        """The payments that carry out what a person is paid, or why nothing of it can be."""
        if not each.pays:
            return {}, None
        places = chosen(accounts, is_dead=each.is_dead)
        objection = objection_to(accounts, places, is_dead=each.is_dead, parts=parts)
        if objection:
            return {}, Aside(objection[0], "", each.pays, objection[1])
        funds = by_fund((line.payers for line in each.lines if line.is_paid), settings.ALLOWANCES_FUNDS)
        found: dict[str, tuple[PayOrder, ledger.NewLine]] = {}
        for share in shared_out(funds, accounts, places, parts):
            account = accounts[share.place]
            key = f"allowance:{self.row.id}:{each.person}:{len(found)}"
            found[key] = (
                PayOrder(
                    run=self.row, division=division, person_id=UUID(each.person), key=key,
                    month=self.row.month, pay_on=self.row.pay_on, payee_kind=account.kind,
                    payee=account.holder, account_mask=account.mask, fen=share.fen,
                ),
                ledger.NewLine(
                    key=key, division=division, payee=account.holder, account=account.number,
                    fen=share.fen,
                    purpose=_title(self.row),
                    shares=share.funds,
                    why=_unusual(each),
                ),
            )  # fmt: skip
        return found, None

    def _unfit(self, orders: Mapping[str, tuple[PayOrder, ledger.NewLine]]) -> dict[str, list[str]]:
        if not orders:
            return {}
        return ledger.misfit_lines(settings.ALLOWANCES_LAYOUT, [line for _, line in orders.values()])

    def _line(self, line: RunLine, person: UUID, division: int) -> PayLine:
        told = f"{person} {line.code} {line.month} {line.turn} {line.fen} {line.kind} {line.cause}\n"
        self.digest.update(told.encode())
        return PayLine(
            run=self.row, division=division, person_id=person, code=line.code, month=line.month,
            turn=line.turn, before=line.before, fen=line.fen, kind=line.kind, cause=line.cause,
            standard=line.standard, picked=line.picked, award=line.award, rate=line.rate,
            reasons=[list(reason) for reason in line.reasons],
            shares=by_fund([line.payers], settings.ALLOWANCES_FUNDS),
        )  # fmt: skip

    def _aside(self, aside: Aside, person: UUID, division: int) -> PayException:
        assert aside.kind in ASIDE
        return PayException(
            run=self.row, division=division, person_id=person, kind=aside.kind, code=aside.code,
            fen=aside.fen, words=aside.words[:300],
        )  # fmt: skip

    def _keep(
        self,
        lines: list[PayLine],
        orders: list[tuple[PayOrder, ledger.NewLine]],
        aside: list[PayException],
        changes: list[PayChange],
    ) -> None:
        for rows in (lines, [order for order, _ in orders], aside, changes):
            registry.insert_rows(rows)
        self.count += len(lines)
        self.total += sum(order.fen for order, _ in orders)
        self.recover -= sum(line.fen for line in lines if line.kind == "recovery")
        if orders:
            ledger.add_lines(self._batch(), [line for _, line in orders], by=self.row.made_by, now=self.now)

    def _batch(self) -> UUID:
        """The payment batch of this run, begun when the first payment is there."""
        if self.batch is None:
            row = self.row
            self.batch = ledger.draft_batch(
                division=row.division,
                purpose="allowance",
                title=f"{_title(row)} {row}",
                fund=settings.ALLOWANCES_FUNDS[""],
                partner=settings.ALLOWANCES_BANK,
                layout=settings.ALLOWANCES_LAYOUT,
                pay_on=row.pay_on,
                by=row.made_by,
                now=self.now,
                known_as=uuid5(row.id, "payments"),
                budgets=ledger.budget_of_funds(
                    sorted(set(settings.ALLOWANCES_FUNDS.values())), year=row.pay_on.year
                ),
            )
        return self.batch

    def done(self, people: int) -> None:
        """The figures of the whole; a run without a line is empty and ends here."""
        _close(
            self.row,
            DRAFT if self.count else EMPTY,
            book=self.book.digest,
            people=people,
            whole=self.whole,
            count=self.count,
            total=self.total,
            recover=self.recover,
            digest=self.digest.hexdigest(),
            batch=self.batch,
            drafted_at=self.now,
        )
        audit.note(
            "allowances.run-drawn-up",
            by=f"job:{JOB}",
            about=f"payrun:{self.row.id}",
            division=self.row.division,
            detail={"number": str(self.row), "lines": self.count, "fen": self.total},
            at=self.now,
        )


def _title(row: PayRun) -> str:
    return f"{row.month // 12}年{row.month % 12 + 1}月抚恤补助"


def _unusual(each: Reckoned) -> str:
    kinds = {line.kind for line in each.lines if line.is_paid}
    return "含补发" if "back-pay" in kinds else ""


def asked_of(people: Sequence[UUID], *, row: PayRun, look: Look) -> list[Asked]:
    """What a run asks of these people: their histories, what was paid, what is still to be lifted."""
    known: dict[str, Any] = {"known_at": row.known_at}
    book = book_in_force()
    told, floors = histories(people, **known), standing.floors_of(people, **known)
    whole = [person for person in people if look.is_whole(person)]
    others = [person for person in people if not look.is_whole(person)]
    paid = paid_of(whole, **known) | paid_of(others, since=min(look.first, row.month - 1), **known)
    recovering = standing.open_recoveries(people)
    nothing = standing.Open()
    return [
        Asked(
            person=str(person),
            history=told[person],
            first=max(_first(told[person], floors[person], row.month), 0 if is_whole else look.first),
            paid=tuple(ours(paid[person].payments, floors[person], book=book)),
            turns=paid[person].turns,
            lifts=dict(recovering.get(person, nothing).lifts),
            liftable=recovering.get(person, nothing).left,
            floors=floors[person],
            whole=is_whole,
        )
        for person, is_whole in ((person, look.is_whole(person)) for person in people)
    ]


def _first(history: Sequence[Asserted], floors: Mapping[str, int], month: int) -> int:
    """The first month anything may be owed or was paid for."""
    approved = [month_of(each.event.approved_on) for each in history if isinstance(each.event, Award)]
    return max(min([*approved, month]), min([*floors.values(), month]))


def _close(row: PayRun, state: str, **said: object) -> None:
    changed = PayRun.objects.filter(pk=row.pk, state=ASKED).update(state=state, **said)
    assert changed == 1, "the run is held while it is drawn up"


# --- signed -------------------------------------------------------------------------------------------------


def check_run(run: UUID, *, by: Actor, now: datetime) -> None:
    """The second person finds run and payments right. Refused("allowances.may-not"),
    ("allowances.no-such-run"), ("allowances.step-not-now"), ("allowances.by-three"), as `ledger.check_batch`.
    """
    require(by, CHECK)
    with transaction.atomic():
        row = _held(run, {DRAFT})
        if row.made_by == by.text:
            raise Refused("allowances.by-three")
        if row.batch:
            ledger.check_batch(row.batch, by=by, now=now)
        row.state, row.checked_by, row.checked_at = CHECKED, by.text, now
        row.save(update_fields=["state", "checked_by", "checked_at"])
        _note("allowances.run-checked", row, by=by, now=now)


def release_run(run: UUID, *, by: Actor, now: datetime) -> None:
    """The third person lets the money go; what is to be recovered becomes a receivable.

    Refused("allowances.may-not"), ("allowances.no-such-run"), ("allowances.step-not-now"),
    ("allowances.by-three"), as `ledger.release_batch` where a fund or a budget cannot bear it.
    """
    require(by, RELEASE)
    with transaction.atomic():
        row = _held(run, {CHECKED})
        if by.text in {row.made_by, row.checked_by}:
            raise Refused("allowances.by-three")
        if row.batch:
            ledger.release_batch(row.batch, by=by, now=now)
        claim_back(row, by=by, now=now)
        PayOrder.objects.filter(run=row).update(released_at=now)
        row.state, row.released_by, row.released_at = RELEASED, by.text, now
        row.save(update_fields=["state", "released_by", "released_at"])
        _note("allowances.run-released", row, by=by, now=now)


def withdraw_run(run: UUID, *, why: str, by: Actor, now: datetime) -> None:
    """Take back a run that is not released; its lines and payments never were.

    Refused("allowances.may-not"), ("allowances.no-such-run"), ("allowances.step-not-now"),
    ("allowances.words-missing").
    """
    require(by, RUN)
    said = words(why)
    with transaction.atomic():
        row = _held(run, {ASKED, DRAFT, CHECKED})
        if row.batch:
            ledger.withdraw_batch(row.batch, reason=said, by=by, now=now)
        _undo(row)
        row.state, row.withdrawn_by, row.withdrawn_at, row.withdrawn_why = WITHDRAWN, by.text, now, said
        row.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawn_why"])
        _note("allowances.run-withdrawn", row, by=by, now=now)


def _undo(row: PayRun) -> None:
    PayLine.objects.filter(run=row, live=True).update(live=False)
    PayOrder.objects.filter(run=row).update(state="returned")


def _held(run: UUID, states: set[str]) -> PayRun:
    row = PayRun.objects.select_for_update().filter(pk=run).first()
    if row is None:
        raise Refused("allowances.no-such-run")
    if row.state not in states:
        raise Refused("allowances.step-not-now")
    return row


def _note(event: str, row: PayRun, *, by: Actor, now: datetime) -> None:
    note(event, f"payrun:{row.id}", row.division, by=by, now=now, number=str(row), fen=str(row.total))


# --- what became of payments --------------------------------------------------------------------------------


def follow_payments(*, now: datetime) -> int:
    """Take over what the bank said of payments under way; returns how many changed. A job's scope.

    Paid and failed are noted, and whose money has arrived is told. What came back for good (written back, its
    batch withdrawn) is owed again: the lines end, and the next run pays them anew. Of several heirs' payments
    one that came back is settled by hand.
    """
    waiting = standing.unanswered_orders()
    changed: dict[tuple[str, str, datetime], list[PayOrder]] = {}
    for key, fate in ledger.fates(list(waiting)).items():
        state = _FATES.get(fate.state, "ordered")
        if state != waiting[key].state:
            changed.setdefault((state, fate.reason[:200], fate.answered_at or now), []).append(waiting[key])
    for (state, reason, at), orders in changed.items():
        PayOrder.objects.filter(pk__in=[order.pk for order in orders]).update(
            state=state, reason=reason, answered_at=at
        )
    arrived = [order for (state, *_rest), orders in changed.items() if state == "paid" for order in orders]
    tell_of_arrival(arrived, now=now)
    for (state, *_rest), orders in changed.items():
        if state == "returned":
            for order in orders:
                _owe_again(order)
    _follow_withdrawn(now=now)
    return sum(map(len, changed.values()))


def _owe_again(order: PayOrder) -> None:
    if PayOrder.objects.filter(run=order.run_id, person=order.person_id).count() == 1:
        paid = PayLine.objects.filter(run=order.run_id, person=order.person_id, live=True)
        paid.filter(kind__in=("regular", "back-pay")).update(live=False)


def _follow_withdrawn(*, now: datetime) -> None:
    """A run whose payments were withdrawn in the ledger before its release is withdrawn with them."""
    for row in PayRun.objects.select_for_update().filter(state__in=(DRAFT, CHECKED), batch__isnull=False):
        report = ledger.batch_report(row.batch) if row.batch else None
        if report is not None and report.state == WITHDRAWN:
            _undo(row)
            row.state, row.withdrawn_by, row.withdrawn_at = WITHDRAWN, f"job:{FOLLOW}", now
            row.withdrawn_why = "付款批次撤回了"
            row.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawn_why"])


_FATES = {"paid": "paid", "failed": "failed", "written-back": "returned", "withdrawn": "returned"}
