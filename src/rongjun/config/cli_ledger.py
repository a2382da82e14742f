"""`rongjun ledger …`: whether the books add up."""

from __future__ import annotations

import sys

import click

from rongjun.config.terminal import Page, ready_django


@click.group(cls=Page)
def ledger() -> None:
    """账本：核对。"""


@ledger.command("check")
def ledger_check() -> None:
    """核对账本：每一笔和全部都合计为零，限额、累计、冻结、冲正、指标都对得上；有一处不对就退出码 1。"""
    ready_django()
    sys.exit(1 if faults_told() else 0)


def faults_told() -> int:
    """Say what does not add up in the ledger; how many places."""
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.ledger import api

    with acting_as_job("config.ledger-check"):
        transfers, entries = api.counts()
        found = api.faults(now=timezone.now())
    for each in found:
        click.echo(f"  {api.FAULTS[each.rule]}：{each.about}（差 {each.off_by:,}）")
    told = f"{len(found)} 处不对，见上" if found else "全部对得上"
    click.echo(f"账本：{transfers:,} 笔，{entries:,} 条分录，{told}")
    return len(found)
