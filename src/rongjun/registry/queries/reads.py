"""谁看过这份档案: events of the evidence chain in words, for staff and for the person's own page.

One line an event, in its order: nothing is left out or put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rongjun.access.api import CITIZEN_ROLES, HELPER, ROLES, SELF, StaffName, acting_as_job, staff_named
from rongjun.audit import api as audit
from rongjun.audit.api import Record
from rongjun.kernel.words import Words, translatable, worded
from rongjun.registry.labels import LABELS
from rongjun.registry.models import Mandate
from rongjun.registry.queries.merged import file_ids_of

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
    is_own: bool = False

    def as_copied(self) -> dict[str, str]:
        """The same for a copy that is handed to the person."""
        return {
            "at": self.at.isoformat(),
            "who": self.who,
            "role": self.role,
            "place": self.place,
            "what": self.what,
            "purpose": self.purpose,
        }


def reads_of(person: UUID, *, before: int | None = None, limit: int = 200) -> list[ReadLine]:
    """Who looked, newest first, by all files of the person, whom the caller has made sure to be in scope."""
    files = file_ids_of(person)
    # The evidence of others is open to jobs only; whoever may see this person is shown it for this one.
    with acting_as_job("registry.who-read"):
        told = [
            record
            for file in files
            for record in audit.who_read(f"person:{file}", before=before, limit=limit)
        ]
        helpers = dict(Mandate.objects.filter(person_id__in=files).values_list("asked_by", "helper_name"))
    # Of a look at two files of one person there is one event.
    records = sorted({record.id: record for record in told}.values(), key=lambda each: -each.id)[:limit]
    return read_lines(records, staff_named(record.actor for record in records), helpers)


def read_lines(
    records: Iterable[Record],
    names: Mapping[tuple[str, str], StaffName],
    helpers: Mapping[str, str],
) -> list[ReadLine]:
    """The records of `who_read` with names; an actor nobody knows is told as the evidence names it.

    `helpers` names the accounts that act for the person by mandate; another citizen's is the person's own.
    """
    return [_line(record, names.get((record.actor, record.role)), helpers) for record in records]


def _line(record: Record, staff: StaffName | None, helpers: Mapping[str, str]) -> ReadLine:
    return ReadLine(
        id=record.id,
        at=record.at,
        who=staff.name if staff else _citizen(record, helpers) or _machine(record.actor),
        role=ROLES[record.role].label if record.role in ROLES else CITIZEN_ROLES.get(record.role, ""),
        place=staff.place if staff else "",
        what=_what(record),
        purpose=record.purpose,
        is_own=record.actor.startswith("citizen:") and record.role == SELF,
    )


def _citizen(record: Record, helpers: Mapping[str, str]) -> str:
    if not record.actor.startswith("citizen:"):
        return ""
    return CITIZEN_ROLES[SELF] if record.role == SELF else helpers.get(record.actor, CITIZEN_ROLES[HELPER])


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
