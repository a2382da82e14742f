"""Shapes of the screen: a panel is a table of figures, each with the address of its rows. No Django."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rongjun.kernel.money import Fen
from rongjun.kernel.words import Listed, Words, listed

BARS, STACKED = "bars", "stacked"

# The parts of a channel's name in the days' balance; what is not here stays as the partner agreed it.
_CHANNEL_PARTS: Words[Mapping[str, str]] = {
    "files.upload": "材料上传",
    "bank": "付款",
    "call": "接口来件",
    "feed": "比对",
    "file": "来件",
    "files": "文件",
    "message": "消息",
    "in-app": "站内",
    "sms": "短信",
    "wechat": "公众号",
    "send": "发件",
    "deaths": "去世",
    "insurance": "荣军保",
    "settlements": "结算单",
}


def channel_in_words(channel: str) -> Listed:
    """A channel of the days' balance for a reader: `message:sms` is 消息，短信."""
    return listed((_CHANNEL_PARTS.get(part, part) for part in channel.split(":")), "，")


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure and where its rows are; a text where `count` is None, whole fen where it is `money`."""

    count: int | None
    url: str = ""
    text: str = ""
    money: bool = False

    @property
    def shown(self) -> str:
        """The figure as it stands on a page; money in yuan."""
        if self.count is None:
            return self.text
        return Fen(self.count).text if self.money else f"{self.count:,}"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a panel: what it is about, and its cells."""

    label: str
    cells: tuple[Cell, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A table of figures. `chart` draws the first figures of each line, `stacked` all of them on one bar.

    `more` is where the whole table stands when it is cut, `left` how many lines are only there; `words` say
    what a figure is.
    """

    code: str
    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    words: str = ""
    chart: str = ""
    more: str = ""
    left: int = 0
    unconfirmed: bool = False
    wordy: str = ""  # the head of the column that holds words

    def first(self, most: int, *, figures: int, more: str) -> Panel:
        """The panel cut to its first lines and figures, with the way to the whole."""
        if len(self.lines) <= most and len(self.heads) <= figures + 1:
            return self
        lines = tuple(replace(line, cells=line.cells[:figures]) for line in self.lines[:most])
        heads = self.heads[: figures + 1]
        return replace(self, heads=heads, lines=lines, more=more, left=len(self.lines) - len(lines))


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure on its own."""

    label: str
    figure: str
    unit: str
    note: str
    url: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything one screen shows, over which place and as of when; `moment` "" before the first sweep."""

    place: str
    moment: str
    tiles: tuple[Tile, ...]
    panels: tuple[Panel, ...]
    shades: Mapping[int, int] = field(default_factory=dict)  # county: how dark from 1 to 5, by its people


def shades_of(counts: Mapping[int, int], *, steps: int = 5) -> dict[int, int]:
    """How dark each place is drawn: equal steps up to the greatest figure."""
    most = max(counts.values(), default=0)
    return {place: max(1, -(-count * steps // most)) if most else 1 for place, count in counts.items()}


def summed(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """The figures of several places together, in the order they come in."""
    found: dict[str, int] = {}
    for part in parts:
        for name, count in part.items():
            found[name] = found.get(name, 0) + count
    return found
