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
from rongjun.config.terminal import day

if TYPE_CHECKING:
    from rongjun.benefits.logic.savings import Settled
    from rongjun.rules.api import FareBook

FATE_WORDS = {
    "counted": "计入",
    "repeated": "重复",
    "conflict": "同号不同内容",
    "voided": "已冲销",
    "refused": "当时卡不能用",
    "unpriced": "没有票价",
}
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
    from rongjun.benefits.closed import ClosedMonthError, verified
    from rongjun.benefits.duck import Month, settle_month
    from rongjun.benefits.logic.savings import first_of, month_prices, months_of

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
    from rongjun.benefits.logic.savings import SETTLEMENT_TEXT, fates_of
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
