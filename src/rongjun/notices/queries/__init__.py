"""Reads of messages: what a person was told, how it went, what the station still has to tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import models

from rongjun.notices.logic import STATES, Said, Template, Version, said_in_app
from rongjun.notices.models import Message
from rongjun.notices.wording import load_templates

GONE = "（已过保存期）"


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message as pages show it; `title_en` and `body_en` for who reads English."""

    id: UUID
    person: UUID
    division: int
    template: str
    about: str
    title: str
    body: str
    title_en: str
    body_en: str
    told_at: datetime
    state: str
    read_at: datetime | None
    settled_at: datetime | None
    settled_by: str
    words: str

    @property
    def is_unread(self) -> bool:
        """Whether the person has not opened it yet."""
        return self.read_at is None

    @property
    def state_words(self) -> tuple[str, str]:
        """The state for people, and its colour."""
        return STATES[self.state]


def templates() -> Mapping[str, Template]:
    """Every template by code; read once a process."""
    return _templates(settings.POLICY_ROOT / "notices")


@cache
def _templates(folder: Path) -> dict[str, Template]:
    return load_templates(folder)


def wording(code: str, *, on: date) -> tuple[Template, Version]:
    """A template and its wording in force on a day. Without one it is our mistake."""
    template = templates().get(code)
    assert template, f"no template {code!r} in policy/notices"
    version = template.on(on)
    assert version, f"{code} says nothing on {on}"
    return template, version


def messages_of(
    files: Collection[UUID], *, without: Collection[str] = (), limit: int = 200
) -> list[MessageLine]:
    """What the person of these files was told, newest first; nothing that rests on a fact of `without`."""
    return lines_of(_shown(files, without).order_by("-told_at", "id")[:limit])


def message_of(
    message: UUID, files: Collection[UUID], *, without: Collection[str] = ()
) -> MessageLine | None:
    """One of them; None when it is nobody's of these files, or rests on a fact of `without`."""
    return next(iter(lines_of(_shown(files, without).filter(pk=message))), None)


def count_unread(files: Collection[UUID], *, without: Collection[str] = ()) -> int:
    """How many of them the person has not opened."""
    return _shown(files, without).filter(read_at=None).count()


def _shown(files: Collection[UUID], without: Collection[str]) -> models.QuerySet[Message]:
    rows = Message.objects.filter(person_id__in=list(files))
    return rows.exclude(rests_on__overlap=sorted(without)) if without else rows


def lines_of(rows: Sequence[Message] | models.QuerySet[Message]) -> list[MessageLine]:
    """Messages as pages show them."""
    return [_line(row) for row in rows]


def _line(row: Message) -> MessageLine:
    told, in_english = said_of(row), said_of(row, english=True)
    return MessageLine(
        id=row.id,
        person=row.person_id,
        division=row.division,
        template=row.template,
        about=row.about,
        title=told.title,
        body=told.body,
        title_en=in_english.title,
        body_en=in_english.body,
        told_at=row.told_at,
        state=row.state,
        read_at=row.read_at,
        settled_at=row.settled_at,
        settled_by=row.settled_by,
        words=row.words,
    )


def said_of(row: Message, *, english: bool = False) -> Said:
    """What the message says in the app; after its retention no more than what it was about."""
    template = templates()[row.template]
    version = template.starting(row.version)
    assert version, f"{row.template} has lost its wording of {row.version}"
    if not row.values and version.names:
        return Said(template.title, GONE)
    return said_in_app(version, row.values, english=english)


def copied_messages(files: Collection[UUID]) -> list[dict[str, str]]:
    """Everything a person was told, oldest first, for the copy of their file."""
    return [
        {
            "title": line.title,
            "body": line.body,
            "told_at": line.told_at.isoformat(),
            "state": line.state,
            "read_at": line.read_at.isoformat() if line.read_at else "",
            "settled_at": line.settled_at.isoformat() if line.settled_at else "",
        }
        for line in lines_of(Message.objects.filter(person_id__in=list(files)).order_by("told_at", "id"))
    ]
