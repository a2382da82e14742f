"""One call or file that comes twice at one moment, over real connections; a canary shows the race."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, close_old_connections, connection

from rongjun.access.api import acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.partners import actions
from rongjun.partners.actions import Call, calls
from rongjun.partners.models import InboundBatch, InboundItem, Partner
from rongjun.partners.tests.scene import NOW, agree, call
from rongjun.partners.tests.test_actions import body
from tests.cluster import as_owner
from tests.together import Meeting

Both = Callable[[Call, Call], list[str]]


@pytest.fixture
def at_once(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Both:
    """Two calls; each waits for the other after it looked for an earlier one, if that can come so far."""
    meeting = Meeting()
    look = calls._refuse_over_quota

    def look_together(*said: Any, **kept: Any) -> None:
        look(*said, **kept)
        meeting.wait()

    monkeypatch.setattr(calls, "_refuse_over_quota", look_together)

    def one(sent: Call) -> str:
        try:
            with acting_as_job("test.call"):
                return str(actions.receive_call(sent, now=NOW))
        except Refused as refused:
            return refused.code
        except IntegrityError:
            return "collided"
        finally:
            connection.close()
            close_old_connections()

    def both(first: Call, second: Call) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, (first, second)))

    return both


def kept() -> tuple[int, int]:
    with as_owner():
        return InboundBatch.objects.count(), InboundItem.objects.count()


def test_the_same_call_twice_at_once_is_one_batch_and_one_answer(at_once: Both) -> None:
    secret = agree()
    first, second = at_once(call(body(), secret), call(body(), secret))
    assert first == second
    assert kept() == (1, 1)


def test_one_key_with_two_contents_at_once_takes_one_and_refuses_the_other(at_once: Both) -> None:
    secret = agree()
    said = at_once(call(body(), secret), call(body(total=7), secret))
    assert said.count("partners.call-key-reused") == 1
    assert kept()[0] == 1


def test_the_quota_holds_at_once(at_once: Both) -> None:
    secret = agree(daily_calls=1)
    said = at_once(call(body(), secret), call(body(sequence=2), secret, key="key-00002"))
    assert said.count("partners.call-quota") == 1


def test_canary_without_the_lock_the_second_runs_into_the_first(
    at_once: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "hold_partner", lambda code: Partner.objects.get(pk=code))
    secret = agree(daily_calls=1)
    # The database's own guard still keeps one of two, but the answer is an error and not the same batch.
    assert at_once(call(body(), secret), call(body(), secret)).count("collided") == 1


def test_canary_without_the_lock_the_quota_is_overrun(at_once: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "hold_partner", lambda code: Partner.objects.get(pk=code))
    secret = agree(daily_calls=1)
    said = at_once(call(body(), secret), call(body(sequence=2), secret, key="key-00002"))
    assert "partners.call-quota" not in said
    assert kept()[0] == 2
