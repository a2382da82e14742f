"""One message for a decision, for ever: told in the caller's transaction, seen by whom it is for."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from rongjun.access.api import acting_as
from rongjun.kernel.errors import Refused
from rongjun.notices import api as notices
from rongjun.notices.tests.scene import HOME, NOW, VALUES, actor, at_home, at_work, messages, person, tell

pytestmark = pytest.mark.django_db


def test_a_decision_is_told_once_however_often_it_is_told() -> None:
    who = person()
    for minute in range(3):
        tell(who, now=NOW + timedelta(minutes=minute))
    (kept,) = messages()
    assert (kept.person_id, kept.state, kept.told_at) == (who, "queued", NOW)
    tell(who, "offer:2")
    assert len(messages()) == 2


def test_what_is_rolled_back_was_never_told() -> None:
    who = person()

    def half() -> None:
        with at_work():
            notices.tell("offer-declined", person=who, division=HOME, about="x:1", values=VALUES, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert messages() == []


def test_a_message_reads_as_its_template_says() -> None:
    who = person()
    tell(who)
    with at_work():
        (line,) = notices.messages_of([who])
    assert line.title == "“青岛光荣灯”记下了您不要"
    assert "电话里说的" in line.body
    assert line.title_en == "“青岛光荣灯”: noted that you do not want it"


def test_a_message_needs_exactly_the_values_of_its_wording() -> None:
    who = person()
    with pytest.raises(AssertionError, match="how"), at_work():
        notices.tell("offer-declined", person=who, division=HOME, about="x", values={"title": "x"}, now=NOW)
    with pytest.raises(AssertionError, match="surprise"):
        tell(who, surprise="x")


def test_a_message_says_no_number_of_anybody() -> None:
    who = person()
    with pytest.raises(Refused, match=re.escape("notices.value-personal")):
        tell(who, how="请回 10000000009")
    assert messages() == []


def test_who_it_is_for_sees_it_and_nobody_else() -> None:
    mine, theirs = person(1), person(2)
    tell(mine)
    with at_home(1):
        assert [line.person for line in notices.messages_of([mine, theirs])] == [mine]
        assert notices.count_unread([mine]) == 1
    with at_home(2):
        assert notices.messages_of([mine, theirs]) == []
    with acting_as(actor("clerk")):
        assert len(notices.messages_of([mine])) == 1
    with acting_as(actor("next-door")):
        assert notices.messages_of([mine]) == []


def test_opening_it_is_having_been_told() -> None:
    who = person()
    tell(who)
    with at_home() as me:
        for minute in range(2):
            notices.open_message(messages_of(who), by=me, now=NOW + timedelta(minutes=minute))
        assert notices.count_unread([who]) == 0
    (kept,) = messages()
    assert (kept.state, kept.read_at, kept.settled_by) == ("delivered", NOW, me.text)


def messages_of(who: UUID) -> UUID:
    return notices.messages_of([who])[0].id


def test_what_rests_on_ones_own_business_is_not_shown_to_who_may_not_know_it() -> None:
    who = person()
    tell(who, reads=["is_party_member", "age"])
    with at_work():
        assert notices.messages_of([who], without=["is_party_member"]) == []
        assert notices.count_unread([who], without=["is_party_member"]) == 0
        assert len(notices.messages_of([who], without=["in_hardship"])) == 1


CHANGES = {
    "what was told": "update notices_message set about = 'y'",
    "its values": """update notices_message set values = '{"title": "x"}'""",
    "its end": "update notices_message set state = 'failed', settled_by = 'x'",
    "that it ended": "update notices_message set state = 'queued', settled_at = null, settled_by = ''",
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_database_keeps_what_was_told_and_how_it_ended(what: str) -> None:
    who = person()
    tell(who)
    with at_home() as me:
        notices.open_message(messages_of(who), by=me, now=NOW)
    kept = r"stays as it was told|is not undone|permission denied"
    with pytest.raises(DatabaseError, match=kept), at_work(), connection.cursor() as cursor:
        cursor.execute(CHANGES[what])


def test_nobody_takes_a_message_away() -> None:
    tell(person())
    with pytest.raises(DatabaseError, match="permission denied"), at_work(), connection.cursor() as cursor:
        cursor.execute("delete from notices_message")


def test_a_citizen_tells_nobody_else() -> None:
    mine, theirs = person(1), person(2)
    with at_home(1), transaction.atomic():
        notices.tell("offer-declined", person=mine, division=HOME, about="x:1", values=VALUES, now=NOW)
    with pytest.raises(DatabaseError, match="row-level security"), at_home(1):
        notices.tell("offer-declined", person=theirs, division=HOME, about="x:2", values=VALUES, now=NOW)
    assert [each.person_id for each in messages()] == [mine]
