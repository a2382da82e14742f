"""A draft rate order laid over the book, to reckon with before it is adopted; read as strictly as any."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.months import month_of
from rongjun.allowances.logic.rates import FictionalUse, RateOrder
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.rules.api import PolicyError, Problem

_ORDER: Final = re.compile(r"^order:[ ]*([a-z0-9-]{1,60})[ ]*(?:#.*)?$", re.MULTILINE)
_MOST: Final = 200_000  # bytes of a draft
DRAFT: Final = "草案"


@dataclass(frozen=True, slots=True)
class DraftBook:
    """A draft beside the book it would change.

    In both, a month no rate covers is reckoned by the one before it: what is compared is the money that goes
    out in the meantime, not the want of a document.

    `before` is the book without an order of the draft's name, `after` the book with the draft, known at once.
    `first` is the first month it sets a rate for; `series` are those it speaks of.
    """

    order: RateOrder
    first: int
    series: frozenset[str]
    before: AllowanceBook
    after: AllowanceBook

    @property
    def schemes(self) -> frozenset[str]:
        """The schemes it may change."""
        named = {code: {scheme.series, scheme.wage_series} for code, scheme in self.after.schemes.items()}
        return frozenset(code for code, series in named.items() if series & self.series)


def read_draft(
    text: str, *, files: Mapping[str, bytes], place: str, fictional: FictionalUse, known_on: date
) -> DraftBook:
    """Read a draft over the policy files of a place.

    Raises `PolicyError` with every fault; those of the draft name no file of ours.
    """
    text = "\n".join(text.splitlines())  # a browser ends the lines of a form its own way
    found = _ORDER.search(text)
    if found is None or len(text.encode()) > _MOST:
        fix = "第一行写 order: 加小写英文名，如 order: draft-2027"
        raise PolicyError([Problem(DRAFT, 1, "看不出这是一份标准文件", fix)])
    code = found.group(1)
    path = f"{place}/allowances/rates/{code}.yaml"
    others = {name: content for name, content in files.items() if not name.endswith(f"/rates/{code}.yaml")}
    try:
        before = load_allowances(others, place=place, fictional=fictional)
        after = load_allowances({**others, path: text.encode()}, place=place, fictional=fictional)
    except PolicyError as error:
        told = [
            replace(each, file=DRAFT) if each.file.endswith(f"{code}.yaml") else each
            for each in error.problems
        ]
        raise PolicyError(told) from None
    return _laid_over(before, after, code, known_on)


def _laid_over(before: AllowanceBook, after: AllowanceBook, code: str, known_on: date) -> DraftBook:
    """The draft counts as if it were announced today at the latest."""
    rates = tuple(
        replace(rate, announced=min(rate.known_from, known_on)) if rate.ref.startswith(f"{code}#") else rate
        for rate in after.rates.rates
    )
    drafted = [rate for rate in rates if rate.ref.startswith(f"{code}#")]
    counting = [rate for rate in drafted if rate.kind in {"standard", "base"}]
    starts = [rate.start for rate in counting if rate.start is not None]
    if not starts:
        fix = "写 from: 和至少一项标准"
        raise PolicyError([Problem(DRAFT, 1, "这份草案没有从哪天起的标准", fix)])
    return DraftBook(
        order=next(order for order in after.orders if order.code == code),
        first=int(month_of(min(starts))),
        series=frozenset(rate.series for rate in counting),
        before=replace(before, rates=replace(before.rates, carries=True), what_if=True),
        after=replace(after, rates=replace(after.rates, rates=rates, carries=True), what_if=True),
    )
