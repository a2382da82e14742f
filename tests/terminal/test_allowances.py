"""`rongjun allowances quote`: JSON in, JSON or Chinese out; the contract is kept on both sides."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rongjun.allowances.cases import case_schema
from rongjun.allowances.shapes import KEYWORDS, faults_of
from rongjun.config.cli import main

AWARD: dict[str, Any] = {
    "kind": "award",
    "scheme": "disability-pension",
    "category": "soldier",
    "approved_on": "2021-10-15",
    "details": {"disability_grade": 5, "disability_cause": "war", "approved_by": "province"},
}
CASE: dict[str, Any] = {
    "place": "national",
    "months": {"first": "2021-01", "last": "2021-12"},
    "history": [AWARD],
}


def asked(case: object, *options: str) -> Result:
    text = case if isinstance(case, str) else json.dumps(case)
    return CliRunner().invoke(main, ["allowances", "quote", *options], input=text)


def test_a_case_is_answered_in_json_the_same_bytes_each_time() -> None:
    found = asked(CASE)
    assert found.exit_code == 0, found.output
    answer = json.loads(found.output)
    assert answer["owed_fen"] == 903667
    assert answer["payable_fen"] == 0
    assert [line["first"] for line in answer["lines"]] == ["2021-11"]
    assert asked(CASE).output == found.output


def test_in_chinese_every_line_says_why_and_by_which_clause() -> None:
    said = asked(CASE, "--text").output
    assert "残疾抚恤金 2021 年 11 月至 12 月 9,036.67 元" in said
    assert "2021-10-15 批准，自次月（2021 年 11 月）起发" in said
    assert "第23条" in said
    assert "标准待局方确认" in said


def test_a_gap_is_told_and_the_exit_code_says_so() -> None:
    found = asked({**CASE, "months": {"first": "2023-09", "last": "2023-09"}}, "--text")
    assert found.exit_code == 2
    assert "费率缺失" in found.output


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("{", "不是 JSON"),
        ([], "最外层：应是一组“键: 值”"),
        ({**CASE, "extra": 1}, "extra：没有这个键"),
        ({**CASE, "place": "Somewhere"}, "place：写法不对"),
        ({**CASE, "months": {"first": "2021-13", "last": "2021-12"}}, "months.first：写法不对"),
        ({**CASE, "months": {"first": "2022-01", "last": "2021-12"}}, "last 早于 first"),
        ({**CASE, "history": [{"kind": "gift"}]}, "history[0].kind：从这些里选"),
        (
            {**CASE, "history": [{"kind": "death", "died_on": "2021-02-30", "cause": "illness"}]},
            "日期或月份不对",
        ),
        ({**CASE, "history": [{"kind": "death", "died_on": "2021-02-03"}]}, "history[0]：缺少 cause"),
        ({**CASE, "paid": [{"code": "x", "first": "2021-01", "last": "2021-01", "fen": 1.5}]}, "应是整数"),
        ({**CASE, "history": [{**AWARD, "scheme": "disabilty-pension"}]}, "没有可以批准的项目"),
        ({**CASE, "history": [{**AWARD, "scheme": "nursing-fee"}]}, "没有可以批准的项目"),
        ({**CASE, "history": [{**AWARD, "category": "sailor"}]}, "没有类别 sailor"),
        ({**CASE, "history": [{**AWARD, "details": {"disabilty_grade": 5}}]}, "是否想写 disability_grade"),
        ({**CASE, "history": [{**AWARD, "details": {"disability_grade": 11}}]}, "的值不对"),
        (
            {**CASE, "history": [{"kind": "fact", "name": "age", "value": 60, "since": "2021-01-01"}]},
            "的值不对",
        ),
        ({**CASE, "what_if": {"settings": {"no-such": 1}}}, "没有名为 no-such 的设置"),
        (
            {
                **CASE,
                "what_if": {"rates": [{"series": "x", "fen": 1, "period": "year", "from": "2021-01-01"}]},
            },
            "没有名为 x 的标准序列",
        ),
    ],
)
def test_a_case_that_cannot_be_read_is_a_sentence(case: object, told: str) -> None:
    found = asked(case)
    assert found.exit_code == 1
    assert told in found.output
    assert "Traceback" not in found.output


def test_several_faults_are_told_at_once() -> None:
    said = asked({**CASE, "place": "?", "months": {}}).output
    assert "place" in said
    assert "缺少 first" in said
    assert "缺少 last" in said


def test_the_contract_uses_only_what_is_checked() -> None:
    def keywords(part: object, *, inside_names: bool = False) -> set[str]:
        if isinstance(part, list):
            return {word for each in part for word in keywords(each)}
        if not isinstance(part, dict):
            return set()
        own = set() if inside_names else set(part)
        inner = (
            keywords(v, inside_names=k in {"properties", "$defs"} and not inside_names)
            for k, v in part.items()
        )
        return own.union(*inner)

    assert keywords(case_schema()) <= KEYWORDS


def test_a_what_if_never_pays(tmp_path: Path) -> None:
    answer = json.loads(asked({**CASE, "what_if": {"settings": {"suspension-start": "same-month"}}}).output)
    assert answer["what_if"] is True
    assert answer["payable_fen"] == 0
    assert "按假设的设置试算" in answer["lines"][0]["obstacles"]
    assert faults_of({}, schema=case_schema()) != []
