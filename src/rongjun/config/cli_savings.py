"""`rongjun batch` and `rongjun savings`: uses become a settlement and a figure."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rongjun.config.cli_policy import policy_folder
from rongjun.config.place import city, place
from rongjun.config.terminal import day, ready_django

if TYPE_CHECKING:
    from rongjun.benefits.api import Figure
    from rongjun.benefits.terminal import Settled
    from rongjun.rules.api import FareBook

FATE_WORDS = {
    "counted": "计入",
    "repeated": "重复",
    "conflict": "同号不同内容",
    "voided": "已冲销",
    "refused": "当时卡不能用",
    "unpriced": "没有票价",
}
SHOWN = 5
_MONTH = click.IntRange(200001, 299912)


def closed_folder() -> Path:
    """Where closed months lie: of this installation, encrypted like the rest of its disk."""
    return place().private("closed")


def fares_of_files() -> FareBook:
    """The fares of the policy files; no database is asked."""
    from rongjun.rules.api import load_book

    return load_book(policy_folder(), city=city()).fares


@click.command()
@click.option("--engine", type=click.Choice(["duckdb"]), default="duckdb", show_default=True)
@click.option("--month", required=True, type=_MONTH, help="哪一个月，如 202601。")
@click.option("--to", "last", type=_MONTH, help="到哪一个月为止；不写就只算一个月。")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="归档月份放在哪里。")
@click.option("--known-at", type=click.DateTime(["%Y-%m-%d"]), help="按哪一天已公布的票价，默认今天。")
@click.option("--memory", default="8GiB", show_default=True, help="最多用多少内存，超出的写到磁盘。")
@click.option("--threads", default=2, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="逐行输出 JSON。")
def batch(**asked: Any) -> None:
    """归档月份重新结算：逐条去重、核对卡的状态、按票价计价。不动数据库，可以随时中断、重来。"""
    from rongjun.benefits.terminal import (
        ClosedMonthError,
        Month,
        first_of,
        month_prices,
        months_of,
        settle_month,
        verified,
    )

    fares, where = fares_of_files(), asked["folder"] or closed_folder()
    known = day(asked["known_at"])
    found: list[Settled] = []
    months = months_of(first_of(asked["month"]), first_of(asked["last"] or asked["month"]))
    began = time.perf_counter()
    for number, each in enumerate(months, start=1):
        try:
            manifest = verified(where / str(each))
        except ClosedMonthError as error:
            raise click.ClickException(str(error)) from error
        prices = month_prices(fares, month=each, known_at=known, programmes=manifest.programmes)
        month = Month(where / str(each), each, prices, memory=asked["memory"], threads=asked["threads"])
        lines = settle_month(month)
        rows = sum(line.uses for line in lines)
        if rows != manifest.rows:
            raise click.ClickException(f"{each}：归档有 {manifest.rows:,} 条，算出 {rows:,} 条")
        found += lines
        if not asked["as_json"]:
            click.echo(f"  {number}/{len(months)}  {each}  {rows:,} 条", err=True)
    _tell_settled(found, fares=fares, as_json=asked["as_json"], seconds=time.perf_counter() - began)


def _tell_settled(lines: list[Settled], *, fares: FareBook, as_json: bool, seconds: float) -> None:
    from rongjun.benefits.terminal import SETTLEMENT_TEXT, fates_of
    from rongjun.kernel.money import Fen
    from rongjun.rules.api import PAYERS, digest_of

    plain = [asdict(line) for line in lines]
    query, digest, fates = digest_of(SETTLEMENT_TEXT), digest_of(plain), fates_of(lines)
    about = {"query": query, "fares": fares.digest, "lines": digest, "fates": fates}
    if as_json:
        click.echo(json.dumps(about | {"settled": plain}, ensure_ascii=False))
        return
    by_payer: Counter[str] = Counter()
    for line in lines:
        by_payer[line.borne_by] += line.savings_fen
    for fate, count in fates.items():
        click.echo(f"{FATE_WORDS[fate]} {count:,}")
    for payer, fen in sorted(by_payer.items()):
        if fen:
            click.echo(f"{PAYERS.get(payer, '没有写明')}承担 {Fen(fen)} 元")
    click.echo(f"节省合计 {Fen(sum(by_payer.values()))} 元，用时 {seconds:.1f} 秒")
    if fares.unconfirmed:
        click.echo(f"票价待局方确认：{'、'.join(fares.unconfirmed)}")
    click.echo(f"查询 {query[:12]}，票价 {fares.digest[:12]}，结果 {digest[:12]}")
    sys.stdout.flush()


_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", required=True, type=_DAY, help="从哪一天起。")
@click.option("--to", "last", required=True, type=_DAY, help="到哪一天为止（含当天）。")
@click.option(
    "--by", type=click.Choice(["month", "district", "programme", "payer", "source"]), help="按什么拆。"
)
@click.option(
    "--source",
    "made_from",
    type=click.Choice(["rollups", "parquet", "aggregate"]),
    default="rollups",
    show_default=True,
    help="从哪里算：日月合计、归档文件、签名的汇总；三者应一分不差。",
)
@click.option("--known-at", type=_DAY, help="按哪一天已公布的票价，默认今天。")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="归档月份放在哪里。")
@click.option("--text", "show_text", is_flag=True, help="再印出查询的原文。")
@click.option("--json", "as_json", is_flag=True, help="逐行输出 JSON。")
def savings(**asked: Any) -> None:
    """节省了多少：金额、次数、各单位哪些天报了、上下限、公式、查询和摘要。"""
    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.benefits import api as benefits
    from rongjun.kernel.errors import Refused
    from rongjun.ui.api import sentence

    first, last, known = asked["first"].date(), asked["last"].date(), day(asked["known_at"])
    if last < first:
        raise click.ClickException("--to 早于 --from。")
    try:
        with acting_as_job("benefits.read-savings"):
            fares = benefits.book().fares
            if asked["made_from"] == benefits.ROLLUPS:
                found = benefits.savings_figure(first, last, fares=fares, known_at=known)
            else:
                found = benefits.savings_figure_from(
                    asked["made_from"],
                    first,
                    last,
                    folder=asked["folder"] or closed_folder(),
                    fares=fares,
                    known_at=known,
                )
    except Refused as refused:
        raise click.ClickException(sentence(refused).text) from refused
    if asked["as_json"]:
        click.echo(json.dumps(_plain_figure(found), ensure_ascii=False, default=str))
        return
    _tell_figure(found, by=asked["by"])
    if asked["show_text"]:
        click.echo(found.query)


def _plain_figure(found: Figure) -> dict[str, Any]:
    return {
        "from": found.first,
        "to": found.last,
        "known_at": found.known_at,
        "source": found.made_from,
        "total": asdict(found.total),
        "bounds": asdict(found.bounds),
        "by_hand": [asdict(each) for each in found.by_hand],
        "coverage": [asdict(each) for each in found.coverage],
        "formula": found.formula,
        "query": found.query_digest,
        "fares": found.fares.digest,
        "digest": found.digest,
        "lines": [asdict(line) for line in found.lines],
    }


def _tell_figure(found: Figure, *, by: str | None) -> None:
    from rongjun.benefits import api as benefits
    from rongjun.kernel.money import Fen

    total, bounds = found.total, found.bounds
    click.echo(f"{found.first} 至 {found.last}，票价按 {found.known_at} 已公布的")
    click.echo(f"节省 {Fen(total.savings_fen)} 元，{total.uses:,} 次")
    click.echo(f"下限 {Fen(bounds.lower_fen)} 元，上限 {Fen(bounds.upper_fen)} 元")
    if found.by_hand:
        people, fen = (
            sum(getattr(each, name) for each in found.by_hand) for name in ("people", "ordinary_fen")
        )
        click.echo(f"外地证件登记 {people:,} 人次另计，按普通票价 {Fen(fen)} 元，只加在上限里")
    if total.unpriced:
        click.echo(f"没有票价的 {total.unpriced:,} 次，算省 0 元")
    if total.above_price:
        click.echo(f"实付高于票价的 {total.above_price:,} 次，照减")
    for each in found.coverage:
        name = found.network.source_titles.get(each.source, str(each.source))
        gaps = "、".join(day.isoformat() for day in each.missing[:SHOWN])
        more = f" 等 {len(each.missing)} 天" if len(each.missing) > SHOWN else ""
        click.echo(
            f"{name}：应报 {each.expected} 天，报了 {each.delivered} 天{f'，缺 {gaps}{more}' if gaps else ''}"
        )
    if bounds.unbounded:
        click.echo("从来没有报过的单位算不出上限，没有计入上限")
    for key, sums in benefits.grouped(found.lines, by=by).items() if by else ():
        name = benefits.savings_label(found, by=by or "", key=key)
        click.echo(f"  {name}  {sums.uses:>13,} 次  {Fen(sums.savings_fen):>18} 元")
    click.echo(f"公式：{found.formula}")
    unconfirmed = "、".join(found.fares.unconfirmed)
    if unconfirmed:
        click.echo(f"票价待局方确认：{unconfirmed}")
    click.echo(f"查询 {found.query_digest[:12]}，票价 {found.fares.digest[:12]}，结果 {found.digest}")


@click.command("close-months")
def close_months() -> None:
    """归档已经结束的月份（也由后台每晚做）；到了保存期的，核对无误后放掉逐条使用。"""
    ready_django()
    import getpass

    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.benefits import api as benefits

    with acting_as_job("benefits.keep-months"):
        closed, dropped = benefits.keep_months(
            folder=closed_folder(), by=f"operator:{getpass.getuser()}", now=timezone.now()
        )
    click.echo(
        f"归档 {'、'.join(map(str, closed)) or '没有'}；放掉逐条使用 {'、'.join(map(str, dropped)) or '没有'}"
    )
