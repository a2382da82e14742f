"""`rongjun people import` and `rongjun people cutover`: files of people and of what was done before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from rongjun.config.terminal import Page, ready_django
from rongjun.config.terminal import actor as actor_for

if TYPE_CHECKING:
    from rongjun.access.api import Actor
    from rongjun.registry.api import CutoverFile

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_AS = click.option("--as", "login", required=True, help="以谁的身份和管辖范围（登录名）。")


@click.command("import")
@click.argument("file", type=_FILE)
@_AS
def import_people(file: Path, login: str) -> None:
    """导入一份花名册（.xlsx 或 .csv）；能装的都装上，不能装的逐行说明。中断了再运行一次，接着装。"""
    ready_django()
    from rongjun.access.api import acting_as
    from rongjun.kernel.errors import Refused
    from rongjun.registry import api as registry
    from rongjun.ui.api import sentence

    actor = actor_for(login, "registry.import-roster")
    try:
        roster = _taken_in(file, actor)
        _load(roster, actor)
    except Refused as refused:
        raise click.ClickException(sentence(refused).text) from refused
    with acting_as(actor):
        done = registry.report(roster)
    assert done is not None
    click.echo(f"共 {done.total} 行：建档 {done.opened}，已在册 {done.unchanged}，退回 {done.refused}")
    for number, _outcome, _person, _name, faults in done.rows:
        for fault in faults:
            click.echo(f"  第 {number} 行 {fault['column']} {fault['shown']}：{fault['sentence']}")


def _taken_in(file: Path, actor: Actor) -> UUID:
    from django.utils import timezone

    from rongjun.access.api import acting_as
    from rongjun.registry import api as registry

    content = file.read_bytes()
    rows = registry.read_roster(content)
    with acting_as(actor):
        return registry.take_in_roster(
            rows, file_name=file.name, file_digest=registry.digest_of(content), by=actor, now=timezone.now()
        )


def _load(roster: UUID, actor: Actor) -> None:
    """Part by part, each kept by itself, until nothing waits."""
    from django.conf import settings
    from django.utils import timezone

    from rongjun.access.api import acting_as
    from rongjun.registry import api as registry

    is_left = True
    while is_left:
        with acting_as(actor):
            is_left = registry.load_part(
                roster, synthetic=settings.SYNTHETIC, now=timezone.now(), today=timezone.localdate()
            )
            done = registry.report(roster)
        if done is not None and is_left:
            click.echo(f"  {done.total - done.waiting:,}/{done.total:,} 行", err=True)


# --- what the old system had done ---------------------------------------------------------------------------


@click.group(cls=Page)
def cutover() -> None:
    """割接：老系统已经做过的事，导入和比对。"""


@cutover.command("import")
@click.argument("file", type=_FILE)
@_AS
def cutover_import(file: Path, login: str) -> None:
    """导入老系统的一份文件（已发月份、已发到的月份、应收、卡、年度累计）；行数和金额必须和文件头的控制合计一致。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as
    from rongjun.kernel.money import Fen
    from rongjun.registry import api as registry

    actor = actor_for(login, "registry.cutover")
    read = _read(file)
    with acting_as(actor):
        handed_in = registry.import_cutover(
            read,
            file_name=file.name,
            file_digest=registry.digest_of(file.read_bytes()),
            by=actor,
            now=timezone.now(),
        )
        done = registry.cutover_report(handed_in)
    assert done is not None
    for fate, word in {"total": "共", "recorded": "登记", "unchanged": "已登记", "refused": "退回"}.items():
        click.echo(f"{word} {done.rows[fate]:,} 行，{Fen(done.fen[fate])} 元")
    for fault in done.faults:
        click.echo(f"  第 {fault['row']} 行 {fault['column']} {fault['shown']}：{fault['sentence']}")


@cutover.command("compare")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE, required=False)
@_AS
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="差异清单写成 .xlsx。")
def cutover_compare(old: Path, new: Path | None, login: str, out: Path | None) -> None:
    """并行期比对：老系统的文件和我们的文件，或和已登记的，逐人逐笔列出差异；有差异退出码 1。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as
    from rongjun.kernel.money import Fen
    from rongjun.registry import api as registry

    actor = actor_for(login, "registry.cutover")
    left, right = _read(old), _read(new) if new else None
    with acting_as(actor):
        found = registry.compare_cutover(left, right, by=actor, now=timezone.now())
    click.echo(
        f"一致 {found.equal:,}，"
        + "，".join(f"{word} {found.count(side):,}" for side, word in registry.SIDES.items())
    )
    click.echo(
        f"旧 {Fen(found.old_fen)} 元，新 {Fen(found.new_fen)} 元，"
        f"相差 {Fen(found.new_fen - found.old_fen)} 元，清单外 {Fen(found.gap)} 元"
    )
    for file in (left, right):
        if file and file.bad:
            click.echo(f"有 {len(file.bad)} 行读不出，不在比对里", err=True)
    if out:
        out.write_bytes(registry.differences_workbook(found))
        click.echo(f"差异清单写到 {out}")
    if found.differences:
        raise SystemExit(1)


def _read(file: Path) -> CutoverFile:
    from django.conf import settings

    from rongjun.registry import api as registry

    return registry.read_cutover(file.read_bytes(), synthetic=settings.SYNTHETIC)
