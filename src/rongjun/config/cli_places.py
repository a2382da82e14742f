"""`rongjun places …`: the divisions of the city and the stations that serve them."""

from __future__ import annotations

from pathlib import Path

import click

from rongjun.config.terminal import Page, ready_django

BY = "operator:terminal"


@click.group(cls=Page)
def places() -> None:
    """区划和站点：装入、查去向。"""


@places.command("load")
def places_load() -> None:
    """装入本市从省到村的全部区划；同一份再装一次，什么都不变。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.places import api

    city, listing = api.city(), api.listing()
    with acting_as_job("places.load-tree"):
        done = api.load_tree(city, listing, by=BY, now=timezone.now())
    click.echo(f"{city.name}，{listing.source}（截至 {listing.as_of}）：{told(done.opened, done.closed)}")
    click.echo(f"原来就有 {done.unchanged:,} 个；与已有名称矛盾、没有改的 {done.refused:,} 个")


@places.command("stations")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="名单从哪里来，例如文件名和日期。")
def places_stations(file: Path, source: str) -> None:
    """装入服务中心、服务站名单（CSV：区划代码、名称、类别、地址、电话、起始日期）。"""
    ready_django()
    from django.conf import settings
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.places import api

    rows, faults = api.read_stations(file.read_bytes())
    with acting_as_job("places.load-stations"):
        done = api.load_stations(
            rows, faults, source=source, is_synthetic=settings.SYNTHETIC, by=BY, now=timezone.now()
        )
    click.echo(f"{told(done.opened, done.closed)}；原来就有 {done.unchanged:,} 个")


@places.command("find")
@click.argument("code")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="哪一天，默认今天。")
def places_find(code: str, on: object) -> None:
    """一个代码现在归哪里、由哪个站服务（6、9 或 12 位，旧代码也行）。"""
    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.config.terminal import day
    from rongjun.kernel.errors import Unfit
    from rongjun.kernel.identifiers import DivisionCode
    from rongjun.places import api

    asked = day(on)
    try:
        given = DivisionCode.from_text(code).code
    except Unfit as unfit:
        raise click.ClickException(unfit.sentence) from unfit
    with acting_as_job("places.find-division"):
        today = api.successor(given, on=asked)
        if today is None:
            raise click.ClickException(f"{given} 不在区划库里，也没有登记过它的去向。")
        above = api.ancestors(today, on=asked)
        station = api.station_for(today, on=asked)
    click.echo(f"{given} → {today}" if today != given else str(today))
    click.echo(" · ".join(step.name for step in above))
    click.echo(f"服务：{station.name}" if station else "服务：还没有登记站点")


def told(opened: int, closed: int) -> str:
    """What a list changed."""
    return f"新增 {opened:,} 个，停用 {closed:,} 个"
