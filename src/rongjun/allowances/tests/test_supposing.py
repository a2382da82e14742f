"""A draft laid over the book: what a raise costs before it is adopted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.allowances.drafts import DRAFT, DraftBook, read_draft
from rongjun.allowances.logic.history import Asserted, Award
from rongjun.allowances.logic.months import month_at
from rongjun.allowances.logic.supposing import Effect, Supposed, suppose
from rongjun.rules.api import PolicyError, read_folder

POLICY = Path(__file__).resolve().parents[4] / "policy"
RATES = POLICY / "cities/qingdao/allowances/rates"
CITY = "cities/qingdao"
KNOWN = datetime(2023, 10, 20, 4, tzinfo=UTC)
OCTOBER = month_at(2023, 10)
# The article: 3,240 yuan a year more for each tier of 在乡复员军人, from 2023-08-01.
TIERS = ("resist-japan", "liberation-war", "after-liberation")


@cache
def files() -> dict[str, bytes]:
    return dict(read_folder(POLICY))


@cache
def drafted(text: str) -> DraftBook:
    return read_draft(text, files=files(), place=CITY, fictional="left-out", known_on=date(2023, 10, 20))


def article() -> DraftBook:
    return drafted((RATES / "qingdao-2023-11.yaml").read_text("utf-8"))


def demobilised(tier: str) -> list[Asserted]:
    award = Award("示例", "demobilised-allowance", tier, date(2008, 3, 1), {"household_kind": "rural"})
    return [Asserted(award)]


def effects_of(history: list[Asserted], draft: DraftBook, month: int = OCTOBER) -> tuple[Effect, ...]:
    return suppose(
        history, first=draft.first, month=month, known_at=KNOWN, before=draft.before, after=draft.after
    )


@pytest.mark.parametrize("tier", TIERS)
def test_the_articles_raise_comes_out_on_every_tier(tier: str) -> None:
    (effect,) = effects_of(demobilised(tier), article())
    assert effect.year == 324_000
    assert effect.back == 2 * 27_000  # August and September
    assert not effect.was_gap


def test_without_the_order_the_book_says_what_it_said_before() -> None:
    draft = article()
    assert draft.order.code not in {order.code for order in draft.before.orders}
    assert draft.first == month_at(2023, 8)
    assert "demobilised-allowance" in draft.schemes
    assert "nursing-fee" not in draft.schemes
    assert draft.after.what_if


DRAFT_TEXT = """\
order: qingdao-2027
title: 草案
from: {start}
region: {{code: 370200000000, title: 青岛市}}
sources:
  - source: 测算
    confidence: sourced
    rows:
      - {{series: demobilised-allowance, category: resist-japan, period: year, fen: {fen}, shares: {shares}}}
"""


def draft_of(fen: int, *, start: str = "2023-08-01", city: int | None = None) -> DraftBook:
    part = fen if city is None else city
    shares = f"{{city: {part}, county: {fen - part}}}" if city is not None else f"{{city: {fen}}}"
    return drafted(DRAFT_TEXT.format(fen=fen, start=start, shares=shares))


def test_who_bears_it_is_said_by_the_draft_and_adds_up() -> None:
    (effect,) = effects_of(demobilised("resist-japan"), draft_of(3_700_000, city=925_000))
    assert sum(effect.payers.values()) == effect.year
    assert sum(effect.back_payers.values()) == effect.back
    assert effect.payers.keys() == {"city", "county"}


def test_a_draft_that_begins_later_has_no_back_pay() -> None:
    draft = draft_of(4_000_000, start="2023-12-01")
    (effect,) = effects_of(demobilised("resist-japan"), draft, month=month_at(2023, 12))
    assert effect.back == 0
    assert effect.more > 0


@settings(max_examples=30, deadline=None)
@given(fen=st.integers(1_000_000, 6_000_000), months=st.integers(0, 6))
def test_back_pay_is_the_sum_of_the_months_and_the_reverse_draft_takes_it_back(fen: int, months: int) -> None:
    draft = draft_of(fen)
    month = OCTOBER + months
    found = effects_of(demobilised("resist-japan"), draft, month)
    turned = suppose(
        demobilised("resist-japan"), first=draft.first, month=month, known_at=KNOWN,
        before=draft.after, after=draft.before,
    )  # fmt: skip
    assert [(each.year, each.back) for each in found] == [(-each.year, -each.back) for each in turned]
    alone = [
        sum(each.more for each in effects_of(demobilised("resist-japan"), draft, at))
        for at in range(draft.first, month)
    ]
    # A year is rounded as a whole: a month alone may differ by a fen.
    assert abs(sum(each.back for each in found) - sum(alone)) <= len(alone)


def effect(year: int, back: int) -> Effect:
    return Effect("a", "甲", 100, 100 + year // 12, year, back, {"city": year}, {"city": back}, was_gap=False)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-90, 90), st.integers(1, 3)), max_size=60))
def test_every_way_to_sum_a_city_is_the_same_sum(people: list[tuple[int, int, int]]) -> None:
    found = Supposed(most=5)
    for number, (year, back, district) in enumerate(people):
        found.add(f"p{number:03d}", district=district, effects=[effect(year, back)])
    found.settle()
    for tallies in (found.districts, found.schemes, found.payers):
        assert sum(each.year for each in tallies.values()) == found.whole.year
        assert sum(each.back for each in tallies.values()) == found.whole.back
    assert found.looked_at == len(people)
    assert found.people == sum(1 for year, back, _ in people if year or back)
    assert found.raised + found.lowered <= found.people
    assert len(found.biggest) == min(5, found.people)
    sizes = [abs(each.year) for each in found.biggest]
    assert sizes == sorted(sizes, reverse=True)


def test_a_draft_reads_the_same_however_its_lines_end() -> None:
    text = (RATES / "qingdao-2023-11.yaml").read_text("utf-8")
    assert drafted(text.replace("\n", "\r\n")).order == article().order


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "看不出这是一份标准文件"),
        ("title: 草案", "看不出这是一份标准文件"),
        ("order: x\nfrom: [", ""),
        (DRAFT_TEXT.format(fen=0, start="2023-08-01", shares="{city: 0}"), "金额应大于 0"),
        (DRAFT_TEXT.format(fen=100, start="2023-08-01", shares="{city: 99}"), "分担各方之和"),
        (DRAFT_TEXT.format(fen=100, start="null", shares="{city: 100}"), "没有从哪天起的标准"),
        (
            DRAFT_TEXT.format(fen=100, start="2023-08-01", shares="{city: 100}").replace(
                "demobilised-allowance", "no-such"
            ),
            "没有名为“no-such”的序列",
        ),
    ],
)
def test_a_draft_with_faults_is_answered_with_its_faults(text: str, fault: str) -> None:
    with pytest.raises(PolicyError) as caught:
        drafted(text)
    assert any(fault in each.what for each in caught.value.problems)
    assert all(each.file == DRAFT for each in caught.value.problems)
