"""督导清单 as a list people filter and take out: filters, looks of lights, rows as text. Plain values."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rongjun.benefits.api import Item, supervision
from rongjun.desk.filters import Filters
from rongjun.kernel.reading import half_width
from rongjun.kernel.words import Words, translatable

# A light by colour, sign and word, so that none of the three is needed: (tone, icon) of its chip.
LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    supervision.RED: ("late", "alert-triangle"),
    supervision.AMBER: ("warn", "clock"),
    supervision.GREEN: ("ok", "check"),
    supervision.NONE: ("", "help-circle"),
}
# What a list can be narrowed to beside one state: whose turn it is, and who has let the day pass.
TURNS: Words[Mapping[str, str]] = {
    "unit-late": "单位超期",
    "city-late": "市局超期",
    "unit": "等单位办",
    "city": "等市局办",
}
YES, UNCONFIRMED, NO_TASK = translatable("是"), translatable("待局方确认"), translatable("没有任务")
HEADS: Words[tuple[str, ...]] = (
    "优待",
    "区市",
    "灯",
    "责任单位",
    "单位由局方指定",
    "状态",
    "期限",
    "超期",
    "上次检查",
    "结论",
    "应提供的佐证",
    "督导",
)
COUNTY_HEADS: Words[tuple[str, ...]] = (
    "区市",
    "灯",
    "红灯",
    "黄灯",
    "绿灯",
    "未督导",
    "已落实",
    "督导过",
    "单位超期",
)


@dataclass(frozen=True, slots=True)
class Wanted(Filters):
    """The filters of the list; an empty one lets everything through."""

    division: str = ""
    light: str = ""
    state: str = ""
    turn: str = ""
    area: str = ""
    q: str = ""

    def passes(self, item: Item) -> bool:
        """Whether an item passes every filter."""
        return (
            self.division in ("", str(item.division))
            and self.light in ("", item.light)
            and self.state in ("", item.standing.state)
            and self.area in ("", item.area)
            and (not self.turn or self.turn in turns_of(item))
            and half_width(self.q).casefold()
            in half_width(f"{item.title}\n{item.code}\n{item.responsible.unit}").casefold()
        )


def turns_of(item: Item) -> frozenset[str]:
    """Whose turn it is with an item, and whether that is late."""
    state = item.standing.state
    whose = [("unit", supervision.OWED_BY_UNIT), ("city", supervision.OWED_BY_CITY)]
    turns = {turn for turn, states in whose if state in states}
    return frozenset(turns | {f"{turn}-late" for turn in turns if item.is_late})


def item_cells(item: Item, *, county: str) -> list[str]:
    """An item as the texts below `HEADS`."""
    checked, standing = item.checked, item.standing
    return [
        item.title,
        county,
        supervision.LIGHTS[item.light],
        item.responsible.unit,
        YES if item.responsible.is_named else UNCONFIRMED,
        supervision.STATES.get(standing.state, NO_TASK),
        standing.due_on.isoformat() if standing.due_on else "",
        YES if item.is_late else "",
        checked.on.isoformat() if checked else "",
        supervision.OUTCOMES[checked.outcome] if checked else "",
        item.responsible.expected,
        item.round_title,
    ]


def county_cells(name: str, told: supervision.Tally) -> list[str]:
    """A county as the texts below `COUNTY_HEADS`."""
    figures = [*(told.lights[light] for light in supervision.LIGHTS), told.in_place, told.asked, told.late]
    return [name, supervision.LIGHTS[told.light], *(str(figure) for figure in figures)]


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as a file spreadsheets open as text: no cell of it is taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
