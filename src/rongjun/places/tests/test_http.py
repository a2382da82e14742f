"""区划与站点 on a page: who may, where it leads, what it says."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from rongjun.access.api import acting_as_job, create_account, enrol_totp, grant_role
from rongjun.places import api as places
from tests.house.scene import visitor

pytestmark = pytest.mark.django_db
SINCE, TODAY = date(2020, 1, 1), date(2026, 3, 1)
CAST = {"clerk": "station-clerk", "auditor": "audit-admin"}
GONE = next(row for row in places.city().rows if row.successor)
HOME = places.city().counties[0]


@pytest.fixture(autouse=True)
def _city(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    for login, role in CAST.items():
        hire(login, role)
    with acting_as_job("test.load-tree"):
        now = timezone.localtime()
        places.load_tree(places.city(), places.listing(), by="operator:test", now=now)
        centre = places.StationRow(HOME.code, "示范服务中心", "centre", "示范路 1 号", "", SINCE)
        places.load_stations([centre], source="虚构", is_synthetic=True, by="operator:test", now=now)


def hire(login: str, role: str) -> None:
    now = timezone.localtime()
    account = create_account(
        login, name="测试某人", kind="staff", password="Rongjun-demo-2026", by="operator:test", now=now
    )
    grant_role(
        account,
        role=role,
        division=HOME.code,
        division_label=HOME.name,
        valid_from=SINCE,
        by="operator:test",
        now=now,
    )
    enrol_totp(account, secret="MFRGGZDFMZTWQ2LK", by="operator:test", now=now)


def get(url: str, *, by: str = "clerk") -> Any:
    return visitor(by).get(url)


def seen(url: str) -> str:
    response = get(url)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


@pytest.mark.parametrize("url", ["/places/", f"/places/{HOME.code}/"])
def test_those_who_work_with_people_see_it_and_an_auditor_does_not(url: str) -> None:
    assert get(url).status_code == 200
    assert get(url, by="auditor").status_code == 403
    assert get(url, by="stranger").status_code == 302


def test_every_county_is_on_the_map_and_in_the_list_beside_it() -> None:
    page = seen("/places/")
    drawn, listed = page.split("<svg viewBox")[1].split("</svg>", 1)
    for county in places.city().counties:
        link = f'href="/places/{county.code}/"'
        assert f'{link} aria-label="{county.name}"' in drawn
        assert f"{link}>{county.name}</a>" in listed


def test_the_map_holds_no_style_and_no_foreign_address() -> None:
    drawn = seen("/places/").split("<svg viewBox")[1].split("</svg>")[0]
    assert "style=" not in drawn
    assert "http" not in drawn


def test_the_page_says_what_is_not_official() -> None:
    page = seen("/places/")
    assert "示意图，不作划界依据" in page
    assert f"{GONE.name}" in page
    assert "待局方确认" in page


def test_one_walks_from_the_county_to_a_village() -> None:
    code = HOME.code
    for _ in range(2):
        below = places.children(code, on=TODAY)[0]
        assert f'href="/places/{below.code}/">{below.name}</a>' in seen(f"/places/{code}/")
        code = below.code
    page = seen(f"/places/{code}/")
    assert "这里没有自己的站，由 <b>示范服务中心</b> 服务" in page


def test_an_old_code_leads_to_what_took_its_place() -> None:
    for url in (f"/places/{GONE.code}/", f"/places/?q={GONE.code // 10**6}"):
        response = get(url)
        assert (response.status_code, response["Location"]) == (302, f"/places/{GONE.successor}/")


@pytest.mark.parametrize("code", ["1", "990199000000", "370000000001"])
def test_a_code_nobody_knows_is_not_found(code: str) -> None:
    assert get(f"/places/{code}/").status_code == 404


def test_a_search_lists_what_it_finds_and_says_when_it_finds_nothing() -> None:
    street = places.children(HOME.code, on=TODAY)[0]
    assert f"{HOME.name} · {street.name}" in seen(f"/places/?q={street.name}")
    assert "没有这样的区划" in seen("/places/?q=没有这个地方")
    assert "没有这样的区划" in seen("/places/?q=123")
