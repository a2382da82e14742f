"""What moved in a year, of versions given by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from rongjun.desk.year import moved_in, years_of
from rongjun.rules.api import Benefit, Book, load_book


@cache
def book() -> Book:
    return load_book(Path(settings.POLICY_ROOT), city="qingdao")


def with_versions(*spans: tuple[date, date | None]) -> Book:
    benefit = book().benefits["honour.plaque"]
    versions = tuple(
        replace(benefit.versions[0], start=start, until=until, enrolment=None) for start, until in spans
    )
    return replace(book(), benefits={benefit.code: replace(benefit, versions=versions)})


def test_a_wording_that_another_follows_has_not_ended() -> None:
    one, two = date(2024, 1, 1), date(2025, 1, 1)
    followed = with_versions((one, two - timedelta(days=1)), (two, None))
    broken = with_versions((one, date(2024, 6, 30)), (two, None))
    assert [each.kind for each in moved_in(followed, 2024)] == ["started"]
    assert [each.kind for each in moved_in(broken, 2024)] == ["started", "ended"]
    assert [each.kind for each in moved_in(broken, 2025)] == ["started"]
    assert years_of(broken) == [2025, 2024]


@given(st.sampled_from(sorted(book().benefits.values(), key=lambda each: each.code)))
def test_each_version_begins_in_exactly_one_year(benefit: Benefit) -> None:
    only = replace(book(), benefits={benefit.code: benefit})
    begun = [each for year in years_of(only) for each in moved_in(only, year)]
    starts = [each.version.start for each in begun if each.kind in {"started", "observed"}]
    assert sorted(starts) == [version.start for version in benefit.versions]
