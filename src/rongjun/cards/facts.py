"""What cards tell the rules: what a person holds on a day, and how the card stands, as known at a moment.

A card that is lost, frozen or being replaced is still held: the entitlement is not lost with the plastic.
What it opens meanwhile is judged by its usable spans, at each use.
A 优待证 may have been issued elsewhere: of whom we never handed one to, what somebody stated is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import polars as pl
from django.db import connection

from rongjun.cards.logic.life import FROZEN, HELD, LOST, REPLACING, SUSPENDED, VALID
from rongjun.cards.queries.spans import state_as_known
from rongjun.registry.api import merged_files, stated_answers

PERSON = "person"
CHINA = timezone(timedelta(hours=8))
PREF, STATE = "holds_pref_card", "card_state"
# Facts by the family whose carriers answer them.
FAMILIES: Mapping[str, str] = {
    "holds_rongjun_card": "rongjun",
    "holds_yongjun_card": "yongjun",
    PREF: "pref",
    STATE: "rongjun",
}
# Of several cards the one that can do most is told of: a new one in the hand, before the old one it replaces.
STATES = (VALID, HELD, LOST, SUSPENDED, FROZEN, REPLACING)
# Of each carrier that was in a hand before the day is over: whether it was on the day, whether it is at the
# moment and opens a gate then, and until when it last was (until the day's end, for one that still is).
_CARRIERS = """
    select carrier.family, spans.person_id, spans.carrier_id,
           spans.in_hand && tstzrange(%(begins)s, %(ends)s),
           spans.in_hand @> %(moment)s::timestamptz,
           spans.usable @> %(moment)s::timestamptz,
           upper(spans.in_hand * tstzmultirange(tstzrange(null, %(ends)s)))
    from cards_carrierspans spans join cards_carrier carrier on carrier.reference = spans.carrier_id
    where carrier.family = any (%(families)s) and spans.recorded_at <= %(known_at)s
      and (spans.superseded_at is null or spans.superseded_at > %(known_at)s)
      and not isempty(spans.in_hand) and lower(spans.in_hand) < %(ends)s
"""
_OF_ONE = " and spans.person_id in (select registry_files_of(%(person)s, %(known_at)s))"
Told: TypeAlias = dict[str, Any]


class Held(NamedTuple):
    """One carrier as a fact is made of it."""

    family: str
    file: UUID
    reference: int
    on_day: bool
    at_moment: bool
    opens: bool
    until: datetime


class CardFacts:
    """Cards as a source of facts."""

    names: frozenset[str] = frozenset(FAMILIES)
    relation_names: frozenset[str] = frozenset()

    def frame(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a person in scope of whom something is known; nobody else has a row.

        Carriers of files that were merged as known then are the kept file's. KeyError for a name not ours.
        """
        begins = datetime.combine(on, time(0), CHINA)
        ends = begins + timedelta(days=1)
        # Today a card stands as when it is asked, on any other day as at its end.
        moment = known_at if begins <= known_at < ends else ends - timedelta(microseconds=1)
        asked = {"begins": begins, "ends": ends, "moment": moment, "known_at": known_at, "person": person}
        kept = {} if person else merged_files(known_at=known_at)
        held = _carriers(names, asked)
        who = _who(person, kept)
        told = {name: _told(name, held, asked, on=on, who=who) for name in names}
        whom = sorted(set().union(*told.values()))
        rows = [(who, *(told[name].get(who, _SILENT[name]) for name in names)) for who in whom]
        types = {name: pl.String if name == STATE else pl.Boolean for name in names}
        return pl.DataFrame(rows, schema={PERSON: pl.String, **types}, orient="row")

    def relations(
        self,
        names: Collection[str],  # noqa: ARG002 - as every source is asked
        *,
        on: date,  # noqa: ARG002
        known_at: datetime,  # noqa: ARG002
        person: UUID | None = None,  # noqa: ARG002
    ) -> pl.DataFrame:
        """No fact of a relation is ours."""
        return pl.DataFrame({PERSON: []}, schema={PERSON: pl.String})


SOURCE = CardFacts()
# What a row says of a fact that is not its reason to be there.
_SILENT: Mapping[str, bool | None] = {name: None if name in (PREF, STATE) else False for name in FAMILIES}


def _who(person: UUID | None, kept: Mapping[UUID, UUID]) -> Callable[[UUID], str]:
    """Whose a file is: of one person asked for alone, theirs; else the kept file's."""
    return lambda file: str(person or kept.get(file, file))


def _carriers(names: Collection[str], asked: Told) -> list[Held]:
    families = {FAMILIES[name] for name in names}
    with connection.cursor() as cursor:
        cursor.execute(
            _CARRIERS + (_OF_ONE if asked["person"] else ""), {**asked, "families": sorted(families)}
        )
        return [Held(*row) for row in cursor.fetchall()]


def _told(name: str, held: Sequence[Held], asked: Told, *, on: date, who: Callable[[UUID], str]) -> Told:
    mine = [each for each in held if each.family == FAMILIES[name]]
    if name == PREF:
        return _holds_pref(mine, asked, on=on, who=who)
    if name == STATE:
        return _states(mine, asked, who=who)
    return {who(each.file): True for each in mine if each.on_day}


def _holds_pref(held: Sequence[Held], asked: Told, *, on: date, who: Callable[[UUID], str]) -> Told:
    """Whether somebody holds a 优待证: by our own cards; else, or if it was said since, as it was stated."""
    stated = stated_answers(PREF, on=on, known_at=asked["known_at"], person=asked["person"])
    said = {str(person): answer for person, answer in stated.items()}
    until: dict[str, datetime] = {}
    for each in held:
        whose = who(each.file)
        until[whose] = max(each.until, until.get(whose, each.until))
    told: Told = {whose: answer.value == "true" for whose, answer in said.items()}
    for whose, last in until.items():
        if last > asked["begins"]:
            told[whose] = True
        elif whose not in said or said[whose].since < last.astimezone(CHINA).date():
            told[whose] = False
    return told


def _states(held: Sequence[Held], asked: Told, *, who: Callable[[UUID], str]) -> Told:
    """How each 荣军卡 stands; events are read of the few that open no gate."""
    standing = [each for each in held if each.at_moment]
    stopped = [each.reference for each in standing if not each.opens]
    states = state_as_known(stopped, at=asked["moment"], known_at=asked["known_at"]) if stopped else {}
    told: dict[str, list[str]] = {}
    for each in standing:
        told.setdefault(who(each.file), []).append(VALID if each.opens else states[each.reference])
    return {whose: min(found, key=STATES.index) for whose, found in told.items()}
