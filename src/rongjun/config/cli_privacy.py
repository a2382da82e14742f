"""`rongjun privacy …`: the data map at a terminal, and the end of retention."""

from __future__ import annotations

import getpass
import sys

import click

from rongjun.config.place import project_root
from rongjun.config.terminal import Page, ready_django


@click.group(cls=Page)
def privacy() -> None:
    """个人信息保护：个人信息清单、到期删除。"""


@privacy.command("map")
@click.option("--missing", is_flag=True, help="只列出还没有写进清单的列，有就退出码 1。")
def privacy_map(missing: bool) -> None:
    """个人信息清单：每一列属于哪一类、为什么处理、凭什么、存多久、给谁。"""
    if not missing:
        from rongjun.config.generated import data_map_page

        click.echo(data_map_page())
        return
    import django

    from rongjun.access.terminal import load_data_map

    django.setup()
    told = load_data_map(project_root() / "contracts" / "data-map.yaml").differences(_columns())
    lacking = [each for each in told if "没有写进清单" in each.what]
    click.echo("\n".join(map(str, lacking)) or "每一列都在清单里")
    sys.exit(1 if lacking else 0)


@privacy.command("retention")
@click.option("--do", "is_meant", is_flag=True, help="真的删；不写只说要删多少。")
def retention(is_meant: bool) -> None:
    """到了保存期的：删什么、存多久、从哪天算、谁来删。依法留存、限制处理、申请没答复的不动。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.config.retention import ELSEWHERE, JOB, carry_out, look

    now, by = timezone.now(), f"operator:{getpass.getuser()}"
    with acting_as_job(JOB):
        found = carry_out(by=by, now=now) if is_meant else look(now=now)
    verb = "删了" if is_meant else "要删"
    for rule, days, due in found:
        click.echo(
            f"{verb} {due.rows:>7,}  留着 {due.kept_back:>5,}  {rule.what}：{rule.since_words}起 {days} 天"
        )
    click.echo(f"每夜由 {JOB} 来办；天数待局方确认。不归它管的：")
    for table, why in ELSEWHERE.items():
        click.echo(f"  {table}：{why}")


def _columns() -> dict[str, list[str]]:
    """The columns of every model, without asking a database."""
    from django.apps import apps

    return {
        model._meta.db_table: [field.column for field in model._meta.local_concrete_fields if field.column]
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    }
