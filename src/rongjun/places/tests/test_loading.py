"""Trees and stations over PostgreSQL: loaded whole, loaded twice, asked as of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError

from rongjun.access.api import acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.places import api as places
from rongjun.places import queries
from rongjun.places.logic.stations import Fault
from rongjun.places.logic.tree import City, Listing, read_city
from rongjun.places.models import Station
from rongjun.places.tests.test_tree import LATER, LIST, LISTED, LISTING, WRITTEN
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
BY = "operator:test"
TODAY = date(2026, 3, 1)
CITY, COUNTY, STREET, VILLAGE = 990100000000, 990102000000, 990102001000, 990102001001
OLD_COUNTY, NEW_COUNTY = 990182000000, 990115000000


def city() -> City:
    return read_city(WRITTEN)


def load(listing: Listing = LISTING) -> places.Loaded:
    with acting_as_job("test.load-tree"):
        return places.load_tree(city(), listing, by=BY, now=NOW)


def station(
    division: int, name: str = "示范站", *, kind: str = "station", **changed: Any
) -> places.StationRow:
    said = {"address": "示范路 1 号", "phone": "", "valid_from": LIST, **changed}
    return places.StationRow(division=division, name=name, kind=kind, **said)


def attach(*rows: places.StationRow, faults: tuple[Fault, ...] = ()) -> places.Loaded:
    with acting_as_job("test.load-stations"):
        return places.load_stations(rows, faults, source="虚构", is_synthetic=True, by=BY, now=NOW)


# --- the tree -----------------------------------------------------------------------------------------------


def test_a_tree_is_loaded_whole_and_twice_changes_nothing() -> None:
    assert load() == places.Loaded(opened=7, closed=0, unchanged=0, refused=0)
    assert load() == places.Loaded(opened=0, closed=0, unchanged=7, refused=0)


def test_a_load_is_noted_with_its_figures_and_source() -> None:
    load()
    with as_owner():
        (event,) = audit.events(audit.Filter(event="places.divisions-loaded"))
        assert event.detail == {
            "opened": 7,
            "closed": 0,
            "unchanged": 0,
            "refused": 0,
            "source": "a-package 1.0.0",
        }


def test_a_later_list_renames_adds_and_ends_and_the_past_stays() -> None:
    load()
    later = [*LISTED[:-1], (VILLAGE + 1, "二社区", "village"), (STREET + 1000, "二街道", "township")]
    renamed = [(code, "第一街道" if code == STREET else name, level) for code, name, level in later]
    done = load(Listing("a-package 2.0.0", LATER, tuple(renamed)))
    assert (done.opened, done.closed, done.refused) == (3, 2, 0)
    assert places.names_of([STREET, VILLAGE], on=LIST) == {STREET: "一街道", VILLAGE: "一社区"}
    assert places.names_of([STREET, VILLAGE, VILLAGE + 1], on=LATER) == {
        STREET: "第一街道",
        VILLAGE + 1: "二社区",
    }


def test_what_others_have_added_stays() -> None:
    load()
    with acting_as_job("test.add"):
        places.add_divisions([(990102901000, "示范街道", "township")], valid_from=LIST, source="虚构")
    load(Listing("a-package 2.0.0", LATER, LISTED))
    assert places.names_of([990102901000], on=TODAY) == {990102901000: "示范街道"}
    assert queries.count_below([CITY, COUNTY], on=TODAY) == {
        CITY: {"county": 2, "township": 1, "village": 1},
        COUNTY: {"township": 1, "village": 1},
    }


def test_the_way_up_is_told_as_of_a_day() -> None:
    load()
    assert [step.name for step in places.ancestors(VILLAGE, on=TODAY)] == [
        "示范省",
        "示范市",
        "甲区",
        "一街道",
        "一社区",
    ]
    assert [step.name for step in places.ancestors(OLD_COUNTY, on=date(2015, 1, 1))] == [
        "示范省",
        "示范市",
        "乙市",
    ]


def test_what_lies_one_level_below_is_told_as_of_a_day() -> None:
    load()
    assert [below.name for below in places.children(CITY, on=TODAY)] == ["甲区", "乙区"]
    assert [below.name for below in places.children(CITY, on=date(2015, 1, 1))] == ["甲区", "乙市"]
    assert [below.name for below in places.children(STREET, on=TODAY)] == ["一社区"]
    assert places.children(VILLAGE, on=TODAY) == []


def test_a_city_without_counties_goes_straight_to_its_streets() -> None:
    with acting_as_job("test.add"):
        listed = [(990300000000, "无区市", "city"), (990300001000, "甲镇", "township")]
        places.add_divisions(listed, valid_from=LIST, source="虚构")
    assert [below.name for below in places.children(990300000000, on=TODAY)] == ["甲镇"]


def test_a_name_is_found_inside_a_division_wide_ones_first() -> None:
    load()
    assert [found.name for found in places.search(" 一 ", within=CITY, on=TODAY)] == ["一街道", "一社区"]
    assert places.search("一", within=NEW_COUNTY, on=TODAY) == []


@pytest.mark.parametrize(
    ("code", "today"),
    [
        (OLD_COUNTY, NEW_COUNTY),
        (OLD_COUNTY + 1001, NEW_COUNTY),  # a village of a recoded county: the county is all that is known
        (COUNTY, COUNTY),
        (VILLAGE, VILLAGE),
        (990199000000, None),
    ],
)
def test_an_old_code_leads_to_todays(code: int, today: int | None) -> None:
    load()
    assert places.successor(code, on=TODAY) == today


def test_before_it_ended_a_code_is_its_own_successor() -> None:
    load()
    assert places.successor(OLD_COUNTY, on=date(2017, 9, 19)) == OLD_COUNTY


# --- stations -----------------------------------------------------------------------------------------------


def test_who_serves_a_place_is_its_own_station_or_the_nearest_above() -> None:
    load()
    attach(station(CITY, "市中心", kind="centre"), station(COUNTY, "区中心", kind="centre"), station(VILLAGE))
    served = {
        code: found.name if (found := places.station_for(code, on=TODAY)) else None
        for code in (VILLAGE, STREET, COUNTY, NEW_COUNTY, 990000000000)
    }
    assert served == {
        VILLAGE: "示范站",
        STREET: "区中心",
        COUNTY: "区中心",
        NEW_COUNTY: "市中心",
        990000000000: None,
    }


def test_many_places_are_served_in_two_queries(django_assert_num_queries: Any) -> None:
    load()
    attach(station(STREET, "一街道服务站"))
    with django_assert_num_queries(2):
        told = places.served_by([STREET, VILLAGE, NEW_COUNTY], on=TODAY)
    assert {code: (served.name, served.place) for code, served in told.items()} == {
        STREET: ("一街道服务站", "甲区 · 一街道"),
        VILLAGE: ("一街道服务站", "甲区 · 一街道 · 一社区"),
        NEW_COUNTY: ("乙区", "乙区"),
    }


def test_stations_are_counted_with_those_inside() -> None:
    load()
    attach(station(COUNTY, kind="centre"), station(STREET), station(VILLAGE))
    assert queries.count_stations([CITY, COUNTY, NEW_COUNTY], on=TODAY) == {CITY: 3, COUNTY: 3, NEW_COUNTY: 0}


def test_the_same_stations_again_change_nothing() -> None:
    load()
    assert attach(station(STREET)) == places.Loaded(opened=1, closed=0, unchanged=0, refused=0)
    assert attach(station(STREET)) == places.Loaded(opened=0, closed=0, unchanged=1, refused=0)


def test_a_station_that_moves_keeps_its_past() -> None:
    load()
    attach(station(STREET))
    assert attach(station(STREET, address="示范路 2 号", valid_from=LATER)).closed == 1
    assert [line.address for day in (LIST, LATER) for line in places.stations_of(STREET, on=day)] == [
        "示范路 1 号",
        "示范路 2 号",
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (station(990199000000), "places.division-unknown"),
        (station(STREET, phone="10000000000"), "places.phone-real"),
        (station(STREET, "别的站", valid_from=date(2020, 1, 1)), "places.station-earlier"),
    ],
)
def test_a_list_that_cannot_be_right_writes_nothing(row: places.StationRow, code: str) -> None:
    load()
    attach(station(STREET))
    with pytest.raises(Refused, match=code):
        attach(station(VILLAGE), row)
    assert Station.objects.count() == 1


def test_a_file_with_faults_writes_nothing() -> None:
    load()
    with pytest.raises(Refused, match=r"places\.stations-faulty") as refused:
        attach(station(STREET), faults=(Fault(3, "类别", "只能写服务中心或服务站。"),))
    assert refused.value.params == {"faults": "第 3 行类别：只能写服务中心或服务站。"}
    assert Station.objects.count() == 0


def test_a_division_has_one_of_a_kind_on_a_day() -> None:
    load()
    attach(station(STREET), station(STREET, "街道中心", kind="centre"))
    with pytest.raises(IntegrityError, match="station_one_of_a_kind_a_day"), as_owner():
        Station.objects.create(
            serves=STREET, kind="station", name="又一个", valid_from=LATER, source="虚构", is_synthetic=True
        )
