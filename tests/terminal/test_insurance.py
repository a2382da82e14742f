"""`rongjun insurance quote` hangs where operators look, and needs no database."""

from __future__ import annotations

import json

from click.testing import CliRunner

from rongjun.config.cli import main
from tests.house.tree import PACKAGE

CASE = (PACKAGE / "insurance" / "tests" / "data" / "case.json").read_text("utf-8")


def test_a_case_is_decided_from_standard_input() -> None:
    done = CliRunner().invoke(main, ["insurance", "quote"], input=CASE)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["years"][0]["payout_fen"] == 12_100_000
