"""年度确认 in a history: who was asked for it, what was known of it at each moment. No clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rongjun.allowances.logic.gathering import Finding
from rongjun.kernel.words import Words

HOW: Words[Mapping[str, str]] = {
    "in-person": "本人到站",
    "video": "视频",
    "home-visit": "上门",
    "data-match": "数据比对",
}
# How long before the last day whoever is left is reminded, once; 待局方确认.
REMIND_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Seen:
    """One confirmation: the day, and from when until when it counts."""

    confirmed_on: date
    known_from: datetime
    known_to: datetime | None = None


def findings(
    *, notice_on: date, document: str, asked_at: datetime, seen: Sequence[Seen]
) -> Iterator[Finding]:
    """What was known of one person in one campaign since `asked_at`: confirmed on a day, or not (yet)."""
    begin = asked_at
    for each in sorted(seen, key=lambda one: one.known_from):
        if each.known_to is not None and each.known_to <= begin:
            continue
        start = max(begin, each.known_from)
        if begin < start:
            yield _finding(notice_on, document, "", begin, start)
        yield _finding(notice_on, document, f"{each.confirmed_on}", start, each.known_to)
        if each.known_to is None:
            return
        begin = each.known_to
    yield _finding(notice_on, document, "", begin, None)


def _finding(notice_on: date, document: str, done: str, start: datetime, end: datetime | None) -> Finding:
    content = {"confirmed_on": done} if done else {}
    return Finding("confirmation", content, notice_on, document, start, end)
