"""What a batch does to the books: money is held at the release, moves as it arrives, is free where it fails.

The ledger ends a hold as a whole. So what is still unanswered is held anew each time, in the same
transaction: nobody else can spend it in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID, uuid5

from django.db import connection
from django.utils.timezone import localtime

from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import actions as books
from rongjun.ledger.logic import Transfer, between
from rongjun.ledger.payments.logic.batches import PURPOSES
from rongjun.ledger.payments.models import PaymentBatch, PaymentLine

# Longer than any bank takes to answer (待局方确认); then the money is free, and a late answer finds no hold.
HELD_FOR = timedelta(days=366)
_OVER = frozenset({"ledger.hold-expired", "ledger.hold-over"})


class Held(TypedDict):
    """What is held at one fund for a batch: the how-manieth hold it is, and its fen."""

    round: int
    fen: int


_SHARES = """
    select share.key, sum(share.value::bigint)::bigint
    from ledger_paymentline, jsonb_each_text(shares) as share
    where batch_id = %s and state = 'ready' group by share.key order by share.key
"""


def reserve(row: PaymentBatch, *, by: str, now: datetime) -> None:
    """Hold what every fund bears of a released batch. Raises what `ledger.hold` raises."""
    _open_counter(row, by=by, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, [row.id])
        shares = {fund: int(fen) for fund, fen in cursor.fetchall()}
    for fund, fen in shares.items():
        _hold(row, fund, {"round": 1, "fen": fen}, by=by, now=now)
    _keep(row, {fund: {"round": 1, "fen": fen} for fund, fen in shares.items()})


def free(row: PaymentBatch, *, by: str, now: datetime) -> None:
    """Give back all that is held for a batch that is withdrawn."""
    for fund, held in sorted(row.held.items()):
        _end(row, fund, held, Fen(), by=by, now=now)
    _keep(row, {})


def advance(
    row: PaymentBatch,
    *,
    paid: Iterable[PaymentLine],
    failed: Iterable[PaymentLine],
    by: str,
    now: datetime,
) -> None:
    """Move what has arrived, free what has failed, go on holding the rest."""
    arrived, missed = _by_fund(paid), _by_fund(failed)
    kept: dict[str, Held] = dict(row.held)
    for fund in sorted(arrived | missed):
        held = kept[fund]
        _end(row, fund, held, Fen(arrived[fund]), by=by, now=now)
        rest: Held = {"round": held["round"] + 1, "fen": held["fen"] - arrived[fund] - missed[fund]}
        if rest["fen"]:
            _hold(row, fund, rest, by=by, now=now)
            kept[fund] = rest
        else:
            del kept[fund]
    _keep(row, kept)


def correct(line: PaymentLine, *, has_arrived: bool, by: str, now: datetime) -> None:
    """The bank's other answer holds: the money has moved after all, or has come back."""
    row = line.batch
    way = "arrived" if has_arrived else "returned"
    for fund, fen in sorted(line.shares.items()):
        known_as = uuid5(row.id, f"{line.id}:{way}:{fund}")
        move = _transfer(row, fund, known_as, fen=fen, now=now, comes_back=not has_arrived)
        books.post(move, by=by, now=now)


def _by_fund(lines: Iterable[PaymentLine]) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in lines:
        found.update({fund: int(fen) for fund, fen in line.shares.items()})
    return found


def _open_counter(row: PaymentBatch, *, by: str, now: datetime) -> None:
    books.open_account(
        row.counter,
        kind="spending",
        division=row.division,
        title=f"已付：{PURPOSES.get(row.purpose, row.counter)}",
        by=by,
        now=now,
    )


def _hold(row: PaymentBatch, fund: str, held: Held, *, by: str, now: datetime) -> None:
    move = _transfer(row, fund, _hold_id(row, fund, held["round"]), fen=held["fen"], now=now)
    books.hold(move, expires_at=now + HELD_FOR, by=by, now=now)


def _end(row: PaymentBatch, fund: str, held: Held, arrived: Fen, *, by: str, now: datetime) -> None:
    hold, on = _hold_id(row, fund, held["round"]), localtime(now).date()
    try:
        if arrived:
            books.settle_hold(uuid5(hold, "settle"), hold=hold, on=on, by=by, now=now, fen=arrived)
        else:
            books.release_hold(uuid5(hold, "release"), hold=hold, on=on, by=by, now=now)
    except Refused as refused:
        if refused.code not in _OVER:
            raise
        # The bank took longer than the hold; what has arrived has left the fund all the same.
        if arrived:
            books.post(_transfer(row, fund, uuid5(hold, "late"), fen=arrived, now=now), by=by, now=now)


def _hold_id(row: PaymentBatch, fund: str, round_: int) -> UUID:
    return uuid5(row.id, f"{fund}:{round_}")


def _transfer(
    row: PaymentBatch, fund: str, known_as: UUID, *, fen: int, now: datetime, comes_back: bool = False
) -> Transfer:
    source, target = (row.counter, fund) if comes_back else (fund, row.counter)
    return Transfer(
        known_as,
        between(source, target, Fen(int(fen))),
        localtime(now).date(),
        purpose=row.purpose,
        budget=row.budgets.get(fund, ""),
        about=f"payment-batch:{row.id}",
    )


def _keep(row: PaymentBatch, held: Mapping[str, Held]) -> None:
    row.held = dict(held)
    PaymentBatch.objects.filter(pk=row.pk).update(held=row.held)
