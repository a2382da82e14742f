"""The screen as pages to print."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rongjun.insight.logic import Screen
from rongjun.ui.api import typeset

_TEMPLATE = Path(__file__).with_name("screen.typ")


def pdf_of(screen: Screen, *, who: str, at: datetime) -> bytes:
    """The tiles and the panels as the screen shows them; below each page who printed it and when."""
    told = {
        "place": screen.place,
        "moment": screen.moment,
        "who": who,
        "at": at.strftime("%Y-%m-%d %H:%M"),
        "tiles": [{"label": tile.label, "figure": tile.figure, "unit": tile.unit} for tile in screen.tiles],
        "panels": [
            {
                "title": panel.title,
                "words": panel.words,
                "heads": panel.heads,
                "lines": [[line.label, *(cell.shown for cell in line.cells)] for line in panel.lines],
                "left": panel.left,
            }
            for panel in screen.panels
        ],
    }
    return typeset(_TEMPLATE, told, at=at)
