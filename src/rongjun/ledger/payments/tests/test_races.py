"""Two at once: one release, one living payment of a key, no line past a check; with canaries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, close_old_connections, connection

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.ledger.payments import actions
from rongjun.ledger.payments.actions import batches as making
from rongjun.ledger.payments.actions import sending
from rongjun.ledger.payments.models import PaymentBatch, PaymentFile, PaymentLine
from rongjun.ledger.payments.tests.scene import (
    CHECKER,
    MAKER,
    NOW,
    RELEASER,
    agree_with_bank,
    checked,
    drafted,
    new_lines,
    on_books,
    person,
    released,
    report_of,
    states_of,
)
from rongjun.registry import api as registry
from tests.cluster import as_owner
from tests.together import Meeting

OTHER_RELEASER = person("other-releaser", role="bureau-leader")


@pytest.fixture(autouse=True)
def agreed(own_database: str) -> None:
    agree_with_bank()


def both(*works: Callable[[], object]) -> list[str]:
    """Each in a connection of its own, at the same moment; what each ended in, sorted."""

    def one(work: Callable[[], object]) -> str:
        try:
            work()
        except Refused as refused:
            return refused.code
        except DatabaseError as error:
            return type(error).__name__
        else:
            return "done"
        finally:
            connection.close()
            close_old_connections()

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(one, works))


def without(trigger: str, table: str) -> None:
    """What the canary takes away: a guard of the database, in this test's own database only."""
    by_owner(f"alter table {table} disable trigger {trigger}")


def by_owner(script: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(script)


# --- two releases -------------------------------------------------------------------------------------------


def release_together(monkeypatch: pytest.MonkeyPatch, batch: UUID) -> list[str]:
    """Two releasers, each of whom has found the batch checked before either moves it on."""
    meeting, hold = Meeting(), making.hold_batch

    def hold_and_wait(found: UUID, **given: str) -> PaymentBatch | None:
        held = hold(found, **given)
        meeting.wait()
        return held

    monkeypatch.setattr(making, "hold_batch", hold_and_wait)
    return both(
        lambda: released(batch, by=RELEASER),
        lambda: released(batch, by=OTHER_RELEASER),
    )


def test_of_two_releases_at_once_one_lets_the_money_go(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = checked(drafted())
    assert release_together(monkeypatch, batch) == ["done", "ledger.payment-not-checked"]
    assert report_of(batch).people.released in {RELEASER.text, OTHER_RELEASER.text}
    assert on_books()[1] == 30003


def test_canary_without_locks_both_let_it_go(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = checked(drafted())
    without("ledger_guard_payment_batch", "ledger_paymentbatch")

    def look(found: UUID, *, state: str) -> PaymentBatch | None:
        return PaymentBatch.objects.filter(pk=found, state=state).first()

    def move(row: PaymentBatch, state: str, **said: Any) -> None:
        PaymentBatch.objects.filter(pk=row.pk).update(state=state, **said)

    monkeypatch.setattr(making, "hold_batch", look)
    monkeypatch.setattr(making, "claim", move)
    assert release_together(monkeypatch, batch) == ["done", "done"]


# --- one key in two batches ---------------------------------------------------------------------------------


def add_together(monkeypatch: pytest.MonkeyPatch, works: Sequence[tuple[UUID, Actor]]) -> list[str]:
    """The same thing owed put into two drafts, each of which has found its key free before either adds it."""
    meeting, insert = Meeting(), registry.insert_rows

    def insert_rows(rows: Sequence[PaymentLine]) -> None:
        meeting.wait()
        insert(rows)

    monkeypatch.setattr(registry, "insert_rows", insert_rows)

    def add(batch: UUID, by: Actor) -> None:
        with acting_as(by):
            actions.add_lines(batch, new_lines(1), by=by.text, now=NOW)

    return both(*(lambda work=work: add(*work) for work in works))


def test_of_the_same_key_in_two_batches_at_once_one_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = [(drafted([]), MAKER), (drafted([], by=CHECKER), CHECKER)]
    assert add_together(monkeypatch, drafts) == ["done", "ledger.payment-key-living"]
    assert sorted(states_of(batch) for batch, _ in drafts) == [[], ["draft"]]


def test_canary_without_the_index_the_same_is_paid_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = [(drafted([]), MAKER), (drafted([], by=CHECKER), CHECKER)]
    by_owner("drop index payment_key_living")
    assert add_together(monkeypatch, drafts) == ["done", "done"]
    assert [states_of(batch) for batch, _ in drafts] == [["draft"], ["draft"]]


# --- a line past a check ------------------------------------------------------------------------------------


def add_while_checked(monkeypatch: pytest.MonkeyPatch, batch: UUID) -> list[str]:
    """A line is added, past the action's own lock, after the checker has counted."""
    counted, meeting = threading.Event(), Meeting()
    claim = making.claim

    def claim_later(row: PaymentBatch, state: str, **said: Any) -> None:
        counted.set()
        meeting.wait()
        claim(row, state, **said)

    monkeypatch.setattr(making, "claim", claim_later)
    monkeypatch.setattr(making, "hold_batch", lambda found, **_given: PaymentBatch.objects.get(pk=found))

    def check() -> None:
        with acting_as(CHECKER):
            actions.check_batch(batch, by=CHECKER, now=NOW)

    def add() -> None:
        counted.wait(timeout=20)
        try:
            with acting_as(MAKER):
                actions.add_lines(batch, new_lines(1, month="2026-11"), by=MAKER.text, now=NOW)
        finally:
            meeting.wait()

    return both(check, add)


def test_no_line_slips_past_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = drafted()
    assert "done" in add_while_checked(monkeypatch, batch)
    assert report_of(batch).state == "draft"  # the database compared, and the check was refused
    assert states_of(batch) == ["draft"] * 4


def test_canary_without_the_guard_a_line_slips_past(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = drafted()
    without("ledger_guard_payment_batch", "ledger_paymentbatch")
    without("ledger_guard_payment_line", "ledger_paymentline")
    assert add_while_checked(monkeypatch, batch) == ["done", "done"]
    assert (report_of(batch).count, len(states_of(batch))) == (3, 4)


# --- two workers --------------------------------------------------------------------------------------------


def send_together() -> list[str]:
    def send() -> None:
        with acting_as_job("test.send"):
            sending.send_released(by="job:test.send", now=NOW)

    return both(send, send, send)


def test_several_workers_make_one_file_of_a_batch() -> None:
    batch = released(checked(drafted()))
    assert send_together() == ["done", "done", "done"]
    with acting_as_job("test.files"):
        assert PaymentFile.objects.filter(pk=batch).count() == 1
        assert PaymentLine.objects.filter(batch=batch, state="ready").count() == 3
