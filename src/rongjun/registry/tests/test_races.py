"""Imports, relations, decisions, merges: two at a moment, over real connections; canaries show the races."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import close_old_connections, connection

from rongjun.access.api import acting_as
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.actions import merges as merging
from rongjun.registry.actions import proposals as deciding
from rongjun.registry.actions import relations as relating
from rongjun.registry.actions import rosters
from rongjun.registry.models import ImportedRow, Merge, Person, Proposal, Relation, RosterImport, Status
from rongjun.registry.tests.scene import NOW, actor, hand_in, open_file, relate
from rongjun.registry.tests.strategies import cells
from rongjun.registry.tests.test_proposals import approve, propose
from tests.cluster import as_owner
from tests.together import Meeting

Roster = Sequence[dict[str, str]]


@pytest.fixture
def at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Hands in two rosters so that each has read what is on file before either writes."""
    meeting = Meeting()
    record = rosters._Work.record

    def record_together(work: Any) -> None:
        meeting.wait()
        record(work)

    monkeypatch.setattr(rosters._Work, "record", record_together)

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


def fates() -> dict[str, int]:
    """How many rows had each fate, over all imports."""
    with as_owner():
        return dict(Counter(ImportedRow.objects.values_list("outcome", flat=True)))


def test_of_two_imports_with_one_number_exactly_one_opens_the_file(at_once: Callable[..., list[str]]) -> None:
    at_once([cells(1), cells(2)], [cells(1), cells(3), cells(4)])
    assert kept() == (4, 2, 5)
    assert fates() == {"opened": 4, "unchanged": 1}


def test_canary_without_the_unique_index_both_open_a_file(at_once: Callable[..., list[str]]) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("drop index identity_number_once")
    at_once([cells(1), cells(2)], [cells(1), cells(3), cells(4)])
    assert kept() == (5, 2, 5)


def test_whoever_loses_a_number_too_often_is_told_and_keeps_the_rows(
    at_once: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rosters, "_TRIES", 1)
    said = at_once([cells(1), cells(2)], [cells(1), cells(3), cells(4)])
    assert said.count("registry.import-collided") == 1
    assert kept()[1] == 1


def test_many_numbers_in_opposite_order_do_not_lock_each_other_out(at_once: Callable[..., list[str]]) -> None:
    rows = [cells(n) for n in range(400)]
    at_once(rows, [*reversed(rows), cells(999)])
    assert kept() == (401, 2, 801)
    assert fates() == {"opened": 401, "unchanged": 400}


def test_one_file_handed_in_twice_at_once_is_one_import(own_database: str) -> None:
    rows = [cells(1), cells(2, 姓名="")]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(_alone, (rows, rows))
    assert first == second
    assert kept() == (1, 1, 2)


def _alone(rows: Roster) -> str:
    try:
        return str(hand_in(rows))
    finally:
        connection.close()
        close_old_connections()


def test_imports_with_different_numbers_do_not_disturb_each_other(at_once: Callable[..., list[str]]) -> None:
    said = at_once([cells(1)], [cells(2)])
    assert len(set(said)) == 2
    assert kept() == (2, 2, 2)


@pytest.fixture
def related_at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Two clerks record one relation; each waits for the other after looking for a twin, if it can come."""
    meeting = Meeting()
    refuse_twin = relating._refuse_twin

    def refuse_twin_together(*said: Any) -> None:
        refuse_twin(*said)
        meeting.wait()

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
def approved_at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Two officers approve one proposal; each waits for the other after taking it, if it can come."""
    meeting = Meeting()
    refuse_maker = deciding._refuse_maker

    def refuse_together(*said: Any) -> None:
        refuse_maker(*said)
        meeting.wait()

    monkeypatch.setattr(deciding, "_refuse_maker", refuse_together)
    person = open_file(row=cells(1))
    proposal = propose(person)

    def one(login: str) -> str:
        try:
            approve(proposal, by=login)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
            close_old_connections()
        return "approved"

    def both() -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, ("district", "city")))

    return both


def written() -> int:
    with as_owner():
        return Status.objects.filter(category="martyr-kin").count()


def test_of_two_officers_at_once_exactly_one_approves(approved_at_once: Callable[[], list[str]]) -> None:
    assert sorted(approved_at_once()) == ["approved", "registry.proposal-decided"]
    assert written() == 1


def test_canary_without_the_lock_both_approve(
    approved_at_once: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "take", lambda proposal: Proposal.objects.get(pk=proposal))
    monkeypatch.setattr(deciding, "hold", lambda person: Person.objects.get(pk=person))
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("drop trigger decided_proposals_stand on registry_proposal")
    assert approved_at_once() == ["approved", "approved"]
    assert written() == 2


@pytest.fixture
def merged_at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Two officers approve opposite merges; each waits for the other after looking for pointers."""
    meeting = Meeting()
    refuse_merged = merging._refuse_merged

    def refuse_merged_together(*files: Any) -> None:
        refuse_merged(*files)
        meeting.wait()

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
