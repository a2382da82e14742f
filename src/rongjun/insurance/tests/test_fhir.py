"""A FHIR R4B ExplanationOfBenefit is the same message as the national fields, or its faults are told."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.insurance.cases import CaseError
from rongjun.insurance.fhir import explanation_of, message_of
from rongjun.insurance.incoming import Incoming, read_message
from rongjun.insurance.national import AMOUNTS, OUTSIDE, SETTLEMENT

MSGID = "H99000000001202611281030000001"
CERTNO = "990001194105060119"
_yuan = st.integers(0, 10**15).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
_code = st.text("ABCDEFGHIJ0123456789.", min_size=1, max_size=12)


def _optional(record: st.SearchStrategy[dict[str, Any]], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(record, st.fixed_dictionaries({}, optional=more)).map(lambda two: {**two[0], **two[1]})


_amounts = {name: _yuan for name, use in SETTLEMENT.items() if use.use in AMOUNTS}
_needed = {name: _amounts.pop(name) for name in ("medfee_sumamt", "psn_cash_pay")}
settlements = _optional(
    st.fixed_dictionaries(
        {
            "fixmedins_code": st.just("H99000000001"),
            "setl_id": _code,
            "med_type": st.sampled_from(["21", "11"]),
            "begndate": st.just("2026-11-20"),
            "enddate": st.just("2026-11-28"),
            **_needed,
        }
    ),
    **_amounts,
    dise_codg=_code,
    mdtrtarea_admvs=st.just("990100"),
    version=st.integers(1, 9),
    causes=st.lists(st.sampled_from(["crime", "self-harm"]), min_size=1, unique=True),
    also_paid=st.fixed_dictionaries({}, optional=dict.fromkeys(OUTSIDE, _yuan)).filter(bool),
)
messages = _optional(
    st.fixed_dictionaries({"msgid": st.just(MSGID), "certno": st.just(CERTNO), "settlement": settlements}),
    setl_time=st.just("2026-11-28T10:30:00+08:00"),
)


def read(message: dict[str, Any]) -> Incoming:
    return read_message(json.dumps(message, ensure_ascii=False), synthetic=True)


@settings(deadline=None)  # the first one reads the library
@given(messages)
def test_a_settlement_is_the_same_in_national_fields_and_as_a_resource(message: dict[str, Any]) -> None:
    assert message_of(explanation_of(message)) == message
    assert read(explanation_of(message)) == read(message)


REFUND = {
    "msgid": MSGID,
    "certno": CERTNO,
    "setl_time": "2026-11-28T10:30:00+08:00",
    "refund": {
        "fixmedins_code": "H99000000001",
        "setl_id": "R1",
        "init_setl_id": "S1",
        "refd_setl_flag": "1",
        "medfee_sumamt": "-80000.00",
        "psn_cash_pay": "-40000.00",
    },
}


def test_a_refund_names_what_it_takes_back_as_a_prior_claim() -> None:
    assert read(explanation_of(REFUND)) == read(REFUND)


def sound() -> dict[str, Any]:
    return explanation_of(
        {
            "msgid": MSGID,
            "certno": CERTNO,
            "settlement": {
                "fixmedins_code": "H99000000001",
                "setl_id": "S1",
                "med_type": "21",
                "begndate": "2026-11-20",
                "enddate": "2026-11-28",
                "medfee_sumamt": "80000.00",
                "hifp_pay": "40000.00",
                "psn_cash_pay": "40000.00",
            },
        }
    )


def faults(resource: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(CaseError) as caught:
        read(resource)
    return caught.value.faults


def test_cents_that_a_float_would_lose_are_kept() -> None:
    said = deepcopy(sound())
    said["total"][0]["amount"]["value"] = 9999999999999.99
    text = json.dumps(said).replace("9999999999999.99", "9999999999999.97")
    assert read_message(text, synthetic=True).record.total == 999999999999997


def test_what_is_not_fhir_is_told_by_its_place_and_never_repeated() -> None:
    said = {**sound(), "patientName": "某某"}
    said["total"][0]["amount"]["value"] = "八万"
    told = faults(said)
    assert "total.0.amount.value：不合 FHIR R4B 的写法" in told
    assert "patientName：没有这个字段，请删去" in told
    assert not any("八万" in each or "某某" in each for each in told)


@pytest.mark.parametrize("name", ["status", "patient", "provider", "insurance"])
def test_what_fhir_asks_for_has_to_be_there(name: str) -> None:
    said = sound()
    del said[name]
    assert any(name in each for each in faults(said))


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (("status",), "draft", "status：这里只收 active"),
        (("meta",), {"versionId": "v2"}, "meta.versionId：应是结算单的第几版（整数）"),
        (("total", 0, "amount", "currency"), "USD", "total.0.amount：应是人民币（CNY）金额"),
        (
            ("total", 0, "category", "coding", 0, "code"),
            "sum",
            "total.0：urn:rongjun:settlement-field 里没有这个编码",
        ),
        (
            ("total", 0, "category", "coding"),
            [],
            "total.0：缺少 urn:rongjun:settlement-field 的编码，不知道是哪一项金额",
        ),
    ],
)
def test_a_resource_we_cannot_count_with_says_what_is_wrong(
    place: tuple[str | int, ...], value: object, fault: str
) -> None:
    said = sound()
    at: Any = said
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    assert fault in faults(said)


def test_a_sum_named_twice_is_asked_about() -> None:
    said = sound()
    said["adjudication"].append(said["adjudication"][0])
    assert any("写了两次" in each for each in faults(said))


def test_without_keys_it_is_told_what_is_missing_like_any_message() -> None:
    said = sound()
    said["identifier"] = []
    told = faults(said)
    assert any(each.startswith("msgid：") for each in told)
    assert any("setl_id" in each for each in told)
