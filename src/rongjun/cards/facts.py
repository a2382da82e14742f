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
# Of each person and family, by the carriers that were in a hand before the day is over: whether one was on
# the day, or else until when; whether one opens a gate at the moment, and which are in the hand and do not.
_HELD = """
    select spans.person_id::text, carrier.family, bool_or(spans.in_hand && tstzrange(%(begins)s, %(ends)s)),
           case when not bool_or(spans.in_hand && tstzrange(%(begins)s, %(ends)s))
                then max(upper(spans.in_hand * tstzmultirange(tstzrange(null, %(ends)s)))) end,
           bool_or(spans.usable @> %(moment)s::timestamptz),
           array_agg(spans.carrier_id) filter (
               where spans.in_hand @> %(moment)s::timestamptz
                 and not spans.usable @> %(moment)s::timestamptz)
    from cards_carrierspans spans join cards_carrier carrier on carrier.reference = spans.carrier_id
    where carrier.family = any (%(families)s) and spans.recorded_at <= %(known_at)s
      and (spans.superseded_at is null or spans.superseded_at > %(known_at)s)
      and not isempty(spans.in_hand) and lower(spans.in_hand) < %(ends)s {of_one}
    group by spans.person_id, carrier.family
"""
_OF_ONE = "and spans.person_id in (select registry_files_of(%(person)s, %(known_at)s))"
Told: TypeAlias = dict[str, Any]


class Held(NamedTuple):
    """What a file's carriers of one family say."""

    file: str
    family: str
    on_day: bool
    until: datetime | None
    opens: bool
    stopped: list[int] | None


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
        who = _who(person, {} if person else merged_files(known_at=known_at))
        held = _held(names, asked)
        told = {name: _told(name, held, asked, on=on, who=who) for name in names}
        whom = sorted(set().union(*told.values()))
        rows = [(whose, *(told[name].get(whose, _SILENT[name]) for name in names)) for whose in whom]
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


def _who(person: UUID | None, kept: Mapping[UUID, UUID]) -> Callable[[str], str]:
    """Whose a file is: of one person asked for alone, theirs; else the kept file's."""
    if person is not None:
        return lambda _file: str(person)
    roots = {str(file): str(root) for file, root in kept.items()}
    return lambda file: roots.get(file, file)


def _held(names: Collection[str], asked: Told) -> list[Held]:
    families = sorted({FAMILIES[name] for name in names})
    with connection.cursor() as cursor:
        sql = _HELD.format(of_one=_OF_ONE if asked["person"] else "")
        cursor.execute(sql, {**asked, "families": families})
        return [Held(*row) for row in cursor.fetchall()]


def _told(name: str, held: Sequence[Held], asked: Told, *, on: date, who: Callable[[str], str]) -> Told:
    mine = [each for each in held if each.family == FAMILIES[name]]
    if name == PREF:
        return _holds_pref(mine, asked, on=on, who=who)
    if name == STATE:
        return _states(mine, asked, who=who)
    return {who(each.file): True for each in mine if each.on_day}


def _holds_pref(held: Sequence[Held], asked: Told, *, on: date, who: Callable[[str], str]) -> Told:
    """Whether somebody holds a 优待证: by our own cards; else, or if it was said since, as it was stated."""
    stated = stated_answers(PREF, on=on, known_at=asked["known_at"], person=asked["person"])
    said = {str(person): answer for person, answer in stated.items()}
    told: Told = {whose: answer.value == "true" for whose, answer in said.items()}
    ended: dict[str, date] = {}
    for each in held:
        if each.until is not None:
            whose, last = who(each.file), each.until.astimezone(CHINA).date()
            ended[whose] = max(last, ended.get(whose, last))
    for whose, last in ended.items():
        if whose not in said or said[whose].since < last:
            told[whose] = False
    return told | {who(each.file): True for each in held if each.on_day}


def _states(held: Sequence[Held], asked: Told, *, who: Callable[[str], str]) -> Told:
    """How each 荣军卡 stands; events are read of the few that open no gate."""
    stopped = [reference for each in held for reference in each.stopped or ()]
    states = state_as_known(stopped, at=asked["moment"], known_at=asked["known_at"]) if stopped else {}
    told: Told = {}
    for each in held:
        found = [*([VALID] if each.opens else []), *(states[which] for which in each.stopped or ())]
        whose = who(each.file)
        if found:
            told[whose] = min([*found, told.get(whose, REPLACING)], key=STATES.index)
    return told
