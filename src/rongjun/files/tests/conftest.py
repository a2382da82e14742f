"""Each test has shelves of its own, and those that scan share one simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rongjun.files import checks
from rongjun.files.actions import intake
from rongjun.files.scanner_simulator import simulate
from rongjun.files.scanning import Scanner
from rongjun.files.tests import scene


@pytest.fixture(autouse=True)
def shelves(settings: Any, tmp_path: Path) -> Path:
    """An empty folder for sealed uploads."""
    settings.FILES_ROOT = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture(autouse=True)
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks run in this process: starting one for each upload would be most of the time of these tests."""
    monkeypatch.setattr(intake, "inspect_apart", checks.inspect)


@pytest.fixture(scope="session")
def scanner_process() -> Iterator[Scanner]:
    """The simulator, started once."""
    with scene.simulator() as scanner:
        yield scanner


@pytest.fixture
def scanner(scanner_process: Scanner) -> Iterator[Scanner]:
    """A scanner that behaves well, and does so again after each test."""
    yield scanner_process
    simulate(scanner_process.address, "well")
