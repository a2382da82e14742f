"""What two officers find: a cause of death, how two schemes meet, a confirmation asked for and made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.allowances.actions.common import DECIDE, PROPOSE, note, require, words
from rongjun.allowances.book import book_in_force
from rongjun.allowances.logic.gathering import FINDINGS
from rongjun.allowances.models import Finding
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry

CAUSES = ("illness", "old-wound", "other")
RULES = ("stack", "highest")


def propose_finding(
    person: UUID,
    *,
    kind: str,
    content: Mapping[str, str],
    since: date,
    document: str,
    by: Actor,
    now: datetime,
) -> UUID:
    """Propose a finding, on the word of a document: it counts once another has checked it.

    Refused("allowances.may-not"), ("allowances.no-such-file"), ("allowances.unfit-detail"),
    ("allowances.words-missing").
    """
    require(by, PROPOSE)
    paper = words(document, most=120)
    _refuse_unfit(kind, content)
    with transaction.atomic():
        head = registry.head_of(person, known_at=now)
        if head is None or head.restricted:
            raise Refused("allowances.no-such-file")
        row = Finding.objects.create(
            id=uuid4(), person_id=head.id, division=head.division, kind=kind, content=dict(content),
            since=since, document=paper, made_by=by.text, made_at=now,
        )  # fmt: skip
        _note("allowances.finding-proposed", row, by=by, now=now)
    return row.id


def check_finding(finding: UUID, *, by: Actor, now: datetime) -> None:
    """Another has seen the document; what was found of the same before is superseded from now on.

    Refused("allowances.may-not"), ("allowances.no-such-file"), ("allowances.step-not-now"),
    ("allowances.by-two").
    """
    require(by, DECIDE)
    with transaction.atomic():
        row = Finding.objects.select_for_update().filter(pk=finding).first()
        if row is None:
            raise Refused("allowances.no-such-file")
        if row.checked_by:
            raise Refused("allowances.step-not-now")
        if row.made_by == by.text:
            raise Refused("allowances.by-two")
        _supersede(row, now=now)
        row.checked_by, row.checked_at = by.text, now
        row.save(update_fields=["checked_by", "checked_at"])
        _note("allowances.finding-checked", row, by=by, now=now)


def _supersede(row: Finding, *, now: datetime) -> None:
    """One cause of death, one rule for a pair; of a yearly confirmation the same notice is meant."""
    earlier = Finding.objects.filter(
        person_id__in=registry.file_ids_of(row.person_id), kind=row.kind, superseded_at=None
    ).exclude(checked_by="")
    for each in earlier:
        same_pair = {each.content.get("one"), each.content.get("other")} == {
            row.content.get("one"),
            row.content.get("other"),
        }
        if row.kind == "death-cause" or (row.kind == "pair" and same_pair) or each.since == row.since:
            Finding.objects.filter(pk=each.pk).update(superseded_at=now)


def _refuse_unfit(kind: str, content: Mapping[str, str]) -> None:
    schemes = book_in_force().schemes
    one, other = content.get("one", ""), content.get("other", "")
    fits = {
        "death-cause": content.get("cause") in CAUSES,
        "pair": one in schemes and other in schemes and one != other and content.get("rule") in RULES,
        "confirmation": _is_day(content.get("confirmed_on", "")),
    }
    if not fits.get(kind, False):
        raise Refused("allowances.unfit-detail", what=FINDINGS.get(kind, kind))


def _is_day(text: str) -> bool:
    try:
        return not text or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _note(event: str, row: Finding, *, by: Actor, now: datetime) -> None:
    note(event, f"person:{row.person_id}", row.division, by=by, now=now, kind=row.kind)
