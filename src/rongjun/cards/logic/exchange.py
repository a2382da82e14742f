"""What goes to operators and the bank about a card, and what the bank's answers mean. No Django, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from rongjun.cards.logic.life import LONGEST_HOLD, SHORTEST_HOLD, Span, opens_at
from rongjun.cards.logic.numbers import TransitNumber
from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import BankCard, admit

ADD, STOP = "add", "stop"
CHINA = timezone(timedelta(hours=8))
# Lines carry keys without a digit: no run of digits of ours is taken for somebody's number.
_LETTERS = str.maketrans("0123456789abcdef", "ghjkmnpqrstvwxyz")


def in_letters(number: str) -> str:
    """A number in hexadecimal, without a digit."""
    return number.translate(_LETTERS)


def line_key(reference: int, place: int) -> str:
    """The key of a line about a card: letters only, but for which of its lines it is."""
    return f"C-{in_letters(f'{reference:x}')}-{place}"


def list_lines(reference: int, usable: Sequence[Span], *, now: datetime) -> list[list[str]]:
    """What an operator has to know of a card: whether it opens now, since when, and what is known to come."""
    changes: list[tuple[str, datetime]] = []
    if not opens_at(usable, now):
        changes.append((STOP, max((end for _, end in usable if end and end <= now), default=now)))
    for start, end in usable:
        if end is None or end > now:
            changes.append((ADD, start))
            changes += [(STOP, end)] if end else []
    return [
        [line_key(reference, place), str(reference), change, at.astimezone(CHINA).isoformat(), _day(at)]
        for place, (change, at) in enumerate(changes)
    ]


def _day(at: datetime) -> str:
    return at.astimezone(CHINA).date().isoformat()


# --- the bank's answers -------------------------------------------------------------------------------------

# What the bank says, as a step of the card's life.
BANK_STEPS: Final[Mapping[str, str]] = {
    "made": "make",
    "failed": "fail",
    "handed-over": "hand-over",
    "held": "hold",
    "lifted": "lift",
    "lost": "lose",
    "found": "find",
    "closed": "bank-close",
}


@dataclass(frozen=True, slots=True)
class BankLine:
    """One thing the bank tells of a card; `bank` and `transit` are there when it has been made."""

    reference: int
    step: str
    at: datetime
    until: datetime | None
    reason: str
    bank: BankCard | None
    transit: TransitNumber | None


def read_bank_line(fields: Mapping[str, str], *, synthetic: bool, now: datetime) -> BankLine | str:
    """A line as it came, or in words why it cannot be read."""
    step = BANK_STEPS.get(fields.get("what", ""))
    if step is None:
        return "“什么事”不在约定的几种里"
    try:
        at = _moment(fields.get("at", ""))
        until = _moment(fields["until"]) if fields.get("until") else None
        bank = BankCard.from_text(fields["bank_number"]) if fields.get("bank_number") else None
        transit = TransitNumber.from_text(fields["transit_number"]) if fields.get("transit_number") else None
        for number in (bank, transit):
            if number is not None:
                admit(number, synthetic=synthetic)
        reference = int(fields.get("card", ""))
    except Unfit as unfit:
        return unfit.sentence
    except ValueError:
        return "名单编号或者时刻读不出来"
    line = BankLine(reference, step, at, until, fields.get("reason", "") or "银行回执", bank, transit)
    return _fault(line, is_explained=bool(fields.get("reason")), now=now) or line


def _fault(line: BankLine, *, is_explained: bool, now: datetime) -> str:
    if line.at > now:
        return "时刻在未来"
    if line.step == "hold" and not (line.until and SHORTEST_HOLD <= line.until - line.at <= LONGEST_HOLD):
        return "临时挂失要写到什么时候，5 至 15 天"
    if line.step == "make" and line.bank is None:
        return "制好了的要写银行卡号"
    return "没制成的要写原因" if line.step == "fail" and not is_explained else ""


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at
