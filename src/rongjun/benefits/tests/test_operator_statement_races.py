"""Two who draft at one moment: one statement stands; a canary shows that there is a race to lose."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from rongjun.benefits.actions import operator_statements as acting
from rongjun.benefits.logic.operator_statements import Cell, Sums
from rongjun.benefits.queries import operator_statements as queries
from rongjun.benefits.tests.test_offer_races import at_once
from rongjun.benefits.tests.test_operator_statements import drafted
from tests.cluster import as_owner


@pytest.mark.usefixtures("own_database")
def test_of_two_drafts_at_once_one_stands() -> None:
    assert sum(each == "settlement.statement-open" for each in at_once(drafted)) == 1


@pytest.mark.usefixtures("own_database")
def test_without_the_index_both_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canary: it is the index that lets one in."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("drop index operator_statement_open_once")
    barrier, settled = threading.Barrier(2, timeout=20), queries.settled

    def read_together(operator: str, month: int) -> dict[Cell, Sums]:
        barrier.wait()
        return settled(operator, month)

    monkeypatch.setattr(queries, "settled", read_together)
    monkeypatch.setattr(acting, "_next_number", lambda month: threading.get_native_id() % 30_000)
    assert "settlement.statement-open" not in at_once(drafted)
