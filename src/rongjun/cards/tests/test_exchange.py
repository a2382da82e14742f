"""Cards go to the bank and come back, lists go to operators, stops are acknowledged or stand on a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from rongjun.access.api import acting_as, acting_as_job
from rongjun.cards import api as cards
from rongjun.cards.actions import exchange
from rongjun.cards.logic.exchange import line_key
from rongjun.cards.models import CardSending, Carrier
from rongjun.cards.tests.cast import CITY, CLERK, DAY, NOW, TODAY, bank_number, handed, people
from rongjun.cards.tests.test_handling import applied, approved, state
from rongjun.partners import api as partners
from rongjun.places import api as places
from tests.house.outbox import lines_sent

pytestmark = pytest.mark.django_db
BY = "job:test"
SOON = NOW + timedelta(minutes=10)


@pytest.fixture(autouse=True)
def agreed(db: None) -> None:
    """A bank that makes cards and an operator that takes lists; the other operators are told nothing."""
    given: dict[str, Any] = {
        "division": places.city().code, "channels": ["file"], "expected_since": TODAY, "by": BY, "now": NOW,
        "daily_sends": 100,
    }  # fmt: skip
    with acting_as_job("test.agree"):
        partners.add_partner(
            "agent-bank",
            name="测试银行",
            agreed={"card-returns/1": ""},
            takes={"card-orders/1": "file"},
            **given,
        )
        for code in ("transit", "scenic", "telecom"):
            partners.add_partner(
                code, name="测试公交", agreed={"receipts/1": ""}, takes={"free-rides/1": "file"}, **given
            )


def sent(kind: str, partner: str = "transit") -> list[CardSending]:
    with acting_as(CITY):
        return list(CardSending.objects.filter(kind=kind, partner=partner).order_by("sent_at"))


def lines_of(batch: UUID) -> list[list[str]]:
    """What was sent in a batch, as the outbox keeps it sealed."""
    with acting_as(CITY):
        return lines_sent(batch)


def ordered() -> int:
    with acting_as_job("cards.order"):
        return exchange.order_cards(by=BY, now=NOW, today=TODAY)


def returned(reference: int, what: str = "made", **said: str) -> tuple[str, str]:
    """What becomes of one line of the bank."""
    fields = {
        "card": str(reference),
        "what": what,
        "at": NOW.isoformat(),
        "bank_number": bank_number(77).number,
        "transit_number": "9999990000000077",
        **said,
    }
    with acting_as_job("cards.returns"):
        return exchange.taken(fields, partner="agent-bank", by=BY, now=SOON)


def made_by_bank() -> int:
    (person,) = people(1)
    reference = applied(person)
    approved(reference)
    assert ordered() == 1
    return reference


def test_what_is_on_record_is_ordered_once() -> None:
    reference = made_by_bank()
    assert state(reference) == "making"
    assert ordered() == 0
    (batch,) = sent("orders", "agent-bank")
    ((key, card, kind, name, number, station, day),) = lines_of(batch.id)
    assert (key, card, kind, day) == (line_key(reference, 0), str(reference), "rongjun", TODAY.isoformat())
    assert (name, number[:2], station) == ("测试持卡0000", "99", "370202901000")


def test_a_made_card_keeps_masks_and_digests_and_no_number() -> None:
    reference = made_by_bank()
    assert returned(reference) == ("done", "记下了")
    assert returned(reference) == ("done", "已经记下")
    with acting_as(CITY):
        row = Carrier.objects.get(pk=reference)
        assert (row.state, row.bank_number_mask[-4:]) == ("ready", bank_number(77).number[-4:])
        assert len(bytes(row.bank_number_digest or b"")) == 32
        kept = repr(vars(row))
    assert bank_number(77).number not in kept
    assert "9999990000000077" not in kept


def test_a_card_that_could_not_be_made_is_ordered_again() -> None:
    reference = made_by_bank()
    assert returned(reference, "failed", bank_number="", reason="照片不合格") == ("done", "记下了")
    assert state(reference) == "approved"
    with acting_as_job("cards.order"):
        assert exchange.order_cards(by=BY, now=NOW + DAY, today=TODAY) == 1


def test_a_card_that_fails_in_the_second_it_was_ordered_is_ordered_again() -> None:
    reference = made_by_bank()
    assert returned(reference, "failed", bank_number="", reason="照片不合格") == ("done", "记下了")
    assert ordered() == 1  # at the same moment as before: another sending, not the same one


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"card": "17"}, "没有这个名单编号"),
        ({"what": "lost"}, "办不了"),
        ({"bank_number": bank_number(0).number}, "另一张卡"),
        ({"what": "melted"}, "约定"),
    ],
)
def test_a_line_that_cannot_be_so_is_refused_with_why(changed: dict[str, str], says: str) -> None:
    handed(people(1, first=50))
    reference = made_by_bank()
    outcome, why = returned(reference, **changed)
    assert outcome == "refused"
    assert says in why
    assert state(reference) == "making"


def test_a_loss_the_bank_tells_late_counts_from_when_it_was() -> None:
    reference = made_by_bank()
    returned(reference)
    with acting_as(CLERK):
        cards.hand_over(reference, checked="居民身份证", by=CLERK, now=SOON)
    lost = SOON + timedelta(minutes=1)
    with acting_as_job("cards.returns"):
        outcome = exchange.taken(
            {"card": str(reference), "what": "lost", "at": lost.isoformat()},
            partner="agent-bank", by=BY, now=SOON + DAY,
        )  # fmt: skip
    assert outcome == ("done", "记下了")
    with acting_as_job("test.uses"):
        assert cards.carriers([reference])[reference].spans == ((SOON, lost),)


def test_another_bank_tells_nothing_of_the_card() -> None:
    reference = made_by_bank()
    with acting_as_job("cards.returns"):
        outcome = exchange.taken(
            {"card": str(reference), "what": "failed", "at": NOW.isoformat(), "reason": "x"},
            partner="other-bank", by=BY, now=SOON,
        )  # fmt: skip
    assert outcome == ("refused", "这张卡不是这家银行的")


# --- operators ----------------------------------------------------------------------------------------------


def full(at: Any = NOW) -> int:
    with acting_as_job("cards.lists"):
        return exchange.send_first_lists(by=BY, now=at)


def stops(at: Any) -> int:
    with acting_as_job("cards.lists"):
        return exchange.send_stops(by=BY, now=at)


def test_a_stop_goes_out_once_and_is_overdue_until_it_is_acknowledged() -> None:
    lost, kept = handed(people(2))
    later = NOW + timedelta(hours=1)
    assert full(later) == 3 * 2
    assert stops(later + timedelta(minutes=2)) == 0
    at = later + timedelta(minutes=5)
    with acting_as(CLERK):
        cards.take_step(lost, "lose", reason="本人来报", by=CLERK, now=at)
    seen = at + timedelta(minutes=1)
    assert stops(seen) == 3
    assert stops(seen + timedelta(minutes=1)) == 0
    (sending,) = sent("stops")
    ((_, card, change, _, _),) = lines_of(sending.id)
    assert (card, change) == (str(lost), "stop")
    assert str(kept) != card
    with acting_as(CITY):
        assert cards.overdue_stops(now=seen) == []
        assert [line.partner for line in cards.overdue_stops(now=seen + 2 * DAY)] == [
            "scenic", "telecom", "transit",
        ]  # fmt: skip


def test_before_the_first_full_list_an_operator_is_told_nothing() -> None:
    handed(people(1))
    assert stops(NOW + DAY) == 0


def test_the_days_difference_holds_what_opens_again() -> None:
    (reference,) = handed(people(1))
    later = NOW + timedelta(hours=1)
    full(later)
    at = later + timedelta(minutes=5)
    with acting_as(CLERK):
        cards.take_step(reference, "lose", reason="本人来报", by=CLERK, now=at)
        cards.take_step(reference, "find", reason="找到了", by=CLERK, now=at + timedelta(minutes=5))
    with acting_as_job("cards.lists"):
        assert exchange.send_changes(by=BY, now=at + timedelta(minutes=30)) == 3
    (sending,) = sent("changes")
    assert [line[2] for line in lines_of(sending.id)] == ["add"]
