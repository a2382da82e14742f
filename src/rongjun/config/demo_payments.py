"""An invented bank, an invented fund with money, and a batch that waits for its second person."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from rongjun.access.api import acting_as, acting_as_job, actor_named
from rongjun.config.demo import BY
from rongjun.config.jobs import JOBS
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.partners import api as partners
from rongjun.places import api as places

STORE, FUND = "bank.demo", "fund.demo"
MAKER = "district"


def add_bank(code: str, *, root: Path) -> None:
    """Agree with the invented bank, and put money on an invented fund; the same again does nothing."""
    (root / code).mkdir(parents=True, exist_ok=True)
    today, whole = timezone.localdate(), places.city().code
    told: dict[str, Any] = {"by": BY, "now": timezone.now()}
    with acting_as_job("demo.add-bank"):
        if not partners.is_partner(code):
            partners.add_partner(
                code,
                name="示范代发银行",
                division=whole,
                agreed={"payment-results/1": ""},
                channels=["file"],
                expected_since=today,
                public_key=ledger.bank_signer().public_key,
                **told,
            )
        ledger.open_account(STORE, kind="bank", division=whole, title="示范存款", **told)
        ledger.open_account(FUND, kind="fund", division=whole, title="示范资金", floor=Fen(0), **told)
        if not ledger.standing(FUND).posted:
            legs = ledger.between(STORE, FUND, Fen.from_yuan(1_000_000))
            ledger.post(ledger.Transfer(uuid5(UUID(int=whole), FUND), legs, today), **told)


def draft_payments(bank: str) -> None:
    """This month's batch of the first county, made by its officer; the same again does nothing."""
    today, now = timezone.localdate(), timezone.now()
    maker = actor_named(MAKER, on=today)
    assert maker is not None
    lines = [_line(number, f"{today:%Y-%m}", division=maker.division) for number in range(1, 13)]
    with acting_as(maker):
        if ledger.living([line.key for line in lines]):
            return
        batch = ledger.draft_batch(
            division=maker.division,
            purpose="allowance",
            title=f"{today.year}年{today.month}月示范补助",
            fund=FUND,
            partner=bank,
            layout="agent-bank-separated/1",
            pay_on=today,
            by=maker.text,
            now=now,
        )
        ledger.add_lines(batch, lines, by=maker.text, now=now)


def _line(number: int, month: str, *, division: int) -> ledger.NewLine:
    return ledger.NewLine(
        key=f"demo:{number:02d}:{month}",
        division=division,
        payee=f"测试收款{number:02d}",
        account=f"9999990000000{number:03d}",
        fen=80_000 + 1_250 * number,
        purpose="示范补助",
        why="首次发放" if number == 4 else "",
    )


def let_bank_pay(command: Sequence[str]) -> None:
    """Send what is released, have the invented bank pay it, take in what it answers."""
    _run_jobs("ledger.send-payments", "ledger.deliver-payments")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    _run_jobs("partners.collect-drop", "ledger.take-payment-answers")


def _run_jobs(*names: str) -> None:
    jobs = {job.name: job for job in JOBS}
    for name in names:
        with acting_as_job(name, scope=jobs[name].scope):
            jobs[name].run()
