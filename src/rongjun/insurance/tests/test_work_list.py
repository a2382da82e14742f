"""What goes straight through, what waits for a person, and what carries a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rongjun.insurance.api import (
    Bill,
    BillRef,
    Cover,
    Decision,
    History,
    Insured,
    NoTerms,
    Parts,
    Refund,
    Ruling,
    Standing,
    Terms,
    decide,
    take,
    take_all,
)
from rongjun.insurance.logic.deciding import NEW_YEAR
from rongjun.insurance.logic.plans import Area, Band, Exclusion, Scale, Tiers
from rongjun.insurance.logic.reasons import TITLES
from rongjun.insurance.tests.strategies import (
    COVERED,
    INSTITUTION,
    plan_of,
    refund_of,
    rongjunbao,
    terms_with,
)
from rongjun.kernel.money import Fen

TERMS = rongjunbao().plan.wordings[0]
YUAN = Fen.from_yuan
STAY = Bill(
    ref=BillRef(INSTITUTION, "甲"),
    admitted_on=date(2024, 3, 1),
    discharged_on=date(2024, 3, 20),
    care_type="21",
    total=YUAN(20_000),
    paid=(("basic-pool", YUAN(8_000)),),
    personal=YUAN(12_000),
    diagnosis="甲病",
    care_area="370202",
)


def decided(bill: Bill = STAY, *, terms: Terms = TERMS, standing: Standing = COVERED) -> Decision:
    return decide(bill, so_far=NEW_YEAR, terms=terms, standing=standing)


def codes(decision: Decision) -> set[str]:
    return {reason.code for reason in decision.reasons if reason.effect != "note"}


def take_in(*arrivals: Bill | Refund | Ruling, terms: Terms = TERMS) -> tuple[History, tuple[Decision, ...]]:
    return take_all(arrivals, plan=plan_of(terms), standing=lambda _: COVERED)


def test_a_sound_bill_goes_straight_through() -> None:
    found = decided()
    assert (found.outcome, found.post, found.is_final, found.reasons) == ("counted", YUAN(7_000), True, ())


def test_a_computed_zero_is_explained_and_not_adverse() -> None:
    found = decided(replace(STAY, total=YUAN(9_000), personal=YUAN(1_000)))
    assert (found.post, found.is_adverse, found.needs_review) == (0, False, False)
    (reason,) = found.reasons
    assert (reason.code, reason.effect) == ("nothing-owed", "note")
    assert "没有超过 5,000.00 元" in reason.text


SHORT = replace(STAY, personal=YUAN(11_000))
MINUS = replace(STAY, total=YUAN(7_000), personal=YUAN(-1_000))
TWICE = replace(STAY, also_paid=(("city-insurance", YUAN(12_001)),))
STATED = replace(STAY, stated=(("funds", YUAN(9_000)),))
TIERS = terms_with(mode=Tiers(Scale(Fen(0), ()), Scale(Fen(0), ())))


@pytest.mark.parametrize(
    ("bill", "terms", "code"),
    [
        (SHORT, TERMS, "does-not-foot"),
        (STATED, TERMS, "does-not-foot"),
        (replace(STAY, parts=Parts(YUAN(1), YUAN(1), YUAN(1), YUAN(1))), TERMS, "does-not-foot"),
        (MINUS, TERMS, "negative-amount"),
        (TWICE, TERMS, "over-total"),
        (STAY, TIERS, "parts-missing"),
    ],
)
def test_what_only_the_hospital_can_mend_nobody_can_admit(bill: Bill, terms: Terms, code: str) -> None:
    found = decided(bill, terms=terms)
    assert (found.outcome, found.post, codes(found), found.lines) == ("held", 0, {code}, ())
    ruling = Ruling(bill.ref, 1, admit=True, by="测试经办", why="看过")
    history, decisions = take_in(bill, ruling, terms=terms)
    assert codes(decisions[1]) == {"cannot-admit"}
    assert list(history.counted()) == []


INJURY = replace(TERMS, exclusions=(Exclusion("work-injury", "工伤", "第九条"),))
HERE = replace(TERMS, areas=(Area("本市", "3702"),))


@pytest.mark.parametrize(
    ("bill", "terms", "standing", "code", "adverse"),
    [
        (STAY, TERMS, Standing(Cover("unknown", "户籍在哪里？")), "cover-unknown", False),
        (STAY, TERMS, Standing(Cover("not-granted", "不在口径内。")), "not-covered", True),
        (STAY, TERMS, Standing(Cover("not-granted", "", date(2024, 2, 1))), "status-ended", True),
        (STAY, TERMS, Standing(died_on=date(2024, 3, 19)), "dead-before-discharge", False),
        (STAY, TERMS, Standing(is_known_institution=False), "unknown-institution", False),
        (replace(STAY, care_type="11"), TERMS, COVERED, "care-not-covered", True),
        (replace(STAY, care_area="990001"), HERE, COVERED, "area-not-covered", True),
        (replace(STAY, care_area=None), HERE, COVERED, "area-not-covered", True),
        (replace(STAY, causes=("work-injury",)), INJURY, COVERED, "excluded-cause", True),
    ],
)
def test_what_is_held_counts_nothing_and_shows_what_it_would_pay(
    bill: Bill, terms: Terms, standing: Standing, code: str, adverse: bool
) -> None:
    found = decided(bill, terms=terms, standing=standing)
    assert (found.outcome, found.post, found.proposed) == ("held", 0, YUAN(7_000))
    assert found.after == NEW_YEAR
    assert codes(found) == {code}
    assert found.is_adverse is adverse
    assert not found.is_final


@pytest.mark.parametrize(
    ("bill", "terms", "standing"),
    [
        (STAY, HERE, Standing(died_on=STAY.discharged_on)),
        (replace(STAY, causes=("third-party",)), INJURY, COVERED),
    ],
)
def test_beside_each_hold_stands_its_success(bill: Bill, terms: Terms, standing: Standing) -> None:
    assert decided(bill, terms=terms, standing=standing).is_final


def test_a_part_left_out_is_adverse_and_the_rest_counts() -> None:
    terms = replace(TERMS, buckets={**TERMS.buckets, "own-expense": "excluded"})
    parts = Parts(YUAN(15_000), Fen(0), Fen(0), YUAN(5_000))
    found = decided(replace(STAY, parts=parts), terms=terms)
    assert (found.post, codes(found), found.is_adverse, found.is_final) == (
        YUAN(2_000),
        {"part-excluded"},
        True,
        False,
    )
    assert [line.amount for line in found.lines if line.rule == "parts"] == [YUAN(5_000)]
    assert found.after.own == YUAN(10_000)


def test_taking_money_back_waits_for_a_name() -> None:
    history, decisions = take_in(STAY, refund_of(STAY))
    back = decisions[1]
    assert (back.post, codes(back), back.is_adverse, back.is_final) == (
        YUAN(-7_000),
        {"recover"},
        True,
        False,
    )
    ruling = Ruling(STAY.ref, 1, admit=False, by="测试经办", why="医院退费")
    _, (signed,) = take(history, ruling, plan=plan_of(TERMS), standing=lambda _: COVERED)
    assert (signed.signed_by, signed.post) == ("测试经办", 0)


def test_refusing_a_counted_bill_takes_it_out_and_carries_the_name() -> None:
    history, decisions = take_in(STAY, Ruling(STAY.ref, 1, admit=False, by="测试经办", why="虚构病历"))
    assert decisions[1].post == YUAN(-7_000)
    assert decisions[1].signed_by == "测试经办"
    assert decisions[1].is_adverse
    assert "虚构病历" in decisions[1].reasons[0].text
    assert list(history.counted()) == []


@pytest.mark.parametrize("field", ["by", "why"])
def test_a_ruling_without_name_or_reason_is_our_own_mistake(field: str) -> None:
    given = {"by": "测试经办", "why": "理由", field: " "}
    with pytest.raises(AssertionError):
        Ruling(STAY.ref, 1, admit=True, **given)


def test_the_same_record_twice_is_a_duplicate_and_another_content_is_set_aside() -> None:
    history, decisions = take_in(STAY, STAY, replace(STAY, total=YUAN(21_000), personal=YUAN(13_000)))
    assert [each.outcome for each in decisions] == ["counted", "duplicate", "no-effect"]
    assert codes(decisions[2]) == {"conflict"}
    assert next(iter(history.years.values())).payout == YUAN(7_000)


def test_the_same_stay_under_another_number_is_looked_at() -> None:
    _, decisions = take_in(STAY, replace(STAY, ref=BillRef(INSTITUTION, "乙")))
    assert codes(decisions[1]) == {"same-stay"}


@pytest.mark.parametrize(("days", "is_split"), [(0, True), (15, True), (16, False)])
def test_coming_back_within_fifteen_days_is_looked_at_in_either_order(days: int, is_split: bool) -> None:
    start = STAY.discharged_on + timedelta(days=days)
    again = replace(
        STAY, ref=BillRef(INSTITUTION, "乙"), admitted_on=start, discharged_on=start + timedelta(days=2)
    )
    for pair in ((STAY, again), (again, STAY)):
        _, decisions = take_in(*pair)
        assert ("split-stay" in codes(decisions[1])) is is_split


@pytest.mark.parametrize(
    "change", [{"diagnosis": "乙病"}, {"diagnosis": None}, {"ref": BillRef("H99000000002", "乙")}]
)
def test_another_diagnosis_or_hospital_is_no_split_stay(change: dict[str, object]) -> None:
    day = STAY.discharged_on + timedelta(days=3)
    again = replace(STAY, ref=BillRef(INSTITUTION, "乙"), admitted_on=day, discharged_on=day)
    _, decisions = take_in(STAY, replace(again, **change))  # type: ignore[arg-type]
    assert not decisions[1].needs_review


def test_a_refund_before_its_settlement_waits_for_it() -> None:
    history, decisions = take_in(refund_of(STAY))
    assert decisions == ()
    _, (found,) = take(history, STAY, plan=plan_of(TERMS), standing=lambda _: COVERED)
    assert (found.post, found.reasons[0].code) == (0, "already-refunded")


def test_a_refund_of_a_part_is_not_taken() -> None:
    part = Refund(BillRef(INSTITUTION, "退"), STAY.ref, YUAN(-5_000), YUAN(-5_000))
    history, decisions = take_in(STAY, part)
    assert codes(decisions[1]) == {"refund-does-not-match"}
    assert next(iter(history.years.values())).payout == YUAN(7_000)


def test_a_correction_takes_the_place_of_what_it_corrects_and_posts_the_difference() -> None:
    more = replace(STAY, version=2, total=YUAN(30_000), personal=YUAN(22_000))
    history, decisions = take_in(STAY, more, STAY)
    assert [each.post for each in decisions] == [YUAN(7_000), YUAN(10_000), 0]
    assert [line.title for line in decisions[1].lines][2:4] == ["冲回原单", "计入本年度个人负担"]
    assert next(iter(history.years.values())).own == YUAN(5_000)


def test_a_correction_that_does_not_foot_leaves_the_sound_record_standing() -> None:
    history, decisions = take_in(STAY, replace(SHORT, version=2))
    assert [each.outcome for each in decisions] == ["counted", "held"]
    assert next(iter(history.years.values())).payout == YUAN(7_000)


def test_a_correction_into_another_year_leaves_one_and_enters_the_other() -> None:
    moved = replace(STAY, version=2, discharged_on=date(2024, 7, 1))
    history, decisions = take_in(STAY, moved)
    assert [(each.outcome, each.post) for each in decisions[1:]] == [
        ("withdrawn", YUAN(-7_000)),
        ("counted", YUAN(7_000)),
    ]
    assert [year.payout for _, year in sorted(history.years.items())] == [0, YUAN(7_000)]


def test_the_fund_after_the_person_pays_the_persons_part_only() -> None:
    found = decided(replace(STAY, also_paid=(("care-fund", YUAN(1_000)),)))
    shares = {share.payer: share.amount for share in found.shares}
    assert (shares["this-plan"], shares["person"], shares["care-fund"]) == (
        YUAN(7_000),
        YUAN(4_000),
        YUAN(1_000),
    )


def test_a_fund_that_paid_more_than_the_person_bears_is_looked_at() -> None:
    found = decided(replace(STAY, also_paid=(("care-fund", YUAN(5_001)),)))
    assert (codes(found), found.post) == ({"over-total"}, YUAN(7_000))
    assert not decided(replace(STAY, also_paid=(("care-fund", YUAN(5_000)),))).needs_review


def test_a_payer_before_the_plan_lowers_what_counts() -> None:
    found = decided(replace(STAY, also_paid=(("city-insurance", YUAN(2_000)),)))
    assert (found.post, found.after.burden) == (YUAN(5_000), YUAN(10_000))


def test_earlier_payers_pay_in_scope_cost_first_and_go_on_to_the_rest() -> None:
    parts = Parts(YUAN(5_000), YUAN(5_000), Fen(0), YUAN(10_000))
    found = decided(replace(STAY, parts=parts))
    assert (found.after.inside, found.after.outside) == (YUAN(2_000), YUAN(10_000))


def test_in_bands_each_side_of_the_catalogue_has_its_own() -> None:
    inside = Scale(YUAN(200), (Band(None, 85),), YUAN(10_000))
    outside = Scale(YUAN(3_000), (Band(YUAN(10_000), 65), Band(None, 55)), YUAN(20_000))
    terms = terms_with(mode=Tiers(inside, outside), own_max=YUAN(50_000))
    parts = Parts(YUAN(12_200), Fen(0), YUAN(2_000), YUAN(10_000))
    bill = replace(STAY, parts=parts, total=YUAN(24_200), personal=YUAN(16_200))
    found = decided(bill, terms=terms)
    # inside 4,200: (4,200 - 200) x 85%; outside 12,000: 7,000 x 65% + 2,000 x 55%
    assert found.post == YUAN(3_400) + YUAN(4_550) + YUAN(1_100)
    again = replace(bill, ref=BillRef(INSTITUTION, "乙"), discharged_on=date(2024, 6, 1))
    history, _ = take_in(bill, again, terms=terms)
    # over the year: 8,200 of 8,400 x 85%; 7,000 x 65% + 14,000 x 55%
    assert next(iter(history.years.values())).payout == YUAN(6_970) + YUAN(4_550) + YUAN(7_700)


def test_before_the_plan_nothing_is_decided() -> None:
    with pytest.raises(NoTerms, match="2023-06-30 没有施行的方案"):
        take_in(replace(STAY, admitted_on=date(2023, 6, 1), discharged_on=date(2023, 6, 30)))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"is_key_pension_group": True, "household_city": 370200000000}, "granted"),
        ({"is_key_pension_group": False, "household_city": 370200000000}, "not-granted"),
        ({"is_key_pension_group": True}, "unknown"),
        (
            {"is_key_pension_group": True, "household_city": 370200000000, "rights_suspended": True},
            "not-granted",
        ),
    ],
)
def test_who_is_covered_is_judged_by_the_rules_with_reasons(facts: dict[str, object], verdict: str) -> None:
    stay = replace(STAY, discharged_on=date(2025, 3, 20))
    standing = rongjunbao().cover.standing(Insured(facts), stay)  # type: ignore[arg-type]
    assert standing.cover.verdict == verdict
    assert standing.cover.text.endswith(("。", "？"))


def test_a_status_that_ended_names_its_last_day() -> None:
    facts = {"is_key_pension_group": True, "household_city": 370200000000}
    person = Insured(facts, ((date(2024, 3, 10), {"is_key_pension_group": False}),))
    assert rongjunbao().cover.standing(person, STAY).cover.ended_on == date(2024, 3, 9)


def test_every_reason_has_its_heading() -> None:
    assert {reason.title for reason in decided(SHORT).reasons} == {TITLES["does-not-foot"]}
