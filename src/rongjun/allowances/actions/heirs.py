"""How several heirs share what follows a death: said whole by one officer, checked by another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.allowances.actions.common import DECIDE, PROPOSE, note, require, words
from rongjun.allowances.models import HeirShare
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry

MOST_PARTS = 1000


def propose_shares(
    person: UUID, *, parts: Mapping[UUID, int], whole: int, document: str, by: Actor, now: datetime
) -> None:
    """Propose how many parts of `whole` each heir on file receives; what was proposed before is dropped.

    Every heir is named and the parts add up. Refused("allowances.may-not"), ("allowances.words-missing"),
    ("allowances.no-such-file"), ("allowances.shares-do-not-add-up").
    """
    require(by, PROPOSE)
    paper = words(document, most=120)
    with transaction.atomic():
        head = registry.head_of(person, known_at=now)
        if head is None or head.restricted:
            raise Refused("allowances.no-such-file")
        heirs = {
            each.id
            for each in registry.payees_held(head.id, on=now.date(), known_at=now)
            if each.kind == "heir"
        }
        fits = all(part > 0 for part in parts.values()) and sum(parts.values()) == whole <= MOST_PARTS
        if not heirs or set(parts) != heirs or not fits:
            raise Refused("allowances.shares-do-not-add-up")
        HeirShare.objects.filter(person=head.id, checked_by="", superseded_at=None).update(superseded_at=now)
        HeirShare.objects.bulk_create(
            HeirShare(
                person_id=head.id, division=head.division, payee=payee, parts=part, whole=whole,
                document=paper, made_by=by.text, made_at=now,
            )
            for payee, part in sorted(parts.items())
        )  # fmt: skip
        note("allowances.share-proposed", f"person:{head.id}", head.division, by=by, now=now)


def check_shares(person: UUID, *, by: Actor, now: datetime) -> None:
    """Another has seen the paper: the shares that wait hold from now on, those before no longer.

    Refused("allowances.may-not"), ("allowances.no-such-file"), ("allowances.step-not-now"),
    ("allowances.by-two").
    """
    require(by, DECIDE)
    with transaction.atomic():
        head = registry.head_of(person, known_at=now)
        if head is None or head.restricted:
            raise Refused("allowances.no-such-file")
        live = HeirShare.objects.select_for_update().filter(person=head.id, superseded_at=None)
        waiting = list(live.filter(checked_by=""))
        if not waiting:
            raise Refused("allowances.step-not-now")
        if by.text in {row.made_by for row in waiting}:
            raise Refused("allowances.by-two")
        live.exclude(checked_by="").update(superseded_at=now)
        live.filter(pk__in=[row.pk for row in waiting]).update(checked_by=by.text, checked_at=now)
        note("allowances.share-checked", f"person:{head.id}", head.division, by=by, now=now)
