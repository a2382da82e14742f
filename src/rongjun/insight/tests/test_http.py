"""The screen of the city: who may, and every figure is as many rows as it opens into."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PageObject, PdfReader

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.insight import queries
from rongjun.places import api as places
from rongjun.registry import api as registry
from tests.house.scene import Scene, actor_of, bare_row, hand_in, judge_everybody, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged")]
ON = date(2026, 11, 30)
SCREEN = "/insight/"
LINK = re.compile(r'<a href="(/insight/[^"]+)">([\d,]+)</a>')
TILE = re.compile(r'<a class="rj-tile[^"]*" href="([^"]+)">.*?<strong>([\d,]+)', re.DOTALL)


@pytest.fixture
def judged(scene: Scene) -> Scene:
    """The scene, with everybody judged."""
    judge_everybody()
    return scene


def counties() -> list[tuple[int, str]]:
    """Code and name of each county of the city."""
    return [(row.code, row.name) for row in places.city().counties]


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def number(shown: str) -> int:
    return int(shown.replace(",", ""))


def figures_on(page: str) -> list[tuple[str, int]]:
    """Every figure of the tables, with the address it opens."""
    return [(url, number(shown)) for url, shown in LINK.findall(page)]


def rows_behind(client: Client, url: str) -> int:
    """How many rows a figure opens into, by counting them on every page."""
    rows, page, address = 0, 1, url
    while True:
        shown = text_of(client.get(address))
        told = re.search(r"共 ([\d,]+) 条", shown)
        assert told, address
        rows += len(re.findall(r"<tr><td|<tr>\s*<td", shown))
        later = re.search(r'href="([^"]+)">下一页', shown)
        if not later:
            assert rows == number(told[1]), address
            return rows
        page += 1
        address = url.split("?", maxsplit=1)[0] + later[1]


@pytest.mark.parametrize("who", ["leader", "city", "district"])
def test_every_figure_of_the_screen_is_as_many_rows_as_it_opens_into(who: str) -> None:
    client = visitor(who)
    page = text_of(client.get(SCREEN))
    opened = {url: count for url, count in figures_on(page) if url.startswith("/insight/people/")}
    assert len(opened) > 10
    assert {url: rows_behind(client, url) for url in opened} == opened


def test_a_sum_by_area_is_the_sum_of_its_benefits_and_each_is_a_list_of_people() -> None:
    client = visitor("leader")
    areas = {u: c for u, c in figures_on(text_of(client.get(SCREEN))) if "area=" in u}
    assert len(areas) > 10
    # Three figures of an area open one table, whose three columns they are the sums of.
    for url in dict.fromkeys(areas):
        table = text_of(client.get(url))
        columns = [
            [number(n) for n in re.findall(r">([\d,]+)</a></td>", row)]
            for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", table)
        ]
        shown = [count for address, count in figures_on(text_of(client.get(SCREEN))) if address == url]
        assert [sum(column) for column in zip(*columns, strict=True)] == shown
    some = [figure for figure in figures_on(text_of(client.get(next(iter(areas))))) if figure[1]][:6]
    assert {url: rows_behind(client, url) for url, _ in some} == dict(some)


def test_a_benefit_opens_into_its_counties_which_add_up() -> None:
    client = visitor("leader")
    whole = text_of(client.get("/insight/figures/benefits/"))
    row = re.search(r'<tr><th scope="row"><a href="([^"]+)">.*?</tr>', whole)
    assert row
    sums = [number(n) for n in re.findall(r">([\d,]+)</a></td>", row[0])]
    by_county = figures_on(text_of(client.get(row[1])))
    assert [
        sum(count for url, count in by_county if f"/{verdict}/" in url) for verdict in benefits.WORDS
    ] == sums


def test_work_lists_count_what_they_open_into() -> None:
    hand_in("clerk", [{**bare_row("clerk", number), "人员类别": "退伍老兵"} for number in (951, 953)])
    client = visitor("city")
    work = figures_on(text_of(client.get(reverse("insight:panel", args=["work"]))))
    counted = dict(work[::2])  # of each line the first figure is the count, the second the days
    assert counted["/insight/waiting/refused-rows/"] == 2
    assert counted["/insight/waiting/proposals/"] == counted["/insight/waiting/papers/"] == 1
    assert {url: rows_behind(client, url) for url in counted} == counted
    columns = figures_on(text_of(client.get("/insight/figures/refusals/")))
    assert columns
    assert {url: rows_behind(client, url) for url, _ in columns} == dict(columns)


def test_a_channel_opens_into_its_days_which_add_up() -> None:
    client = visitor("city")
    lines = re.findall(r"<tr><th scope=\"row\">.*?</tr>", text_of(client.get("/insight/figures/balance/")))
    assert len(lines) >= 3
    for line in lines:
        url, sums = figures_on(line)[0][0], [count for _, count in figures_on(line)]
        days = re.findall(r'<td class="n">([\d,-]+)</td>', text_of(client.get(url)))
        assert [sum(map(number, days[at::5])) for at in range(5)] == sums
        assert sums[4] == 0


def test_the_tiles_open_too() -> None:
    client = visitor("leader")
    tiles = TILE.findall(text_of(client.get(SCREEN)))
    assert len(tiles) == 4
    people, shown = tiles[0]
    assert rows_behind(client, people) == number(shown)
    assert all(client.get(url).status_code == 200 for url, _ in tiles)


# --- who sees what ------------------------------------------------------------------------------------------


def test_a_district_sees_its_own_people_and_no_other(judged: Scene) -> None:
    own, other = counties()[0], counties()[1]
    client = visitor("district")
    page = text_of(client.get(SCREEN))
    everybody = rows_behind(client, "/insight/people/everybody/all/")
    with acting_as(actor_of("district")):
        assert everybody == registry.counts()["people"]
    assert everybody < rows_behind(visitor("leader"), "/insight/people/everybody/all/")
    assert other[1] not in re.sub(r"<nav.*?</nav>", "", page)
    assert client.get(f"{SCREEN}?county={other[0]}").status_code == 404
    assert client.get(f"{SCREEN}?county={own[0]}").status_code == 200


@pytest.mark.parametrize("county", ["1", "370202901000", "四一〇", "9" * 12, "-37020200000"])
def test_what_is_no_county_of_the_city_is_not_found(county: str) -> None:
    assert visitor("leader").get(SCREEN, {"county": county}).status_code == 404


def test_one_county_chosen_by_the_city_is_what_its_officer_sees() -> None:
    code, _ = counties()[0]
    wide = {
        url.replace(f"?county={code}", ""): count
        for url, count in figures_on(text_of(visitor("city").get(f"{SCREEN}?county={code}")))
        if f"county={code}" in url and "/people/" in url
    }
    own = {
        u.split("?")[0]: c for u, c in figures_on(text_of(visitor("district").get(SCREEN))) if "/people/" in u
    }
    assert wide == own


def test_whoever_may_not_learn_guarded_facts_is_told_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    # No benefit asks for a guarded fact today: one that is asked for stands in for them.
    monkeypatch.setattr(registry, "GUARDED", frozenset({"has_employer"}))
    actor = actor_of("leader")
    with acting_as(actor):
        found = queries.swept(actor, county=None, on=ON)
    assert found is not None
    assert found.telling
    leader, city = visitor("leader"), visitor("city")
    shown = {who: text_of(who.get("/insight/figures/benefits/")) for who in (leader, city)}
    for code in found.telling:
        address = f"/insight/benefits/{code}/"
        assert [address in shown[who] for who in (leader, city)] == [False, True]
        assert [who.get(f"{address}granted/").status_code for who in (leader, city)] == [403, 200]
    waited_for = "/insight/people/waited-for/has_employer/"
    assert [who.get(waited_for).status_code for who in (leader, city)] == [403, 200]


@pytest.mark.parametrize(
    "address",
    [
        "people/age/90-/",
        "people/nothing/all/",
        "people/missing/is_veteran/",
        "waiting/nothing/",
        "waiting/proposals/?column=姓名",
        "waiting/refused-rows/?column=%00",
        "figures/nothing/",
        "figures/benefits/?area=nothing",
        "figures/ages/?area=medical",
        "benefits/no.such/",
        "benefits/no.such/granted/",
        "balance/?channel=nothing",
    ],
)
def test_what_there_is_not_is_not_found(address: str) -> None:
    assert visitor("leader").get(SCREEN + address).status_code == 404


def test_the_people_shown_are_logged_and_the_screen_alone_logs_nobody() -> None:
    client = visitor("leader")
    client.get(SCREEN)
    with acting_as(actor_of("auditor")):
        assert audit.events(audit.Filter(event="registry.people-listed", actor="staff:leader"), limit=5) == []
    client.get("/insight/people/everybody/all/")
    with acting_as(actor_of("auditor")):
        (event,) = audit.events(audit.Filter(event="registry.people-listed", actor="staff:leader"), limit=5)
    assert event.purpose == "查看统计人数"
    assert len(event.about) == registry.PAGE


# --- taking it out ------------------------------------------------------------------------------------------


def test_the_workbook_holds_every_figure_whole() -> None:
    client = visitor("leader")
    book = load_workbook(io.BytesIO(client.get("/insight/screen.xlsx").content))
    sheet = book["每一项优待"]
    listed = [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=4)]
    shown = figures_on(text_of(client.get("/insight/figures/benefits/")))
    assert [count for row in listed for count in row[1:]] == [count for url, count in shown]


def test_a_name_that_looks_like_a_formula_stays_a_text() -> None:
    hand_in("clerk", [{**bare_row("clerk", 950), "姓名": "=1+1"}])
    book = load_workbook(io.BytesIO(visitor("leader").get("/insight/screen.xlsx").content))
    assert [cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row].count("f") == 0


def _fonts(page: PageObject) -> list[Any]:
    resources: Any = page["/Resources"]
    return [font.get_object() for font in resources["/Font"].values()]


def test_the_printed_screen_is_chinese_tagged_and_says_who_printed_it() -> None:
    response = visitor("leader").get("/insight/screen.pdf")
    reader = PdfReader(io.BytesIO(response.content))
    words = "".join(page.extract_text() for page in reader.pages)
    for said in ("全市一屏", "各区市人数", "优待能不能享受", "测试林岚 局领导"):
        assert said in words
    fonts = {str(font["/BaseFont"]) for page in reader.pages for font in _fonts(page)}
    assert all("NotoSansCJK" in font for font in fonts)
    assert reader.metadata
    assert "全市一屏" in str(reader.metadata.title)


def test_taking_the_screen_out_is_logged() -> None:
    client = visitor("leader")
    for kind in ("xlsx", "pdf"):
        assert client.get(f"/insight/screen.{kind}").status_code == 200
    with acting_as(actor_of("auditor")):
        told = audit.events(audit.Filter(event="insight.screen-exported"), limit=5)
    assert sorted(str(event.detail["kind"]) for event in told) == ["pdf", "xlsx"]


def test_take_up_counts_whom_its_lists_name() -> None:
    client = visitor("city")
    assert "免申即享送到了多少" not in text_of(client.get(SCREEN))
    while benefits.offer_next(by="operator:test", now=timezone.localtime()):
        pass
    shown = re.findall(
        r'<a href="(/desk/policy/take-up/[^"]+)">([\d,]+)</a>',
        text_of(client.get(reverse("insight:panel", args=["take-up"]))),
    )
    assert sum(number(count) for _, count in shown)
    for url, count in shown:
        listed = re.search(r"共 ([\d,]+) 人", text_of(client.get(url)))
        assert listed, url
        assert listed[1] == count, url
