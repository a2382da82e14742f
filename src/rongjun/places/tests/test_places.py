"""Divisions as of a day: who may load them, what they are called, where they lie."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rongjun.access.api import acting_as_job
from rongjun.places import api as places
from rongjun.places.models import Division
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
COUNTY, STREET, VILLAGE = 370202000000, 370202901000, 370202901901
THEN, NOW = date(2020, 1, 1), date(2024, 1, 1)
LISTED = [(370200000000, "青岛市", "city"), (COUNTY, "市南区", "county"), (STREET, "示范一街道", "township")]


@pytest.fixture(autouse=True)
def _listed(db: None) -> None:
    assert load(LISTED) == 3


def load(rows: list[tuple[int, str, str]], *, valid_from: date = THEN) -> int:
    with acting_as_job("test.load-divisions"):
        return places.add_divisions(rows, valid_from=valid_from, source="虚构")


def test_the_same_list_again_changes_nothing() -> None:
    assert load([*LISTED, (VILLAGE, "示范村", "village")]) == 1
    assert load(LISTED) == 0


def test_a_code_has_one_name_a_day() -> None:
    assert load([(COUNTY, "另一个名字", "county")], valid_from=date(2022, 1, 1)) == 0
    with pytest.raises(IntegrityError, match="division_one_name_a_day"), as_owner():
        Division.objects.create(code=COUNTY, name="另一个名字", level="county", valid_from=NOW, source="虚构")


def test_a_code_may_change_its_name() -> None:
    with as_owner():
        Division.objects.filter(code=COUNTY).update(valid_to=date(2023, 1, 1))
    assert load([(COUNTY, "新市南区", "county")], valid_from=date(2023, 1, 1)) == 1
    before, after = date(2022, 12, 31), date(2023, 1, 1)
    assert [places.names_of([COUNTY], on=day) for day in (before, after)] == [
        {COUNTY: "市南区"},
        {COUNTY: "新市南区"},
    ]


def test_nothing_has_a_name_before_its_time() -> None:
    assert places.names_of([COUNTY, STREET], on=date(2019, 12, 31)) == {}


@pytest.mark.parametrize(
    ("code", "path"),
    [
        (370200000000, "青岛市"),
        (COUNTY, "市南区"),
        (STREET, "市南区 · 示范一街道"),
        (VILLAGE, "市南区 · 示范一街道"),
        (370203901000, "370203901000"),
    ],
)
def test_a_code_is_told_in_words(code: int, path: str) -> None:
    assert places.path_of(code, on=NOW) == path


def test_many_codes_are_told_in_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        told = places.paths_of([COUNTY, STREET, 1], on=NOW)
    assert told == {COUNTY: "市南区", STREET: "市南区 · 示范一街道", 1: "1"}


def test_divisions_of_a_level_are_listed_within_a_range() -> None:
    assert places.divisions_within(COUNTY, COUNTY + 999_999, level="township", on=NOW) == [
        (STREET, "示范一街道")
    ]
    assert places.divisions_within(COUNTY, STREET - 1, level="township", on=NOW) == []


@pytest.mark.parametrize("role", ["rongjun_login", "app_staff", "app_citizen", "app_device"])
def test_everybody_reads_divisions_and_only_jobs_write_them(role: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('role', %s, true)", [role])
        assert Division.objects.count() == 3
        with (
            pytest.raises(DatabaseError, match=r"permission denied|row-level security"),
            transaction.atomic(),
        ):
            Division.objects.create(code=1, name="x", level="x", valid_from=NOW, source="x")
        cursor.execute("select set_config('role', 'rongjun_login', true)")
