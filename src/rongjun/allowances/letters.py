"""决定书: an award's decision as a letter to print, with reasons, clauses and what may be done against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from django.utils.timezone import localtime

from rongjun.allowances.book import book_in_force
from rongjun.allowances.logic.judging import VERDICTS
from rongjun.allowances.logic.months import months_in_chinese
from rongjun.allowances.queries.pages import AwardFile
from rongjun.ui.api import typeset

_TEMPLATE = Path(__file__).with_name("letter.typ")


def letter_pdf(
    file: AwardFile,
    *,
    name: str,
    by: Mapping[str, str],
    facts: Sequence[tuple[str, str]],
    who: str,
    at: datetime,
) -> bytes:
    """The letter as PDF. Whoever asks has noted that it is taken out."""
    head = file.head
    is_granted = head.state == "granted"
    told = {
        "title": f"{head.title}{'批准' if is_granted else '不予批准'}决定书",
        "number": head.number,
        "name": name,
        "what": head.title,
        "category": head.category,
        "granted": is_granted,
        "document": file.document,
        "approved_on": _day(head.approved_on),
        "first_month": months_in_chinese(head.first_month, head.first_month),
        "why_not": file.decided_why,
        "verdict": VERDICTS[file.verdict],
        "reasons": [[reason.text, reason.clause] for reason in file.reasons],
        "facts": [list(pair) for pair in facts],
        "remedies": [[each.title, each.say, each.ground.clause] for each in book_in_force().remedies],
        "made_by": by.get(file.made_by, ""),
        "decided_by": by.get(file.decided_by, ""),
        "decided_on": _day(localtime(file.decided_at)) if file.decided_at else "",
        "book": file.book,
        "who": who,
        "at": f"{at:%Y-%m-%d %H:%M}",
    }
    return typeset(_TEMPLATE, told, at=at)


def _day(day: date) -> str:
    """A day as a letter writes it."""
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
