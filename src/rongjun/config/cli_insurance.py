"""`rongjun insurance …` beside `quote`: the invented hospital, payments of the demo, the night by hand."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import click

from rongjun.config.place import city, place
from rongjun.config.terminal import Page, local_today, ready_django
from rongjun.insurance.terminal import Setting, quote


@click.group(cls=Page)
@click.pass_context
def insurance(context: click.Context) -> None:
    """荣军保：试算、虚构的医院、付款演示、参保名册。"""
    from rongjun.config.cli_policy import policy_folder

    context.obj = Setting(policy_folder(), city)


insurance.add_command(quote)


@insurance.command("pay")
def pay() -> None:
    """演示：把留出的赔款做成一批，区市经办、市局复核、局领导放款，等银行回盘。"""
    ready_django()
    from rongjun.config.demo_insurance import pay_as_three
    from rongjun.kernel.errors import Refused
    from rongjun.ui.api import sentence

    try:
        made = pay_as_three()
    except Refused as refused:
        raise click.ClickException(str(sentence(refused).why)) from None
    click.echo(f"{made.count} 笔，{made.fen} 元，已放款；还不能付的 {made.left_out} 笔")
    click.echo("几秒后付款文件到 out/，再运行 rongjun payments bank，银行就回盘")


@insurance.command("roster")
def roster() -> None:
    """现在就按登记库重排参保名册，并把昨天的判定发给承保公司（平时每天夜里自己做）。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.insurance.api import renew_roster, send_results

    now, today, by = timezone.now(), local_today(), "operator:cli"
    with acting_as_job("insurance.renew-roster"):
        found = renew_roster(on=today, by=by, now=now)
        sent = send_results(of=today - timedelta(days=1), by=by, now=now)
    click.echo(f"参保 {found.insured:,} 人：新参保 {found.begun:,}，终止 {found.ended:,}")
    click.echo(f"发给承保公司 {sent:,} 笔判定")


@click.command("simulate-hospital")
@click.option("--url", default="http://localhost:8000", show_default=True)
@click.option("--count", default=20, show_default=True, help="一天几次住院。")
@click.option("--seed", default=7, show_default=True)
@click.option("--pause", default=0.2, show_default=True, help="两张之间隔几秒。")
@click.option("--story", is_flag=True, help="只发那位老兵的三次住院。")
def simulate_hospital(url: str, story: bool, **given: float) -> None:
    """虚构的医院（另起一个进程）：发结算单，没等到答复再问，重发、退费、写错总数、钟不准……"""
    command = [
        *hospital_command(url),
        *(word for name, value in given.items() for word in (f"--{name}", str(value))),
    ]
    letters = ["--letters", str(place().root / "hospital" / "story.json")] if story else []
    sys.exit(subprocess.run([*command, *letters], check=False).returncode)


def hospital_command(url: str) -> list[str]:
    """The process of the invented hospital over this place's folder."""
    folder = place().root / "hospital"
    return [
        *(sys.executable, "-m", "rongjun.insurance.hospital_simulator", "--url", url),
        *("--people", str(folder / "people.json"), "--memory", str(folder / "heard.txt")),
        *("--day", (local_today() - timedelta(days=1)).isoformat()),
    ]
