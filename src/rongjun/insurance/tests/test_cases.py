"""The worked examples of the material, read as data and decided."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rongjun.insurance.api import (
    CaseError,
    PlanFile,
    answer,
    answer_text,
    answer_value,
    parse_case,
    read_case,
)
from rongjun.insurance.contract import case_schema, schema_text
from rongjun.insurance.logic.plans import Percentage, Plan
from rongjun.insurance.national import AMOUNTS, SETTLEMENT
from rongjun.insurance.tests.schemas import faults
from rongjun.insurance.tests.strategies import rongjunbao
from rongjun.kernel.money import Fen
from rongjun.rules.api import Sheet, plain, read_text

DATA = Path(__file__).parent / "data"
CONTRACT = Path(__file__).resolve().parents[4] / "contracts" / "insurance-case.schema.json"


def qingdao() -> dict[str, Any]:
    problems: list[Any] = []
    node = read_text((DATA / "qingdao.yaml").read_text("utf-8"), sheet=Sheet("qingdao.yaml", problems))
    assert node is not None, problems
    found = plain(node)
    assert isinstance(found, dict)
    return found


TOLD = qingdao()
REGIONS = {"this_city": 370200000000}


def case_of(told: dict[str, Any]) -> dict[str, Any]:
    """A short case as the whole input of `quote`."""
    person = {**TOLD["person"], **{key: told[key] for key in ("changes", "died_on") if key in told}}
    stays = [
        {"begndate": "2024-01-15", "enddate": "2024-02-10", **TOLD["common"], **stay}
        for stay in told["stays"]
    ]
    backs = [
        {"refd_setl_flag": "1", "fixmedins_code": TOLD["common"]["fixmedins_code"], **back}
        for back in told.get("refunds", [])
    ]
    return {
        "person": person,
        "arrivals": [{"settlement": stay} for stay in stays] + [{"refund": back} for back in backs],
    }


def plan_for(told: dict[str, Any]) -> PlanFile:
    """The city's plan with what a case changes of it."""
    found = rongjunbao()
    (terms,) = found.plan.wordings
    stop = replace(terms.stop, above_both=told.get("above_both", terms.stop.above_both))
    if "mode" in told:
        stop = replace(stop, mode=Percentage(told["mode"]["percentage"]))
    return replace(found, plan=Plan(found.plan.code, found.plan.title, (replace(terms, stop=stop),)))


@pytest.mark.parametrize("told", TOLD["cases"], ids=lambda told: told["name"])
def test_a_case_of_the_material_comes_out_as_written(told: dict[str, Any]) -> None:
    given = case_of(told)
    assert list(faults(given, case_schema(), case_schema())) == []
    found = answer(read_case(given, regions=REGIONS), plan_for(told))
    decisions = [each for step in found.steps for each in step.decisions]
    expect = told["expect"]
    assert [each.post for each in decisions] == [Fen.from_text(text) for text in expect["posts"]]
    assert sum(year.payout for year in found.years.values()) == Fen.from_text(expect["payout"])
    assert sum(year.own for year in found.years.values()) == Fen.from_text(expect["own"])
    review = {reason.code for each in decisions for reason in each.reasons if reason.effect != "note"}
    assert review == set(expect["review"])


def test_the_case_of_the_article_is_closed_to_the_fen() -> None:
    text = (DATA / "case.json").read_text("utf-8")
    assert list(faults(json.loads(text), case_schema(), case_schema())) == []
    found = answer(read_case(parse_case(text), regions=REGIONS), rongjunbao())
    borne: dict[str, Fen] = {}
    for step in found.steps:
        (decision,) = step.decisions
        assert decision.is_final
        for share in decision.shares:
            borne[share.payer] = borne.get(share.payer, Fen(0)) + share.amount
    assert borne == {
        "basic-pool": Fen.from_yuan(113_000),
        "this-plan": Fen.from_yuan(121_000),
        "person": Fen.from_yuan(5_000),
    }
    assert sum(borne.values()) == Fen.from_yuan(239_000)
    said = answer_text(found, rongjunbao())
    assert "荣军保赔付 121,000.00 元，个人负担 5,000.00 元" in said
    assert "待局方确认" in said
    assert json.dumps(answer_value(found, rongjunbao()), ensure_ascii=False)


def test_the_contract_is_what_the_program_reads() -> None:
    assert CONTRACT.read_text("utf-8") == schema_text(), "python -m rongjun.insurance.contract contracts"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"medfee_sumamt": "1.234"}, "medfee_sumamt"),
        ({"medfee_sumamt": None}, "medfee_sumamt"),
        ({"enddate": "2024-02-30"}, "enddate"),
        ({"enddate": "2023-01-01"}, "enddate"),
        ({"psn_cash": "1"}, "psn_cash_pay"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"refd_setl_flag": "1"}, "refd_setl_flag"),
        ({"also_paid": {"person": "1"}}, "also_paid.person"),
        ({"causes": [1]}, "causes"),
    ],
)
def test_a_wrong_field_is_said_with_its_place(change: dict[str, Any], place: str) -> None:
    given = case_of(TOLD["cases"][0])
    given["arrivals"][0]["settlement"] |= change
    with pytest.raises(CaseError) as caught:
        read_case(given, regions=REGIONS)
    (fault,) = caught.value.faults
    assert fault.startswith("arrivals[0].settlement.")
    assert place in fault


def test_all_faults_are_told_at_once() -> None:
    given = {"person": {"facts": [], "x": 1}, "arrivals": [{}, {"ruling": {"decision": "ok"}}], "y": 1}
    with pytest.raises(CaseError) as caught:
        read_case(given, regions=REGIONS)
    text = str(caught.value)
    for place in ("person.facts", "person.x", "arrivals[0]", "arrivals[1].ruling.by", "：没有这个字段"):
        assert place in text


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "第 1 行"), ('{"a": 1, "a": 2}', "写了两次"), ("[" * 100_000, "嵌套太深"), ("[]", "对象")],
)
def test_what_is_no_case_is_said_in_chinese(text: str, said: str) -> None:
    with pytest.raises(CaseError, match=said):
        read_case(parse_case(text), regions=REGIONS)


def test_no_fen_is_lost_to_a_float() -> None:
    given = '{"person": {"facts": {}}, "arrivals": [{"settlement": {"fixmedins_code": "H", "setl_id": "1",'
    given += '"med_type": "21", "begndate": "2024-01-01", "enddate": "2024-01-02",'
    given += '"medfee_sumamt": 999999999999.99, "psn_cash_pay": 999999999999.99}}]}'
    (bill,) = read_case(parse_case(given), regions=REGIONS).arrivals
    assert getattr(bill, "total", None) == Fen.from_text("999999999999.99")


def test_a_fact_the_rules_do_not_know_is_said() -> None:
    given = case_of(TOLD["cases"][0])
    given["person"] = {"facts": {"is_rich": True}}
    with pytest.raises(CaseError, match="is_rich"):
        answer(read_case(given, regions=REGIONS), rongjunbao())


def test_every_amount_of_the_national_record_has_its_place() -> None:
    uses = [use for use in SETTLEMENT.values() if use.use in AMOUNTS]
    named = [use.of for use in uses if use.use in {"part", "payer"}]
    assert len(named) == len(set(named))
    assert all(named)
