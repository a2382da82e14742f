"""An export is checked by somebody who has neither our database nor Django."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rongjun.audit import api as audit
from rongjun.audit.tests.scene import as_role, commit_events, seal

Lines = list[dict[str, Any]]

# Fails on any import of Django, and then runs the verifier as its own program.
ALONE = (
    "import sys, runpy; sys.modules['django'] = None; sys.modules['psycopg'] = None;"
    " runpy.run_module('rongjun.audit.verifier', run_name='__main__', alter_sys=True)"
)


def verifier(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-c", ALONE, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PYTHONIOENCODING": "utf-8"}
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def exported(own_database: str, tmp_path: Path) -> Path:
    """An export of two sealed batches."""
    for count in (3, 2):
        commit_events(count)
        seal()
    commit_events(1)
    with as_role("app_batch"):
        assert audit.export(tmp_path / "audit.jsonl") == 5
    assert [path.name for path in tmp_path.iterdir()] == ["audit.jsonl"]
    return tmp_path / "audit.jsonl"


def test_a_sound_export_is_confirmed_with_the_anchor_kept_outside(exported: Path) -> None:
    with as_role("app_batch"):
        line = audit.publish_anchor()
    assert line
    status, said = verifier(str(exported), "--anchor", line)
    assert (status, said.splitlines()[0]) == (0, "证据链完好：5 环、2 个签名锚点。")
    assert "指纹" in said


def test_without_an_outside_anchor_the_verifier_says_what_it_cannot_know(exported: Path) -> None:
    status, said = verifier(str(exported))
    assert status == 0
    assert "另造" in said


def rewrite(path: Path, change: Callable[[Lines], object]) -> None:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def swap(lines: Lines, one: int, two: int) -> None:
    lines[one], lines[two] = lines[two], lines[one]


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        (
            lambda lines: lines[2]["event"].__setitem__(2, "staff:somebody-else"),
            1,
            "第 2 环（事件 2）：事件内容被改过",
        ),
        (lambda lines: lines[2]["event"].__setitem__(0, True), 1, "第 2 环（事件 2）：事件内容被改过"),
        (lambda lines: lines.pop(2), 1, "第 2 环：缺了这一环"),
        (lambda lines: swap(lines, 1, 2), 1, "第 1 环：与前一环接不上"),
        (lambda lines: lines[5].__setitem__("anchor", lines[3]["anchor"]), 1, "不完好"),
        (lambda lines: lines[0]["keys"].clear(), 1, "第 3 环：核对锚点所用的那一版密钥不在手边"),
        (lambda lines: lines[2]["event"].__setitem__(1, "昨天"), 2, "第 3 行读不懂"),
        (lambda lines: lines.pop(0), 2, "第 1 行读不懂"),
        (lambda lines: lines.clear(), 2, "第 1 行读不懂"),
    ],
)
def test_a_damaged_export_is_named(
    exported: Path, change: Callable[[Lines], object], status: int, sentence: str
) -> None:
    rewrite(exported, change)
    found, said = verifier(str(exported))
    assert sentence in said
    assert found == status


def test_a_whole_export_made_up_with_another_key_does_not_pass_a_published_anchor(exported: Path) -> None:
    with as_role("app_batch"):
        line = audit.publish_anchor()
    assert line
    rewrite(exported, lambda lines: lines[0]["keys"][0].__setitem__("point", "aa" * 32))
    status, said = verifier(str(exported), "--anchor", line)
    assert (status, "签名不对" in said) == (1, True)


def test_a_missing_file_is_said_without_a_traceback(tmp_path: Path) -> None:
    status, said = verifier(str(tmp_path / "none.jsonl"))
    assert status == 2
    assert "Traceback" not in said
