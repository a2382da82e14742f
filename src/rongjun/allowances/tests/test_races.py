"""Two runs drawn up at one moment pay nobody twice; and a canary that takes the guard away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from rongjun.access.api import acting_as, acting_as_job
from rongjun.allowances import actions
from rongjun.allowances.actions import runs
from rongjun.allowances.logic.running import reckon
from rongjun.allowances.models import PayLine, PayRun
from rongjun.allowances.tests import scene
from tests.cluster import as_owner
from tests.together import Meeting


@pytest.fixture(autouse=True)
def in_a_demo(own_database: str) -> Iterator[None]:
    with scene.paying():
        scene.agree()
        yield


def asked_twice() -> None:
    """Two runs for the same people: one of the city's, one of the county's."""
    scene.granted(scene.veteran())
    for division in (scene.CITY, scene.COUNTY):
        with acting_as(scene.MAKER):
            actions.ask_run(
                division=division, month=scene.NOVEMBER, pay_on=scene.TODAY, by=scene.MAKER, now=scene.NOW
            )


def drawn_up_at_once() -> None:
    """Two workers take a run each; both have read what was paid before either has written."""
    meeting = Meeting()

    def waiting(*given: Any, **more: Any) -> Any:
        found = reckon(*given, **more)
        meeting.wait()
        return found

    def work() -> None:
        try:
            with acting_as_job("test.draw-up"):
                actions.draw_up_asked(now=scene.NOW, today=scene.TODAY)
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "reckon", waiting)
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)


def paid_in_all() -> tuple[int, list[str]]:
    with acting_as_job("test.look"):
        fen = PayLine.objects.filter(live=True).aggregate(fen=Sum("fen"))["fen"]
        return int(fen or 0), sorted(PayRun.objects.values_list("state", flat=True))


def test_of_two_runs_at_one_moment_one_pays() -> None:
    asked_twice()
    drawn_up_at_once()
    fen, states = paid_in_all()
    assert states == ["draft", "failed"]
    (line,) = scene.lines()
    assert fen == line.fen


def test_without_the_guard_both_would_pay() -> None:
    asked_twice()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("drop index payline_turn_once")
    drawn_up_at_once()
    fen, states = paid_in_all()
    assert states == ["draft", "draft"]
    assert fen == 2 * scene.lines()[0].fen
