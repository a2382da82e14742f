"""What the commands share: help that reads like a page, Django, who stands at the terminal."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from rongjun.access.api import Actor


class Page(click.Group):
    """Help that reads like a page: every command with its sub-commands, in the order they are told in."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Commands in the order of their file."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a command, those of a group under its name."""
        rows = [(name, command) for name in self.list_commands(ctx) for command in [self.commands[name]]]
        told = []
        for name, command in rows:
            below = command.commands.items() if isinstance(command, click.Group) else [("", command)]
            told += [(f"{name} {sub}".strip(), each.get_short_help_str(limit=120)) for sub, each in below]
        with formatter.section("命令"):
            formatter.write_dl(told)


def as_demo() -> None:
    """Work over this place as a demo from now on; LauncherError where it is a real installation's."""
    from rongjun.config.place import place
    from rongjun.config.postgres import LauncherError

    if place().profile == "production" and (place().root / "profile").exists():
        raise LauncherError(f"{place().root} 是正式环境的数据，演示不能用它。请换一个 RONGJUN_DATA。")
    place().remember_profile("demo")
    os.environ["RONGJUN_PROFILE"] = "demo"
    click.echo(f"数据目录 {place().root}")


def ready_django() -> None:
    """Django over a database that runs; one we had to start is stopped again when the command ends."""
    import django

    from rongjun.config import database

    if database.make_ready():
        click.get_current_context().call_on_close(database.cluster().stop)
    django.setup()


def local_today() -> date:
    """The day it is in China."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def day(given: Any) -> date:
    """The day an option names, today without one."""
    return given.date() if given else local_today()


def actor(login: str, permission: str) -> Actor:
    """An account's scope and permissions; the evidence names the operator at the terminal, not its holder."""
    from rongjun.access.api import actor_named

    found = actor_named(login, on=local_today())
    if found is None:
        raise click.ClickException(f"没有名为 {login} 的账户，或它没有生效的授权。")
    if not found.may(permission):
        raise click.ClickException(f"{found.role_label}（{login}）不能做这一步。")
    return replace(found, kind="operator", login=f"{getpass.getuser()}@{login}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done and how long it took."""
    started = time.perf_counter()
    click.echo(f"· {name} …", nl=True)
    yield
    click.echo(f"  {name}好了（{time.perf_counter() - started:.1f} 秒）")
