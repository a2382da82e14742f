"""Uses that come twice at one moment, over real connections; a canary shows the race."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongjun.access.api import acting_as_job
from rongjun.benefits.actions import uses
from rongjun.benefits.queries.uses import rollup_differences
from rongjun.benefits.tests.uses_scene import OTHER, USABLE, counted, set_network, take, use
from tests.together import Meeting

Rows = Sequence[dict[str, Any]]
AtOnce = Callable[[Sequence[Rows]], list[int]]


@pytest.fixture
def at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> AtOnce:
    """Batches taken in by as many connections.

    All begin their statement together, and commit when the others have done theirs or wait for it."""
    set_network(monkeypatch)
    insert = uses._insert

    def all_of(batches: Sequence[Rows]) -> list[int]:
        before, after = Meeting(len(batches)), Meeting(len(batches))

        def insert_together(*said: Any, **kept: Any) -> Any:
            before.wait()
            taken = insert(*said, **kept)
            after.wait()
            return taken

        monkeypatch.setattr(uses, "_insert", insert_together)

        def one(numbered: tuple[int, Rows]) -> int:
            number, rows = numbered
            try:
                return take(*rows, key=f"key-{number:05d}").accepted
            finally:
                connection.close()

        with ThreadPoolExecutor(len(batches)) as pool:
            return list(pool.map(one, enumerate(batches)))

    return all_of


def differences() -> int:
    with acting_as_job("test.look"):
        return rollup_differences(202610) + rollup_differences(202611)


def test_the_same_batch_twice_at_once_counts_once(at_once: AtOnce) -> None:
    rows = [use(f"U{number}") for number in range(200)]
    assert sorted(at_once([rows, rows])) == [0, 200]
    assert counted() == (200, 200, 200)


def test_without_the_conflict_clause_the_same_batch_at_once_does_not_come_through(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses, "_TAKE", uses._TAKE.replace("    on conflict do nothing\n", "", 1))
    with pytest.raises(Exception, match="duplicate key"):
        at_once([[use("U1")], [use("U1")]])


def test_a_rollup_that_is_read_and_then_written_loses_uses(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The canary: raised from what was read before, two batches at once leave the uses of one."""
    lost = uses._TAKE.replace(
        "update set n = kept.n + excluded.n",
        "update set n = excluded.n + (select n from benefits_use_day d where (d.day, d.source, d.programme,"
        " d.division, d.band, d.paid) = (excluded.day, excluded.source, excluded.programme,"
        " excluded.division, excluded.band, excluded.paid))",
        1,
    )
    take(use("U0"), key="key-first")
    monkeypatch.setattr(uses, "_TAKE", lost)
    at_once([[use(f"U1-{n}") for n in range(50)], [use(f"U2-{n}") for n in range(50)]])
    assert counted()[0] == 101
    assert counted()[1] == 51
    assert differences() > 0


def test_batches_that_overlap_in_any_order_do_not_wait_for_each_other_for_ever(at_once: AtOnce) -> None:
    rows = [
        use(f"U{number}", card=(USABLE, OTHER)[number % 2], paid=number % 7, band=number % 3)
        for number in range(300)
    ]
    batches = []
    for seed in range(4):
        mixed = list(rows)
        random.Random(seed).shuffle(mixed)
        batches.append(mixed)
    assert sum(at_once(batches)) == 300
    assert counted() == (300, 300, 300)
    assert differences() == 0


ONE = st.builds(
    use,
    st.integers(1, 12).map(lambda n: f"U{n}"),
    card=st.sampled_from([USABLE, OTHER, 9]),
    used_at=st.sampled_from(
        ["2026-10-31T23:59:59+08:00", "2026-10-31T16:00:00Z", "2026-11-02T08:00:00+08:00", "2026-11-02"]
    ),
    place=st.sampled_from(["L1", "L2", "L9"]),
    paid=st.integers(0, 2),
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(ONE, min_size=1, max_size=8), min_size=1, max_size=5))
def test_whatever_comes_the_rollups_are_a_recount_and_every_row_has_its_fate(
    batches: list[Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction.atomic():
        set_network(monkeypatch)
        for number, rows in enumerate(batches):
            taken = take(*rows, key=f"key-{number:05d}")
            assert taken.accepted + len(taken.repeated) + len(taken.refused) == len(rows)
        rows_kept, by_day, by_month = counted()
        assert rows_kept == by_day == by_month
        assert differences() == 0
        transaction.set_rollback(True)
