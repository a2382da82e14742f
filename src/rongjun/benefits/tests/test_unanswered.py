"""What nobody has answered: the same as insight counts, by division, and gone once it is said."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import Actor, acting_as, acting_as_job, scope_of
from rongjun.benefits import api as benefits
from rongjun.benefits.models import Unanswered
from rongjun.benefits.tests.test_editions import adopt, files
from rongjun.benefits.tests.test_queries import HOME, NOW, TODAY, officer
from rongjun.benefits.tests.test_sweeps import OTHER_COUNTY, everybody
from rongjun.benefits.unanswered import FACT, HANGING, by_division, open_facts, still_open
from rongjun.registry import api as registry
from rongjun.rules.api import PERSON

LATER = NOW + timedelta(hours=1)
ANSWERS = st.sampled_from([True, False, None])


@given(
    facts=st.lists(st.tuples(ANSWERS, ANSWERS), min_size=1, max_size=8),
    verdicts=st.lists(st.tuples(ANSWERS, ANSWERS, ANSWERS), min_size=8, max_size=8),
)
def test_a_line_is_a_silence_that_something_undecided_reads(
    facts: list[tuple[bool | None, bool | None]],
    verdicts: list[tuple[bool | None, bool | None, bool | None]],
) -> None:
    people = [str(number) for number in range(len(facts))]
    told = pl.DataFrame(
        [(who, *row) for who, row in zip(people, facts, strict=True)],
        schema={PERSON: pl.String, "f": pl.Boolean, "g": pl.Boolean},
        orient="row",
    )
    judged = pl.DataFrame(
        [(who, *row) for who, row in zip(people, verdicts[: len(people)], strict=True)],
        schema={PERSON: pl.String, "one": pl.Boolean, "two": pl.Boolean, "three": pl.Boolean},
        orient="row",
    )
    readers = {"f": frozenset({"one", "two"}), "g": frozenset({"three", "gone"}), "h": frozenset({"one"})}
    expected = {
        (who, name, hanging)
        for who, row, verdict in zip(people, facts, verdicts, strict=False)
        for name, said, hanging in (
            ("f", row[0], verdict[:2].count(None)),
            ("g", row[1], verdict[2:].count(None)),
        )
        if said is None and hanging
    }
    lines = open_facts(told, judged, readers=readers)
    assert set(lines.rows()) == expected
    serving = {who: 1 if int(who) % 2 else 2 for who in people}
    parts = list(by_division(lines, serving=serving))
    assert sum(each.people for each in parts) == len(people)
    assert {row for each in parts for row in each.lines.rows()} == expected
    assert all(sum(each.facts.values()) == each.lines.height for each in parts)


def test_what_was_said_since_is_left_out_and_what_most_hangs_on_comes_first() -> None:
    lines = pl.DataFrame(
        [("a", "f", 1), ("b", "g", 3), ("a", "g", 3), ("b", "f", 2)],
        schema={PERSON: pl.String, FACT: pl.String, HANGING: pl.UInt16},
        orient="row",
    )
    assert still_open(lines, but=(), without=()).rows() == [
        ("a", "g", 3),
        ("b", "g", 3),
        ("b", "f", 2),
        ("a", "f", 1),
    ]
    assert still_open(lines, but={("b", "g")}, without={"f"}).rows() == [("a", "g", 3)]


# --- over a city --------------------------------------------------------------------------------------------


def swept() -> benefits.KeptSweep:
    adopt(files())
    everybody()
    benefits.entitle(on=TODAY, by="operator:test", now=NOW)
    with acting_as(officer()):
        kept = benefits.kept_sweep()
    assert kept
    return kept


def found(kept: benefits.KeptSweep, by: Actor, **asked: object) -> benefits.OpenFacts:
    with acting_as(by):
        return benefits.open_questions(kept, within=by.scope, without=(), limit=10_000, **asked)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_as_many_as_the_screen_of_the_city_says() -> None:
    kept = swept()
    with acting_as(officer()):
        figures = benefits.kept_figures(kept.id)
        places = benefits.open_places(kept, within=officer().scope, without=())
    told = found(kept, officer())
    assert told.total == len(told.lines) == sum(each.questions for each in places) > 0
    for fact, count in told.facts.items():
        assert count == sum(each.groups["waited-for"][fact] for each in figures)
        assert count == found(kept, officer(), fact=fact).total
    assert set(told.facts) <= registry.STATED.keys()
    hanging = [line.hanging for line in told.lines]
    assert hanging == sorted(hanging, reverse=True)
    assert sum(each.people for each in places) == kept.people


@pytest.mark.django_db
def test_a_station_sees_its_own_people_alone() -> None:
    kept = swept()
    home, other = officer("station-clerk", HOME), officer("station-clerk", OTHER_COUNTY)
    here, there = ({line.person for line in found(kept, each).lines} for each in (home, other))
    assert here
    assert there
    assert here.isdisjoint(there)
    with acting_as(home):
        wider = benefits.open_questions(kept, within=officer().scope, without=(), limit=10_000)
    assert {line.person for line in wider.lines} == here


@pytest.mark.django_db
def test_an_answer_takes_its_line_off_the_list() -> None:
    kept = swept()
    before = found(kept, officer())
    line = next(each for each in before.lines if registry.STATED[each.fact] == "bool")
    with acting_as(officer()):
        registry.state_fact(
            UUID(line.person),
            fact=line.fact,
            value="true",
            valid_from=TODAY,
            valid_to=None,
            source="窗口询问",
            by=officer(),
            now=LATER,
        )
    after = found(kept, officer())
    assert set(before.lines) - set(after.lines) == {line}
    assert after.facts.get(line.fact, 0) == before.facts[line.fact] - 1


@pytest.mark.django_db
def test_it_goes_with_its_sweep() -> None:
    first = swept()
    benefits.entitle(on=TODAY, by="operator:test", now=LATER)
    with acting_as_job("test.look", scope=scope_of(370200000000)):
        assert not Unanswered.objects.filter(sweep=first.id).exists()
        assert Unanswered.objects.exists()
