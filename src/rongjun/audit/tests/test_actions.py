"""Noting and sealing on a real database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rongjun.audit import actions
from rongjun.audit import api as audit
from rongjun.audit.tests.scene import (
    INSERT,
    NOON,
    as_role,
    commit_events,
    note,
    query,
    seal,
    verdict,
    wait_until_settled,
)
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner, connect
from tests.together import Meeting

WRITERS = ["rongjun_login", "app_staff", "app_citizen", "app_device", "app_batch"]
TABLES = ["audit_event", "audit_link", "audit_anchor"]
PHONE = "120" + "00000000"


@pytest.mark.django_db
@pytest.mark.parametrize("role", WRITERS)
def test_every_role_may_note(role: str) -> None:
    with as_role(role):
        note(
            about=["person:a", "case:b"], purpose="核对身份", division=370202000000, detail={"ids": ["a", 1]}
        )
    with as_owner():
        rows = query("select actor, about, purpose, result, division, detail->'ids'->>1 from audit_event")
    assert rows == [("staff:clerk", ["person:a", "case:b"], "核对身份", "done", 370202000000, "1")]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["rongjun_login", "app_citizen", "app_device"])
@pytest.mark.parametrize("table", TABLES)
def test_those_who_only_note_cannot_read(role: str, table: str) -> None:
    with as_role(role), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        query(f"select * from {table}")


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", [*WRITERS, "rongjun_owner"])
@pytest.mark.parametrize("change", ["update {} set {} = {}", "delete from {}", "truncate {}"])
def test_nobody_changes_a_row_not_even_the_owner(role: str, table: str, change: str) -> None:
    column = {"audit_event": "actor", "audit_link": "event_digest", "audit_anchor": "signature"}[table]
    expected = "audit rows are never changed" if role == "rongjun_owner" else "permission denied"
    with as_role(role), pytest.raises(DatabaseError, match=expected), transaction.atomic():
        query(change.format(table, column, column))


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["id", "xid"])
def test_who_notes_cannot_say_when_it_was_written(column: str) -> None:
    overriding = "overriding system value" if column == "id" else ""
    row = "values (now(), 'staff:clerk', '', '', 'a.b', '{}', 'done', '', '{}', '1')"
    sql = f"{INSERT.replace(')', f', {column})')} {overriding} {row}"
    with as_role("app_staff"), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        query(sql)


@pytest.mark.django_db
def test_when_the_event_cannot_be_written_nothing_is_done() -> None:
    def act() -> None:
        with transaction.atomic():
            note("ledger.paid")
            note("ledger.paid", result="maybe")

    with as_role("app_staff"), pytest.raises(IntegrityError):
        act()
    with as_owner():
        assert query("select count(*) from audit_event") == [(0,)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kept", "field"),
    [
        ({"purpose": f"来电 {PHONE}"}, "purpose"),
        ({"detail": {"phone": PHONE}}, "detail.phone"),
        ({"by": f"citizen:{PHONE}"}, "by"),
        ({"about": f"phone:{PHONE}"}, "about"),
        ({"source": PHONE}, "source"),
    ],
)
def test_personal_data_do_not_enter_the_log(kept: dict[str, Any], field: str) -> None:
    with as_role("app_staff"), pytest.raises(Refused) as refusal:
        note(**kept)
    assert (refusal.value.code, refusal.value.params) == ("audit.looks-personal", {"field": field})


@pytest.mark.django_db
def test_a_read_needs_a_purpose() -> None:
    known: dict[str, Any] = {"event": "registry.person-read", "by": "staff:clerk", "at": NOON}
    with as_role("app_staff"):
        audit.note_read("person:a", purpose="办理优待证", **known)
        with pytest.raises(Refused, match=r"audit\.purpose-missing"):
            audit.note_read("person:a", purpose="  ", **known)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kept",
    [{"event": "Read"}, {"by": ""}, {"at": datetime(2026, 10, 1)}],  # noqa: DTZ001
)
def test_a_malformed_event_is_our_own_mistake(kept: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        note(**kept)


# --- sealing ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("own_database")
def test_sealing_links_every_event_once_and_signs_the_end() -> None:
    commit_events(3)
    assert seal() == audit.Sealed(3, 3)
    commit_events(2)
    assert seal() == audit.Sealed(2, 5)
    found = verdict()
    assert (found.broken, found.last_position, found.anchors, found.unsealed.count) == (None, 5, 2, 0)


@pytest.mark.usefixtures("own_database")
def test_sealing_nothing_writes_nothing() -> None:
    assert seal() == audit.Sealed(0, 0)
    commit_events(1)
    seal()
    assert seal() == audit.Sealed(0, 1)
    with as_owner():
        assert query("select count(*) from audit_anchor") == [(1,)]


@pytest.mark.usefixtures("own_database")
def test_an_event_whose_transaction_ends_late_is_sealed_later_and_not_lost(own_database: str) -> None:
    commit_events(1)
    wait_until_settled()
    with connect(database=own_database) as slow:
        slow.execute(f"{INSERT} values (now(), 'job:slow', '', '', 'a.b', '{{}}', 'done', '', '{{}}')")
        commit_events(2)  # younger transactions, higher ids, committed first
        assert seal(settle=False).count == 1, "what an open transaction is older than, is not settled"
        with as_role("app_batch"):
            assert audit.unsealed_tail() == audit.Tail(2, NOON)
        slow.commit()
    assert seal() == audit.Sealed(3, 4)
    assert verdict().broken is None


@pytest.mark.usefixtures("own_database")
def test_an_event_that_commits_behind_the_horizon_gets_a_later_position(own_database: str) -> None:
    with connect(database=own_database) as other:
        # The number is drawn first, by hand, and used by a transaction that begins after the sealing.
        other.execute("set role rongjun_owner")
        low = other.execute("select nextval('audit_event_id_seq')").fetchone()
        other.commit()
        commit_events(2)
        assert seal().count == 2
        other.execute("set role rongjun_owner")
        other.execute(
            f"{INSERT.replace('(', '(id, ')} overriding system value"
            " values (%s, now(), 'job:slow', '', '', 'a.b', '{}', 'done', '', '{}')",
            low,
        )
        other.commit()
    assert seal() == audit.Sealed(1, 3)
    with as_owner():
        assert query("select event_id from audit_link order by position") == [(2,), (3,), (1,)]
    assert verdict().broken is None


@pytest.mark.usefixtures("own_database")
def test_a_rolled_back_event_leaves_no_gap_in_the_chain() -> None:
    with suppress(ZeroDivisionError), as_role("app_staff"):
        note()
        raise ZeroDivisionError
    commit_events(1)
    assert seal() == audit.Sealed(1, 1)
    assert verdict().broken is None


@pytest.mark.usefixtures("own_database")
def test_after_a_restore_into_a_younger_cluster_sealing_goes_on() -> None:
    commit_events(2)
    seal()
    with as_owner():
        # As after a restore: the old cluster's transaction numbers lie in this one's future.
        query("alter table audit_event disable trigger audit_append_only")
        query("alter table audit_anchor disable trigger audit_append_only")
        query("update audit_event set xid = '900000000000'")
        query("update audit_anchor set settled_below = 900000000001")
        query(
            f"{INSERT.replace(')', ', xid)')}"
            " values (now(), 'job:old', '', '', 'a.b', '{}', 'done', '', '{}', '900000000007')"
        )
        query("alter table audit_event enable always trigger audit_append_only")
        query("alter table audit_anchor enable always trigger audit_append_only")
    commit_events(1)
    assert seal() == audit.Sealed(2, 4)
    commit_events(1)
    assert seal() == audit.Sealed(1, 5)
    assert (verdict().broken, verdict().unsealed.count) == (None, 0)


def _seal_twice_at_once(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Two sealers on two connections, each held before writing until the other is there or waits."""
    meeting = Meeting()
    write = actions._write_links
    outcomes: list[object] = []

    def write_when_both_are_here(*given: Any) -> None:
        meeting.wait()
        write(*given)

    def run() -> None:
        try:
            outcomes.append(seal().count)
        except IntegrityError as error:
            outcomes.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(actions, "_write_links", write_when_both_are_here)
    _in_threads(run, run)
    return outcomes


def _in_threads(*runs: Callable[[], None]) -> None:
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("own_database")
def test_two_sealers_never_both_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    commit_events(5)
    assert sorted(map(str, _seal_twice_at_once(monkeypatch))) == ["0", "5"]
    assert verdict().broken is None


@pytest.mark.usefixtures("own_database")
def test_canary_without_the_turn_two_sealers_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    commit_events(5)
    monkeypatch.setattr(actions, "_take_turn", lambda: None)
    outcomes = _seal_twice_at_once(monkeypatch)
    assert any(isinstance(outcome, IntegrityError) for outcome in outcomes)
