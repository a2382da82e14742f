"""Putting an invented city on file: broken off, continued, enlarged; never two cities in one."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongjun.access.api import Actor, acting_as, actor_named
from rongjun.config import demo
from rongjun.config.invented import loading
from rongjun.config.invented.heaviest import NAME
from rongjun.config.invented.loading import Loaded, open_people
from rongjun.config.postgres import LauncherError
from rongjun.registry import api as registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(db: None, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """A city without people whose chunks are small."""
    monkeypatch.setattr(loading, "CHUNK", 10)
    demo.fill_city(with_people=False)
    found = actor_named("city", on=timezone.localdate())
    assert found is not None
    return found


def fill(count: int, by: Actor, *, seed: int = 1, on_part: loading.Told = lambda _done, _all: None) -> Loaded:
    return open_people(
        count, seed=seed, by=by, now=timezone.now(), streets=demo.street_codes(), on_part=on_part
    )


def people_seen_by(actor: Actor) -> int:
    with acting_as(actor):
        return registry.counts()["people"]


def test_a_load_that_was_broken_off_goes_on_where_it_stopped(officer: Actor) -> None:
    def interrupt(done: int, _all: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(35, officer, on_part=interrupt)
    assert people_seen_by(officer) == 20
    done = fill(35, officer)
    assert (done.opened, done.on_file) == (15, 20)
    assert people_seen_by(officer) == 35


def test_a_larger_city_adds_the_rest_and_the_same_again_adds_nobody(officer: Actor) -> None:
    told: list[tuple[int, int]] = []
    assert fill(13, officer).opened == 13
    assert fill(25, officer, on_part=lambda done, people: told.append((done, people))).opened == 12
    assert told == [(10, 25), (20, 25), (25, 25)]
    again = fill(25, officer)
    assert (again.opened, again.on_file, again.left_out) == (0, 25, 0)


def test_the_registry_takes_whatever_is_invented(officer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CHUNK", 500)
    done = fill(1000, officer, seed=5)  # `open_files` reads every answer and relation as the counter does
    assert done.opened == 1000
    assert done.left_out == 0


def test_another_seed_is_refused_where_a_city_is(officer: Actor) -> None:
    fill(10, officer)
    with pytest.raises(LauncherError):
        fill(10, officer, seed=2)
    assert people_seen_by(officer) == 10


def test_the_heaviest_person_is_found_by_name_and_has_a_long_history(officer: Actor) -> None:
    fill(10, officer)
    now = timezone.now()
    with acting_as(officer):
        (line,), count = registry.find_people(NAME, on=timezone.localdate(), known_at=now)
        assert count == 1
        assert len(registry.timeline(line.id, known_at=now)) > 80
        assert len(registry.relations_held(line.id, on=timezone.localdate(), known_at=now)) == 8
