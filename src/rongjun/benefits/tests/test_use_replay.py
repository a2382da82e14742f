"""What is learned of a card later changes what counts, by difference rows, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import acting_as_job
from rongjun.benefits.actions import use_replay
from rongjun.benefits.actions.use_replay import Replayed
from rongjun.benefits.logic.uses import difference
from rongjun.benefits.models import UsePlace
from rongjun.benefits.queries.uses import rollup_differences
from rongjun.benefits.tests import uses_scene
from rongjun.benefits.tests.uses_scene import (
    NOW,
    OTHER,
    SHINAN,
    START,
    USABLE,
    counted,
    rows_of,
    set_network,
    take,
    use,
)
from rongjun.cards import api as cards
from rongjun.cards.api import Carrier
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
DIED = datetime.fromisoformat("2026-11-10T00:00:00+08:00")


@pytest.fixture(autouse=True)
def network(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    set_network(monkeypatch)


def learn(monkeypatch: pytest.MonkeyPatch, card: int, until: datetime | None) -> None:
    """From now on the card is known to have been usable until then, and to have changed."""
    spans = () if until == START else ((START, until),)
    monkeypatch.setitem(uses_scene.CARRIERS, card, Carrier(card, SHINAN, "rongjun", spans))
    monkeypatch.setattr(cards, "changed_since", lambda moment: [card])


def again(minutes: int = 0) -> Replayed:
    with acting_as_job("test.replay"):
        return use_replay.replay(by="job:test.replay", now=NOW + timedelta(minutes=minutes))


def sound() -> bool:
    with acting_as_job("test.look"):
        return rollup_differences(202610) + rollup_differences(202611) == 0


def test_a_late_notice_of_death_voids_what_came_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    take(
        use("U1", used_at="2026-11-09T23:59:59+08:00"),
        use("U2", used_at="2026-11-10T00:00:00+08:00"),
        use("U3", used_at="2026-11-12T08:00:00+08:00"),
        use("U4", card=OTHER, used_at="2026-11-12T08:00:00+08:00"),
    )
    learn(monkeypatch, USABLE, DIED)
    assert again() == Replayed(voided=2, reinstated=0, taken=0)
    assert counted() == (4, 2, 2)
    assert rows_of("select reference, effect, reason from benefits_use_void order by 1") == [
        ("U2", -1, "card-not-usable"),
        ("U3", -1, "card-not-usable"),
    ]
    assert sound()


def test_judging_again_with_nothing_new_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    take(use("U1"))
    learn(monkeypatch, USABLE, DIED)
    assert again().voided == 1
    assert again(1) == Replayed(0, 0, 0)
    assert rows_of("select count(*) from benefits_use_void") == [(1,)]


def test_a_death_that_was_not_brings_the_uses_back_and_may_be_true_after_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take(use("U1"))
    for until, standing in ((DIED, 0), (None, 1), (DIED, 0), (None, 1)):
        learn(monkeypatch, USABLE, until)
        again()
        assert counted() == (1, standing, standing)
        assert sound()
    assert rows_of("select turn, effect from benefits_use_void order by 1") == [
        (1, -1),
        (2, 1),
        (3, -1),
        (4, 1),
    ]


def test_a_refused_use_comes_in_once_its_card_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    take(use("U1", card=8001), use("U2"))
    assert again().taken == 0
    learn(monkeypatch, 8001, None)
    assert again(1).taken == 1
    assert again(2).taken == 0
    assert counted() == (2, 2, 2)
    assert rows_of("select found, accepted, refused from benefits_use_batch") == [(2, 2, 0)]
    assert rows_of("select state, closed_reason from benefits_use_refusal") == [("taken", "judged-again")]
    monkeypatch.delitem(uses_scene.CARRIERS, 8001)


def test_a_refused_use_comes_in_once_its_place_is_registered() -> None:
    take(use("U1", place="L9"))
    assert again().taken == 0
    with as_owner():
        UsePlace.objects.create(source_id=1, code="L9", title="测试9路", seat=SHINAN)
    assert again(1).taken == 1
    assert counted() == (1, 1, 1)


@given(
    usable=st.booleans(),
    standing=st.sampled_from([0, -1]),
    reason=st.sampled_from([None, "card-not-usable", "month-twice"]),
)
def test_a_difference_leads_to_what_the_card_says(*, usable: bool, standing: int, reason: str | None) -> None:
    effect = difference(usable=usable, standing=standing, voided_for=reason)
    after = standing + effect
    assert after in {0, -1}
    if standing == 0 or reason == "card-not-usable":
        assert after == (0 if usable else -1)
    else:
        assert effect == 0
