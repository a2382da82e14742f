"""Calls that another app answers: genuine, fresh, within quota, one answer for one key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import close_old_connections, connection

from rongjun.access.api import acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.partners import api
from rongjun.partners.actions import Call, calls
from rongjun.partners.models import CallCount, PartnerCall
from rongjun.partners.tests.scene import CITY, NOW, agree, call
from rongjun.partners.tests.strategies import CIVIL
from tests.cluster import as_owner
from tests.together import Meeting


def answered(sent: Call, *, now: Any = NOW) -> tuple[str, str]:
    """What a call got before, and what it is answered now."""
    with acting_as_job("test.answer"):
        admitted = api.admit_call(sent, now=now)
        assert (admitted.partner, admitted.division) == (CIVIL, CITY)
        if admitted.answer:
            return admitted.answer, admitted.answer
        api.answer_call(admitted, answer=f"answer {PartnerCall.objects.count()}")
        return "", PartnerCall.objects.get(pk=admitted.id).answer


def refusal(sent: Call, **said: Any) -> str:
    with pytest.raises(Refused) as refused:
        answered(sent, **said)
    return refused.value.code


@pytest.mark.django_db
def test_the_same_call_again_gets_the_first_answer_and_counts_once() -> None:
    secret = agree(daily_calls=1)
    assert answered(call(b"uses", secret)) == ("", "answer 1")
    assert answered(call(b"uses", secret)) == ("answer 1", "answer 1")
    assert refusal(call(b"other", secret, key="key-00002")) == "partners.call-quota"


@pytest.mark.django_db
def test_what_is_not_genuine_fresh_or_new_is_refused() -> None:
    secret = agree()
    assert refusal(call(b"uses", b"x" * 32)) == "partners.call-not-genuine"
    assert refusal(call(b"uses", secret, partner="nobody")) == "partners.unknown-partner"
    assert refusal(replace(call(b"uses", secret), body=b"used")) == "partners.call-digest"
    assert refusal(call(b"uses", secret, path="/other/")) == "partners.call-not-genuine"
    assert refusal(call(b"uses", secret), now=NOW + timedelta(minutes=6)) == "partners.call-outside-window"
    assert refusal(call(b"uses", secret, key="short")) == "partners.call-key-unfit"
    answered(call(b"uses", secret))
    assert refusal(call(b"other", secret)) == "partners.call-key-reused"


@pytest.mark.django_db
def test_tomorrow_the_quota_is_new() -> None:
    secret = agree(daily_calls=1)
    answered(call(b"uses", secret))
    later = NOW + timedelta(days=1)
    fresh = call(b"other", secret, key="key-00002", timestamp=later.isoformat())
    assert answered(fresh, now=later)[0] == ""


@pytest.mark.django_db
def test_the_quota_is_of_all_connections_together() -> None:
    secret = agree(daily_calls=3)
    assert answered(call(b"uses", secret))[0] == ""
    with as_owner():
        mine = CallCount.objects.get()
        CallCount.objects.create(
            partner_id=CIVIL, division=CITY, day=mine.day, slot=(mine.slot + 1) % 32, calls=1
        )
    assert answered(call(b"other", secret, key="key-00002"))[0] == ""
    assert refusal(call(b"third", secret, key="key-00003")) == "partners.call-quota"
    with as_owner():
        assert sum(CallCount.objects.values_list("calls", flat=True)) == 3


@pytest.fixture
def two(own_database: str) -> Any:
    """Two at once, each in its own connection and open until the other has got as far as it can."""
    meeting = Meeting()

    def one(sent: Call) -> str:
        try:
            with acting_as_job("test.call"):
                admitted = api.admit_call(sent, now=NOW)
                if admitted.answer:
                    return f"again {admitted.answer}"
                said = "together" if meeting.wait() else "alone"
                api.answer_call(admitted, answer=said)
                return said
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
            close_old_connections()

    def both(first: Call, second: Call) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return sorted(pool.map(one, (first, second)))

    return both


def test_the_same_call_twice_at_once_is_worked_on_once(two: Any) -> None:
    secret = agree()
    assert two(call(b"uses", secret), call(b"uses", secret)) == ["again alone", "alone"]


def test_two_calls_at_once_do_not_queue(two: Any) -> None:
    secret = agree()
    assert two(call(b"uses", secret), call(b"other", secret, key="key-00002")) == ["together", "together"]
    with as_owner():
        assert sum(CallCount.objects.values_list("calls", flat=True)) == 2


def test_canary_without_the_key_both_are_worked_on(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table partners_partnercall drop constraint partner_call_once")
    monkeypatch.setattr(calls, "_FIRST", calls._FIRST.replace("(partner_id, key) do", "do"))
    secret = agree()
    assert two(call(b"uses", secret), call(b"uses", secret)) == ["together", "together"]
