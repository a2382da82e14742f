"""`rongjun benefits`: what is offered without a form."""

from __future__ import annotations

import getpass
import time
from collections import Counter

import click

from rongjun.config.terminal import Page, ready_django


@click.group(cls=Page)
def benefits() -> None:
    """优待：免申即享。"""


@benefits.command("offers")
@click.option("--dry-run", is_flag=True, help="只算不送：看会给谁送、撤回多少，什么也不留下。")
def offers(dry_run: bool) -> None:
    """按最近一次全体判定，把不用填表的优待送给符合条件的人；中断了再运行一次，接着做没做完的区县。"""
    ready_django()
    from django.db import transaction

    from rongjun.access.api import acting_as_job

    if not dry_run:
        _make_all()
        return
    with acting_as_job("benefits.make-offers"):
        _make_all()
        transaction.set_rollback(True)
    click.echo("这是试算，什么也没有留下。")


def _make_all() -> None:
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.benefits import api

    by, started = f"operator:{getpass.getuser()}", time.perf_counter()
    made: Counter[str] = Counter()
    withdrawn = to_look_at = 0
    while step := api.offer_next(by=by, now=timezone.now()):
        made.update(step.made)
        withdrawn, to_look_at = withdrawn + step.withdrawn, to_look_at + step.to_look_at
        if step.division:
            click.echo(f"  {step.division}：送出 {sum(step.made.values()):,}", err=True)
    lapsed = api.lapse_offers(by=by, now=timezone.now())
    with acting_as_job("benefits.make-offers"):
        kept, book = api.kept_sweep(), api.book()
    if kept is None or kept.book != book.digest:
        click.echo("还没有按正在用的政策册做过全体判定。先运行 rongjun entitle。")
        return
    for code, count in sorted(made.items()):
        click.echo(f"  {count:>8,}  {book.benefits[code].title}（{code}）")
    click.echo(
        f"{kept.on} 的全体判定：送出 {sum(made.values()):,}，撤回 {withdrawn:,}，"
        f"已登记而不再符合、等人决定的 {to_look_at:,}，到期没有答复的 {lapsed:,}，"
        f"用时 {time.perf_counter() - started:.1f} 秒"
    )
