"""`rongjun insurance quote`: one case from standard input, decided; no database, no clock."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import click


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the policy files stand, and which city a case means that names none; told by who mounts us."""

    policy: Path
    default_city: Callable[[], str]


@click.command()
@click.argument("case", type=click.File("r", encoding="utf-8"), default="-")
@click.option("--text", "as_text", is_flag=True, help="用中文逐行说明，不写就给机器读的 JSON。")
@click.pass_obj
def quote(setting: Setting, case: TextIO, *, as_text: bool) -> None:
    """试算一个人的结算单：谁先付、荣军保赔多少、个人负担多少、凭什么、要不要人工。

    \b
    从标准输入读一份 JSON（格式见 contracts/insurance-case.schema.json）：
      rongjun insurance quote < case.json
      rongjun insurance quote --text < case.json
    """
    from rongjun.insurance.cases import CaseError, answer, parse_case, read_case
    from rongjun.insurance.loading import load_plan
    from rongjun.insurance.telling import answer_text, answer_value
    from rongjun.rules.api import load_book

    try:
        given = parse_case(case.read())
        book = load_book(setting.policy, city=_city(given) or setting.default_city())
        read = read_case(given, regions={region.name: region.code for region in book.regions.values()})
        found = load_plan(setting.policy, city=book.city, code=read.plan, book=book)
        decided = answer(read, found)
    except UnicodeDecodeError:
        raise click.ClickException("输入不是 UTF-8 编码，请用 UTF-8 另存。") from None
    except CaseError as error:
        raise click.ClickException("输入有错，什么都没有算：\n" + "\n".join(error.faults)) from None
    if as_text:
        click.echo(answer_text(decided, found))
    else:
        click.echo(json.dumps(answer_value(decided, found), ensure_ascii=False, indent=2))


def _city(given: object) -> str | None:
    named = given.get("city") if isinstance(given, dict) else None
    return named if isinstance(named, str) else None
