"""One person judged, with reasons."""

import json
from collections.abc import Mapping
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.rules.deciding import Decision, decide, decide_all, decision_bytes, verdicts
from rongjun.rules.tests.strategies import DAYS, book, people, relatives
from rongjun.rules.vocabulary import Value

TODAY = date(2026, 11, 23)
HERE = 370200000000
VETERAN: dict[str, Value] = {
    "is_veteran": True,
    "birth_date": date(1953, 5, 4),
    "household_city": HERE,
}


def judge(code: str, **facts: Value) -> Decision:
    decision = decide(book(), code=code, facts=VETERAN | facts, on=TODAY)
    assert decision is not None
    return decision


def test_a_veteran_gets_a_yes_an_unknown_and_a_no_each_with_its_reason() -> None:
    yes = judge("eldercare.welfare-home-first")
    assert yes.verdict == "granted"
    assert {reason.state for reason in yes.reasons} == {"met"}

    unknown = judge("transport.city-transit-pref-card")
    assert unknown.verdict == "unknown"
    assert [fact.question for fact in unknown.missing] == ["是否领取了退役军人或其他优抚对象优待证？"]

    no = judge("transport.city-transit-serving")
    assert no.verdict == "not-granted"
    failed = [reason for reason in no.reasons if reason.state == "failed"]
    assert [reason.text for reason in failed] == ["是现役军人"]
    assert "第52条第2款" in failed[0].clause


def test_a_fact_that_is_answered_changes_the_verdict() -> None:
    assert judge("transport.city-transit-pref-card", holds_pref_card=True).verdict == "granted"
    assert judge("transport.city-transit-pref-card", holds_pref_card=False).verdict == "not-granted"


def test_a_person_without_a_rating_is_refused_not_asked_for_a_grade() -> None:
    decision = judge("living.disability-pension")
    assert decision.verdict == "not-granted"
    assert decision.missing == ()


def test_only_the_facts_that_are_still_open_are_asked_for() -> None:
    decision = judge("eldercare.collective-support", is_unsupported=False)
    assert [fact.name for fact in decision.missing] == ["cannot_care_for_self"]


def test_an_unknown_age_asks_for_the_birth_date() -> None:
    decision = judge("eldercare.welfare-home-first", birth_date=None)
    assert [fact.name for fact in decision.missing] == ["birth_date"]


def test_a_reason_shows_the_facts_it_read_as_a_clerk_reads_them() -> None:
    reason = judge("eldercare.welfare-home-first").reasons[1]
    assert [(fact.label, fact.shown) for fact in reason.facts] == [("年龄", "73 岁"), ("残疾军人", "否")]


def test_a_suspended_person_is_stopped_by_the_guard_with_its_own_clause() -> None:
    facts: dict[str, Value] = {"is_key_pension_group": True, "rights_suspended": True}
    decision = judge("medical.rongjunbao", **facts)
    assert decision.verdict == "not-granted"
    failed = [reason for reason in decision.reasons if reason.state == "failed"]
    assert [(reason.text, "第59条" in reason.clause) for reason in failed] == [("不在待遇中止期间", True)]
    assert judge("transport.city-transit-pref-card", holds_pref_card=True, rights_suspended=True).verdict == (
        "granted"
    )


def test_before_the_first_version_nothing_is_decided() -> None:
    eve = date(2023, 4, 20)
    assert decide(book(), code="transport.city-transit-pref-card", facts=VETERAN, on=eve) is None
    early = date(1949, 10, 1)
    assert decide_all(book(), facts=VETERAN, on=early) == ()
    assert verdicts(book(), facts=VETERAN, on=early) == {}


def test_a_fact_nobody_declared_or_of_the_wrong_kind_is_a_loud_mistake() -> None:
    for wrong in ({"agee": 3}, {"age": 60}, {"is_three_kin": True}, {"is_veteran": 1}, {"sex": "x"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            decide_all(book(), facts=wrong, on=TODAY)
    with pytest.raises(KeyError):
        decide(book(), code="transport.no-such", facts={}, on=TODAY)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), on=st.sampled_from(DAYS))
def test_what_a_decision_recorded_decides_it_again_to_the_byte(seed: int, on: date) -> None:
    (person,) = people(seed, count=1, on=on)
    for decision in decide_all(book(), facts=person, relations=relatives(seed, most=3), on=on):
        written = decision_bytes(decision)
        kept = json.loads(written)
        again = decide(book(), code=decision.code, facts=kept["facts"], relations=kept["relations"], on=on)
        assert again is not None
        assert decision_bytes(again) == written


MARTYRS_CHILD: dict[str, Value] = {"dependant_of": "martyr", "relation": "child"}
SOLDIERS_FATHER: dict[str, Value] = {"dependant_of": "active_soldier", "relation": "parent"}
CHILDREN_OF_MARTYRS = "employment.martyrs-children-preferred-recruitment"


def kin_judged(*relations: Mapping[str, Value]) -> Decision:
    decision = decide(book(), code=CHILDREN_OF_MARTYRS, facts={}, relations=relations, on=TODAY)
    assert decision is not None
    return decision


def test_the_best_relation_decides_and_is_named() -> None:
    decision = kin_judged(SOLDIERS_FATHER, MARTYRS_CHILD)
    assert (decision.verdict, decision.relation) == ("granted", "烈士的子女")
    assert len(decision.relations) == 2


def test_two_relations_are_never_mixed_into_a_third() -> None:
    brother: dict[str, Value] = {"dependant_of": "martyr", "relation": "sibling"}
    child: dict[str, Value] = {"dependant_of": "active_soldier", "relation": "child"}
    assert kin_judged(brother, child).verdict == "not-granted"
    assert kin_judged().verdict == "not-granted"
    assert kin_judged().relation is None


def test_a_relation_given_among_the_persons_own_facts_is_one_relation() -> None:
    flat = decide(book(), code=CHILDREN_OF_MARTYRS, facts=MARTYRS_CHILD, on=TODAY)
    assert flat is not None
    assert decision_bytes(flat) == decision_bytes(kin_judged(MARTYRS_CHILD))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), on=st.sampled_from(DAYS))
def test_one_more_relation_never_takes_anything_away(seed: int, on: date) -> None:
    (person,) = people(seed, count=1, on=on)
    person = {name: v for name, v in person.items() if not book().vocabulary[name].per_relation}
    kin = relatives(seed, most=4)
    order = ["not-granted", "unknown", "granted"]
    found = [verdicts(book(), facts=person, relations=kin[:count], on=on) for count in range(1, len(kin) + 1)]
    for fewer, more in pairwise(found):
        assert all(order.index(more[code]) >= order.index(fewer[code]) for code in fewer)
    if kin:
        told = {d.code: d.verdict for d in decide_all(book(), facts=person, relations=kin, on=on)}
        assert told == found[-1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), on=st.sampled_from(DAYS))
def test_the_verdict_is_what_its_reasons_say(seed: int, on: date) -> None:
    (person,) = people(seed, count=1, on=on)
    for decision in decide_all(book(), facts=person, on=on):
        states = {reason.state for reason in decision.reasons}
        expected = "not-granted" if "failed" in states else "unknown" if "unknown" in states else "granted"
        assert decision.verdict == expected
        assert bool(decision.missing) == (expected == "unknown")
