"""The worked examples, as data: each run is a case with what must come out."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from rongjun.allowances.cases import case_schema, read_case
from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.months import month_text
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.quoting import Quote, as_text, quote
from rongjun.allowances.shapes import faults_of

DATA = Path(__file__).parent / "data"
POLICY = Path(__file__).resolve().parents[4] / "policy"
# Examples whose arithmetic belongs to another product line; their data waits there.
ELSEWHERE = {"W21": "insurance", "W22": "placement"}


class _Texts(yaml.SafeLoader):
    """Days and months stay text, as in JSON, and `on` is a key like any other."""


_Texts.yaml_implicit_resolvers = {
    first: [] if first in "oOyYnN" else [each for each in resolvers if not each[0].endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _files() -> list[dict[str, Any]]:
    return [yaml.load(path.read_text("utf-8"), Loader=_Texts) for path in sorted(DATA.glob("w*.yaml"))]


RUNS = [
    pytest.param(run, id=f"{file['id']} {run['name']}")
    for file in _files()
    for run in file["runs"]
    if "case" in run
]


@cache
def book_of(place: str, fictional: str) -> AllowanceBook:
    return load_allowances(POLICY, place=place, fictional=fictional)  # type: ignore[arg-type]


def quoted(given: Mapping[str, Any]) -> Quote:
    case = read_case(given)
    return quote(case, book=book_of(case.place, case.fictional))


def test_all_25_are_here_and_those_not_run_say_whose_they_are() -> None:
    files = _files()
    assert [file["id"] for file in files] == [f"W{number:02d}" for number in range(1, 26)]
    waiting = {file["id"]: file["owner"] for file in files if not any("case" in run for run in file["runs"])}
    assert waiting == ELSEWHERE


@pytest.mark.parametrize("run", RUNS)
def test_every_case_keeps_the_contract(run: Mapping[str, Any]) -> None:
    assert faults_of(run["case"], schema=case_schema()) == []


@pytest.mark.parametrize("run", RUNS)
def test_the_example_comes_out(run: Mapping[str, Any]) -> None:
    found, expect = quoted(run["case"]), run["expect"]
    unknown = expect.keys() - CHECKS.keys()
    assert not unknown
    for name, wanted in expect.items():
        assert CHECKS[name](found, wanted) == wanted, as_text(found)


def _owed(found: Quote, wanted: Mapping[str, int]) -> dict[str, int]:
    return {code: sum(int(line.fen) for line in found.owed.of(code)) for code in wanted}


def _month(found: Quote, code: str, month: str) -> int:
    lines = [line for line in found.owed.of(code) if line.state == "owed" and not line.is_once]
    return sum(int(fen) for line in lines for at, fen in line.by_month() if month_text(at) == month)


def _months(found: Quote, wanted: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {code: {m: _month(found, code, m) for m in months} for code, months in wanted.items()}


def _states(found: Quote, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {
        code: {
            m: next(
                line.state
                for line in found.owed.of(code)
                if month_text(line.first) <= m <= month_text(line.last)
            )
            for m in months
        }
        for code, months in wanted.items()
    }


def _said(texts: list[str], wanted: list[str]) -> list[str]:
    """Of the wanted fragments those that were said; an empty list asks for silence."""
    return [part for part in wanted if any(part in text for text in texts)] if wanted else texts


def _reasons(found: Quote, wanted: Mapping[str, list[str]], *, clause: bool = False) -> dict[str, list[str]]:
    return {
        code: _said([r.clause if clause else r.text for ln in found.owed.of(code) for r in ln.reasons], parts)
        for code, parts in wanted.items()
    }


def _deltas(found: Quote, wanted: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    codes = {each["code"] for each in wanted}
    return [
        {
            "code": delta.code,
            "kind": delta.kind,
            "cause": delta.cause,
            "first": month_text(delta.first),
            "last": month_text(delta.last),
            "fen": int(delta.fen),
        }
        for delta in found.settlement.deltas
        if delta.code in codes or not codes
    ]


def _by_payer(found: Quote, wanted: Mapping[int, int]) -> dict[int, int]:
    return {p: sum(int(line.fen) for line in found.owed.lines if line.payer == p) for p in wanted}


def _amounts(found: Quote) -> set[int]:
    lines = [int(line.fen) for line in found.owed.lines]
    return {*lines, sum(lines), *(int(delta.fen) for delta in found.settlement.deltas)}


CHECKS: dict[str, Callable[[Quote, Any], Any]] = {
    "owed": _owed,
    "total": lambda found, _: int(found.owed.fen),
    "payable": lambda found, _: int(found.owed.payable_fen),
    "months": _months,
    "states": _states,
    "lines": lambda found, wanted: {
        code: [int(line.fen) for line in found.owed.of(code) if line.state == "owed"] for code in wanted
    },
    "never": lambda found, wanted: [fen for fen in wanted if fen not in _amounts(found)],
    "withheld": lambda found, wanted: {
        code: sum(int(line.would_be) for line in found.owed.of(code) if line.state == "withheld")
        for code in wanted
    },
    "held": lambda found, _: sorted({line.code for line in found.owed.lines if line.state == "held"}),
    "refused": lambda found, wanted: _said([r.text for e in found.owed.refused for r in e.reasons], wanted),
    "only_refused": lambda found, _: sum(len(each.reasons) for each in found.owed.refused),
    "gaps": lambda found, wanted: _said([gap.text for gap in found.owed.gaps], wanted),
    "says": _reasons,
    "clauses": lambda found, wanted: _reasons(found, wanted, clause=True),
    "obstacles": lambda found, wanted: _said([o for ln in found.owed.lines for o in ln.obstacles], wanted),
    "follow_ups": lambda found, wanted: _said([r.text for r in found.owed.follow_ups], wanted),
    "no_follow_ups": lambda found, wanted: [
        part for part in wanted if not any(part in r.text for r in found.owed.follow_ups)
    ],
    "deltas": _deltas,
    "pay": lambda found, _: int(found.net.pay),
    "recover": lambda found, _: int(found.net.recover),
    "by_payer": _by_payer,
    "times": lambda found, wanted: {code: found.owed.of(code)[0].times for code in wanted},
    "lump_sums": lambda found, wanted: {
        each.code: None if each.fen is None else int(each.fen) for each in found.sums if each.code in wanted
    },
}


def test_day_values_of_facts_become_days() -> None:
    given = {"kind": "fact", "name": "birth_date", "value": "1955-08-01", "since": "1955-08-01"}
    case = read_case(
        {"place": "national", "months": {"first": "2020-01", "last": "2020-01"}, "history": [given]}
    )
    event = case.history[0].event
    assert getattr(event, "value", None) == date(1955, 8, 1)
