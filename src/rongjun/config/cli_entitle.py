"""`rongjun entitle`: everybody judged and kept."""

from __future__ import annotations

import getpass
import time
from typing import Any

import click

from rongjun.config.terminal import day, ready_django


@click.command()
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="判定哪一天，默认今天。")
@click.option("--counts", "show_counts", is_flag=True, help="再列出每一项三种结果的人数。")
def entitle(on: Any, show_counts: bool) -> None:
    """全体在册人员逐项判定并存下；中断了再运行一次，接着做没做完的区县。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.benefits import api as benefits

    def told(done: int, parts: int) -> None:
        click.echo(f"  {done}/{parts} 个区县", err=True)

    started = time.perf_counter()
    sweep = benefits.entitle(on=day(on), by=f"operator:{getpass.getuser()}", now=timezone.now(), on_part=told)
    with acting_as_job("benefits.entitle"):
        kept, book = benefits.kept_sweep(), benefits.book()
        size = benefits.kept_bytes(sweep)
    assert kept is not None
    click.echo(
        f"{kept.on}：{kept.people:,} 人，{len(kept.counts)} 项，政策册 {kept.book[:12]}，"
        f"存了 {size / 1e6:.1f} MB，用时 {time.perf_counter() - started:.1f} 秒"
    )
    if show_counts:
        for code, (granted, unknown, refused) in sorted(kept.counts.items()):
            title = book.benefits[code].title
            click.echo(f"  能享受 {granted:>7,}  差情况 {unknown:>7,}  不能 {refused:>7,}  {title}（{code}）")
