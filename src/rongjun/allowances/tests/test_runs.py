"""A month is reckoned, signed by three, paid by the bank; what is run again pays nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rongjun.allowances.tests import scene

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_a_demo(db: None) -> Iterator[None]:
    with scene.paying():
        scene.agree()
        yield


def test_a_month_goes_from_award_to_account_and_again_there_is_nothing_to_pay() -> None:
    person = scene.veteran()
    scene.granted(person)
    run = scene.run_of()
    assert (run.state, run.count, run.failure) == ("draft", 1, "")
    (line,) = scene.lines(run)
    assert (line.kind, line.fen, line.before) == ("regular", run.total, 0)
    scene.paid(scene.released(run))
    assert [order.state for order in scene.orders(run)] == ["paid"]
    assert scene.run_of().state == "empty"
