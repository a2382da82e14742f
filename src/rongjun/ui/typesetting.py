"""Pages to print: set by Typst with one packaged font; nothing is fetched."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import noto_cjk_sans_otc
import typst

_FONTS = Path(str(noto_cjk_sans_otc.FONT_PATH)).parent


def typeset(template: Path, told: Any, *, at: datetime) -> bytes:
    """The template as PDF; `told` reaches it as JSON in the input `told`, `at` is the document's date."""
    content = typst.compile(
        str(template),
        root=str(template.parent),
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"told": json.dumps(told, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
    )
    assert isinstance(content, bytes)
    return content
