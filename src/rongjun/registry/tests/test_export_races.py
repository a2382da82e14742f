"""Two downloads of one approved list at one moment; a canary shows there is a race to lose."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

import pytest
from django.db import close_old_connections, connection

from rongjun.kernel.errors import Refused
from rongjun.registry.actions import exports as exporting
from rongjun.registry.models import ExportRequest
from rongjun.registry.tests.test_exports import ask, decide, fetch, fill


@pytest.fixture
def both_fetch(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[UUID], list[str]]:
    """Downloads twice so that each has found the list open before either takes it; what each got."""
    barrier, claim = threading.Barrier(2, timeout=20), exporting._claim

    def claim_together(row: ExportRequest, *, now: datetime) -> bool:
        barrier.wait()
        return claim(row, now=now)

    monkeypatch.setattr(exporting, "_claim", claim_together)

    def one(request: UUID) -> str:
        try:
            fetch(request)
        except Refused as refused:
            return refused.code
        else:
            return "file"
        finally:
            connection.close()
            close_old_connections()

    def both(request: UUID) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return sorted(pool.map(one, (request, request)))

    return both


def test_of_two_downloads_at_once_one_gets_the_file(both_fetch: Callable[[UUID], list[str]]) -> None:
    fill(3)
    request = ask()
    decide(request)
    assert both_fetch(request) == ["file", "registry.export-not-open"]


def test_canary_without_the_guarded_update_both_get_the_file(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def claim_blindly(row: ExportRequest, *, now: datetime) -> bool:
        return bool(ExportRequest.objects.filter(pk=row.pk).update(state="taken", taken_at=now))

    monkeypatch.setattr(exporting, "_claim", claim_blindly)
    both = request.getfixturevalue("both_fetch")
    fill(3)
    export = ask()
    decide(export)
    assert both(export) == ["file", "file"]
