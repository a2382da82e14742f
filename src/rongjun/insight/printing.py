"""The screen as pages to print."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rongjun.insight.logic import Panel, Screen
from rongjun.kernel.words import Words
from rongjun.ui.api import typeset

_TEMPLATE = Path(__file__).with_name("screen.typ")
WORDS: Words[str] = "人员和优待按 {moment} 的全体判定，等着办的是打印时的。"


def pdf_of(screen: Screen, *, who: str, at: datetime, title: str = "全市一屏", words: str = WORDS) -> bytes:
    """The tiles and the panels as the screen shows them; below each page who printed it and when."""
    told = {
        "title": title,
        "words": words.format(moment=screen.moment) if screen.moment else "",
        "place": screen.place,
        "moment": screen.moment,
        "who": who,
        "at": at.strftime("%Y-%m-%d %H:%M"),
        "tiles": [
            {"label": tile.label, "figure": tile.figure, "unit": tile.unit, "note": tile.note}
            for tile in screen.tiles
        ],
        "panels": [_told(panel) for panel in screen.panels],
    }
    return typeset(_TEMPLATE, told, at=at)


def _told(panel: Panel) -> dict[str, object]:
    """A panel for the template; `counts` only where each line has one figure, drawn as a bar."""
    single = len(panel.heads) == 2 and not panel.wordy
    return {
        "title": panel.title,
        "words": panel.words,
        "heads": panel.heads,
        "wordy": panel.wordy,
        "lines": [[line.label, *(cell.shown for cell in line.cells)] for line in panel.lines],
        "counts": [line.cells[0].count or 0 for line in panel.lines] if single else [],
        "left": panel.left,
        "unconfirmed": panel.unconfirmed,
    }
