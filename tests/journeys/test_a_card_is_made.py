"""A card from the application to the hand, made by the simulated bank; nobody writes a file by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from rongjun.access.api import acting_as, acting_as_job
from rongjun.cards import api as cards
from rongjun.cards import jobs as card_jobs
from rongjun.cards.tests.cast import CITY, CLERK, NOW, OFFICER, TODAY, people
from rongjun.partners import api as partners
from rongjun.partners import jobs as partner_jobs
from tests.house.tree import ROOT

BANK = "agent-bank"


@pytest.fixture
def folders(
    own_database: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, Path]:
    found = {name: tmp_path / name for name in ("drop", "out", "memory")}
    settings.DROP_FOLDER, settings.OUT_FOLDER = found["drop"], found["out"]
    with acting_as_job("test.agree"):
        partners.add_partner(
            BANK, name="测试银行", division=370200000000, agreed={"card-returns/1": "", "receipts/1": ""},
            takes={"card-orders/1": "file"}, daily_sends=50, channels=["file"], expected_since=TODAY,
            public_key=partners.signer_of(BANK).public_key, by="operator:test", now=NOW,
        )  # fmt: skip
    at(NOW, monkeypatch)
    return found


def at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def worker() -> None:
    """The jobs of exchange, one transaction each, until nothing moves."""
    for _ in range(3):
        for name, job in (
            ("partners.collect-drop", partner_jobs.collect_drop),
            ("partners.check-received", partner_jobs.check_received),
            (partner_jobs.SEND, partner_jobs.send_outbound),
            ("partners.take-receipts", partner_jobs.take_receipts),
            ("cards.take-returns", card_jobs.take_returns),
        ):
            with acting_as_job(name):
                job()


def bank_works(folders: Mapping[str, Path], *more: str, days: int = 0) -> None:
    key = partners.our_key()
    places = (word for name, folder in folders.items() for word in (f"--{name}", str(folder)))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rongjun.partners.operators", BANK, *places),
            *(
                "--contracts",
                str(ROOT / "contracts" / "files"),
                "--our-key",
                f"{key.algorithm}:{key.point.hex()}",
            ),
            *("--day", (TODAY + timedelta(days=days)).isoformat(), *more),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def approved(count: int) -> list[int]:
    granted: Any = SimpleNamespace(code="other.rongjun-card-without-charge", verdict="granted", book="0" * 64)
    references = []
    for person in people(count):
        with acting_as(CLERK):
            references.append(cards.apply_for(person, kind="rongjun", decision=granted, by=CLERK, now=NOW))
        with acting_as(OFFICER):
            cards.review(references[-1], approved=True, reason="材料齐全", by=OFFICER, now=NOW)
    return references


def states(references: list[int]) -> list[str]:
    with acting_as(CITY):
        found = [cards.card(reference) for reference in references]
    return [line.state for line in found if line]


def night() -> tuple[int, int]:
    with acting_as_job("cards.exchange-lists"):
        return card_jobs.exchange_by_night()


@pytest.mark.slow
def test_a_card_goes_from_application_to_the_hand(
    folders: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    references = sorted(approved(3))  # as they are ordered
    assert night() == (3, 0)
    worker()
    assert states(references) == ["making"] * 3
    bank_works(folders, "--misbehave", "not-made")
    at(NOW + timedelta(hours=20), monkeypatch)
    worker()
    assert states(references) == ["ready", "approved", "ready"]

    assert night() == (1, 0)
    worker()
    bank_works(folders, days=1)
    at(NOW + timedelta(hours=44), monkeypatch)
    worker()
    assert states(references) == ["ready"] * 3
    later = NOW + timedelta(hours=45)
    with acting_as(CLERK):
        cards.hand_over(references[0], checked="居民身份证", by=CLERK, now=later)
        line = cards.card(references[0])
    assert line is not None
    assert (line.state, line.bank_mask[-4:].isdigit(), line.transit_mask[-4:].isdigit()) == (
        "valid", True, True,
    )  # fmt: skip
    with acting_as_job("test.balance"):
        told = partners.balance(since=TODAY, until=TODAY + timedelta(days=3))
    assert {each.gap for each in told} == {0}
