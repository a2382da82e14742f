"""Every job of the house has a name and a scope, and runs as the role that row security holds."""

from __future__ import annotations

import re

import pytest
from django.db import DatabaseError, connection, transaction

from rongjun.access.api import Scope
from rongjun.config import jobs
from rongjun.config.jobs import JOBS, Job, run_due
from rongjun.registry.models import Person
from tests.house.scene import Scene

NAME = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)+")


def _where() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, current_setting('app.actor', true),"
            " current_setting('app.lo', true), current_setting('app.hi', true)"
        )
        row: tuple[str, ...] = cursor.fetchone()
    return row


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_job_has_a_name_a_pace_and_a_scope(job: Job) -> None:
    assert NAME.fullmatch(job.name)
    assert 0 < job.every_seconds <= 86400
    assert isinstance(job.scope, Scope)
    assert job.scope.lo <= job.scope.hi


def test_no_two_jobs_share_a_name() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS) > 0


@pytest.mark.django_db
def test_a_job_runs_as_the_batch_role_in_its_own_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, ...]] = []
    one = Job("audit.look-around", 1.0, Scope(370000000000, 370999999999), lambda: seen.append(_where()))
    monkeypatch.setattr(jobs, "JOBS", (one,))
    run_due({}, tick=0.0)
    assert seen == [("app_batch", "job:audit.look-around", "370000000000", "370999999999")]
    assert _where()[0] == "rongjun_login"


@pytest.mark.django_db
def test_a_job_waits_for_its_period(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    one = Job("audit.look-around", 5.0, Scope(0, 999999999999), lambda: ran.append(1))
    monkeypatch.setattr(jobs, "JOBS", (one,))
    last: dict[str, float] = {}
    for tick in (0.0, 4.9, 5.0, 5.1):
        run_due(last, tick=tick)
    assert len(ran) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_can_run_where_nothing_has_happened_yet(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "JOBS", (job,))
    run_due({}, tick=0.0)


@pytest.mark.django_db
def test_a_job_without_a_scope_fails_on_a_guarded_table(scene: Scene) -> None:
    # Of a table without a row the database may never ask for the scope, and there is nothing to see.
    _become("app_batch")
    with pytest.raises(DatabaseError), transaction.atomic():
        Person.objects.count()


@pytest.mark.django_db
def test_a_request_without_a_scope_finds_nobody() -> None:
    with transaction.atomic():
        _become("app_staff")
        assert Person.objects.count() == 0


def _become(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('role', %s, true)", [role])
