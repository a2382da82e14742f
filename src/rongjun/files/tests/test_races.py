"""Two clerks with one paper at one moment, over real connections; a canary shows there is a race to lose."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import close_old_connections, connection

from rongjun.access.api import acting_as
from rongjun.files import actions
from rongjun.files.actions import handling
from rongjun.files.models import Upload
from rongjun.files.tests.scene import NOW, actor, hand_in
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner
from tests.together import Meeting

FIRST, SECOND = "person:first", "person:second"


@pytest.fixture
def at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[UUID], list[str]]:
    """Two clerks put one paper on two files; who has read the row waits for the other, if it can come."""
    meeting = Meeting()
    locked = handling._locked

    def read_together(upload: UUID) -> Upload:
        row = locked(upload)
        meeting.wait()
        return row

    monkeypatch.setattr(handling, "_locked", read_together)

    def one(upload: UUID, about: str) -> str:
        officer = actor()
        try:
            with acting_as(officer):
                actions.link_upload(upload, about=about, by=officer, now=NOW)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
            close_old_connections()
        return about

    def both(upload: UUID) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, (upload, upload), (FIRST, SECOND)))

    return both


def linked_to(upload: UUID) -> str:
    with as_owner():
        return Upload.objects.get(pk=upload).linked_to


def test_of_two_who_put_one_paper_on_two_files_one_is_told_no(at_once: Callable[[UUID], list[str]]) -> None:
    upload = hand_in()
    said = at_once(upload)
    assert said.count("files.already-linked") == 1
    assert linked_to(upload) in said


def test_canary_without_the_lock_both_believe_it_is_on_their_file(
    at_once: Callable[[UUID], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = hand_in()
    monkeypatch.setattr(type(Upload.objects.all()), "select_for_update", _without_lock)
    assert at_once(upload) == [FIRST, SECOND]


def _without_lock(rows: Any, **_: Any) -> Any:
    return rows
