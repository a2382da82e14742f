"""A benefit in words: everything a page tells of it, and nothing of how it is written."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from rongjun.benefits import api as benefits
from rongjun.rules.api import Benefit, Book, Confirmation, Grant, Region, load_book

CODE_NAME = re.compile(r"[a-z]+_[a-z_]+")


@cache
def book() -> Book:
    return load_book(Path(settings.POLICY_ROOT), city=settings.CITY)


def some(code: str) -> Benefit:
    return book().benefits[code]


def test_no_benefit_speaks_to_people_in_code() -> None:
    for item in (*book().benefits.values(), *book().references.values()):
        for version in item.versions:
            wording = benefits.wording_of(book(), item, version)
            choices = [each for part in wording.parts for each in (part.sentence, *part.any_of)]
            said = [*choices, *wording.guards, *wording.figures, wording.way, wording.grade, wording.level]
            facts = [fact for example in benefits.examples_of(book(), version) for fact in example.facts]
            assert [text for text in (*said, *facts) if CODE_NAME.search(text)] == [], item.code


def test_every_condition_is_told_in_full() -> None:
    for item, version in book().in_force(on=date(2027, 1, 1)):
        wording = benefits.wording_of(book(), item, version)
        assert wording.parts
        if len(wording.parts) == 1:
            assert wording.parts[0].sentence == wording.sentence
        for part in wording.parts:
            assert len(part.any_of) != 1
            assert sum(map(len, part.any_of)) < len(part.sentence)  # the words between them and brackets


def test_a_wording_is_unconfirmed_until_just_this_one_was_confirmed() -> None:
    item = some("medical.rongjunbao")
    version = item.versions[-1]
    assert benefits.wording_of(book(), item, version).confirmed is None
    said = Confirmation(item.code, version.start, version.digest, "staff:policy", "局发〔示例〕1号")
    confirmed = replace(book(), confirmations=frozenset({said}))
    assert benefits.wording_of(confirmed, item, version).confirmed == said
    older = replace(said, digest="0" * 64)
    outdated = replace(book(), confirmations=frozenset({older}))
    assert benefits.wording_of(outdated, item, version).confirmed is None


@pytest.mark.parametrize(
    ("grant", "figures"),
    [
        ({"percent_off": 100}, ("全免",)),
        ({"percent_off": 50}, ("减免 50%",)),
        ({"cap_fen": 30_000_000, "own_max_fen": 500_050}, ("最高 300,000 元", "个人最多负担 5,000.50 元")),
    ],
)
def test_figures_are_in_yuan_and_percent(grant: dict[str, int], figures: tuple[str, ...]) -> None:
    item = some("medical.rongjunbao")
    plain = Grant("use", None, None, (), None, None)
    given = replace(item.versions[-1], grant=replace(plain, **grant))  # type: ignore[arg-type]
    assert benefits.wording_of(book(), item, given).figures == figures


def test_venues_stand_under_their_list() -> None:
    item = next(each for each in book().benefits.values() if each.versions[-1].venues)
    version = item.versions[-1]
    told = benefits.wording_of(book(), item, version).venues
    assert sum(len(titles) for _, titles in told) == len(version.venues)


def test_only_a_page_of_the_web_is_a_link() -> None:
    item = replace(some("medical.rongjunbao"), public_links=("https://example.org/a", "javascript:alert(1)"))
    assert benefits.wording_of(book(), item, item.versions[-1]).links == ("https://example.org/a",)


def test_an_example_says_places_without_a_name_as_elsewhere() -> None:
    item = some("medical.rongjunbao")
    version = item.versions[-1]
    here: Region = book().regions["this_city"]
    given = {"household_city": 990100000000, "residence_city": here.code, "in_hardship": True}
    example = replace(version.examples[0], given=given, relations=({"relation": "child"},))
    (line,) = benefits.examples_of(book(), replace(version, examples=(example,)))
    assert "户籍所在市：外地（990100）" in line.facts
    assert "常住地所在市：本市" in line.facts
    assert "第 1 段关系（与该军人的关系：子女）" in line.facts
