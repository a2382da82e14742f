"""What a list of people shows of each, on the page and in a workbook alike."""

from __future__ import annotations

from datetime import date

from rongjun.kernel.words import Words, listed, worded
from rongjun.registry.logic.telling import SEXES
from rongjun.registry.queries import PersonLine
from rongjun.rules.api import months_between

COLUMNS: Words[tuple[str, ...]] = ("姓名", "性别、年龄", "证件号码", "服务站")


def cells_of(line: PersonLine, *, station: str, on: date) -> tuple[str, str, str, str]:
    """The cells in the order of COLUMNS; the number stays covered."""
    age = worded("{value} 岁", value=months_between(line.birth_date, on) // 12) if line.birth_date else ""
    who = listed((SEXES.get(line.sex or "", ""), age), "，")
    return line.name, who, line.number_mask, station
