"""Two books side by side."""

from datetime import date

import polars as pl

from rongjun.rules.book import Book
from rongjun.rules.comparing import Change, compare_books, facts_read, reach_of_change
from rongjun.rules.loading import load_book, read_folder
from rongjun.rules.sweeping import PERSON
from rongjun.rules.tests.strategies import POLICY, book

ON = date(2026, 11, 24)
CARD = "transport.city-transit-pref-card"
CARD_FILE = "cities/qingdao/benefits/transport/city-transit-pref-card.yaml"
WHEN = "(is_veteran OR is_three_kin) AND holds_pref_card"


def changed(old: str, new: str, *, file: str = CARD_FILE) -> Book:
    files = read_folder(POLICY)
    text = files[file].decode()
    assert old in text
    return load_book(files | {file: text.replace(old, new).encode()}, city="qingdao")


def told(new: Book) -> Change:
    (change,) = compare_books(book(), new, on=ON)
    return change


def test_the_same_book_reads_the_same() -> None:
    assert compare_books(book(), book(), on=ON) == ()


def test_a_changed_condition_is_told_part_by_part() -> None:
    change = told(changed(WHEN, "(is_veteran OR is_three_kin) AND holds_pref_card AND age >= 60"))
    assert (change.code, change.kind, change.judges_differently) == (CARD, "changed", True)
    assert change.lines == ("新增要求：年龄不低于 60 岁",)


def test_a_changed_wording_judges_nobody_differently() -> None:
    change = told(changed("免费乘坐青岛的", "免费乘坐"))
    assert not change.judges_differently
    assert change.lines[0].startswith("内容：")


def test_a_new_meaning_of_a_derived_fact_judges_differently_though_no_benefit_file_changed() -> None:
    wider = changed(
        "derived_as: is_martyr_kin OR is_duty_death_kin OR is_illness_death_kin",
        "derived_as: is_martyr_kin OR is_duty_death_kin",
        file="facts.yaml",
    )
    changes = {change.code: change for change in compare_books(book(), wider, on=ON)}
    assert changes[CARD].judges_differently
    assert "transport.half-fare-disabled" not in changes


def test_a_benefit_that_went_and_one_that_came_are_named() -> None:
    files = read_folder(POLICY)
    without = load_book({n: raw for n, raw in files.items() if n != CARD_FILE}, city="qingdao")
    assert [(c.code, c.kind) for c in compare_books(book(), without, on=ON)] == [(CARD, "removed")]
    (came,) = compare_books(without, book(), on=ON)
    assert came.kind == "added"
    assert came.lines == ("谁能享受：（是退役军人，或者是“三属”），并且持有优待证",)


def test_the_reach_counts_who_gains_who_loses_and_who_must_be_asked() -> None:
    older = changed(WHEN, "is_veteran AND (age >= 60 OR holds_pref_card)")
    frame = pl.DataFrame(
        {
            PERSON: ["gains", "stays", "unasked", "loses", "never"],
            "is_veteran": [True, True, True, False, False],
            "is_martyr_kin": [False, False, False, True, False],
            "birth_date": [date(1950, 1, 1), date(1990, 1, 1), date(1990, 1, 1), date(1950, 1, 1), None],
            "holds_pref_card": [False, True, None, True, None],
        }
    )
    (reach,) = reach_of_change(book(), older, codes=[CARD], frame=frame, on=ON)
    assert (reach.gains, reach.loses, reach.becomes_unknown) == (1, 1, 0)
    assert (reach.granted_before, reach.granted_after) == (2, 2)
    (back,) = reach_of_change(older, book(), codes=[CARD], frame=frame, on=ON)
    assert (back.gains, back.loses, back.becomes_unknown) == (1, 1, 0)


def test_only_the_facts_the_changed_benefits_read_are_asked_for() -> None:
    names = facts_read(book(), codes=[CARD], on=ON)
    assert names == {
        "is_veteran",
        "is_martyr_kin",
        "is_duty_death_kin",
        "is_illness_death_kin",
        "holds_pref_card",
    }
