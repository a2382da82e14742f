"""From a message to a phone: quiet hours, the next way, receipts in any order, the station, the balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.notices import api as notices
from rongjun.notices.actions import sending
from rongjun.notices.actions.receipts import take_receipt
from rongjun.notices.actions.sending import Office
from rongjun.notices.gateways import Outgoing, Receipt
from rongjun.notices.logic import SMS, WECHAT
from rongjun.notices.logic.sending import Answer, Quiet
from rongjun.notices.models import Channel, Message, Sending
from rongjun.notices.tests.scene import HOME, NOW, actor, at_home, at_work, messages, person, tell
from rongjun.registry import api as registry

pytestmark = pytest.mark.django_db
OFFICE = Office(frozenset({SMS, WECHAT}), Quiet(time(21), time(8)), timedelta(hours=24))
NIGHT = NOW.replace(hour=15)  # eleven in the evening in China
OPENID = "invented-0001"


@dataclass(slots=True)
class Told:
    """A gateway that notes what it is handed and answers as it is told to."""

    code: str = SMS
    at_once: int = 100
    key_lives: timedelta | None = None
    answers: list[Answer] = field(default_factory=list)
    handed: list[Outgoing] = field(default_factory=list)

    def send(self, messages: Sequence[Outgoing]) -> list[Answer]:
        self.handed += messages
        return [
            self.answers.pop(0) if self.answers else Answer("accepted", each.key[:12]) for each in messages
        ]

    def receipts(self, *_: object, **__: object) -> list[Receipt]:
        return []


def rounds(gateway: Told, *, now: datetime = NOW, office: Office = OFFICE) -> int:
    """What the worker's three jobs do in one go; how many were handed over."""
    with at_work():
        sending.route_next(office, now=now)
    with at_work():
        sending.claim(gateway.code, most=gateway.at_once, now=now)
    with at_work():
        return sending.hand_over(gateway, office, by="job:test", now=now)


def sendings() -> list[Sending]:
    with at_work():
        return list(Sending.objects.order_by("made_at", "channel"))


def receipt(row: Sending, *, arrived: bool = True, now: datetime = NOW, reason: str = "") -> bool:
    with at_work():
        told = Receipt(str(row.id), row.reference, arrived, reason)
        return take_receipt(row.channel, told, OFFICE, now=now)


def state() -> tuple[str, list[str]]:
    (message,) = messages()
    return message.state, [each.state for each in sendings()]


def test_a_text_message_goes_out_and_its_receipt_ends_it() -> None:
    tell(person())
    gateway = Told()
    assert rounds(gateway) == 1
    (out,) = gateway.handed
    assert out.to == "+8610000000009"
    assert str(out.said).startswith("【荣军】记下了您不要“青岛光荣灯”（电话里说的）。")
    assert state() == ("sending", ["accepted"])
    (row,) = sendings()
    assert (str(row.id), row.address_mask, len(bytes(row.digest))) == (out.key, "100****0009", 32)
    assert receipt(row)
    assert state() == ("delivered", ["arrived"])
    assert messages()[0].settled_by == "channel:sms"


def test_bringing_it_is_noted_as_sharing_the_number() -> None:
    who = person()
    tell(who)
    rounds(Told())
    with at_work():
        (event,) = [each for each in audit.events(limit=50) if each.event == "notices.address-shared"]
    assert event.purpose == "把和本人有关的决定告诉本人"
    assert list(event.about) == [f"person:{who}"]


def test_at_night_it_waits_for_the_morning_and_is_seen_in_the_app_at_once() -> None:
    who = person()
    tell(who, now=NIGHT)
    assert rounds(Told(), now=NIGHT) == 0
    (row,) = sendings()
    assert row.next_at == NIGHT.replace(day=27, hour=0)  # eight in China
    with at_home():
        assert notices.count_unread([who]) == 1
    assert rounds(Told(), now=row.next_at) == 1


def test_what_was_read_meanwhile_is_not_sent() -> None:
    who = person()
    tell(who, now=NIGHT)
    rounds(Told(), now=NIGHT)
    with at_home() as me:
        notices.open_message(messages()[0].id, by=me, now=NIGHT)
    gateway = Told()
    assert rounds(gateway, now=NIGHT + timedelta(hours=12)) == 0
    assert state() == ("delivered", ["dropped"])
    assert not gateway.handed


def test_the_same_receipt_again_changes_nothing() -> None:
    tell(person())
    rounds(Told())
    (row,) = sendings()
    assert receipt(row)
    before = state(), sendings()[0].settled_at
    assert receipt(row, now=NOW + timedelta(hours=1))
    assert (state(), sendings()[0].settled_at) == before


def test_a_receipt_of_nothing_we_sent_is_not_matched() -> None:
    with at_work():
        for key, reference in ((str(UUID(int=1)), ""), ("x", ""), ("", "9")):
            told = Receipt(key, reference, arrived=True, reason="")
            assert not take_receipt(SMS, told, OFFICE, now=NOW)


def bind(who: UUID) -> None:
    with at_home() as me:
        notices.bind_openid(who, OPENID, division=HOME, by=me, now=NOW)


def test_the_first_way_that_is_wanted_is_tried_first_and_the_next_when_it_fails() -> None:
    who = person()
    bind(who)
    tell(who)
    account, texts = Told(WECHAT), Told()
    assert rounds(account) == 1
    assert account.handed[0].to == OPENID
    assert rounds(texts) == 0
    (first,) = sendings()
    assert receipt(first, arrived=False, reason="user block")
    assert rounds(texts) == 1
    assert state() == ("sending", ["accepted", "refused"])
    assert receipt(next(each for each in sendings() if each.channel == SMS), arrived=False)
    assert state()[0] == "by-hand"
    assert messages()[0].words == "all-failed"


def test_what_a_person_chose_decides() -> None:
    who = person()
    bind(who)
    with at_home() as me:
        notices.choose_channels(who, division=HOME, wants=[SMS], by=me, now=NOW)
        assert notices.ways_of(who, now=NOW).wants == (SMS,)
    tell(who)
    assert rounds(Told(WECHAT)) == 0
    assert rounds(Told()) == 1


@pytest.mark.parametrize(("phone", "wants", "why"), [("", None, "no-way"), ("10000000009", [], "not-wanted")])
def test_who_cannot_be_reached_is_on_the_stations_list(phone: str, wants: list[str] | None, why: str) -> None:
    who = person(phone=phone)
    if wants is not None:
        with at_home() as me:
            notices.choose_channels(who, division=HOME, wants=wants, by=me, now=NOW)
    tell(who)
    rounds(Told())
    assert state() == ("by-hand", [])
    assert messages()[0].words == why
    with acting_as(actor("clerk")):
        (line,), total = notices.by_hand()
        assert (line.line.person, total) == (who, 1)
    with acting_as(actor("next-door")):
        assert notices.by_hand() == ([], 0)


def test_nothing_goes_to_the_telephone_of_the_dead() -> None:
    who, by = person(), actor("city")
    with acting_as(by):
        registry.record_death(who, died_on=NOW.date(), source="死亡证明", by=by, now=NOW)
    tell(who)
    gateway = Told()
    assert rounds(gateway) == 0
    assert messages()[0].words == "died"


def test_a_clerk_tells_in_person_once() -> None:
    tell(person(phone=""))
    rounds(Told())
    (message,) = messages()
    by = actor("clerk")
    with acting_as(by):
        with pytest.raises(Refused, match="how-missing"):
            notices.tell_by_hand(message.id, how="pigeon", by=by, now=NOW)
        notices.tell_by_hand(message.id, how="visit", by=by, now=NOW)
        with pytest.raises(Refused, match="not-on-list"):
            notices.tell_by_hand(message.id, how="visit", by=by, now=NOW)
    assert (messages()[0].state, messages()[0].settled_by) == ("told-by-hand", by.text)


def test_who_could_not_be_told_is_given_up_with_a_reason_and_listed() -> None:
    tell(person(phone=""))
    rounds(Told())
    (message,) = messages()
    by = actor("clerk")
    with acting_as(by):
        for reason, code in (("", "reason-missing"), ("打 10000000009 没人接", "value-personal")):
            with pytest.raises(Refused, match=code):
                notices.give_up(message.id, reason=reason, by=by, now=NOW)
        notices.give_up(message.id, reason="三次上门没人", by=by, now=NOW)
        (line,), total = notices.not_told()
    assert (line.state, line.words, total) == ("failed", "三次上门没人", 1)


def test_a_gateway_that_is_away_is_left_alone_and_then_tried_with_the_same_key() -> None:
    tell(person())
    gateway = Told(answers=[Answer("unknown", reason="没有按时答复")])
    assert rounds(gateway) == 1
    with at_work():
        assert notices.channels_down() == [(SMS, NOW, "没有按时答复")]
    tell(person(2), "offer:2", now=NOW)
    assert rounds(gateway, now=NOW + timedelta(seconds=5)) == 0
    assert rounds(gateway, now=NOW + timedelta(minutes=2)) == 2
    assert len({each.key for each in gateway.handed}) == 2
    with at_work():
        assert notices.channels_down() == []
    assert state_of(1) == "accepted"


def state_of(tries_before: int) -> str:
    return next(each.state for each in sendings() if each.tries == tries_before + 1)


def test_what_is_certain_not_to_be_taken_is_given_up_after_half_a_day_and_goes_to_the_station() -> None:
    tell(person())
    gateway = Told(answers=[Answer("not-taken", reason="连不上")] * 7)
    now = NOW
    for _ in range(7):
        assert rounds(gateway, now=now) == 1
        (row,) = sendings()
        now = row.next_at or now
        with at_work():
            Channel.objects.all().update(next_at=None)
    assert state() == ("by-hand", ["gave-up"])
    with acting_as(actor("clerk")):
        (lost,) = notices.unsent()
    assert (lost.channel, lost.reason, lost.tries) == ("短信", "连不上", 7)


def test_where_a_key_is_soon_forgotten_nobody_is_told_twice_but_by_hand() -> None:
    who = person()
    bind(who)
    tell(who)
    gateway = Told(WECHAT, key_lives=timedelta(minutes=10), answers=[Answer("unknown")] * 9)
    now = NOW
    while (row := next(iter(sendings()), None)) is None or row.state == "waiting":
        rounds(gateway, now=now)
        with at_work():
            Channel.objects.all().update(next_at=None)
        now = sendings()[0].next_at or now
    assert sendings()[0].state == "accepted"
    assert len(gateway.handed) < 4
    with at_work():
        sending.end_overdue(by="job:test", now=NOW + timedelta(hours=25))
    assert state() == ("by-hand", ["gave-up"])
    assert messages()[0].words == "no-receipt"


def test_a_receipt_that_comes_after_all_takes_it_off_the_list() -> None:
    tell(person())
    rounds(Told())
    with at_work():
        sending.end_overdue(by="job:test", now=NOW + timedelta(hours=25))
    assert state() == ("by-hand", ["gave-up"])
    assert receipt(sendings()[0], now=NOW + timedelta(hours=30))
    assert state() == ("delivered", ["arrived"])


def test_a_receipt_that_comes_after_the_clerk_changes_no_end() -> None:
    tell(person())
    rounds(Told())
    with at_work():
        sending.end_overdue(by="job:test", now=NOW + timedelta(hours=25))
    by = actor("clerk")
    with acting_as(by):
        notices.tell_by_hand(messages()[0].id, how="phone", by=by, now=NOW)
    assert receipt(sendings()[0], now=NOW + timedelta(hours=30))
    assert state() == ("told-by-hand", ["arrived"])


def test_without_any_gateway_messages_stay_in_the_app_and_lapse_when_their_time_is_over() -> None:
    tell(person())
    office = replace(OFFICE, channels=frozenset())
    assert rounds(Told(), office=office) == 0
    assert state() == ("queued", [])
    with at_work():
        sending.end_overdue(by="job:test", now=NOW + timedelta(days=61))
    assert state() == ("expired", [])


def test_what_waits_for_the_station_does_not_lapse_by_itself() -> None:
    tell(person(phone=""))
    rounds(Told())
    with at_work():
        sending.end_overdue(by="job:test", now=NOW + timedelta(days=400))
    assert state() == ("by-hand", [])


def test_every_channel_balances() -> None:
    for sequence in range(1, 5):
        tell(person(sequence, phone="" if sequence == 4 else "10000000009"), f"offer:{sequence}")
    rounds(Told(answers=[Answer("refused", reason="空号")]))
    receipt(next(each for each in sendings() if each.state == "accepted"))
    day = NOW.date()
    with at_work():
        rows = {each.channel: each for each in notices.balance(since=day, until=day)}
    app, texts = rows["message:in-app"], rows["message:sms"]
    assert (app.taken_in, app.done, app.refused, app.waiting, app.gap) == (4, 1, 0, 3, 0)
    assert (texts.taken_in, texts.done, texts.refused, texts.waiting, texts.gap) == (3, 1, 1, 1, 0)


def test_the_proof_says_where_when_and_what_was_said() -> None:
    tell(person())
    rounds(Told())
    receipt(sendings()[0], now=NOW + timedelta(minutes=1))
    with acting_as(actor("clerk")):
        (proof,) = notices.proofs_of([messages()[0].id])
    assert (proof.channel, proof.state, proof.address) == ("短信", "已送达", "100****0009")
    assert (proof.sent_at, proof.receipt_at, proof.tries) == (NOW, NOW + timedelta(minutes=1), 1)
    assert len(proof.digest) == 64


def test_an_address_at_the_public_account_is_one_persons() -> None:
    mine, theirs = person(1), person(2)
    bind(mine)
    with at_home(2) as them, pytest.raises(Refused, match="openid-taken"):
        notices.bind_openid(theirs, OPENID, division=HOME, by=them, now=NOW)
    with at_home(1) as me:
        notices.end_binding(mine, by=me, now=NOW)
        assert WECHAT not in notices.ways_of(mine, now=NOW).has
    with at_home(2) as them:
        notices.bind_openid(theirs, OPENID, division=HOME, by=them, now=NOW)


def test_a_channel_we_do_not_have_cannot_be_chosen() -> None:
    who = person()
    for wants in (["pigeon"], [SMS, SMS]):
        with at_home() as me, pytest.raises(Refused, match="channel-unknown"):
            notices.choose_channels(who, division=HOME, wants=wants, by=me, now=NOW)


CHANGES = {
    "whose it is": ("update notices_sending set channel = 'wechat'", "stays that of its message"),
    "its end": ("update notices_sending set state = 'dropped'", "is not undone"),
    "a receipt": ("update notices_receipt set arrived = false", "only added to|permission denied"),
    "a choice": ("update notices_choice set wants = '{}'", "only added to|permission denied"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_database_keeps_what_was_sent_and_chosen(what: str) -> None:
    who = person()
    with at_home() as me:
        notices.choose_channels(who, division=HOME, wants=[SMS], by=me, now=NOW)
    tell(who)
    rounds(Told())
    receipt(sendings()[0])
    sql, match = CHANGES[what]
    with pytest.raises(DatabaseError, match=match), at_work(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_only_the_person_sees_how_they_were_told() -> None:
    mine, _ = person(1), person(2)
    tell(mine)
    rounds(Told())
    (message,) = messages()
    with at_home(1):
        assert len(notices.proofs_of([message.id])) == 1
    with at_home(2):
        assert notices.proofs_of([message.id]) == []
    with acting_as(actor("next-door")):
        assert notices.proofs_of([message.id]) == []
        assert Message.objects.count() == 0
