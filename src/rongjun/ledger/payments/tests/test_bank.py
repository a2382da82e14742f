"""Whatever a bank does, what it paid is what we say is paid, and the books agree."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from rongjun.access.api import acting_as_job
from rongjun.ledger.api import bank_key
from rongjun.ledger.payments import actions
from rongjun.ledger.payments.bank_simulator import BANK, MISCHIEF, bank_signer
from rongjun.ledger.payments.models import PaymentLine
from rongjun.ledger.payments.tests.scene import (
    FIXED,
    NOW,
    SEPARATED,
    TODAY,
    agree_with_bank,
    answered_by,
    balances,
    bank,
    new_lines,
    on_books,
    report_of,
    sent,
    states_of,
    take,
)
from rongjun.partners import api as partners

pytestmark = pytest.mark.django_db
WHOLE = 10_000_000


@tried(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mischief=st.lists(st.sets(st.sampled_from(sorted(MISCHIEF)), max_size=5), min_size=1, max_size=3),
    lines=st.integers(1, 7),
    layout=st.sampled_from([SEPARATED, FIXED]),
)
def test_whatever_a_bank_does_what_it_paid_is_what_we_say(
    played: Any, mischief: list[set[str]], lines: int, layout: str
) -> None:
    one, months = played
    batch = sent(new_lines(lines, month=f"m{next(months)}"), layout=layout)
    for place, each in enumerate(mischief):
        one.misbehave = frozenset(each)
        answered_by(one, *([batch] if not place else []))
    one.misbehave = frozenset()
    answered_by(one)
    report = report_of(batch)
    assert report.state == "closed"
    assert set(states_of(batch)) <= {"paid", "failed"}
    with acting_as_job("test.paid"):
        paid = sum(PaymentLine.objects.filter(state="paid").values_list("fen", flat=True))
    assert paid == one.memory.paid
    assert on_books() == (WHOLE - paid, 0, paid)
    assert balances()


@pytest.fixture
def played(db: None) -> Any:
    """One bank for all tries, which remembers, and a month for each."""
    agree_with_bank()
    return bank(), count()


def test_the_bank_is_a_process_of_its_own(db: None, settings: Any, tmp_path: Path) -> None:
    settings.OUT_FOLDER, drop = tmp_path / "out", tmp_path / "drop"
    agree_with_bank()
    batch = sent(new_lines(6))
    with acting_as_job("test.deliver"):
        actions.deliver_files(now=NOW)
    assert run_bank(tmp_path, drop, settings.CONTRACTS_ROOT, "failures,wrong-total,twice") == 0
    for file in sorted(each for each in drop.iterdir() if each.suffix == ".csv"):
        beside = file.with_name(f"{file.name}.sig")
        with acting_as_job("test.receive"):
            partners.receive_file(
                file.read_bytes(),
                partner=BANK,
                file_name=file.name,
                signature=beside.read_text() if beside.exists() else "",
                by="operator:test",
                now=NOW,
            )
    take()
    assert states_of(batch) == ["paid", "failed", "paid", "paid", "failed", "paid"]
    assert report_of(batch).state == "closed"
    before = sorted(drop.iterdir())
    assert run_bank(tmp_path, drop, settings.CONTRACTS_ROOT, "") == 0  # the same file again is not paid again
    assert sorted(drop.iterdir()) == before
    assert run_bank(tmp_path, drop, settings.CONTRACTS_ROOT, "nonsense") == 2


def run_bank(root: Path, drop: Path, contracts: Path, mischief: str) -> int:
    key = bank_key()
    command = [
        *(sys.executable, "-m", "rongjun.ledger.payments.bank_simulator"),
        *("--inbox", str(root / "out" / BANK), "--out", str(drop)),
        *("--contracts", str(contracts / "bank-files"), "--memory", str(root / "bank.json")),
        *("--house", f"{key.algorithm}:{key.point.hex()}", "--day", TODAY.isoformat()),
        *("--misbehave", mischief),
    ]
    return subprocess.run(command, check=False, timeout=60, capture_output=True).returncode


def test_a_bank_refuses_a_file_another_has_signed(db: None) -> None:
    agree_with_bank()
    batch, one = sent(), bank()
    one.house = bank_signer().public_key
    with pytest.raises(AssertionError, match="签名"):
        answered_by(one, batch)
    assert report_of(batch).state == "sent"
