"""`rongjun payments …`: the key a bank checks our files with, and an invented bank that answers them."""

from __future__ import annotations

import subprocess
import sys

import click

from rongjun.config.place import place, project_root
from rongjun.config.terminal import Page, local_today, ready_django

BANK = "paying-bank"


@click.group(cls=Page)
def payments() -> None:
    """付款：给银行的公钥，虚构的银行。"""


@payments.command("key")
def payments_key() -> None:
    """交给银行的公钥：银行用它核对付款文件的签名。"""
    click.echo(_key())


@payments.command("demo")
def payments_demo() -> None:
    """演示：约定一家虚构的代发银行，给示范资金拨款，区市经办起一批付款。"""
    ready_django()
    from rongjun.config.demo_payments import add_bank, draft_payments

    add_bank(BANK, root=place().root / "drop")
    draft_payments(BANK)
    click.echo(f"约定了 {BANK}，付款文件在 {place().root / 'out' / BANK}")


@payments.command("bank")
@click.option("--misbehave", default="", help="逗号分隔的捣乱方式，写错会列出全部。")
@click.option("--day", default="", help="业务日期，默认今天。")
def payments_bank(misbehave: str, day: str) -> None:
    """虚构的银行（另起一个进程）收付款文件、逐笔回盘，可以退回、分批、迟到、重发、写错总额……"""
    command = bank_command(day=day or local_today().isoformat(), misbehave=misbehave)
    sys.exit(subprocess.run(command, check=False).returncode)


def bank_command(*, day: str, misbehave: str = "") -> list[str]:
    """The process of the invented bank, over this place's folders; our files to be checked by our key."""
    root = place().root
    return [
        *(sys.executable, "-m", "rongjun.ledger.payments.bank_simulator"),
        *("--inbox", str(root / "out" / BANK), "--out", str(root / "drop" / BANK)),
        *("--contracts", str(project_root() / "contracts" / "bank-files")),
        *("--memory", str(root / "bank.json"), "--house", _key()),
        *("--day", day, "--misbehave", misbehave),
    ]


def _key() -> str:
    ready_django()
    from rongjun.ledger.api import bank_key

    key = bank_key()
    return f"{key.algorithm}:{key.point.hex()}"
