"""Everybody judged and kept: the same verdicts as alone, whole after a stop, seen by county."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rongjun.access.api import acting_as, acting_as_job
from rongjun.benefits import actions, jobs
from rongjun.benefits import api as benefits
from rongjun.benefits.models import Sweep, SweptPart
from rongjun.benefits.tests.test_editions import adopt, files, with_change, without_examples
from rongjun.benefits.tests.test_queries import HOME, NOW, TODAY, officer, people
from rongjun.rules.api import PERSON, Book, as_long

pytestmark = pytest.mark.django_db
OTHER_COUNTY = 370203901000


def everybody() -> None:
    """Forty people in one county and eight in another."""
    people(40)
    people(8, seed=5, station=OTHER_COUNTY)


def entitle() -> benefits.KeptSweep:
    benefits.entitle(on=TODAY, by="operator:test", now=NOW)
    with acting_as(officer()):
        kept = benefits.kept_sweep()
    assert kept
    return kept


def test_what_is_kept_is_what_the_sweep_says_now() -> None:
    adopt(files())
    everybody()
    kept = entitle()
    with acting_as(officer()):
        live = benefits.sweep_everybody(on=TODAY, known_at=NOW)
        stored = benefits.kept_verdicts(kept.id)
        counted = benefits.counts_by_benefit(on=TODAY, known_at=NOW)
    assert stored.sort(PERSON).equals(live.sort(PERSON).select(stored.columns))
    assert {code: tuple(told) for code, told in kept.counts.items()} == {row[0]: row[2:] for row in counted}
    assert kept.people == live.height == 48
    assert as_long(stored)["verdict"].n_unique() == 3


def test_only_the_newest_is_kept() -> None:
    adopt(files())
    everybody()
    first, second = entitle(), entitle()
    assert first.id != second.id
    with acting_as_job("test.look"):
        assert list(Sweep.objects.values_list("id", flat=True)) == [second.id]
        assert SweptPart.objects.count() == 2


def test_a_run_that_was_stopped_goes_on_where_it_was_with_what_was_known_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adopt(files())
    everybody()
    judge, judged = actions._judge_county, list[int]()

    def once(row: Sweep, book: Book, county: int) -> None:
        if judged:
            raise KeyboardInterrupt
        judge(row, book, county)
        judged.append(county)

    monkeypatch.setattr(actions, "_judge_county", once)
    with pytest.raises(KeyboardInterrupt):
        benefits.entitle(on=TODAY, by="operator:test", now=NOW)
    with acting_as(officer()):
        assert benefits.kept_sweep() is None
    monkeypatch.setattr(actions, "_judge_county", judge)
    left: list[tuple[int, int]] = []
    later = NOW + timedelta(hours=1)
    benefits.entitle(on=TODAY, by="operator:test", now=later, on_part=lambda *told: left.append(told))
    with acting_as(officer()):
        kept = benefits.kept_sweep()
    assert left == [(1, 1)]
    assert kept is not None
    assert (kept.known_at, kept.people) == (NOW, 48)


def test_a_county_sees_its_own_part_and_a_station_none() -> None:
    adopt(files())
    everybody()
    kept = entitle()
    seen = {}
    for division in (370200000000, 370202000000, OTHER_COUNTY // 10**6 * 10**6, HOME):
        with acting_as(officer(division=division)):
            seen[division] = benefits.kept_verdicts(kept.id).height
    assert list(seen.values()) == [48, 40, 8, 0]


def test_the_impact_by_what_was_kept_is_the_impact_by_the_files_themselves() -> None:
    adopt(files())
    everybody()
    with acting_as(officer()):
        old = benefits.book()
    entitle()
    adopt(with_change("holds_pref_card\n", "(holds_pref_card OR age >= 0)\n") | without_examples())
    later = NOW + timedelta(hours=1)
    people(5, seed=9)
    for division, stored in ((370200000000, True), (370202000000, True), (HOME, False)):
        with acting_as(officer(division=division)):
            new = benefits.book()
            kept = benefits.impact(old, new, on=TODAY, known_at=later)
            fresh = benefits.impact(old, new, on=TODAY, known_at=later, fresh=True)
        assert kept.known_at == (NOW if stored else later)
        assert fresh.known_at == later
        assert kept.changes == fresh.changes
        assert (kept.reach == fresh.reach) != stored, "five people more are in the files than in the sweep"
    with acting_as(officer()):
        assert benefits.impact(old, new, on=TODAY + timedelta(days=1), known_at=later).known_at == later


def test_the_job_judges_once_a_day_and_again_after_a_new_book(monkeypatch: pytest.MonkeyPatch) -> None:
    adopt(files())
    people(4)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    monkeypatch.setattr("django.utils.timezone.localdate", lambda: TODAY)

    def run() -> object:
        with acting_as_job("benefits.judge-everybody"):
            jobs.judge_everybody()
        with acting_as(officer()):
            kept = benefits.kept_sweep()
        return kept and kept.id

    first = run()
    assert run() == first
    adopt(with_change("holds_pref_card\n", "(holds_pref_card OR age >= 0)\n") | without_examples())
    assert run() != first
