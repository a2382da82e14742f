"""The screen as pages to print, set by Typst with one pinned font; nothing is fetched."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import noto_cjk_sans_otc
import typst

from rongjun.insight.logic import Screen

_TEMPLATE = Path(__file__).with_name("screen.typ")
_FONTS = Path(str(noto_cjk_sans_otc.FONT_PATH)).parent


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
    content = typst.compile(
        str(_TEMPLATE),
        root=str(_TEMPLATE.parent),
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"told": json.dumps(told, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
    )
    assert isinstance(content, bytes)
    return content
