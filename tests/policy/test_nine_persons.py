"""Nine invented people, from a conscript just home to a citizen without any claim."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from rongjun.rules.api import Book, Sheet, Value, latest_start, load_book, plain, read_sheet, verdicts
from rongjun.rules.days import Span

FILE = Path(__file__).parents[1] / "data/nine-persons.yaml"
MOST_UNKNOWN = 0.20


@cache
def book() -> Book:
    return load_book(Path(__file__).parents[2] / "policy", city="qingdao")


@cache
def data() -> Mapping[str, object]:
    sheet = Sheet(FILE.name, [])
    node = read_sheet(FILE, sheet=sheet)
    assert node is not None, sheet.problems
    return cast(Mapping[str, object], plain(node))


def the_day() -> date:
    return date.fromisoformat(str(data()["on"]))


def persons() -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", data()["persons"])


def as_supplied(given: Mapping[str, object]) -> dict[str, Value]:
    """The facts as an app supplies them: a span as the date behind it, a region as its code."""
    facts: dict[str, Value] = {}
    for name, value in given.items():
        fact = book().vocabulary[name]
        if fact.of and isinstance(value, int):
            facts[fact.of] = latest_start(cast(Span, fact.kind), value, on=the_day())
        elif fact.kind == "division" and isinstance(value, str):
            facts[name] = book().regions[value].code
        else:
            facts[name] = cast(Value, value)
    return facts


def judged(person: Mapping[str, object], **answered: Value) -> dict[str, str]:
    """Every verdict by the number of the collected data."""
    given = as_supplied(cast(Mapping[str, object], person["given"])) | answered
    found = verdicts(book(), facts=given, on=the_day())
    return {str(book().benefits[code].source_id): verdict for code, verdict in found.items()}


each_person = pytest.mark.parametrize("person", persons(), ids=lambda person: str(person["id"]))


def test_they_are_nine_and_the_whole_catalogue_is_in_force() -> None:
    assert [person["id"] for person in persons()] == [f"P-0{number}" for number in range(1, 10)]
    assert {benefit.code for benefit, _ in book().in_force(on=the_day())} == set(book().benefits)


@each_person
def test_what_they_must_get_is_granted_and_what_they_must_not_is_refused(person: dict[str, object]) -> None:
    found = judged(person)
    granted, refused = cast("list[str]", person["must_match"]), cast("list[str]", person["must_not_match"])
    assert {number: found[number] for number in granted} == dict.fromkeys(granted, "granted")
    assert {number: found[number] for number in refused} == dict.fromkeys(refused, "not-granted")


@each_person
def test_what_hangs_on_one_answer_is_asked_and_then_granted(person: dict[str, object]) -> None:
    for number, fact in cast("dict[str, str]", person.get("must_match_once", {})).items():
        assert judged(person)[number] == "unknown"
        assert judged(person, **{fact: True})[number] == "granted"


@each_person
def test_at_most_a_fifth_of_the_catalogue_is_left_open(person: dict[str, object]) -> None:
    found = list(judged(person).values())
    assert found.count("unknown") <= MOST_UNKNOWN * len(found)


@each_person
def test_the_counts_are_those_we_have_looked_at(person: dict[str, object]) -> None:
    counts = Counter(judged(person).values())
    found = {key.replace("-", "_"): counts[key] for key in ("granted", "unknown", "not-granted")}
    assert found == person["expect"]
