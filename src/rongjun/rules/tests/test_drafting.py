"""People worked out from a condition."""

from datetime import date

import pytest
from hypothesis import assume, given, settings

from rongjun.rules.conditions import parse_condition
from rongjun.rules.drafting import can_hold, drafts, witnesses
from rongjun.rules.engines import compile_python
from rongjun.rules.tests.strategies import book, conditions
from rongjun.rules.tree import Condition

ON = date(2026, 11, 24)


def tree(text: str) -> Condition:
    return parse_condition(text, vocabulary=book().vocabulary, regions=book().regions)


@settings(max_examples=80, deadline=None)
@given(conditions())
def test_a_witness_is_judged_as_it_was_wanted(text: str) -> None:
    condition = tree(text)
    program = compile_python([condition], vocabulary=book().vocabulary)
    for wanted in (True, False):
        for index, person in enumerate(
            witnesses(condition, vocabulary=book().vocabulary, on=ON, wanted=wanted)
        ):
            assert program(person, on=ON) == (wanted,)
            if index == 20:
                break


@pytest.mark.parametrize(
    "text",
    [
        "is_veteran AND NOT is_veteran",
        "age > 60 AND age <= 60",
        "disability_cause = 'war' AND disability_cause IN ('duty', 'illness')",
        "age >= 60 AND birth_date > '2026-01-01'",
        "relation = 'child' AND NOT (relation IN ('child', 'spouse') OR age > 18)",
        "birth_date IS NULL AND age < 150",
    ],
)
def test_a_contradiction_has_no_witness_however_deep_it_lies(text: str) -> None:
    assert not can_hold(tree(text), vocabulary=book().vocabulary, on=ON)


def test_drafts_meet_the_condition_or_miss_one_part_of_it() -> None:
    meeting, missing = drafts(tree("is_veteran AND age >= 60"), vocabulary=book().vocabulary, on=ON)
    assert meeting == [{"is_veteran": True, "birth_date": date(1966, 11, 24)}]
    assert {"is_veteran": False, "birth_date": date(1966, 11, 24)} in missing
    assert {"is_veteran": True, "birth_date": date(1966, 11, 25)} in missing


@settings(max_examples=40, deadline=None)
@given(conditions())
def test_what_misses_a_part_is_refused(text: str) -> None:
    condition = tree(text)
    assume(text.count("(") < 6)
    program = compile_python([condition], vocabulary=book().vocabulary)
    _, missing = drafts(condition, vocabulary=book().vocabulary, on=ON)
    assert all(program(person, on=ON) == (False,) for person in missing[:20])
