"""`rongjun balance`: what came in by every channel, and what became of it."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import click

from rongjun.config.cli_ledger import faults_told
from rongjun.config.terminal import local_today, ready_django


@click.command()
@click.option("--days", default=7, show_default=True, help="最近几天。")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="从哪一天起；不写就按 --days。")
def balance(days: int, since: datetime | None) -> None:
    """收支相抵：每天每个渠道，收下 = 办完 + 退回 + 待办，与合作方的对账单也对；对不上就退出码 1。"""
    """收支相抵：每天每个渠道，收下 = 办完 + 退回 + 待办；账本合计为零；有差额就退出码 1。"""
    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.insight.api import balances
    from rongjun.partners.api import differences

    until = local_today()
    first = since.date() if since else until - timedelta(days=days - 1)
    with acting_as_job("config.balance"):
        rows = balances(since=first, until=until)
        differing = differences(since=first, until=until)
    for each in rows:
        became = f"办完 {each.done:>7,} + 退回 {each.refused:>6,} + 待办 {each.waiting:>6,}"
        click.echo(f"{each.day}  收下 {each.taken_in:>7,} = {became}  差额 {each.gap}  {each.channel}")
    for found in differing:
        ours, theirs = _number(found.our_count), _number(found.their_count)
        where = f"{found.partner}  {found.title} 流水号 {found.sequence}"
        click.echo(f"{found.day}  对账：{found.what}（对方 {theirs} 行，我们 {ours} 行）  {where}")
    gaps = [each for each in rows if each.gap]
    taken_in = sum(each.taken_in for each in rows)
    told = f"{len(gaps) + len(differing)} 处对不上，见上" if gaps or differing else "全部对得上"
    click.echo(f"{first} 至 {until}：收下 {taken_in:,}，{told}")
    is_off = faults_told() > 0
    sys.exit(1 if gaps or differing or is_off else 0)


def _number(count: int | None) -> str:
    return "没有这一件" if count is None else f"{count:,}"
