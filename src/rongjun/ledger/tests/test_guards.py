"""What the database itself holds to, whoever asks: written past the actions, as a mistake would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rongjun.access.api import acting_as_job
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.ledger.models import Account
from rongjun.ledger.tests.scene import (
    BANK,
    CITY,
    COUNTY,
    FUND,
    NOW,
    PAYEE,
    QUOTA,
    TODAY,
    hold,
    id_of,
    open_all,
    post,
    settle_now,
    told,
)
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
TRANSFER = """
    insert into ledger_transfer (id, kind, on_day, recorded_at, "by", purpose, about, reason, digest, legs,
                                 ends_id, corrects_id, expires_at)
    values (%s, %s, %s, %s, 'test', '', '', %s, ''::bytea, %s, %s, %s, %s)
"""
ENTRY = """
    insert into ledger_entry (transfer_id, line, account_id, division, layer, fen, on_day, recorded_at)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
LOCKED = ["ledger_transfer", "ledger_entry", "ledger_budgetchange"]
KEPT = [*LOCKED, "ledger_account", "ledger_limit", "ledger_budgetline"]


def run(sql: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def write(
    number: int,
    rows: list[tuple[str, str, int]],
    *,
    kind: str = "post",
    legs: int | None = None,
    ends: int | None = None,
    corrects: int | None = None,
) -> None:
    """A transfer as somebody would write it by hand."""
    expires = NOW + timedelta(hours=1) if kind == "hold" else None
    reason = "手写" if corrects else ""
    of = [id_of(each) if each else None for each in (ends, corrects)]
    run(TRANSFER, [id_of(number), kind, TODAY, NOW, reason, legs or len(rows), *of, expires])
    for line, (account, layer, fen) in enumerate(rows, start=1):
        add_line(number, line, account, layer, fen)


def add_line(number: int, line: int, account: str, layer: str, fen: int, *, division: int = 0) -> None:
    of = Account.objects.get(code=account)
    run(ENTRY, [id_of(number), line, of.id, division or of.division, layer, fen, TODAY, NOW])


@contextmanager
def judged_at_once() -> Iterator[None]:
    with acting_as_job("test.write"):
        yield
        settle_now()


@contextmanager
def refused_by(rule: str) -> Iterator[None]:
    with pytest.raises(IntegrityError, match=rule), judged_at_once():
        yield


@contextmanager
def as_role(role: str) -> Iterator[None]:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select set_config('role', %s, true)", [role])
        yield


def test_a_sound_transfer_written_by_hand_is_taken() -> None:
    open_all()
    with acting_as_job("test.write"):
        write(1, [(BANK, "posted", -5), (PAYEE, "posted", 5)])
        settle_now()


@pytest.mark.parametrize(
    ("rows", "legs"),
    [
        ([(BANK, "posted", -5), (PAYEE, "posted", 4)], 2),
        ([(BANK, "posted", -5), (PAYEE, "posted", 5)], 3),
        ([(BANK, "posted", -5), (PAYEE, "held", 5)], 2),
    ],
    ids=["unbalanced", "a leg missing", "balanced across books only"],
)
def test_what_does_not_add_up_is_refused_at_the_end(rows: list[tuple[str, str, int]], legs: int) -> None:
    open_all()
    with refused_by("ledger_transfer_balanced"):
        write(1, rows, legs=legs)


def test_a_transfer_without_entries_is_refused() -> None:
    with refused_by("ledger_transfer_balanced"):
        write(1, [], legs=2)


def test_a_late_leg_finds_no_line_left() -> None:
    open_all()
    post(1, FUND, PAYEE, 5)
    settle_now()  # what is judged at the end has been judged
    with refused_by("an entry without its transfer or its account"):
        add_line(1, 3, PAYEE, "posted", 5)
    with refused_by("ledger_entry_line"):
        add_line(1, 2, PAYEE, "posted", 5)


def test_an_entry_lies_in_its_accounts_division() -> None:
    open_all()
    with refused_by("an entry without its transfer or its account"):
        write(1, [(BANK, "posted", -5)], legs=2)
        add_line(1, 2, PAYEE, "posted", 5, division=CITY)


def test_a_book_is_not_mixed_with_another() -> None:
    open_all()
    with refused_by("ledger_transfer_books"):
        write(1, [(BANK, "held", -5), (PAYEE, "held", 5)])


def test_a_limit_holds_for_rows_written_by_hand() -> None:
    open_all()
    with refused_by("ledger_floor_kept"):
        write(1, [(FUND, "posted", -1001), (PAYEE, "posted", 1001)])
    with refused_by("ledger_ceiling_kept"):
        write(2, [(BANK, "posted", -501), (QUOTA, "posted", 501)])
    with refused_by("ledger_ceiling_kept"):
        write(3, [(BANK, "held", -501), (QUOTA, "held", 501)], kind="hold")


def test_a_hold_is_given_back_whole_and_settled_inside() -> None:
    open_all()
    hold(1, FUND, PAYEE, 5)
    with refused_by("ledger_hold_given_back"):
        write(2, [(FUND, "freed", 4), (PAYEE, "freed", -4)], kind="release", ends=1)
    back = [(FUND, "freed", 5), (PAYEE, "freed", -5)]
    with refused_by("ledger_settled_within_hold"):
        write(3, [*back, (FUND, "posted", -6), (PAYEE, "posted", 6)], kind="settle", ends=1)
    with refused_by("ledger_settled_within_hold"):
        write(4, [*back, (FUND, "posted", -5), (BANK, "posted", 5)], kind="settle", ends=1)
    with acting_as_job("test.write"):
        write(5, back, kind="release", ends=1)
        settle_now()
    with refused_by("ledger_hold_ends_once"):
        write(6, back, kind="release", ends=1)


def test_reversals_stay_inside_what_they_correct() -> None:
    open_all()
    post(1, FUND, PAYEE, 5)
    for number, rows in (
        (2, [(FUND, "posted", 6), (PAYEE, "posted", -6)]),
        (3, [(FUND, "posted", -5), (PAYEE, "posted", 5)]),
        (4, [(BANK, "posted", 5), (PAYEE, "posted", -5)]),
    ):
        with refused_by("ledger_reversed_within"):
            write(number, rows, kind="reversal", corrects=1)


def _filled() -> None:
    open_all()
    line: dict[str, Any] = {"fund": FUND, "year": 2026, "title": "慰问", "basis": "虚构预〔2026〕1号"}
    ledger.add_budget_line("budget.2026", fen=Fen(5), **line, **told)
    settle_now()  # a table with events that wait is not altered or truncated, whatever guards it


@pytest.mark.parametrize("table", LOCKED)
@pytest.mark.parametrize("role", ["app_staff", "app_citizen", "app_device", "app_batch", "rongjun_owner"])
@pytest.mark.parametrize("change", ["update {} set id = id", "delete from {}", "truncate {} cascade"])
def test_nobody_changes_what_is_booked_not_even_the_owner(table: str, role: str, change: str) -> None:
    _filled()
    with pytest.raises(DatabaseError, match=r"what is booked stays|permission denied"), as_role(role):
        run(change.format(table))


@pytest.mark.parametrize("table", KEPT)
def test_nobody_removes_an_account_or_a_limit(table: str) -> None:
    _filled()
    for change in ("delete from {}", "truncate {} cascade"):
        with pytest.raises(DatabaseError, match="what is booked stays"), as_owner():
            run(change.format(table))


def test_a_replica_session_changes_nothing_either() -> None:
    _filled()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select tgname, tgenabled from pg_trigger where tgname = 'ledger_append_only'")
        found = cursor.fetchall()
    assert {enabled for _, enabled in found} == {"A"}
    assert len(found) == len(KEPT)


def test_a_migration_that_says_so_may_change_a_booked_row() -> None:
    _filled()
    with as_owner():
        run("alter table ledger_transfer disable trigger ledger_append_only")
        run("update ledger_transfer set about = 'corrected by migration'")
        run("alter table ledger_transfer enable always trigger ledger_append_only")
    with pytest.raises(DatabaseError, match="what is booked stays"), as_owner():
        run("update ledger_transfer set about = ''")


def test_a_job_cannot_write_what_the_database_counts() -> None:
    open_all()
    for change in (
        "update ledger_limit set posted = 0",
        "update ledger_limit set division = 0",
        "update ledger_account set kind = 'bank'",
        "insert into ledger_entry (xid) values ('1')",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), acting_as_job("test.write"):
            run(change)


@pytest.mark.parametrize("table", [*KEPT, "ledger_openhold", "ledger_total", "ledger_watermark"])
@pytest.mark.parametrize("role", ["app_citizen", "app_device", "rongjun_login"])
def test_citizens_devices_and_sign_in_see_nothing(table: str, role: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), as_role(role):
        run(f"select * from {table}")


def seen_by_staff(lo: int, hi: int) -> tuple[int, ...]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "select set_config('role', 'app_staff', true), set_config('app.lo', %s, true),"
            " set_config('app.hi', %s, true)",
            [str(lo), str(hi)],
        )
        found = []
        for table in ("ledger_account", "ledger_limit", "ledger_transfer", "ledger_entry", "ledger_openhold"):
            cursor.execute(f"select count(*) from {table}")
            found.append(cursor.fetchone()[0])
        cursor.execute("select set_config('role', 'rongjun_login', true)")
    return tuple(found)


def test_staff_see_accounts_of_their_divisions_and_transfers_that_touch_them() -> None:
    open_all()  # one transfer inside the city's accounts
    post(1, FUND, PAYEE, 5)
    hold(2, FUND, QUOTA, 5)
    assert seen_by_staff(CITY, CITY + 99_999_999) == (4, 2, 3, 6, 1)
    assert seen_by_staff(COUNTY, COUNTY + 999_999) == (2, 1, 2, 2, 1)
    assert seen_by_staff(COUNTY + 1_000_000, COUNTY + 1_999_999) == (0, 0, 0, 0, 0)


def test_staff_write_nothing() -> None:
    open_all()
    changes = (
        "insert into ledger_transfer (id) values (gen_random_uuid())",
        "update ledger_account set closed_on = now()",
        "delete from ledger_openhold",
    )
    for change in changes:
        with pytest.raises(DatabaseError, match="permission denied"), as_role("app_staff"):
            run(change)
