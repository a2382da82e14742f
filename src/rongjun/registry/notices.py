"""Purposes of processing and the notices about them, read strictly from `contracts/notices.yaml`.

A notice lacks none of the items of PIPL 17, 23 and 30; a purpose names its law, its recipients and exactly
what they get. No clock: which wording is in force is asked for a day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from django.conf import settings

from rongjun.kernel.crypto import sm3
from rongjun.registry.assessments import processings
from rongjun.rules.api import Fields, Node, PolicyError, Sheet, read_sheet

# What a notice has to say, by article of the Personal Information Protection Law.
ITEMS: Final[Mapping[str, str]] = {
    "handler": "谁处理（第十七条第一款第一项）",
    "contact": "怎么联系（第十七条第一款第一项）",
    "purpose": "为什么处理（第十七条第一款第二项）",
    "method": "怎么处理（第十七条第一款第二项）",
    "kinds": "处理哪些（第十七条第一款第二项）",
    "retention": "保存多久（第十七条第一款第二项）",
    "rights": "您有什么权利、怎么行使（第十七条第一款第三项）",
    "recipients": "交给谁（第二十三条）",
    "sensitive": "哪些是敏感信息（第二十八条）",
    "necessity": "为什么必要（第三十条）",
    "effect": "对您有什么影响（第三十条）",
    "statutory": "是不是法定职责（第三十五条）",
}
_CLAUSE = re.compile(r"《[^》]+》.*第[一二三四五六七八九十百]+条")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody outside who is given something."""

    code: str
    title: str
    contact: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose; `needs_consent` is asked for each recipient by itself, and no row means no.

    `assessment` is the processing of high risk it is part of.
    """

    code: str
    title: str
    basis: str
    needs_consent: bool
    recipients: tuple[str, ...]
    fields: frozenset[str]
    notice: str
    assessment: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice's text from a day on."""

    since: date
    items: Mapping[str, str]

    @property
    def digest(self) -> bytes:
        """SM3 of everything it says."""
        said = {"from": self.since.isoformat(), **self.items}
        return sm3(json.dumps(said, ensure_ascii=False, sort_keys=True).encode())


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice with its wordings, the oldest first."""

    code: str
    title: str
    wordings: tuple[Wording, ...]

    def in_force(self, on: date) -> Wording | None:
        """The wording to be shown on a day; None before the first."""
        begun = [wording for wording in self.wordings if wording.since <= on]
        return begun[-1] if begun else None


@dataclass(frozen=True, slots=True)
class NoticeBook:
    """All of the file."""

    recipients: Mapping[str, Recipient]
    purposes: Mapping[str, Purpose]
    notices: Mapping[str, Notice]


@cache
def notice_book() -> NoticeBook:
    """The house's notices, read once."""
    return load_notices(Path(settings.CONTRACTS_ROOT) / "notices.yaml")


def load_notices(path: Path) -> NoticeBook:
    """The book. Raises PolicyError with every fault of the file, each with its line and a remedy."""
    sheet = Sheet(path.name, [])
    node = read_sheet(path, sheet=sheet)
    if node is None:
        raise PolicyError(sheet.problems)
    root = Fields(node, sheet=sheet, what="告知")
    read = _Reader(sheet)
    recipients = root.map("recipients", "recipients").each(read.recipient)
    notices = root.map("notices", "notices").each(read.notice)
    read.known = ({each.code for each in recipients}, {each.code for each in notices})
    purposes = root.map("purposes", "purposes").each(read.purpose)
    root.done()
    if sheet.problems:
        raise PolicyError(sheet.problems)
    return NoticeBook(
        {each.code: each for each in recipients},
        {each.code: each for each in purposes},
        {each.code: each for each in notices},
    )


class _Reader:
    """Reads the three parts; faults go to the sheet."""

    known: tuple[set[str], set[str]] = (set(), set())

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def recipient(self, code: str, node: Node) -> Recipient:
        """One recipient."""
        fields = Fields(node, sheet=self.sheet, what=code)
        found = Recipient(code, fields.text("title"), fields.text("contact"))
        fields.done()
        return found

    def purpose(self, code: str, node: Node) -> Purpose:
        """One purpose."""
        fields = Fields(node, sheet=self.sheet, what=code)
        recipients, notices = self.known
        found = Purpose(
            code=code,
            title=fields.text("title"),
            basis=fields.text("basis"),
            needs_consent=fields.truth("consent"),
            recipients=fields.texts("recipients"),
            fields=frozenset(fields.texts("fields")),
            notice=fields.one_of("notice", sorted(notices)),
            assessment=fields.one_of("assessment", sorted(processings())),
        )
        if not _CLAUSE.search(found.basis):
            fields.fault("basis", f"“{found.basis}”没有写明法律和条款", "写成 《法律名称》第几条")
        for name in set(found.recipients) - recipients:
            fields.fault("recipients", f"没有“{name}”这个接收方", "在 recipients 里写上它")
        fields.done()
        return found

    def notice(self, code: str, node: Node) -> Notice:
        """One notice with its wordings."""
        fields = Fields(node, sheet=self.sheet, what=code)
        title = fields.text("title")
        told = fields.maps("versions", f"{code} 的一版")
        wordings = tuple(self._wording(each) for each in told)
        fields.done()
        if any(later.since <= earlier.since for earlier, later in pairwise(wordings)):
            fields.fault("versions", f"{code} 的各版没有按日期先后排列", "新的一版加在最后，旧的不动")
        return Notice(code, title, wordings)

    def _wording(self, fields: Fields) -> Wording:
        found = Wording(fields.day("from"), {item: fields.text(item) for item in ITEMS})
        fields.done()
        return found
