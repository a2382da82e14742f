"""`rongjun people duplicates`: files that may be one person's, put before an officer."""

from __future__ import annotations

import getpass
import time
from typing import Any

import click

from rongjun.config.terminal import day, ready_django


@click.command()
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="按哪一天的登记比较，默认今天。")
def duplicates(on: Any) -> None:
    """找可能是同一个人的档案，放进疑似重复的待办；中断了再运行一次即可，不会重复提。"""
    ready_django()
    from django.utils import timezone

    from rongjun.registry import api as registry

    def told(done: int, pairs: int) -> None:
        click.echo(f"  比较了 {done:,}/{pairs:,} 对", err=True)

    started = time.perf_counter()
    by = f"operator:{getpass.getuser()}"
    found = registry.find_duplicates(by=by, on=day(on), now=timezone.now(), on_part=told)
    click.echo(
        f"比较了 {found.compared:,} 对，新提出 {found.proposed:,} 对，更新 {found.refreshed:,} 对，"
        f"用时 {time.perf_counter() - started:.1f} 秒"
    )
