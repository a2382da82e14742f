"""Rate orders of the book with what the bureau said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from rongjun.allowances.logic.rates import Rate, RateOrder
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.models import RateConfirmation
from rongjun.kernel.words import Words
from rongjun.rules.api import Confirmation

CONFIRMED, PROPOSED, CHANGED, OPEN, NEVER = "confirmed", "proposed", "changed", "open", "never"
STANDINGS: Final[Words[dict[str, str]]] = {
    CONFIRMED: "已确认",
    PROPOSED: "等另一位同事确认",
    CHANGED: "确认后内容变了，要重新确认",
    OPEN: "待局方确认",
    NEVER: "不能据此发放",
}


def confirmations() -> frozenset[Confirmation]:
    """What the bureau has confirmed and not taken back."""
    rows = RateConfirmation.objects.filter(withdrawn_at=None, checked_at__isnull=False)
    return frozenset(
        Confirmation(f"allowances.{order}", start or date.min, digest, by, document)
        for order, start, digest, by, document in rows.values_list(
            "order", "start", "digest", "checked_by", "document"
        )
    )


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said of an order."""

    id: UUID
    digest: str
    document: str
    made_by: str
    made_at: datetime
    checked_by: str
    checked_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None
    withdrawn_why: str


@dataclass(frozen=True, slots=True)
class OrderFile:
    """One order, its rows, and what was said of it, newest first."""

    order: RateOrder
    standing: str
    rows: tuple[Rate, ...]
    said: tuple[Said, ...]

    @property
    def open_said(self) -> Said | None:
        """What was said of the order as it reads now and not taken back."""
        found = (each for each in self.said if each.digest == self.order.digest and each.withdrawn_at is None)
        return next(found, None)


def orders(book: AllowanceBook) -> list[tuple[RateOrder, str]]:
    """Each order of a book with how it stands; those that wait first, then the newest."""
    said = _said()
    found = [(order, standing_of(order, said.get(order.code, []))) for order in book.orders]
    rank = [PROPOSED, CHANGED, OPEN, CONFIRMED, NEVER]
    found.sort(key=lambda each: (each[0].start or date.min, each[0].code), reverse=True)
    return sorted(found, key=lambda each: rank.index(each[1]))


def order_file(code: str, *, book: AllowanceBook) -> OrderFile | None:
    """One order of a book, or None."""
    order = next((each for each in book.orders if each.code == code), None)
    if order is None:
        return None
    said = _said(code).get(code, [])
    rows = tuple(rate for rate in book.rates.rates if rate.ref.rpartition("#")[0] == code)
    return OrderFile(order, standing_of(order, said), rows, tuple(said))


def standing_of(order: RateOrder, said: Sequence[Said]) -> str:
    """How an order stands, by what was said of it."""
    if not order.sure:
        return NEVER
    alive = [each for each in said if each.withdrawn_at is None]
    as_it_reads = [each for each in alive if each.digest == order.digest]
    if as_it_reads:
        return CONFIRMED if as_it_reads[0].checked_at else PROPOSED
    return CHANGED if any(each.checked_at for each in alive) else OPEN


def _said(order: str = "") -> dict[str, list[Said]]:
    rows = RateConfirmation.objects.order_by("-made_at")
    found: dict[str, list[Said]] = {}
    for row in rows.filter(order=order) if order else rows:
        found.setdefault(row.order, []).append(
            Said(
                row.id, row.digest, row.document, row.made_by, row.made_at, row.checked_by, row.checked_at,
                row.withdrawn_by, row.withdrawn_at, row.withdrawn_why,
            )
        )  # fmt: skip
    return found
