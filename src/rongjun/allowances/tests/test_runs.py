"""A month is reckoned, signed by three, paid by the bank; what is run again pays nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rongjun.access.api import acting_as, acting_as_job
from rongjun.allowances import actions
from rongjun.allowances.models import PayLine, PayRun, Receivable
from rongjun.allowances.tests import scene
from rongjun.kernel.errors import Refused
from rongjun.ledger import api as ledger
from rongjun.registry import api as registry

pytestmark = pytest.mark.django_db
LATER = scene.NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def in_a_demo(db: None) -> Iterator[None]:
    with scene.paying():
        scene.agree()
        yield


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


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


def test_the_same_person_cannot_sign_twice() -> None:
    scene.granted(scene.veteran())
    run = scene.run_of()
    with acting_as(scene.MAKER), refused("allowances.by-three"):
        actions.check_run(run.id, by=scene.MAKER, now=scene.NOW)
    with acting_as(scene.CHECKER):
        actions.check_run(run.id, by=scene.CHECKER, now=scene.NOW)
    with acting_as(scene.CHECKER), refused("allowances.may-not"):
        actions.release_run(run.id, by=scene.CHECKER, now=scene.NOW)


@pytest.mark.parametrize(
    "change",
    [
        "update allowances_payrun set state = 'checked', checked_by = made_by, checked_at = now()",
        "update allowances_payrun set state = 'checked', checked_by = 'staff:somebody', checked_at = now()",
        "update allowances_payrun set total = total + 1",
        "update allowances_payrun set state = 'released'",
    ],
)
def test_the_database_keeps_the_three_apart_by_itself(change: str) -> None:
    scene.granted(scene.veteran())
    scene.run_of()
    with (
        acting_as(scene.CHECKER),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_lines_stand_once_they_are_written() -> None:
    scene.granted(scene.veteran())
    run = scene.run_of()
    (line,) = scene.lines(run)
    with acting_as_job("test"), pytest.raises(DatabaseError), transaction.atomic():
        PayLine.objects.filter(pk=line.pk).update(fen=1)
    again = PayLine(run=run, division=line.division, person_id=line.person_id, code="x", month=1, turn=0,
                    before=0, fen=1, kind="regular", cause="due")  # fmt: skip
    with acting_as_job("test"), pytest.raises(DatabaseError), transaction.atomic():
        again.save(force_insert=True)


def test_a_turn_is_taken_once_whatever_run_writes_it() -> None:
    """Canary of the races: without the index the second line would stand."""
    scene.granted(scene.veteran())
    run = scene.run_of()
    (line,) = scene.lines(run)
    with acting_as(scene.MAKER):
        other = actions.ask_run(
            division=scene.COUNTY, month=run.month, pay_on=scene.TODAY, by=scene.MAKER, now=scene.NOW
        )
    line.pk, line.run_id = None, other
    with (
        acting_as_job("test"),
        pytest.raises(IntegrityError, match="payline_turn_once"),
        transaction.atomic(),
    ):
        line.save(force_insert=True)


def test_what_cannot_be_paid_is_set_aside_and_says_why() -> None:
    without, misnamed = scene.veteran(account=False), scene.veteran(account=False)
    with acting_as(scene.MAKER):
        scene.give_account(misnamed, holder="测试别人", digits=987)
    for person in (without, misnamed):
        scene.granted(person)
    run = scene.run_of()
    assert run.state == "empty"
    assert [kind for kind, fen in scene.aside(run) if fen > 0] == ["name-mismatch", "no-account"]


def test_a_failed_payment_stays_ordered_and_one_written_back_is_owed_again() -> None:
    people = [scene.veteran() for _ in range(3)]
    for person in people:
        scene.granted(person)
    run = scene.released(scene.run_of())
    scene.paid(run, "failures")
    assert sorted(order.state for order in scene.orders(run)) == ["failed", "paid", "paid"]
    assert scene.run_of().state == "empty", "a failed payment is mended, not paid beside"
    with acting_as(scene.CHECKER):
        (failed,), _count = ledger.failures()
        ledger.write_back_payment(failed.id, reason="账户已销，冲回", by=scene.CHECKER, now=LATER)
    scene.follow(now=LATER)
    again = scene.run_of(now=LATER)
    assert (again.state, again.count) == ("draft", 1)
    assert {line.person_id for line in scene.lines(again)} == {
        order.person_id for order in scene.orders(run) if order.state == "returned"
    }


def test_a_withdrawn_run_frees_what_it_would_have_paid() -> None:
    scene.granted(scene.veteran())
    run = scene.run_of()
    with acting_as(scene.MAKER):
        actions.withdraw_run(run.id, why="算早了", by=scene.MAKER, now=scene.NOW)
    again = scene.run_of()
    assert (again.state, again.total) == ("draft", run.total)


def test_a_late_death_notice_recovers_what_was_paid_after_it_and_a_retraction_lifts_it() -> None:
    person = scene.veteran()
    scene.granted(person, pays_from=scene.NOVEMBER - 3)
    first = scene.released(scene.run_of())
    assert first.count == 4
    with acting_as(scene.MAKER):
        registry.record_death(person, died_on=date(2026, 9, 20), source="死亡证明", by=scene.MAKER, now=LATER)
    second = scene.run_of(now=LATER)
    months = [(line.month - scene.NOVEMBER, line.kind, line.cause) for line in scene.lines(second)]
    assert months == [(-1, "recovery", "stopped"), (0, "recovery", "stopped")]
    scene.released(second, now=LATER)
    with acting_as_job("test"):
        (owed,) = Receivable.objects.all()
        assert owed.remaining == second.recover == int(ledger.standing(owed.account).posted)
    then = LATER + timedelta(days=1)
    with acting_as(scene.MAKER):
        registry.retract_death(person, source="本人到场", by=scene.MAKER, now=then)
    third = scene.run_of(now=then)
    assert {line.kind for line in scene.lines(third)} == {"recovery-lifted"}
    assert (third.total, third.recover) == (0, 0)
    scene.released(third, now=then)
    with acting_as_job("test"):
        owed.refresh_from_db()
        assert (owed.state, owed.remaining, int(ledger.standing(owed.account).posted)) == ("settled", 0, 0)
    assert scene.run_of(now=then).state == "empty"


def test_a_higher_grade_is_made_up_month_by_month() -> None:
    person = scene.veteran(grade=7)
    scene.granted(person, pays_from=scene.NOVEMBER - 2)
    scene.released(scene.run_of())
    with acting_as(scene.MAKER):
        proposal = registry.propose(
            person, kind="rating", content={"grade": "5", "cause": "war"}, authority="province",
            document="示例评残 9 号", valid_from=date(2026, 9, 10), by=scene.MAKER, now=LATER,
        )  # fmt: skip
    with acting_as(scene.CHECKER):
        registry.approve(proposal, by=scene.CHECKER, now=LATER)
    run = scene.run_of(now=LATER)
    assert [(line.month - scene.NOVEMBER, line.kind, line.cause) for line in scene.lines(run)] == [
        (-2, "back-pay", "award"),
        (-1, "back-pay", "award"),
        (0, "back-pay", "award"),
    ]
    scene.released(run, now=LATER)
    assert scene.run_of(now=LATER).state == "empty"


def test_an_annulled_award_is_recovered_whole() -> None:
    award = scene.granted(scene.veteran())
    first = scene.released(scene.run_of())
    with acting_as(scene.MAKER):
        actions.propose_annulment(award, why="材料不实，不该批", by=scene.MAKER, now=LATER)
    with acting_as(scene.CHECKER):
        actions.annul_award(award, by=scene.CHECKER, now=LATER)
    run = scene.run_of(now=LATER)
    assert (run.recover, run.total) == (first.total, 0)
    assert [line.cause for line in scene.lines(run)] == ["no-award"]


def test_two_files_of_one_person_paid_twice_are_recovered_once_merged() -> None:
    kept, other = scene.veteran(), scene.veteran()
    for person in (kept, other):
        scene.granted(person)
    scene.released(scene.run_of())
    with acting_as(scene.MAKER):
        merge = registry.propose_merge(
            kept, other=other, reason="同一个人的两份档案", by=scene.MAKER, now=LATER
        )
    with acting_as(scene.CHECKER):
        registry.approve_merge(merge, by=scene.CHECKER, now=LATER)
    run = scene.run_of(now=LATER)
    (line,) = scene.lines(run)
    assert (line.kind, line.cause, line.person_id) == ("recovery", "merged", kept)
    scene.released(run, now=LATER)
    assert scene.run_of(now=LATER).state == "empty"
    then = LATER + timedelta(days=1)
    with acting_as(scene.CHECKER):
        registry.unmerge(merge, reason="原来是两个人", by=scene.CHECKER, now=then)
    apart = scene.run_of(now=then)
    assert [(line.kind, line.fen) for line in scene.lines(apart)] == [("recovery-lifted", -line.fen)]


def test_in_any_other_setting_what_is_invented_does_not_pay() -> None:
    scene.granted(scene.veteran())
    from django.test import override_settings

    with override_settings(ALLOWANCES_FICTIONAL="left-out"):
        run = scene.run_of()
    assert run.state == "empty"
    assert "gap" in {kind for kind, _fen in scene.aside(run)}
    with acting_as_job("test"):
        assert PayRun.objects.count() == 1
