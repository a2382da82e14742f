"""The house has the floors of its picture, each says what it is for, and the contracts that hold it bite."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import PACKAGE, ROOT

# From the top of the house to the ground; neighbours on a floor are strangers to each other.
FLOORS = [
    "config",
    "desk | citizen | insight",
    "benefits | alliance | allowances | insurance | care | placement | volunteers | garrison | supply",
    "cards",
    "cases",
    "ledger | notices",
    "registry",
    "places",
    "partners",
    "files",
    "access",
    "audit | ui",
    "rules",
    "kernel",
]
APPS = [app for floor in FLOORS for app in floor.split(" | ")]
ONE_SCREEN = 60
ROOMS = ["http", "jobs", "api", "facts", "actions", "queries", "models", "logic"]
Place = Callable[..., Path]


def _contracts() -> dict[str, dict[str, Any]]:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    return {contract["id"]: contract for contract in written["contracts"]}


@pytest.mark.parametrize("app", APPS)
def test_every_floor_is_a_package_that_says_on_one_screen_what_it_is_for(app: str) -> None:
    assert (PACKAGE / app / "__init__.py").is_file()
    lines = (PACKAGE / app / "README.md").read_text("utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert app in lines[0]
    assert len([line for line in lines if line.strip()]) >= 2
    assert len(lines) <= ONE_SCREEN


def test_nothing_stands_in_the_house_without_a_floor() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(APPS)


def test_the_checked_floors_are_those_of_the_picture() -> None:
    floors = _contracts()["floors"]
    assert floors["layers"] == FLOORS
    assert floors["exhaustive"] is True


def test_deciding_code_is_everything_that_must_stay_pure() -> None:
    pure = _contracts()["pure"]
    assert set(pure["source_modules"]) == {"rongjun.kernel", "rongjun.rules", "rongjun.**.logic"}
    assert {"django", "psycopg"} <= set(pure["forbidden_modules"])


def test_no_contract_makes_an_exception() -> None:
    assert [name for name, contract in _contracts().items() if contract.get("ignore_imports")] == []


def test_the_contracts_are_kept() -> None:
    done = _lint(ROOT / "pyproject.toml", folder=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A house of the same floors, empty but for what a test builds into it, under the same contracts."""

    def built(**written: str) -> Path:
        for app in APPS:
            (tmp_path / "canary" / app).mkdir(parents=True)
            (tmp_path / "canary" / app / "__init__.py").write_text("")
        (tmp_path / "canary" / "__init__.py").write_text("")
        for name, text in written.items():
            file = tmp_path / "canary" / (name.replace("__", "/") + ".py")
            file.parent.mkdir(exist_ok=True)
            file.with_name("__init__.py").touch()
            file.write_text(text)
        text = (ROOT / "pyproject.toml").read_text("utf-8")
        kept = text[text.index("[tool.importlinter]") : text.index("[tool.towncrier]")]
        config = tmp_path / "pyproject.toml"
        config.write_text(kept.replace("rongjun", "canary"), "utf-8")
        return config

    return built


def test_a_house_in_order_is_let_be(place: Place) -> None:
    config = place(registry__api="from canary.kernel import money", kernel__money="", registry__logic="")
    done = _lint(config, folder=config.parent)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("written", "broken"),
    [
        ({"kernel__money": "import django"}, "knows no framework"),
        ({"rules__api": "import psycopg"}, "knows no framework"),
        ({"registry__logic": "from django.db import models"}, "knows no framework"),
        ({"places__api": "import canary.registry"}, "nobody imports upstairs"),
        ({"desk__http": "import canary.citizen"}, "nobody imports upstairs"),
        ({"basement__api": ""}, "nobody imports upstairs"),
        (
            {"registry__models": "import canary.registry.actions", "registry__actions": ""},
            "work flows one way",
        ),
    ],
    ids=["kernel", "rules", "logic", "upstairs", "neighbours", "no-floor", "rooms"],
)
def test_a_breach_is_caught(place: Place, written: dict[str, str], broken: str) -> None:
    config = place(**written)
    done = _lint(config, folder=config.parent)
    found = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert done.returncode != 0
    assert [broken in line for line in found] == [True], done.stdout


def _lint(config: Path, *, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src" if folder == ROOT else folder)}
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    return subprocess.run(
        [*command, "--config", str(config)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
