"""What cards tell the rules: what a person holds on a day, and how the card stands, as known at a moment.

A card that is lost, frozen or being replaced is still held: the entitlement is not lost with the plastic.
What it opens meanwhile is judged by its usable spans, at each use.
A 优待证 may have been issued elsewhere: of whom we never handed one to, what somebody stated is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, TypeAlias
from uuid import UUID

import polars as pl
from django.db import connection

from rongjun.cards.logic.life import FROZEN, HELD, LOST, REPLACING, SUSPENDED, VALID
from rongjun.cards.queries.spans import state_as_known
from rongjun.registry.api import merged_files, stated_answers

PERSON = "person"
CHINA = timezone(timedelta(hours=8))
# Facts by the family whose carriers answer them.
FAMILIES: Mapping[str, str] = {"holds_rongjun_card": "rongjun", "holds_yongjun_card": "yongjun"}
PREF, STATE = "holds_pref_card", "card_state"
PREF_FAMILY, STATE_FAMILY = "pref", "rongjun"
# Of several cards the one that can do most is told of: a new one in the hand, before the old one it replaces.
STATES = (VALID, HELD, LOST, SUSPENDED, FROZEN, REPLACING)
_AS_KNOWN = """spans.recorded_at <= %(known_at)s
      and (spans.superseded_at is null or spans.superseded_at > %(known_at)s)"""
_HELD = f"""
    select carrier.family, spans.person_id
    from cards_carrierspans spans join cards_carrier carrier on carrier.reference = spans.carrier_id
    where carrier.family = any (%(families)s) and {_AS_KNOWN}
      and spans.in_hand && tstzrange(%(begins)s, %(ends)s) {{of_one}}
"""  # noqa: S608 - our own text
# Until when a card was last in the hand before the day is over; the day's end for one that still is.
_IN_HAND_UNTIL = f"""
    select spans.person_id, max(upper(spans.in_hand * tstzmultirange(tstzrange(null, %(ends)s))))
    from cards_carrierspans spans join cards_carrier carrier on carrier.reference = spans.carrier_id
    where carrier.family = %(family)s and {_AS_KNOWN} and not isempty(spans.in_hand)
      and lower(spans.in_hand) < %(ends)s {{of_one}}
    group by spans.person_id
"""  # noqa: S608 - our own text
_STANDING = f"""
    select spans.person_id, spans.carrier_id, spans.usable @> %(moment)s::timestamptz
    from cards_carrierspans spans join cards_carrier carrier on carrier.reference = spans.carrier_id
    where carrier.family = %(family)s and {_AS_KNOWN} and spans.in_hand @> %(moment)s::timestamptz
      {{of_one}}
"""  # noqa: S608 - our own text
_OF_ONE = "and spans.person_id in (select registry_files_of(%(person)s, %(known_at)s))"
Told: TypeAlias = dict[str, Any]


class CardFacts:
    """Cards as a source of facts."""

    names: frozenset[str] = frozenset({*FAMILIES, PREF, STATE})
    relation_names: frozenset[str] = frozenset()

    def frame(
        self, names: Collection[str], *, on: date, known_at: datetime, person: UUID | None = None
    ) -> pl.DataFrame:
        """One row a person in scope of whom something is known; nobody else has a row.

        Carriers of files that were merged as known then are the kept file's. KeyError for a name not ours.
        """
        begins = datetime.combine(on, time(0), CHINA)
        asked = {"begins": begins, "ends": begins + timedelta(days=1), "known_at": known_at, "person": person}
        kept = {} if person else merged_files(known_at=known_at)
        told = {name: self._told(name, asked, on=on, who=_who(person, kept)) for name in names}
        whom = sorted(set().union(*told.values()))
        rows = [(who, *(told[name].get(who, _SILENT[name]) for name in names)) for who in whom]
        types = {name: pl.String if name == STATE else pl.Boolean for name in names}
        return pl.DataFrame(rows, schema={PERSON: pl.String, **types}, orient="row")

    def _told(self, name: str, asked: Told, *, on: date, who: Callable[[UUID], str]) -> Told:
        if name == PREF:
            return _holds_pref(asked, on=on, who=who)
        if name == STATE:
            return _states(asked, who=who)
        rows = _rows(_HELD, {**asked, "families": [FAMILIES[name]]})
        return {who(file): True for _family, file in rows}

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
_SILENT: Mapping[str, bool | None] = {**dict.fromkeys(FAMILIES, False), PREF: None, STATE: None}


def _who(person: UUID | None, kept: Mapping[UUID, UUID]) -> Callable[[UUID], str]:
    """Whose a file is: of one person asked for alone, theirs; else the kept file's."""
    return lambda file: str(person or kept.get(file, file))


def _rows(sql: str, asked: Told) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(of_one=_OF_ONE if asked["person"] else ""), asked)
        return list(cursor.fetchall())


def _holds_pref(asked: Told, *, on: date, who: Callable[[UUID], str]) -> Told:
    """Whether somebody holds a 优待证: by our own cards; else, or if it was said since, as it was stated."""
    stated = stated_answers(PREF, on=on, known_at=asked["known_at"], person=asked["person"])
    said = {str(person): answer for person, answer in stated.items()}
    ended: dict[str, datetime] = {}
    for file, until in _rows(_IN_HAND_UNTIL, {**asked, "family": PREF_FAMILY}):
        ended[who(file)] = max(until, ended.get(who(file), until))
    told: Told = {whose: answer.value == "true" for whose, answer in said.items()}
    for whose, until in ended.items():
        if until > asked["begins"]:
            told[whose] = True
        elif whose not in said or said[whose].since < until.astimezone(CHINA).date():
            told[whose] = False
    return told


def _states(asked: Told, *, who: Callable[[UUID], str]) -> Told:
    """How each 荣军卡 stands at the end of the day; today, as it stands when it is asked."""
    begins, ends, known_at = asked["begins"], asked["ends"], asked["known_at"]
    moment = known_at if begins <= known_at < ends else ends - timedelta(microseconds=1)
    rows = _rows(_STANDING, {**asked, "family": STATE_FAMILY, "moment": moment})
    stopped = [reference for _file, reference, usable in rows if not usable]
    states = state_as_known(stopped, at=moment, known_at=known_at)
    told: dict[str, list[str]] = {}
    for file, reference, usable in rows:
        told.setdefault(who(file), []).append(VALID if usable else states[reference])
    return {whose: min(found, key=STATES.index) for whose, found in told.items()}
