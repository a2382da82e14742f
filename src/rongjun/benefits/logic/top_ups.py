"""充值规则: from when on a card is topped up below which amount, and up to which. No Django, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

from rongjun.benefits.logic.uses import fault_of_shape, read_moment
from rongjun.kernel.errors import Unfit

MOST: Final = 1_000_000  # fen
_FIELDS: Final = {"from", "since", "below_fen", "up_to_fen", "basis", "confidence", "source_grade"}
_DIGITS = re.compile(r"0|[1-9]\d{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TopUpRule:
    """In force from `start` on: topped up only below `below_fen`, to at most `up_to_fen`."""

    start: date
    below_fen: int
    up_to_fen: int
    basis: str

    def breaks(self, *, before: int, amount: int) -> bool:
        """Whether a top-up is outside the rule; fen."""
        return before >= self.below_fen or before + amount > self.up_to_fen


def read_rules(said: Any) -> tuple[TopUpRule, ...]:
    """The rules of a city's `top-ups.yaml`, oldest first. Raises Unfit for anything else."""
    try:
        rules = tuple(_rule(each) for each in said["rules"])
        assert rules
        assert said.keys() == {"checked", "confirmed", "rules"}
        assert all(one.start < other.start for one, other in pairwise(rules))
    except (AssertionError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unfit("benefits.top-ups-unfit", f"top-ups.yaml 读不懂：{error!r}。") from error
    return rules


def _rule(said: Mapping[str, Any]) -> TopUpRule:
    assert said.keys() == _FIELDS, "字段不对"
    below, up_to = said["below_fen"], said["up_to_fen"]
    assert type(below) is type(up_to) is int, "金额是整数分"
    assert 0 < below < up_to <= MOST, "金额从低到高"
    assert isinstance(said["from"], date)
    return TopUpRule(said["from"], below, up_to, str(said["basis"]))


def rule_on(rules: Sequence[TopUpRule], day: date) -> TopUpRule | None:
    """The rule in force on a day; None before the first."""
    return next((rule for rule in reversed(rules) if rule.start <= day), None)


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """One row of a file that can be kept; fen."""

    reference: str
    card: int
    topped_at: str
    day: str
    month: int
    before: int
    amount: int


def read_row(fields: Mapping[str, str], reference: str) -> TopUpRow | str:
    """A row of a file, or the reason (as of uses) why it is none."""
    card, before, amount = (_whole(fields.get(name, "")) for name in ("card", "before", "amount"))
    fault = fault_of_shape(reference, card, 0, before)
    if fault:
        return fault
    if type(amount) is not int or not 0 < amount <= MOST:
        return "paid"
    moment = read_moment(fields.get("topped_at", ""))
    if moment is None:
        return "moment"
    _at, day, month, written = moment
    assert type(card) is int
    assert type(before) is int
    return TopUpRow(reference, card, written, day, month, before, amount)


def _whole(text: str) -> int | str:
    return int(text) if _DIGITS.fullmatch(text) else text
