"""What the card saved, as panels: each figure opens into the lines it is the sum of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from rongjun.benefits import api as benefits
from rongjun.insight.logic import BARS, Cell, Line, Panel, Screen, Tile
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, worded
from rongjun.rules.api import PAYERS
from rongjun.ui.api import address

TITLES: Words[Mapping[str, str]] = {
    "month": "哪个月省的",
    "district": "哪个区市的人省的",
    "programme": "用在哪里省的",
    "payer": "谁承担的",
    "source": "哪家单位报的",
}
HEADS: Words[Mapping[str, str]] = {
    "month": "月份",
    "district": "区市",
    "programme": "项目",
    "payer": "谁承担",
    "source": "运营单位",
}
_FIELDS = {
    "month": "month",
    "district": "division",
    "programme": "programme",
    "payer": "borne_by",
    "source": "source",
}
NONE = "none"  # how the address says that nobody was named


@dataclass(frozen=True, slots=True)
class Asked:
    """The days of the figure and what it is narrowed to, by the words of its address."""

    first: date
    last: date
    narrowed: Mapping[str, str]

    def url(self, name: str, **more: str) -> str:
        """An address with the same days, narrowed further."""
        given = {"from": self.first.isoformat(), "to": self.last.isoformat(), **self.narrowed, **more}
        return reverse(name) + address(**given)


def narrow(found: benefits.Figure, narrowed: Mapping[str, str]) -> list[benefits.Saved]:
    """The lines of a figure that an address asks for."""
    return [
        line for line in found.lines if all(_value(line, by) == wanted for by, wanted in narrowed.items())
    ]


def _value(line: benefits.Saved, by: str) -> str:
    return str(getattr(line, _FIELDS[by])) or NONE


def screen_of(found: benefits.Figure, asked: Asked, *, names: Mapping[int, str], place: str) -> Screen:
    """Tiles, the figure by month, district, programme, payer and operator, what was delivered, and how."""
    total, bounds = found.total, found.bounds
    rows = asked.url("insight:savings-rows")
    least = worded("下限 {lower} 元，怎么算见下面的公式", lower=Fen(bounds.lower_fen).text)
    tiles = (
        Tile(_("节省"), Fen(total.savings_fen).text, _("元"), _("普通票价 − 实付"), rows),
        Tile(_("用了"), f"{total.uses:,}", _("次"), "", rows),
        Tile(_("最多"), Fen(bounds.upper_fen).text, _("元"), least, _days_url(asked)),
        Tile(
            _("没有报来的"),
            f"{bounds.missing_days:,}",
            _("天"),
            _("各单位合计") if bounds.missing_days else _("都报来了"),
            _days_url(asked),
            bool(bounds.missing_days),
        ),
    )
    panels = (
        *(_part(found, asked, by=by, names=names) for by in TITLES),
        *_by_hand(found),
        _coverage(found, asked),
        about(found),
    )
    moment = worded(
        "{first} 至 {last}，按 {known} 已公布的票价", first=asked.first, last=asked.last, known=found.known_at
    )
    return Screen(place, moment, tiles, panels)


def _days_url(asked: Asked) -> str:
    return asked.url("insight:savings-days")


def _part(found: benefits.Figure, asked: Asked, *, by: str, names: Mapping[int, str]) -> Panel:
    lines = []
    for key, sums in benefits.grouped(found.lines, by=by).items():
        url = asked.url("insight:savings-rows", **{by: str(key) or NONE})
        cells = (
            Cell(sums.savings_fen, url, money=True),
            Cell(sums.uses, url),
            Cell(sums.ordinary_fen, url, money=True),
            Cell(sums.paid_fen, url, money=True),
            Cell(sums.unpriced, url),
        )
        lines.append((sums.savings_fen, Line(name_of(found, by=by, key=key, names=names), cells)))
    if by != "month":
        lines.sort(key=lambda held: -held[0])
    heads = (
        _(HEADS[by]),
        _("节省（元）"),
        _("次数"),
        _("普通票价（元）"),
        _("实付（元）"),
        _("没有票价的次数"),
    )
    return Panel(
        f"savings-{by}", _(TITLES[by]), heads, tuple(line for _fen, line in lines), chart=BARS,
        unconfirmed=bool(found.fares.unconfirmed),
    )  # fmt: skip


def name_of(found: benefits.Figure, *, by: str, key: int | str, names: Mapping[int, str]) -> str:
    """What a part of the figure is called."""
    if by == "district":
        return names.get(int(key), str(key))
    if by == "payer":
        return _(PAYERS[str(key)]) if key else _("没有票价，没有写明")
    return benefits.savings_label(found, by=by, key=key)


def _by_hand(found: benefits.Figure) -> tuple[Panel, ...]:
    """People from out of town let in by certificate: in none of the figures but the upper bound."""
    if not found.by_hand:
        return ()
    titles = found.network.programme_titles
    lines = tuple(
        Line(
            titles.get(each.programme, str(each.programme)),
            (Cell(each.people), Cell(each.ordinary_fen, money=True), Cell(each.unpriced)),
        )
        for each in found.by_hand
    )
    heads = (_("项目"), _("人次"), _("普通票价（元）"), _("没有票价的人次"))
    words = _("窗口看外地证件登记的，没有刷卡：另外数，不在节省里，下限不含，只加在上限里。")
    return (
        Panel(
            "savings-by-hand", _("外地证件登记（另计）"), heads, lines, words,
            unconfirmed=bool(found.fares.unconfirmed),
        ),
    )  # fmt: skip


def _coverage(found: benefits.Figure, asked: Asked) -> Panel:
    lines = tuple(
        Line(
            found.network.source_titles.get(each.source, str(each.source)),
            tuple(
                Cell(count, asked.url("insight:savings-days", source=str(each.source)))
                for count in (len(each.missing), each.expected, each.delivered)
            ),
        )
        for each in found.coverage
        if each.expected
    )
    heads = (_("运营单位"), _("缺几天"), _("应报几天"), _("报了几天"))
    words = _("有那一天的使用，或者报来了那一天的文件，就算报了。")
    return Panel("savings-coverage", _("哪些天报来了"), heads, lines, words, BARS)


def about(found: benefits.Figure) -> Panel:
    """How it was worked out, so that anyone can do it again."""
    unconfirmed = "、".join(found.fares.fares[code].title for code in found.fares.unconfirmed)
    told = (
        (_("公式"), _(found.formula)),
        (_("算自"), _("按日、按月的合计；同样的数可以从归档文件和签名的汇总算出来（rongjun savings）")),
        (_("查询（SHA-256）"), found.query_digest),
        (_("票价（SHA-256）"), found.fares.digest),
        (_("结果（SHA-256）"), found.digest),
        (_("待局方确认的票价"), unconfirmed or _("没有")),
    )
    heads = (_("这个数怎么来的"), _("说明"))
    lines = tuple(Line(label, (Cell(None, text=text),)) for label, text in told)
    return Panel("savings-about", _("这个数怎么来的"), heads, lines, wordy=heads[-1])


def rows_panel(
    found: benefits.Figure, lines: list[benefits.Saved], *, names: Mapping[int, str], title: str
) -> Panel:
    """The lines themselves: when, who delivered, what, where, who bears it, by which fare, and the sums."""
    heads = (
        _("月份"), _("运营单位"), _("项目"), _("区市"), _("谁承担"), _("票价版本"),
        _("次数"), _("普通票价（元）"), _("实付（元）"), _("节省（元）"),
    )  # fmt: skip
    held = []
    for line in lines:
        words = [
            name_of(found, by=by, key=getattr(line, _FIELDS[by]), names=names)
            for by in ("source", "programme", "district", "payer")
        ]
        words.append(line.version.isoformat() if line.version else "")
        money = (line.ordinary_fen, line.paid_fen, line.savings_fen)
        held.append(
            Line(
                name_of(found, by="month", key=line.month, names=names),
                (
                    *(Cell(None, text=word) for word in words),
                    Cell(line.uses),
                    *(Cell(fen, money=True) for fen in money),
                ),
            )
        )
    return Panel("savings-rows", title, heads, tuple(held))


def whole(shown: Screen, rows: Panel) -> Screen:
    """The screen with its lines below, for the workbook."""
    return replace(shown, panels=(*shown.panels, rows))


def table_of(panel: Panel) -> dict[str, Any]:
    """A panel as the page of rows shows it."""
    words = sum(cell.count is None for cell in panel.lines[0].cells) if panel.lines else 0
    return {
        "columns": [
            {"label": head, "number": at > words, "short": at <= words} for at, head in enumerate(panel.heads)
        ],
        "rows": [{"cells": [line.label, *(cell.shown for cell in line.cells)]} for line in panel.lines],
    }
