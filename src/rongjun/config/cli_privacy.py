"""`rongjun privacy …`: the data map at a terminal."""

from __future__ import annotations

import sys

import click

from rongjun.config.place import project_root
from rongjun.config.terminal import Page


@click.group(cls=Page)
def privacy() -> None:
    """个人信息保护：个人信息清单。"""


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


def _columns() -> dict[str, list[str]]:
    """The columns of every model, without asking a database."""
    from django.apps import apps

    return {
        model._meta.db_table: [field.column for field in model._meta.local_concrete_fields if field.column]
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    }
