"""`rongjun city`: an invented city of any size."""

from __future__ import annotations

import sys
import time

import click

from rongjun.config.terminal import as_demo, ready_django, step


@click.command("city")
@click.option("--people", default=3_100, show_default=True, type=click.IntRange(0, 999_999), help="多少人。")
@click.option("--seed", type=click.IntRange(0), help="种子：同一个种子总是同一批人。默认 1。")
def invent(people: int, seed: int | None) -> None:
    """让虚构的城市有这么多人。可以随时中断，再运行一次接着做；人数改大就补上差的。"""
    from rongjun.config.serve import only_one, run_as_owner, running_database

    as_demo()
    busy = "正在装虚构的人。等它做完，或用 RONGJUN_DATA 另开一个目录。"
    with only_one("city-lock", busy=busy), running_database(step("数据库")):
        with step("表结构"):
            run_as_owner("migrate", "-v", "0")
        ready_django()
        from rongjun.config.demo import SEED, adopt_first_book, fill_city

        with step("区划、人员、政策册"):
            fill_city(with_people=False)
            adopt_first_book()
        _load(people, seed=SEED if seed is None else seed)
        with step(
            "整理数据库"
        ):  # statistics for the planner, and the index of names without its waiting list
            run_as_owner(
                "shell",
                "-v",
                "0",
                "-c",
                "from django.db import connection as c; c.cursor().execute('vacuum analyze')",
            )


def _load(people: int, *, seed: int) -> None:
    from django.utils import timezone

    from rongjun.access.api import actor_named
    from rongjun.config.demo import street_codes
    from rongjun.config.invented.loading import open_people

    officer = actor_named("city", on=timezone.localdate())
    assert officer is not None
    bar = _Bar()
    try:
        done = open_people(
            people, seed=seed, by=officer, now=timezone.now(), streets=street_codes(), on_part=bar.show
        )
    except KeyboardInterrupt:
        click.echo("\n已中断，装好的都在。再运行一次接着做。", err=True)
        sys.exit(130)
    bar.end()
    seconds = time.perf_counter() - bar.started
    click.echo(f"虚构的人 {people:,}：新建 {done.opened:,}，本来就在 {done.on_file:,}，用时 {seconds:.1f} 秒")
    if done.left_out:
        click.echo(f"  有 {done.left_out:,} 条记录登记库还没有地方放，没有装。")


class _Bar:
    """How far it is: done of all, people a second, time left; one line that changes, or lines."""

    def __init__(self) -> None:
        self.started = self._said = time.perf_counter()
        self._changes = sys.stderr.isatty()

    def show(self, done: int, people: int) -> None:
        """Tell where it stands."""
        now = time.perf_counter()
        if not self._changes and now - self._said < 10:
            return
        self._said = now
        speed = done / max(now - self.started, 0.001)
        left = (people - done) / max(speed, 0.001)
        told = f"  {done:,}/{people:,} 人  每秒 {speed:,.0f} 人  还要 {left:,.0f} 秒"
        click.echo(f"\r{told}   " if self._changes else told, err=True, nl=not self._changes)

    def end(self) -> None:
        """Leave the changing line."""
        if self._changes:
            click.echo(err=True)
