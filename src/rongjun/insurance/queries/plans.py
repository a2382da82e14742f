"""The plan in force, and what is known of a person when a bill of theirs is decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import cast
from uuid import UUID

from django.conf import settings

from rongjun.insurance.cover import Facts, Insured
from rongjun.insurance.loading import PlanFile, load_plan
from rongjun.insurance.logic.bills import Bill
from rongjun.insurance.logic.reasons import Standing
from rongjun.insurance.models import Institution
from rongjun.registry import api as registry
from rongjun.rules import asking
from rongjun.rules.api import facts_read

PLAN = "rongjunbao"


def plan_file() -> PlanFile:
    """The plan of this city, from the policy files; read once."""
    return _loaded(settings.POLICY_ROOT, settings.CITY)


@lru_cache(maxsize=4)
def _loaded(root: Path, city: str) -> PlanFile:
    return load_plan(root, city=city, code=PLAN)


@lru_cache(maxsize=64)
def _facts_read(start: date) -> frozenset[str]:
    cover = plan_file().cover
    return facts_read(cover.book, codes={cover.code}, on=start)


def _names_on(on: date) -> frozenset[str]:
    starts = [start for start in plan_file().cover.book.changes if start <= on]
    return _facts_read(max(starts, default=on))


def facts_on(person: UUID, *, on: date, known_at: datetime) -> Facts:
    """The facts the plan's condition reads, as of a day; KeyError out of scope."""
    found = asking.facts_of(person, _names_on(on), on=on, known_at=known_at)
    return cast(Facts, {name: value for name, value in found.items() if value is not None})


def known_of(person: UUID, bill: Bill, *, known_at: datetime) -> tuple[Standing, Facts]:
    """What is known of person and institution for one bill, and the facts that say so."""
    day = bill.discharged_on
    facts = facts_on(person, on=day, known_at=known_at)
    ends = registry.ends_of([person])[person]
    insured = Insured(facts, died_on=ends.died_on, institutions=institutions())
    return plan_file().cover.standing(insured, bill), facts


def covered_on(on: date, *, known_at: datetime) -> dict[UUID, str]:
    """Everybody in scope (kept files) who is covered on a day and alive, with why, in Chinese."""
    cover = plan_file().cover
    frame = asking.facts_of_many(_names_on(on), on=on, known_at=known_at)
    found: dict[UUID, str] = {}
    for row in frame.iter_rows(named=True):
        facts = {name: value for name, value in row.items() if name != asking.PERSON and value is not None}
        said = cover.cover(Insured(cast(Facts, facts)), on=on)
        if said.verdict == "granted":
            found[UUID(row[asking.PERSON])] = said.text
    for person in registry.died_on(list(found), known_at=known_at):
        found.pop(person, None)
    return found


def institutions() -> frozenset[str]:
    """The codes of the hospitals we know."""
    return frozenset(Institution.objects.values_list("code", flat=True))


def told_facts(facts: Facts) -> Mapping[str, object]:
    """Facts as a decision keeps them: plain values."""
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in sorted(facts.items())
    }
