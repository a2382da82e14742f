"""Two imports, relations or merges at once, over real connections; a canary shows there is a race to lose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from django.db import close_old_connections, connection

from rongjun.access.api import acting_as
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.actions import merges as merging
from rongjun.registry.actions import relations as relating
from rongjun.registry.actions import rosters
from rongjun.registry.models import ImportedRow, Merge, Person, Relation, RosterImport
from rongjun.registry.tests.scene import NOW, actor, hand_in, open_file, relate
from rongjun.registry.tests.strategies import cells
from tests.cluster import as_owner

Roster = Sequence[dict[str, str]]


@pytest.fixture
def at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Hands in two rosters so that each has read what is on file before either writes."""
    barrier = threading.Barrier(2, timeout=20)
    record = rosters._Import.record

    def record_together(work: Any) -> None:
        barrier.wait()
        record(work)

    monkeypatch.setattr(rosters._Import, "record", record_together)

    def one(rows: Roster, name: str) -> str:
        try:
            return str(hand_in(rows, name=name))
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
            close_old_connections()

    def both(first: Roster, second: Roster) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, (first, second), ("甲.xlsx", "乙.xlsx")))

    return both


def kept() -> tuple[int, int, int]:
    """Files, imports and rows that are there afterwards."""
    with as_owner():
        return Person.objects.count(), RosterImport.objects.count(), ImportedRow.objects.count()


def test_of_two_imports_with_one_number_exactly_one_opens_the_file(at_once: Callable[..., list[str]]) -> None:
    said = at_once([cells(1), cells(2)], [cells(1), cells(3), cells(4)])
    assert said.count("registry.import-collided") == 1
    winner_rows = 2 if said[1] == "registry.import-collided" else 3
    assert kept() == (winner_rows, 1, winner_rows)


def test_canary_without_the_unique_index_both_open_a_file(at_once: Callable[..., list[str]]) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("drop index identity_number_once")
    said = at_once([cells(1), cells(2)], [cells(1), cells(3), cells(4)])
    assert "registry.import-collided" not in said
    assert kept() == (5, 2, 5)


def test_many_numbers_in_opposite_order_do_not_lock_each_other_out(at_once: Callable[..., list[str]]) -> None:
    rows = [cells(n) for n in range(400)]
    said = at_once(rows, [*reversed(rows), cells(999)])
    assert said.count("registry.import-collided") == 1
    assert kept()[1] == 1


def test_one_file_handed_in_twice_at_once_is_one_import(at_once: Callable[..., list[str]]) -> None:
    rows = [cells(1), cells(2, 姓名="")]
    first, second = at_once(rows, rows)
    assert first == second
    assert kept() == (1, 1, 2)


def test_imports_with_different_numbers_do_not_disturb_each_other(at_once: Callable[..., list[str]]) -> None:
    said = at_once([cells(1)], [cells(2)])
    assert len(set(said)) == 2
    assert kept() == (2, 2, 2)


@pytest.fixture
def related_at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Two clerks record one relation; each waits for the other after looking for a twin, if it can come."""
    barrier = threading.Barrier(2)
    refuse_twin = relating._refuse_twin

    def refuse_twin_together(*said: Any) -> None:
        refuse_twin(*said)
        with suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1)

    monkeypatch.setattr(relating, "_refuse_twin", refuse_twin_together)
    person = open_file(row=cells(1))

    def one(login: str) -> str:
        try:
            return str(relate(person, by=login))
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
            close_old_connections()

    def both() -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, ("clerk", "colleague")))

    return both


def relations() -> int:
    with as_owner():
        return Relation.objects.count()


def test_of_two_clerks_with_one_relation_exactly_one_records_it(
    related_at_once: Callable[[], list[str]],
) -> None:
    assert related_at_once().count("registry.relation-on-file") == 1
    assert relations() == 1


def test_canary_without_the_lock_both_record_it(
    related_at_once: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relating, "hold", lambda person: Person.objects.get(pk=person))
    assert "registry.relation-on-file" not in related_at_once()
    assert relations() == 2


@pytest.fixture
def merged_at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Two officers approve opposite merges; each waits for the other after looking for pointers."""
    barrier = threading.Barrier(2)
    refuse_merged = merging._refuse_merged

    def refuse_merged_together(*files: Any) -> None:
        refuse_merged(*files)
        with suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1)

    one, other = open_file(row=cells(1)), open_file(row=cells(3))
    proposed = []
    for kept, merged in ((one, other), (other, one)):
        with acting_as(actor()):
            proposed.append(registry.propose_merge(kept, merged, reason="同一个人", by=actor(), now=NOW))
    monkeypatch.setattr(merging, "_refuse_merged", refuse_merged_together)

    def approve(merge: UUID, login: str) -> str:
        officer = actor(login)
        try:
            with acting_as(officer):
                registry.approve_merge(merge, by=officer, now=NOW)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
            close_old_connections()
        return ""

    def both() -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(approve, proposed, ("district", "city")))

    return both


def in_force() -> int:
    with as_owner():
        return Merge.objects.filter(at__isnull=False, ended_at=None).count()


def test_of_two_merges_in_opposite_directions_exactly_one_holds(
    merged_at_once: Callable[[], list[str]],
) -> None:
    assert sorted(merged_at_once()) == ["", "registry.already-merged"]
    assert in_force() == 1


def test_canary_without_the_lock_two_merges_make_a_ring(
    merged_at_once: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(files: Sequence[UUID]) -> dict[UUID, Person]:
        return Person.objects.in_bulk(files)

    monkeypatch.setattr(merging, "lock_files", unlocked)
    assert merged_at_once() == ["", ""]
    assert in_force() == 2
