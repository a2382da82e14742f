"""Fares by date, as known at a date; every gap has its sentence."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.kernel.money import Fen
from rongjun.rules.api import (
    FareBook,
    NoFareError,
    PolicyError,
    band_at,
    breaks_within,
    check_book,
    compare_books,
    load_book,
    ordinary_price,
    periods,
    price_rows,
    span_start,
)
from rongjun.rules.tests.strategies import POLICY, book

BUS = """code: bus
title: 公交
title_en: Bus
unit: ride
benefits: [transport.city-transit-pref-card]
owner: 待局方指定
checked: 2026-11-30
versions:
  - from: 2023-01-01
    announced: 2022-12-01
    basis: [{document: 虚构的通知}]
    confidence: assumed
    source_grade: none
    payer: fiscal
    bands: [{band: 1, title: 一元, fen: 100}]
    examples: [{name: 一元, date: 2023-02-01, band: 1, fen: 100}]
"""
CORRECTED = """  - from: 2023-03-15
    announced: 2023-06-01
    basis: [{document: 虚构的更正}]
    confidence: assumed
    source_grade: none
    payer: operator
    bands: [{band: 1, title: 一元二, fen: 120}]
    examples: [{name: 一元二, date: 2023-04-01, band: 1, fen: 120}]
"""


def fares_of(text: str, tmp_path: Path) -> FareBook:
    policy = Path(shutil.copytree(POLICY, tmp_path / "policy"))
    (policy / "cities/qingdao/fares/bus.yaml").write_text(text, "utf-8")
    return load_book(policy, city="qingdao").fares


def price(fares: FareBook, day: date, *, known: date, band: int = 1) -> int:
    return int(ordinary_price(fares, "bus", band=band, day=day, known_at=known).fen)


def test_the_citys_fares_have_every_programme_and_their_examples_hold() -> None:
    assert set(book().fares.fares) == {"bus", "metro", "ferry", "scenic", "telecom"}
    assert check_book(POLICY, city="qingdao").problems == ()


def test_nothing_assumed_is_told_as_official() -> None:
    assert set(book().fares.unconfirmed) == set(book().fares.fares)


def test_a_ride_of_ten_kilometres_and_one_metre_costs_the_next_step() -> None:
    version = book().fares.fares["metro"].versions[0]
    assert [band_at(version, metres=m) for m in (0, 10_000, 10_001, 178_001)] == [1, 2, 3, None]
    found = ordinary_price(book().fares, "metro", band=3, day=date(2023, 6, 1), known_at=date(2023, 6, 1))
    assert (found.fen, found.payer) == (Fen(400), "fiscal")


def test_a_correction_changes_what_is_known_from_its_announcement_on_and_nothing_before(tmp_path) -> None:
    fares = fares_of(BUS + CORRECTED, tmp_path)
    day = date(2023, 4, 1)
    assert price(fares, day, known=date(2023, 5, 31)) == 100
    assert price(fares, day, known=date(2023, 6, 1)) == 120
    assert price(fares, date(2023, 3, 14), known=date(2026, 1, 1)) == 100


def test_a_corrected_version_of_the_same_day_replaces_the_one_announced_earlier(tmp_path) -> None:
    fares = fares_of(BUS + CORRECTED.replace("from: 2023-03-15", "from: 2023-01-01"), tmp_path)
    assert price(fares, date(2023, 1, 1), known=date(2023, 2, 1)) == 100
    assert price(fares, date(2023, 1, 1), known=date(2023, 7, 1)) == 120


@pytest.mark.parametrize(
    ("programme", "day", "band", "why"),
    [
        ("tram", date(2023, 2, 1), 1, "没有这个项目"),
        ("bus", date(2022, 12, 31), 1, "没有那天施行的版本"),
        ("bus", date(2023, 2, 1), 9, "没有这一档"),
    ],
)
def test_a_gap_is_an_error_that_names_it(tmp_path, programme, day, band, why) -> None:
    with pytest.raises(NoFareError, match=why) as raised:
        ordinary_price(fares_of(BUS, tmp_path), programme, band=band, day=day, known_at=date(2026, 1, 1))
    assert (raised.value.programme, raised.value.band, raised.value.day) == (programme, band, day)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("fen: 100}]\n    examples", "fen: -1}]\n    examples", "票价不在"),
        ("date: 2023-02-01", "date: 2022-02-01", "施行期"),
        ("band: 1, fen: 100", "band: 1, fen: 101", "不成立"),
        ("payer: fiscal", "payer: nobody", "payer"),
        ("code: bus", "code: tram", "与文件名不一致"),
        ("city-transit-pref-card]", "city-transit-prefcard]", "没有名为"),
        (
            "{band: 1, title: 一元, fen: 100}",
            "{band: 1, title: a, fen: 1}, {band: 1, title: b, fen: 2}",
            "编号",
        ),
        ("confidence: assumed", "confidence: official", "不是官方"),
        ("    payer: fiscal\n", "", "payer"),
        ("    payer: fiscal\n", "    payer: fiscal\n    rounding: 1\n", "rounding"),
    ],
)
def test_a_wrong_fare_is_refused_with_its_line(tmp_path, old, new, what) -> None:
    assert old in BUS
    policy = Path(shutil.copytree(POLICY, tmp_path / "policy"))
    (policy / "cities/qingdao/fares/bus.yaml").write_text(BUS.replace(old, new, 1), "utf-8")
    problems = check_book(policy, city="qingdao").problems
    assert any(what in str(problem) and "fares/bus.yaml" in problem.file for problem in problems), problems


def test_versions_out_of_order_are_refused(tmp_path) -> None:
    head, version = BUS.split("versions:\n")
    with pytest.raises(PolicyError, match="从早到晚"):
        fares_of(f"{head}versions:\n{CORRECTED}{version}", tmp_path)


def test_the_book_has_another_digest_when_a_fare_changes(tmp_path) -> None:
    policy = Path(shutil.copytree(POLICY, tmp_path / "policy"))
    (policy / "cities/qingdao/fares/bus.yaml").write_text(BUS, "utf-8")
    other = load_book(policy, city="qingdao")
    assert other.digest != book().digest
    assert other.fares.digest != book().fares.digest


def test_a_changed_fare_is_told_when_books_are_compared(tmp_path) -> None:
    policy = Path(shutil.copytree(POLICY, tmp_path / "policy"))
    (policy / "cities/qingdao/fares/bus.yaml").write_text(BUS, "utf-8")
    (policy / "cities/qingdao/fares/ferry.yaml").unlink()
    changes = compare_books(book(), load_book(policy, city="qingdao"), on=date(2026, 11, 30))
    assert [(each.code, each.kind) for each in changes] == [
        ("fares.bus", "changed"), ("fares.ferry", "removed"),
    ]  # fmt: skip
    assert "新增：2023-01-01 起（2022-12-01 公布），财政承担：一元 1.00 元" in changes[0].lines
    assert compare_books(book(), book(), on=date(2026, 11, 30)) == ()


days = st.dates(date(2022, 11, 1), date(2023, 12, 31))


@given(
    versions=st.lists(st.tuples(days, days, st.integers(1, 500), st.one_of(st.none(), days)), max_size=6),
    day=days,
    known=days,
)
def test_rows_spans_and_breaks_say_what_the_single_price_says(versions, day, known) -> None:
    fares = made(versions)
    try:
        single = price(fares, day, known=known)
    except NoFareError:
        single = None
    rows = [row for row in price_rows(fares, known_at=known) if row.start <= day <= row.end]
    assert [row.fen for row in rows] == ([] if single is None else [single])
    begun = span_start(fares, "bus", day=day, known_at=known)
    assert day.replace(day=1) <= begun <= day
    cuts = list(breaks_within(fares, "bus", first=day.replace(day=1), last=day))
    quiet_from = max([day.replace(day=1), *cuts])
    for known_at in (known, date(2024, 1, 1)):
        on_day = [row.fen for row in price_rows(fares, known_at=known_at) if row.start <= day <= row.end]
        on_first = [
            row.fen for row in price_rows(fares, known_at=known_at) if row.start <= quiet_from <= row.end
        ]
        assert on_day == on_first


def made(versions: list[tuple[date, date | None, int, date | None]]) -> FareBook:
    """Fares of a bus with these versions: start, announced, fen, until."""
    template = book().fares.fares["bus"]
    example = template.versions[0]
    bus = replace(
        template,
        versions=tuple(
            replace(
                example,
                start=start,
                announced=announced,
                until=start + timedelta(days=(until - start).days) if until and until >= start else None,
                bands=(replace(example.bands[0], fen=Fen(fen)),),
            )
            for start, announced, fen, until in sorted(
                {(s, a or s): (s, a, f, u) for s, a, f, u in versions}.values(),
                key=lambda v: (v[0], v[1] or v[0]),
            )
        ),
    )
    return FareBook({"bus": bus})


def test_periods_leave_gaps_out(tmp_path) -> None:
    fares = fares_of(BUS.replace("announced", "until: 2023-02-28\n    announced", 1), tmp_path)
    runs = periods(fares.fares["bus"], known_at=date(2026, 1, 1))
    assert [(run.start, run.end) for run in runs] == [(date(2023, 1, 1), date(2023, 2, 28))]
