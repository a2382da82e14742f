"""`rongjun cards …`: what the night does with cards, at once."""

from __future__ import annotations

import click

from rongjun.config.terminal import Page, local_today, ready_django


@click.group(cls=Page)
def cards() -> None:
    """荣军卡和优待证：和银行、运营单位交换。"""


@cards.command("exchange")
def exchange() -> None:
    """不等夜里：现在就把制卡名单交给银行、把变化的名单交给运营单位；后台任务随后发出。"""
    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.cards import jobs

    with acting_as_job("cards.exchange-lists"):
        jobs.exchange_lists()
        ordered, changed = jobs.exchange_by_night()
    click.echo(f"交给制卡银行 {ordered} 张，变化的名单 {changed} 行")


@cards.command("checks")
def checks() -> None:
    """不等夜里：现在就列出快到期的年度确认，并告知本人（每次到期只告知一次）。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.cards import api

    with acting_as_job("cards.plan-checks"):
        count = api.plan_checks(by="job:cards.plan-checks", now=timezone.now(), today=local_today())
    click.echo(f"列出 {count} 件年度确认")
