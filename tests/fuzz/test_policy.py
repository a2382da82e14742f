"""A small share of the long run (`make fuzz`), and inputs found by people who know how such things break."""

from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.files import Spoiled
from tests.fuzz.policy import Conditions, Files, Run, fuzz
from tests.fuzz.texts import NASTY

SEED = 20261123


@cache
def conditions() -> Conditions:
    return Conditions()


@pytest.fixture(scope="module")
def small_book(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("fuzz"))


def shown(run: Run) -> str:
    return "\n".join(map(str, run.findings))


def test_the_parser_takes_what_the_grammar_allows_and_nothing_else() -> None:
    run = fuzz("conditions", conditions(), range(2_500), seed=SEED)
    assert not run.findings, shown(run)
    assert min(sum(n for kind, n in run.counts.items() if end in kind) for end in ("accept", "refuse")) > 500


def test_the_loader_refuses_what_is_spoiled_with_place_and_advice(small_book: Files) -> None:
    run = fuzz("files", small_book, range(250), seed=SEED)
    assert not run.findings, shown(run)
    assert any("accepted" in kind for kind in run.counts)


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_words_in_any_order_are_read_otherwise_than_the_grammar_says(random: Random) -> None:
    # The same makers, with Hypothesis choosing: it looks for the smallest text that goes wrong.
    _, text, faults = conditions().judge(random)
    assert not faults, text


@pytest.mark.parametrize(
    "around", ["{}", "age >= 60 {}", "{} is_veteran", "age {} 60", "sex IN ('male' {} 'female')"]
)
def test_nothing_nasty_is_read_as_something_else(around: str) -> None:
    for nasty in NASTY:
        text = around.replace("{}", nasty)
        assert conditions().faults(text)[1] == [], text


@pytest.mark.parametrize(
    "text",
    [
        "age >= 6²",
        "age >= ①",
        "𝐚𝐠𝐞 >= 60",
        "sex ıs NULL",
        "age BETWEEN 18 60",
        "age IN (18, , 60)",
        "age IN (, 18)",
        "in_hardship NOT IS NULL",
    ],
)
def test_what_was_once_read_as_something_else_is_refused(text: str) -> None:
    accepted, faults = conditions().faults(text)
    assert not accepted
    assert not faults


CARD = "cities/qingdao/benefits/transport/city-transit-pref-card.yaml"
PLACE = "cities/qingdao/city.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (CARD, "confidence: sourced", "confidence: '?'"),
        (CARD, "title: 优待证", 'title: "\\0优待证"'),
        (CARD, "title: 优待证", 'title: "\\u200b优待证"'),
        (CARD, "title: 优待证", "title: \t优待证"),
        (CARD, "from: 2023-04-21", "from: 1850-01-01"),
        (CARD, "from: 2023-04-21", "from: 2023-04-21\n    until: 9999-12-31"),
        (CARD, "household_city: 410100000000", "age: 60, birth_date: 1950-01-01"),
        (PLACE, "province: shandong", "province: /etc"),
        (PLACE, "province: shandong", 'province: "a\\0b"'),
        (PLACE, "name: huangdao", "name: null"),
        (PLACE, "name: huangdao", "name: between"),
        ("facts.yaml", "says: 户籍在{}", "says: 户籍在{place}"),
        ("facts.yaml", "at_least: 为 {}或更轻", "at_least: 为 {}或更轻{x}"),
        ("facts.yaml", "min: 1", "min: 11"),
    ],
)
def test_what_was_once_accepted_or_crashed_is_refused(
    small_book: Files, file: str, old: str, new: str
) -> None:
    text = small_book.files[file]
    assert old in text
    accepted, faults = small_book.taken(Spoiled(file, text.replace(old, new, 1).encode(), must_refuse=True))
    assert not accepted
    assert not faults


def test_a_file_without_versions_is_refused_and_an_age_not_known_is_judged(small_book: Files) -> None:
    text = small_book.files[CARD]
    empty = text[: text.index("versions:")] + "versions: []\n"
    assert small_book.taken(Spoiled(CARD, empty.encode(), must_refuse=True)) == (False, [])
    unknown = text.replace("household_city: 410100000000", "age: null", 1)
    assert small_book.taken(Spoiled(CARD, unknown.encode(), must_refuse=False)) == (True, [])


def test_a_run_tells_what_it_found_and_how_to_make_it_again() -> None:
    subject = Conditions()
    subject.kinds = {"inside": (1, lambda random: "age >=")}
    run = fuzz("conditions", subject, range(2), seed=5)
    assert len(run.findings) == 2
    assert "--seed 5 --only conditions --at 1" in shown(run)
