"""An invented city's rides: its operators, what they delivered in the last weeks, and what came of it.

All of it goes the road of a real city: signed files are received, loaded, settled by three people, paid by a
bank that answers. Only the clock is turned: each file comes on its day.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rongjun.access.api import Actor, acting_as, acting_as_job, actor_named
from rongjun.benefits import api as benefits
from rongjun.cards import api as cards
from rongjun.config.demo import BY, add_operators, agree_on_uses
from rongjun.config.demo_payments import STORE, add_bank
from rongjun.config.invented import riding
from rongjun.config.invented.people import CHINA
from rongjun.config.invented.riding import DAY, Holder, Sent
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.partners import api as partners
from rongjun.partners.terminal import OPERATORS
from rongjun.places import api as places

MAKER, CHECKER, RELEASER = "city", "checker", "leader"
BUDGET = "budget.card-uses"
_HOLDERS = 1200
_TOPPED_UP = (3, 2)  # days before today


def add_uses(bank: str, *, root: Path) -> bool:
    """Have the invented operators deliver until yesterday, once; whether there was anything to do.

    All of it is one transaction: broken off, it is as if it had not begun.
    """
    if _is_settled():
        return False
    today = timezone.localdate()
    add_operators(root=root / "drop")
    add_bank(bank, root=root / "drop")
    with transaction.atomic():
        open_fund(today)
        agree_on_uses(since=riding.month_to_settle(today))
        with acting_as_job("demo.open-months"):
            benefits.open_months(back=4, today=today)
        with acting_as_job("demo.holders"):
            held = holders()
        sent = riding.files(held, today=today)
        steps = [*((each.at, _delivering(each)) for each in sent), *settling(today)]
        for at, step in sorted(steps, key=lambda step: step[0]):
            step(at)
        top_up(held, today=today)
        let_in_by_hand(today)
        look_over(held, today=today)
    _let_operators_go_on(sent, memory=root / "operators", today=today)
    return True


def _is_settled() -> bool:
    """Whether the fund operators are paid from is open: what follows it came in the same transaction."""
    with acting_as_job("demo.look-at-fund"):
        try:
            ledger.standing(settings.SETTLEMENT_FUND)
        except Refused:
            return False
    return True


def open_fund(today: date) -> None:
    """The fund operators are paid from, with money and a budget line."""
    fund, whole, now = settings.SETTLEMENT_FUND, places.city().code, timezone.now()
    with acting_as_job("demo.open-fund"):
        ledger.open_account(
            fund, kind="fund", division=whole, title="用卡结算（虚构）", floor=Fen(0), by=BY, now=now
        )
        legs = ledger.between(STORE, fund, Fen.from_yuan(600_000))
        ledger.post(ledger.Transfer(uuid5(UUID(int=whole), fund), legs, today), by=BY, now=now)
        ledger.add_budget_line(
            f"{BUDGET}.{today.year}",
            fund=fund,
            year=today.year,
            fen=Fen.from_yuan(600_000),
            title=f"{today.year} 年用卡结算",
            basis="演示：虚构的预算批复",
            by=BY,
            now=now,
        )


def holders() -> list[Holder]:
    """Cards of the invented people that opened a gate at some time."""
    rows = cards.spans_frame().sort("reference").head(_HOLDERS)
    return [Holder(reference, since, until) for reference, _d, _k, since, until in rows.iter_rows()]


# --- delivering ---------------------------------------------------------------------------------------------


def _delivering(sent: Sent) -> Callable[[datetime], object]:
    return lambda at: deliver(sent, at=at)


def deliver(sent: Sent, *, at: datetime) -> None:
    """Receive one file as its operator signed it, and load it; one that does not add up stays outside."""
    _receive(
        "uses/1",
        sent.rows,
        partner=sent.operator,
        day=sent.day,
        sequence=sent.sequence,
        total=sent.total,
        at=at,
    )
    with acting_as_job("demo.load-uses"):
        while benefits.load_use_file_part(by="job:benefits.load-use-files", now=at):
            pass


def _receive(
    form: str,
    rows: Sequence[Sequence[str]],
    *,
    partner: str,
    day: date,
    sequence: int,
    at: datetime,
    total: int | None = None,
) -> None:
    known = partners.formats_in(settings.CONTRACTS_ROOT / "files")[form]
    content = partners.write_file(
        known, rows, partner=partner, business_date=day, sequence=sequence, total=total
    )
    with acting_as_job("demo.deliver"):
        partners.receive_file(
            content,
            partner=partner,
            file_name=f"{form.partition('/')[0]}-{sequence:04d}.csv",
            signature=partners.signer_of(partner).sign(content).hex(),
            by=BY,
            now=at,
        )


def top_up(held: Sequence[Holder], *, today: date) -> None:
    """Two days of top-ups, some outside the rule."""
    for sequence, back in enumerate(_TOPPED_UP, start=1):
        day, rows = today - back * DAY, riding.top_ups(held, today - back * DAY)
        _receive(
            "top-ups/1", rows, partner="transit", day=day, sequence=sequence, at=riding.morning_after(day)
        )
    with acting_as_job("demo.load-top-ups"):
        while benefits.load_top_ups(now=timezone.now()):
            pass


def let_in_by_hand(today: date) -> None:
    """What a clerk wrote down of people from out of town; one entry was put right."""
    clerk = actor_named("clerk", on=today)
    assert clerk is not None
    with acting_as(clerk):
        near = benefits.places_near(clerk.division)
        for back, programme, band, people, name in riding.BY_HAND:
            at = riding.morning_after(today - back * DAY)
            said = benefits.ManualUse(near[back][0], programme, band, people, at, name, "pref-veteran", "32")
            benefits.record_manual_use(said, by=clerk, now=at)


def look_over(held: Sequence[Holder], *, today: date) -> None:
    """What the nights would have found: cards to look at, keys that came in two months."""
    months = [riding.month_to_settle(today), today.replace(day=1)]
    with acting_as_job("demo.look-over"):
        for back in range(1, 15):
            benefits.find_signals(today - back * DAY, now=timezone.now())
        earlier = [month.year * 100 + month.month for month in months]
        following = (months[0] + 31 * DAY).replace(day=1)
        later = following.year * 100 + following.month
        benefits.find_twice(later, before=[month for month in earlier if month < later], now=timezone.now())


def _let_operators_go_on(sent: Sequence[Sent], *, memory: Path, today: date) -> None:
    """The simulators, started later, count on from here and begin with today."""
    memory.mkdir(parents=True, exist_ok=True)
    for operator in riding.PLACES:
        last = max(each.sequence for each in sent if each.operator == operator)
        topped_up = {"top-ups/1": len(_TOPPED_UP)} if operator == "transit" else {}
        told = {"sequences": {"uses/1": last, **topped_up}, "last_day": (today - DAY).isoformat()}
        (memory / f"{operator}.json").write_text(json.dumps(told), "utf-8")


# --- settling -----------------------------------------------------------------------------------------------


def settling(today: date) -> Iterator[tuple[datetime, Callable[[datetime], object]]]:
    """Who signs what on which day, by the month that is settled."""
    month = riding.month_to_settle(today)
    following = (month + 31 * DAY).replace(day=1)

    def on(day: int, hour: int) -> datetime:
        return datetime(following.year, following.month, day, hour, tzinfo=CHINA)

    number = month.year * 100 + month.month
    yield on(11, 10), lambda at: _brought_to_payment("transit", number, at=at)
    yield on(11, 15), lambda at: _disputed("scenic", number, at=at)
    yield on(12, 9), lambda at: _agreed("telecom", number, at=at)
    # What came after the first one, as a draft that waits for its second person.
    late = riding.late_on(today) + 2 * DAY
    if late < today:
        at_last = datetime(late.year, late.month, late.day, 9, tzinfo=CHINA)
        yield at_last, lambda at: _drafted("transit", number, at=at)


def _brought_to_payment(operator: str, month: int, *, at: datetime) -> None:
    statement = _agreed(operator, month, at=at)
    with _as(RELEASER, at) as (by, now):
        later = now + 2 * DAY
        benefits.release_statement(statement, by=by, now=later, today=later.date())
    with _as(MAKER, at) as (by, now):
        payee = benefits.name_payee(
            operator, division=places.city().code, payee=f"测试{OPERATORS[operator].name[:4]}公司",
            account="9999990000000888", bank="", by=by, now=now,
        )  # fmt: skip
    with _as(CHECKER, at) as (by, now):
        benefits.confirm_payee(payee, by=by, now=now)
    with _as(MAKER, at + 3 * DAY) as (by, now):
        batch = benefits.pay_statement(statement, pay_on=(now + DAY).date(), by=by, now=now)
    with _as(CHECKER, at + 3 * DAY) as (by, now):
        ledger.check_batch(batch, by=by, now=now)
    with _as(RELEASER, at + 4 * DAY) as (by, now):
        ledger.release_batch(batch, by=by, now=now)


def _agreed(operator: str, month: int, *, at: datetime) -> UUID:
    statement = _checked(operator, month, at=at)
    with _as(MAKER, at + DAY) as (by, now):
        benefits.agree_to_statement(statement, by=by, now=now)
    return statement


def _disputed(operator: str, month: int, *, at: datetime) -> None:
    statement = _checked(operator, month, at=at)
    with _as(MAKER, at + DAY) as (by, now):
        benefits.dispute_statement(
            statement, said="14 日的文件没有收到，按平日应有三十余张门票", claimed="", by=by, now=now
        )


def _checked(operator: str, month: int, *, at: datetime) -> UUID:
    statement = _drafted(operator, month, at=at)
    with _as(CHECKER, at) as (by, now):
        benefits.check_statement(statement, by=by, now=now, today=now.date())
    return statement


def _drafted(operator: str, month: int, *, at: datetime) -> UUID:
    with _as(MAKER, at) as (by, now):
        found = benefits.month_of(operator, month, fares=benefits.book().fares, known_at=now)
        return benefits.draft_statement(found, by=by, now=now, today=timezone.localdate(now))


@contextmanager
def _as(login: str, at: datetime) -> Iterator[tuple[Actor, datetime]]:
    actor = actor_named(login, on=timezone.localdate(at))
    assert actor is not None
    with acting_as(actor):
        yield actor, at
