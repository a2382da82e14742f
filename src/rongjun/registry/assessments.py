"""个人信息保护影响评估, read strictly from `contracts/assessments.yaml` (PI-11). No clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from django.conf import settings

from rongjun.kernel.words import Words
from rongjun.rules.api import Fields, Node, PolicyError, Sheet, read_sheet

# What makes an assessment necessary (PIPL 55).
WHY: Final[Words[Mapping[str, str]]] = {
    "sensitive": "敏感信息",
    "automated": "自动化决策",
    "sharing": "向外提供",
    "publication": "公开",
}


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment: from when, looked at again by when, by whom, and what it says (PIPL 56)."""

    since: date
    review_by: date
    by: str
    purpose: str
    necessity: str
    risks: tuple[str, ...]
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Processing:
    """A processing of high risk with its assessments, the oldest first; `used` when it is done already."""

    code: str
    title: str
    why: tuple[str, ...]
    used: bool
    assessments: tuple[Assessment, ...]

    def in_force(self, on: date) -> Assessment | None:
        """The assessment it rests on; None where it may not be done."""
        begun = [each for each in self.assessments if each.since <= on]
        return begun[-1] if begun else None

    def needs_somebody(self, on: date) -> bool:
        """Whether it is done without an assessment, or its assessment should have been looked at again."""
        found = self.in_force(on)
        return self.used and (found is None or found.review_by < on)


@cache
def processings() -> Mapping[str, Processing]:
    """The house's processings of high risk, read once."""
    return load_assessments(Path(settings.CONTRACTS_ROOT) / "assessments.yaml")


def load_assessments(path: Path) -> Mapping[str, Processing]:
    """Every processing. Raises PolicyError with every fault of the file, each with its line and a remedy."""
    sheet = Sheet(path.name, [])
    node = read_sheet(path, sheet=sheet)
    if node is None:
        raise PolicyError(sheet.problems)
    root = Fields(node, sheet=sheet, what="影响评估")
    read = root.map("assessments", "assessments").each(
        lambda code, each: _processing(code, each, sheet=sheet)
    )
    root.done()
    if sheet.problems:
        raise PolicyError(sheet.problems)
    return {each.code: each for each in read}


def _processing(code: str, node: Node, *, sheet: Sheet) -> Processing:
    fields = Fields(node, sheet=sheet, what=code)
    title, why, used = fields.text("title"), tuple(fields.texts("why")), fields.truth("used")
    for word in set(why) - set(WHY):
        fields.fault("why", f"没有“{word}”这个评估理由", f"写 {'、'.join(WHY)} 里的")
    told = fields.maps("versions", f"{code} 的一版") if fields.has("versions") else ()
    assessments = tuple(_assessment(each) for each in told)
    fields.done()
    if any(later.since <= earlier.since for earlier, later in pairwise(assessments)):
        fields.fault("versions", f"{code} 的各版没有按日期先后排列", "新的一版加在最后，旧的不动")
    return Processing(code, title, why, used, assessments)


def _assessment(fields: Fields) -> Assessment:
    found = Assessment(
        since=fields.day("from"),
        review_by=fields.day("review_by"),
        by=fields.text("by"),
        purpose=fields.text("purpose"),
        necessity=fields.text("necessity"),
        risks=tuple(fields.texts("risks")),
        measures=tuple(fields.texts("measures")),
    )
    if found.review_by <= found.since:
        fields.fault("review_by", "复核日期不在评估日期之后", "写评估以后的日子")
    fields.done()
    return found
