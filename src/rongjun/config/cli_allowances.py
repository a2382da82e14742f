"""`rongjun allowances …`: a case answered, and a draft reckoned over everybody."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from rongjun.config.place import project_root
from rongjun.config.terminal import Page, actor, ready_django


@click.group(cls=Page)
def allowances() -> None:
    """抚恤补助：试算一个人，测算一份新标准。"""


@allowances.command("quote")
@click.option("--text", is_flag=True, help="用中文逐行说明；不加就输出 JSON。")
@click.option(
    "--policy",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="用哪个文件夹里的政策文件，默认本项目的 policy。",
)
def allowances_quote(text: bool, folder: Path | None) -> None:
    """试算一个人的抚恤补助：从标准输入读一份 JSON，给出每月应发、补发和追回，每行带理由。

    \b
    rongjun allowances quote < case.json
    写法见 contracts/allowances-case.schema.json。缺标准或有事等答复的，退出码 2。
    """
    from rongjun.allowances.terminal import answer_case

    sys.exit(answer_case(sys.stdin, text=text, policy=folder or project_root() / "policy"))


@allowances.command("simulate")
@click.option(
    "--rates",
    "draft",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="标准草案，写法和 policy 里的标准文件一样。",
)
@click.option("--month", help="从哪个月起按草案发，如 2026-12；不写就是本月，草案更晚的从草案那个月。")
@click.option("--as", "login", required=True, help="以谁的身份（登录名）；只算这个人管辖的区划。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，金额单位是分。")
def allowances_simulate(draft: Path, month: str | None, login: str, as_json: bool) -> None:
    """测算一份还没有采用的标准：多少人、一年多少钱、要补发多少，按区市、资金来源和项目分。

    什么都不写。草案里的标准和现在的标准在同一个名下的，拿没有它的时候来比。
    """
    from django.utils import timezone

    ready_django()
    from rongjun.access.api import acting_as
    from rongjun.allowances.api import as_kept, draft_over_book, month_asked_for, suppose_everybody
    from rongjun.kernel.errors import Refused
    from rongjun.rules.api import PolicyError

    officer, now = actor(login, "allowances.simulate"), timezone.now()
    today = timezone.localtime(now).date()
    try:
        over = draft_over_book(draft.read_text("utf-8"), known_on=today)
        first = month_asked_for(month or "", draft=over, today=today)
    except PolicyError as error:
        raise click.ClickException("\n".join(str(each) for each in error.problems)) from None
    except UnicodeDecodeError:
        raise click.ClickException("草案不是 UTF-8 编码的文字，请另存为 UTF-8。") from None
    except Refused:
        raise click.ClickException("这个月份不能用：请写成 2026-12，不早于草案的第一个月。") from None
    with acting_as(officer):
        found = suppose_everybody(
            over, scope=officer.scope, month=first, known_at=now, progress=_progress(quiet=as_json)
        )
    told = as_kept(found)
    if as_json:
        click.echo(json.dumps({"order": over.order.code, **told}, ensure_ascii=False, indent=1))
    else:
        _tell(over.order.title, told, today)


def _progress(*, quiet: bool) -> Any:
    def hear(done: int, of: int) -> None:
        if not quiet:
            click.echo(f"\r  {done:,} / {of:,} 人", nl=done == of, err=True)

    return hear


def _tell(title: str, told: dict[str, Any], today: date) -> None:
    from rongjun.allowances.api import PAYERS
    from rongjun.kernel.money import Fen
    from rongjun.places import api as places

    def sums(tally: dict[str, int]) -> str:
        year, back = Fen(tally["year"]), Fen(tally["back"])
        return f"{tally['people']:>7,} 人   一年多 {year.text:>16} 元   补发 {back.text:>16} 元"

    click.echo(f"{title}（草案，待局方确认；只是测算）")
    click.echo(f"看了 {told['looked_at']:,} 人：涨的 {told['raised']:,}，降的 {told['lowered']:,}")
    click.echo(f"合计       {sums(told['whole'])}")
    names = places.names_of([code for code, _ in told["districts"]], on=today)
    for heading, rows in (
        ("按区市", [(names.get(code, str(code)), tally) for code, tally in told["districts"]]),
        ("按资金来源", [(PAYERS.get(payer, "草案没有写明谁承担"), tally) for payer, tally in told["payers"]]),
        ("按项目", [(name, tally) for _code, name, tally in told["schemes"]]),
    ):
        if rows:
            click.echo(f"{heading}：")
        for name, tally in rows:
            click.echo(f"  {name}  {sums(tally)}")
    for _code, name, before, after, year, people in told["amounts"][:12]:
        more = Fen(year)
        click.echo(f"  {name} 每月 {Fen(before).text} → {Fen(after).text}，一年 {more.text}：{people:,} 人")
