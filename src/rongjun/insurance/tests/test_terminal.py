"""`rongjun insurance quote` from standard input to standard output, without a database."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from rongjun.insurance.terminal import Setting, quote
from rongjun.insurance.tests.strategies import POLICY

CASE = (Path(__file__).parent / "data" / "case.json").read_text("utf-8")


def quoted(text: str, *options: str) -> Result:
    return CliRunner().invoke(quote, options, input=text, obj=Setting(POLICY, lambda: "qingdao"))


def test_a_case_comes_back_as_json() -> None:
    done = quoted(CASE)
    assert done.exit_code == 0, done.output
    (year,) = json.loads(done.stdout)["years"]
    assert (year["payout_fen"], year["own_fen"]) == (12_100_000, 500_000)


def test_or_as_chinese_line_by_line() -> None:
    done = quoted(CASE, "--text")
    assert done.exit_code == 0, done.output
    for said in ("基本医保统筹已付", "累计赔付 85,000.00 → 121,000.00", "直接办结", "待局方确认"):
        assert said in done.stdout


def test_a_wrong_case_ends_with_every_fault_and_computes_nothing() -> None:
    done = quoted('{"person": {}, "arrivals": [{"settlement": {}}]}')
    assert done.exit_code == 1
    assert "什么都没有算" in done.output
    assert done.stdout == ""
