"""What uses are judged by: the spans as now known, and which have changed since."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.cards import actions
from rongjun.cards import api as cards
from rongjun.cards.api import Happened, Told
from rongjun.cards.models import Carrier
from rongjun.cards.tests.cast import (
    CITY,
    COUNTY,
    DAY,
    HOME,
    NEXT_COUNTY,
    NEXT_DOOR,
    NOW,
    SINCE,
    STRANGER,
    TODAY,
    handed,
    people,
)
from rongjun.registry import api as registry

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def tell(*told: Told, at: object = LATER) -> None:
    with acting_as(CITY):
        held = actions.hold(each.reference for each in told)
        actions.tell(told, held=held, by=CITY.text, now=LATER)


def found(reference: int) -> cards.Carrier:
    with acting_as_job("test.uses"):
        return cards.carriers([reference])[reference]


def test_a_card_in_the_hand_opens_from_then_on_for_the_county_that_serves() -> None:
    (reference,) = handed(people(1))
    assert found(reference) == cards.Carrier(reference, COUNTY, "rongjun", ((SINCE, None),))


def test_who_has_never_been_a_carrier_is_not_among_the_answers() -> None:
    (reference,) = handed(people(1))
    with acting_as_job("test.uses"):
        assert cards.carriers([reference, 17]).keys() == {reference}
        assert cards.carriers([]) == {}


def test_holes_and_ends_come_as_spans() -> None:
    more = [Happened("hold", NOW - 30 * DAY, NOW - 25 * DAY), Happened("lose", NOW - 5 * DAY)]
    (reference,) = handed(people(1), more=more)
    assert found(reference).spans == ((SINCE, NOW - 30 * DAY), (NOW - 25 * DAY, NOW - 5 * DAY))


def test_who_can_be_used_all_the_time_is_told_of_with_the_county_and_nobody_else() -> None:
    hole = [Happened("hold", NOW - 30 * DAY, NOW - 25 * DAY), Happened("lose", NOW - 5 * DAY)]
    always, holed = *handed(people(1)), *handed(people(1, first=1), more=hole, first=1)

    def told(days_first: int, days_last: int) -> dict[int, int]:
        first, last = NOW - days_first * DAY, NOW - days_last * DAY
        with acting_as_job("test.uses"):
            return cards.usable_throughout([always, holed, 17], first=first, last=last)

    both = {always: COUNTY, holed: COUNTY}
    assert told(24, 6) == told(25, 6) == told(40, 31) == both  # a span holds its start
    assert told(24, 5) == told(30, 24) == told(28, 27) == told(4, 4) == {always: COUNTY}  # and not its end
    with acting_as_job("test.uses"):
        assert cards.usable_throughout([], first=NOW, last=NOW) == {}


def test_five_hundred_are_one_query_and_so_is_a_city() -> None:
    references = handed(people(500))
    with acting_as_job("test.uses"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(cards.carriers(references)) == 500
        assert len(queries) == 1
        frame = cards.spans_frame()
        assert sorted(references) == frame["reference"].to_list()
        assert frame.row(0, named=True)["starts_at"] == SINCE


def test_what_changed_since_is_what_opens_otherwise() -> None:
    lost, frozen_late, untouched = handed(people(3))
    with acting_as_job("test.uses"):
        assert cards.changed_since(NOW) == []
        assert cards.changed_since(NOW - DAY) == sorted([lost, frozen_late, untouched])
    tell(
        Told(lost, "lose", LATER, "本人来报"),
        Told(frozen_late, "freeze", NOW - 40 * DAY, "法院来函", basis="虚构字1号"),
    )
    with acting_as_job("test.uses"):
        assert cards.changed_since(NOW) == sorted([lost, frozen_late])
    assert found(lost).spans == ((SINCE, LATER),)
    assert found(frozen_late).spans == ((SINCE, NOW - 40 * DAY),)


def test_a_hold_that_lifted_itself_and_is_then_said_to_have_changes_nothing() -> None:
    (reference,) = handed(people(1), more=[Happened("hold", NOW - 10 * DAY, NOW - 5 * DAY)])
    tell(Told(reference, "lift", NOW - 5 * DAY, "到期"))
    with acting_as_job("test.uses"):
        assert cards.changed_since(NOW) == []


def test_an_event_taken_back_had_not_happened() -> None:
    (reference,) = handed(people(1))
    tell(Told(reference, "die", NOW - 40 * DAY, "去世", basis="登记库"))
    assert found(reference).spans == ((SINCE, NOW - 40 * DAY),)
    with acting_as(CITY):
        (event, _) = actions.happened_to([reference])[reference][-1]
    tell(Told(reference, "retract", LATER, "登记库更正", retracts=event))
    assert found(reference).spans == ((SINCE, None),)
    with acting_as(CITY):
        assert Carrier.objects.get(pk=reference).state == "valid"


def test_a_neighbouring_county_sees_no_card_and_a_move_takes_them_along() -> None:
    (person,) = people(1)
    (reference,) = handed([person])
    with acting_as(STRANGER):
        assert cards.carriers([reference]) == {}
    with acting_as(CITY):
        registry.move_file(person, station=NEXT_DOOR, valid_from=TODAY, source="测试", by=CITY, now=LATER)
    assert found(reference).division == NEXT_COUNTY
    with acting_as(STRANGER):
        assert cards.carriers([reference]).keys() == {reference}


@pytest.mark.parametrize(
    "statement",
    [
        "update cards_carrierevent set reason = 'x'",
        "delete from cards_carrierevent",
        "update cards_carrierspans set usable = '{}'",
        "delete from cards_carrierspans",
        "update cards_carrier set reference = 5",
    ],
)
def test_what_happened_is_only_added_to(statement: str) -> None:
    handed(people(1))
    with acting_as(CITY), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_fact_follows_the_hand_and_not_the_gate() -> None:
    lost, ended, none = people(3)
    handed([lost], more=[Happened("lose", NOW - 5 * DAY)])
    handed([ended], more=[Happened("bank-close", NOW - 5 * DAY)], first=10)
    from rongjun.rules import asking

    with acting_as(CITY):
        frame = asking.facts_of_many(["holds_rongjun_card", "is_veteran"], on=TODAY, known_at=NOW)
        held = dict(frame.select("person", "holds_rongjun_card").iter_rows())
        assert (held[str(lost)], held[str(ended)], held[str(none)]) == (True, None, None)
        only = asking.facts_of_many(["holds_rongjun_card"], on=TODAY, known_at=NOW)
        assert only.height == 3
        before = asking.facts_of(ended, ["holds_rongjun_card"], on=TODAY - 6 * DAY, known_at=NOW)
        assert before == {"holds_rongjun_card": True}
        unknown = asking.facts_of(ended, ["holds_rongjun_card"], on=TODAY, known_at=NOW - DAY)
        assert unknown == {"holds_rongjun_card": None}


def test_evidence_names_the_card_and_no_number() -> None:
    (reference,) = handed(people(1))
    tell(Told(reference, "lose", LATER, "本人来报"))
    with acting_as_job("test.events"):
        event = next(each for each in audit.events(limit=5) if each.event == "cards.lost")
    assert f"carrier:{reference:x}" in event.about
    assert event.division == HOME
