"""A new benefit, asked for question by question."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from rongjun.config.new_benefit import ask, write, yaml_text
from rongjun.rules.api import Sheet, check_book, load_book, plain, read_text

POLICY = Path("policy")
CITY = min(folder.name for folder in (POLICY / "cities").iterdir())
ANSWERS = [
    "1",  # this city
    "1",  # transport
    "老兵免费乘坐定制公交",
    "Free chartered buses",
    "",
    "1",
    "4 5",
    "交通运输局",
    "示例文号〔2026〕1号，附件",
    "第二条：车票",
    "4",
    "2026-11-31",  # no such day: asked again
    "2026-11-30",
    "",
    "is_veteren AND age >= 70",  # no such fact: asked again
    "is_veteran AND age >= 70 AND household_city = this_city",
    "y",
    "凭卡免费：每天不限次数。",
    "1",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def few(where: str, names: list[str]) -> set[str]:
        holds_benefits = Path(where).parent.name in {"benefits", "reference"}
        # A fare names the benefits it is of.
        return {name for name in names if (holds_benefits and "pref-card" not in name) or name == "fares"}

    return Path(shutil.copytree(POLICY, tmp_path / "policy", ignore=few))


def answered(folder: Path, answers: list[str]) -> tuple[Path | None, str]:
    written: list[Path] = []

    @click.command()
    def new() -> None:
        new_one = ask(folder, city=CITY, today=date(2026, 11, 24))
        written.append(write(new_one, folder, city=CITY))

    told = CliRunner().invoke(new, input="\n".join(answers) + "\n")
    return (written[0] if written else None), told.output


def test_the_answers_become_a_file_that_loads_and_only_lacks_its_examples(folder: Path) -> None:
    path, told = answered(folder, ANSWERS)
    assert path, told
    assert "没有名为 is_veteren 的事实" in told
    assert "读作：是退役军人，并且年龄不低于 70 岁，并且户籍在本市" in told
    benefit = load_book(folder, city=CITY).benefits["transport.free-chartered-buses"]
    (version,) = benefit.versions
    assert (version.start, version.announced) == (date(2026, 11, 30), None)
    assert str(version.basis[0]) == "示例文号〔2026〕1号，附件第二条：车票"
    assert benefit.classes == ("V", "K")
    problems = {problem.what for problem in check_book(folder, city=CITY).problems}
    assert problems == {"缺少结论为“能享受”的例子", "缺少结论为“不能享受”的例子"}


def test_the_drafts_uncommented_as_they_are_are_refused_as_machine_made(folder: Path) -> None:
    path, told = answered(folder, ANSWERS)
    assert path, told
    head, drafts = path.read_text("utf-8").split("    # examples:\n")
    lines = [line.replace("    # ", "    ", 1) for line in drafts.splitlines()]
    text = head + "\n".join(["    examples:", *lines]).replace("起作用的事实名", "is_veteran") + "\n"
    path.write_text(text, "utf-8")
    problems = [problem.what for problem in check_book(folder, city=CITY).problems]
    assert len(problems) == 2, problems
    assert all("只是照条件拟的" in what for what in problems)


def test_an_unfinished_conversation_writes_nothing(folder: Path) -> None:
    before = sorted(folder.rglob("*.yaml"))
    path, _ = answered(folder, ANSWERS[:-3])
    assert path is None
    assert sorted(folder.rglob("*.yaml")) == before


@example("~")
@example("null")
@example("- a: b #c")
@given(st.text(st.characters(min_codepoint=32), min_size=1).filter(str.isprintable))
def test_any_text_comes_back_from_the_file_as_it_was_typed(text: str) -> None:
    typed = text.strip() or "字"
    sheet = Sheet("x", [])
    node = read_text(f"a: {yaml_text(typed)}\nb: {{c: {yaml_text(typed, in_brackets=True)}}}\n", sheet=sheet)
    assert sheet.problems == []
    assert node
    assert plain(node) == {"a": typed, "b": {"c": typed}}
