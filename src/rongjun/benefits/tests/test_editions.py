"""A book is put in force, confirmed, decided by, and decided by again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from rongjun.access.api import acting_as, acting_as_job
from rongjun.benefits import api as benefits
from rongjun.benefits.models import Edition, RecordedDecision
from rongjun.benefits.tests.test_queries import NOW, TODAY, officer, people
from rongjun.kernel.errors import Refused
from rongjun.rules.api import read_folder

pytestmark = pytest.mark.django_db
CARD = "transport.city-transit-pref-card"
CARD_FILE = "cities/qingdao/benefits/transport/city-transit-pref-card.yaml"
FEW = ("pref-card", "half-fare", "rongjunbao", "welfare-home-first", "old-age-allowance")
ORDER = "局发〔示例〕1号"


@cache
def files() -> Mapping[str, bytes]:
    """The shipped policy with few benefits, so that a book is built in no time."""
    every = read_folder(Path(settings.POLICY_ROOT))
    return {
        name: raw
        for name, raw in every.items()
        if not re.search(r"/(benefits|fares)/|^reference/", name) or any(w in name for w in FEW)
    }


def with_change(old: str, new: str) -> dict[str, bytes]:
    text = files()[CARD_FILE].decode()
    assert old in text
    return {**files(), CARD_FILE: text.replace(old, new).encode()}


def policy_officer() -> Any:
    return officer("policy-officer")


def adopt(what: Mapping[str, bytes]) -> str:
    return benefits.adopt_book(what, document=ORDER, by=policy_officer(), now=NOW).digest


def in_force() -> str:
    with acting_as(officer()):
        return benefits.book().digest


def test_an_adopted_book_is_in_force_at_once_and_kept_whole() -> None:
    first = adopt(files())
    assert in_force() == first
    second = adopt(with_change("免费乘坐青岛的", "免费乘坐"))
    assert in_force() == second != first
    with acting_as(officer()):
        assert benefits.book_with_digest(first[:12]).digest == first
        assert [line.digest for line in benefits.editions()] == [second, first]


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (lambda: with_change("holds_pref_card\n", "holds_pref_crad\n"), "benefits.book-unsound"),
        (lambda: with_change("holds_pref_card\n", "NOT holds_pref_card\n"), "benefits.book-unsound"),
        (lambda: {**files(), "facts.yaml": b"\xff"}, "benefits.book-unsound"),
        (files, "benefits.book-unchanged"),
    ],
)
def test_a_book_with_a_fault_is_refused_and_the_one_in_force_stands(what: Any, code: str) -> None:
    before = adopt(files())
    with pytest.raises(Refused, match=code):
        adopt(what())
    assert in_force() == before
    assert count_editions() == 1


def count_editions() -> int:
    with acting_as_job("test.count"):
        return Edition.objects.count()


def test_only_a_policy_officer_adopts_or_confirms_and_only_with_a_document() -> None:
    with pytest.raises(Refused, match="may-not-adopt"):
        benefits.adopt_book(files(), document=ORDER, by=officer(), now=NOW)
    with pytest.raises(Refused, match="document-missing"):
        benefits.adopt_book(files(), document="  ", by=policy_officer(), now=NOW)
    adopt(files())
    with pytest.raises(Refused, match="may-not-confirm"):
        benefits.confirm_wording(CARD, document=ORDER, by=officer(), on=TODAY, now=NOW)


def test_a_confirmed_wording_is_confirmed_until_it_reads_otherwise() -> None:
    adopt(files())
    confirmed = benefits.confirm_wording(CARD, document=ORDER, by=policy_officer(), on=TODAY, now=NOW)
    assert in_force() == confirmed.digest
    assert is_confirmed()
    with pytest.raises(Refused, match="already-confirmed"):
        benefits.confirm_wording(CARD, document=ORDER, by=policy_officer(), on=TODAY, now=NOW)
    adopt(with_change("免费乘坐青岛的", "免费乘坐"))
    assert not is_confirmed()
    adopt(files())
    assert is_confirmed()


def is_confirmed() -> bool:
    with acting_as(officer()):
        book = benefits.book()
        version = book.benefits[CARD].version(on=TODAY)
        assert version
        return book.is_confirmed(book.benefits[CARD], version)


def test_nothing_can_be_confirmed_before_a_book_was_adopted_nor_what_is_not_in_it() -> None:
    with pytest.raises(Refused, match="no-edition"):
        benefits.confirm_wording(CARD, document=ORDER, by=policy_officer(), on=TODAY, now=NOW)
    adopt(files())
    with pytest.raises(Refused, match="no-such-benefit"):
        benefits.confirm_wording("transport.no-such", document=ORDER, by=policy_officer(), on=TODAY, now=NOW)


def record(count: int) -> int:
    kept = 0
    for person in people(count):
        with acting_as(officer()):
            kept += benefits.record_decisions(person, on=TODAY, by=officer(), now=NOW)
    return kept


def replayed(**how: Any) -> list[benefits.Replayed]:
    with acting_as(officer()):
        return [outcome for _, outcome in benefits.replay(**how)]


def test_recorded_decisions_come_out_the_same_to_the_byte_under_their_own_book() -> None:
    adopt(files())
    assert record(6) == 6 * len(FEW)
    adopt(with_change("免费乘坐青岛的", "免费乘坐"))
    again = replayed()
    assert len(again) == 6 * len(FEW)
    assert {outcome.outcome for outcome in again} == {"same"}


def test_under_another_book_the_replay_tells_what_differs_and_why() -> None:
    adopt(files())
    record(12)
    with acting_as(officer()):
        old = benefits.book()
    adopt(with_change("holds_pref_card\n", "(holds_pref_card OR age >= 0)\n") | without_examples())
    with acting_as(officer()):
        new = benefits.book()
    assert new.digest != old.digest
    outcomes = replayed(under=new)
    assert {outcome.code for outcome in outcomes if outcome.outcome == "differs"} == {CARD}
    told = next(outcome for outcome in outcomes if outcome.outcome == "differs")
    assert any("年龄" in text for text in told.why)


def without_examples() -> dict[str, bytes]:
    """The card's file with a wider condition and examples that fit it."""
    text = files()[CARD_FILE].decode().replace("holds_pref_card\n", "(holds_pref_card OR age >= 0)\n")
    head = text[: text.index("    examples:")]
    return {
        CARD_FILE: (
            head
            + """    examples:
      - name: 老兵
        date: 2024-06-01
        given: {is_veteran: true, age: 70, household_kind: rural}
        expect: {verdict: granted}
      - name: 市民
        date: 2024-06-01
        given: {age: 45}
        expect: {verdict: not-granted, because: [is_veteran]}
"""
        ).encode()
    }


def test_a_replay_sees_only_its_own_scope_and_its_own_days() -> None:
    adopt(files())
    record(2)
    with acting_as(officer("district-officer", 370203000000)):
        assert list(benefits.replay()) == []
    assert replayed(until=NOW) == []
    assert len(replayed(since=NOW, until=NOW + timedelta(days=1))) == 2 * len(FEW)


def test_a_decision_that_was_tampered_with_does_not_come_out_the_same() -> None:
    adopt(files())
    record(1)
    with acting_as(officer()):
        kept = RecordedDecision.objects.first()
        assert kept
        content = kept.content.replace(kept.verdict, "granted" if kept.verdict != "granted" else "unknown")
        from rongjun.benefits.logic import replay_one

        assert replay_one(content, benefits.book()).outcome == "differs"


def test_the_impact_of_new_files_is_counted_over_those_in_scope() -> None:
    adopt(files())
    everybody = people(40)
    with acting_as(officer()):
        old = benefits.book()
    adopt(with_change("holds_pref_card\n", "(holds_pref_card OR age >= 0)\n") | without_examples())
    with acting_as(officer()):
        found = benefits.impact(old, benefits.book(), on=TODAY, known_at=NOW)
        (reach,) = found.reach
        granted = len(benefits.people_with(CARD, "granted", on=TODAY, known_at=NOW))
    assert [change.code for change in found.changes] == [CARD]
    assert reach.granted_after == granted > reach.granted_before
    assert reach.gains == reach.granted_after - reach.granted_before
    assert granted <= len(everybody)
