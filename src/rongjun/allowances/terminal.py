"""`rongjun allowances quote`: a case in, what is owed out. Its options are declared in `config/cli.py`."""

import json
from pathlib import Path
from typing import TextIO

import click

from rongjun.allowances.cases import read_case
from rongjun.allowances.quoting import as_json, as_text, quote_case
from rongjun.kernel.errors import Unfit

COMPLETE, INCOMPLETE = 0, 2


def answer_case(given: TextIO, *, text: bool, policy: Path) -> int:
    """Read a case, write the answer; the exit code says whether anything is missing.

    A case that cannot be read is a sentence and exit code 1.
    """
    try:
        found = quote_case(read_case(json.load(given)), policy=policy)
    except json.JSONDecodeError as error:
        raise click.ClickException(f"读入的不是 JSON：第 {error.lineno} 行第 {error.colno} 个字") from error
    except Unfit as unfit:
        raise click.ClickException(f"这份输入不能用：{unfit.sentence}") from unfit
    click.echo(as_text(found) if text else as_json(found))
    return COMPLETE if found.is_complete else INCOMPLETE
