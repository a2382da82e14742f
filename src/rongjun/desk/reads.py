"""谁看过这份档案: events of the evidence chain in words, for staff now and for the person's own page later.

Plain values in, plain values out. One line an event, in its order: nothing is left out or put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rongjun.access.api import ROLES, StaffName
from rongjun.audit.api import Record
from rongjun.desk.forms import LABELS
from rongjun.kernel.words import Words, translatable, worded

_WHAT: Words[dict[str, str]] = {
    "registry.person-read": "打开档案",
    "registry.people-listed": "出现在名单里",
    "registry.number-unmasked": "看完整号码",
    "registry.address-unmasked": "看完整地址",
    "registry.people-exported": "随名单导出",
    "registry.person-exported": "复制给本人",
    "registry.person-shared": "交给外部机构",
}
# By the ending every read has; for events of other apps.
_BY_ENDING: Words[dict[str, str]] = {
    "-read": "查看",
    "-listed": "出现在名单里",
    "-unmasked": "看完整号码",
    "-exported": "导出",
    "-shared": "交给外部机构",
}


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One look: when, who (name, role, place), what, what for."""

    id: int
    at: datetime
    who: str
    role: str
    place: str
    what: str
    purpose: str


def read_lines(records: Iterable[Record], names: Mapping[tuple[str, str], StaffName]) -> list[ReadLine]:
    """The records of `who_read` with names; an actor nobody knows is told as the evidence names it."""
    return [_line(record, names.get((record.actor, record.role))) for record in records]


def _line(record: Record, staff: StaffName | None) -> ReadLine:
    return ReadLine(
        id=record.id,
        at=record.at,
        who=staff.name if staff else _machine(record.actor),
        role=ROLES[record.role].label if record.role in ROLES else "",
        place=staff.place if staff else "",
        what=_what(record),
        purpose=record.purpose,
    )


def _what(record: Record) -> str:
    known = _WHAT.get(record.event)
    if known is None:
        known = next((word for end, word in _BY_ENDING.items() if record.event.endswith(end)), record.event)
    of = record.detail.get("recipient") or LABELS.get(str(record.detail.get("kind", "")))
    return worded("{known}（{of}）", known=known, of=of) if of else known


def _machine(actor: str) -> str:
    kind, _, name = actor.partition(":")
    words = translatable({"job": "系统任务", "operator": "运维终端", "device": "设备", "partner": "外部系统"})
    return f"{words[kind]} {name}" if kind in words else actor
