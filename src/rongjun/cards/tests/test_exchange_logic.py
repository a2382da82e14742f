"""What operators are told of a card, and how the bank's lines are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.cards.logic.exchange import ADD, STOP, BankLine, line_key, list_lines, read_bank_line
from rongjun.cards.tests.cast import DAY, NOW, SINCE, bank_number

MADE = {
    "card": "4503599627370496",
    "what": "made",
    "at": "2026-11-20T09:30:00+08:00",
    "bank_number": bank_number(1).number,
    "transit_number": "9999990000000001",
}


def told(*spans: tuple[object, object]) -> list[tuple[str, str]]:
    return [(line[2], line[3]) for line in list_lines(5, spans, now=NOW)]  # type: ignore[arg-type]


def at(moment: object) -> str:
    return list_lines(5, [(moment, None)], now=NOW + 999 * DAY)[0][3]  # type: ignore[list-item]


def test_a_card_that_opens_is_listed_and_one_that_does_not_is_stopped() -> None:
    assert told((SINCE, None)) == [(ADD, at(SINCE))]
    assert told((SINCE, NOW - DAY)) == [(STOP, at(NOW - DAY))]
    assert told() == [(STOP, at(NOW))]


def test_what_is_known_to_come_is_told_with_it() -> None:
    assert told((SINCE, NOW - DAY), (NOW + DAY, None)) == [(STOP, at(NOW - DAY)), (ADD, at(NOW + DAY))]
    assert told((SINCE, NOW + DAY)) == [(ADD, at(SINCE)), (STOP, at(NOW + DAY))]


@given(st.integers(1, 2**53 - 1), st.integers(0, 9))
def test_a_key_is_nobodys_number_and_no_two_cards_share_one(reference: int, place: int) -> None:
    key = line_key(reference, place)
    assert sum(sign.isdigit() for sign in key) == 1
    assert key != line_key(reference - 1, place)


def test_a_made_card_brings_its_numbers() -> None:
    line = read_bank_line(MADE, synthetic=True, now=NOW)
    assert isinstance(line, BankLine)
    assert (line.reference, line.step) == (4503599627370496, "make")
    assert line.bank == bank_number(1)
    assert "999999" not in repr(line)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"what": "melted"}, "约定"),
        ({"card": "x"}, "读不出来"),
        ({"at": "2026-11-20T09:30:00"}, "读不出来"),
        ({"at": (NOW + DAY).isoformat()}, "未来"),
        ({"bank_number": ""}, "银行卡号"),
        ({"bank_number": "9999990000000001"}, "校验"),
        ({"what": "failed"}, "原因"),
        ({"what": "held"}, "5 至 15 天"),
        ({"what": "held", "until": "2026-12-30T00:00:00+08:00"}, "5 至 15 天"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(changed: dict[str, str], says: str) -> None:
    line = read_bank_line({**MADE, **changed}, synthetic=True, now=NOW)
    assert isinstance(line, str)
    assert says in line


def test_a_hold_of_the_bank_says_until_when() -> None:
    until = "2026-11-27T09:30:00+08:00"
    line = read_bank_line({**MADE, "what": "held", "until": until}, synthetic=True, now=NOW)
    assert isinstance(line, BankLine)
    assert line.until is not None
    assert line.until - line.at == timedelta(days=7)
