"""How people can be reached: what they chose, and where there is an address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from rongjun.audit.api import keys
from rongjun.notices.logic import SMS, WECHAT
from rongjun.notices.logic.sending import OUTER, Reach
from rongjun.notices.models import Binding, Channel, Choice
from rongjun.registry import api as registry

# Purposes of the keys that seal and index where somebody is at the 公众号.
SEAL, INDEX = "notices", "notices-openid"
MASK = "公众号 ****"


@dataclass(frozen=True, slots=True)
class Ways:
    """What a person's page shows: what they want, in order, where there is an address, since when they do."""

    wants: tuple[str, ...]
    has: frozenset[str]
    chosen_at: datetime | None
    chosen_by: str


def openid_place(person: UUID) -> bytes:
    """What a sealed address is bound to."""
    return b"notices:openid:" + person.bytes


def openid_index(openid: str) -> bytes:
    """By what an address is found again without being readable."""
    return keys().index(INDEX, openid.encode())


def openids_of(people: Collection[UUID]) -> dict[UUID, str]:
    """Where these people are at the 公众号. The caller has logged the purpose."""
    rows = Binding.objects.filter(person_id__in=list(people), ended_at=None)
    return {
        row.person_id: keys().open(SEAL, bytes(row.openid_sealed), openid_place(row.person_id)).decode()
        for row in rows
    }


def reach_of(files: Mapping[UUID, UUID], *, now: datetime) -> dict[UUID, Reach]:
    """How each of these files' people can be reached; `files` says whose file each is (its kept one)."""
    kept = set(files.values())
    on = timezone.localtime(now).date()
    phones = registry.who_has_phone(sorted(kept, key=str), on=on, known_at=now)
    bound = set(Binding.objects.filter(person_id__in=kept, ended_at=None).values_list("person_id", flat=True))
    wants = _wants(kept)
    died = registry.died_on(sorted(kept, key=str), known_at=now)
    closed = registry.closed_among(kept)
    ways = {
        person: Reach(
            wants=wants.get(person, OUTER),
            has=tuple(code for code, there in ((WECHAT, person in bound), (SMS, person in phones)) if there),
            died=person in died,
            restricted=person in closed,
        )
        for person in kept
    }
    return {file: ways[person] for file, person in files.items()}


def _wants(people: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    rows = Choice.objects.filter(person_id__in=list(people)).order_by("person_id", "-chosen_at", "-id")
    return {row.person_id: tuple(row.wants) for row in rows.distinct("person_id")}


def ways_of(person: UUID, *, now: datetime) -> Ways:
    """What one person (a kept file) chose, and where there is an address."""
    newest = Choice.objects.filter(person_id=person).order_by("-chosen_at", "-id").first()
    reach = reach_of({person: person}, now=now)[person]
    if newest is None:
        return Ways(OUTER, frozenset(reach.has), None, "")
    return Ways(tuple(newest.wants), frozenset(reach.has), newest.chosen_at, newest.chosen_by)


def kept_files(files: Collection[UUID]) -> dict[UUID, UUID]:
    """Whose file each of these is."""
    merged = registry.merged_files()
    return {file: merged.get(file, file) for file in files}


def channels_down() -> list[tuple[str, datetime, str]]:
    """Gateways that do not answer: code, since when, and why."""
    rows = Channel.objects.filter(down_since__isnull=False).order_by("code")
    return [(row.code, row.down_since, row.reason) for row in rows if row.down_since]


def may_try(channel: str, *, now: datetime) -> bool:
    """Whether a gateway is not being left alone."""
    return not Channel.objects.filter(pk=channel, next_at__gt=now).exists()
