"""The city asks after a benefit, the county reports, is found wanting, is late, and mends it at last."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house.papers import PNG
from tests.journeys.conftest import DESK, PHONE
from tests.journeys.test_contests import looked_at

Visit = Callable[..., Page]
PROOF: Any = {"name": "现场.png", "mimeType": "image/png", "buffer": PNG}


def days_from_now(count: int) -> str:
    return (date.today() + timedelta(days=count)).isoformat()  # noqa: DTZ011 - the browser's own day


def press(page: Page, section: str, button: str, **fields: str) -> None:
    """Fill the fields of one form of the task's page by their labels, and send it."""
    form = page.locator(f"#{section} form")
    for label, value in fields.items():
        form.get_by_label(re.compile(label)).fill(value)
    form.get_by_role("button", name=button).click()
    expect(page.locator("#main .rj-said.success")).to_be_visible()


class Road:
    """A task of one benefit in the first county, as city and county walk it."""

    def __init__(self, visit: Visit, size: dict[str, int], code: str) -> None:
        self.city, self.district = visit("city", size=size), visit("district", size=size)
        self.size, self.code, self.task = size, code, ""

    def open(self) -> None:
        """A round of this one benefit in this one county."""
        self.city.goto("/desk/supervision/")
        county = self.city.locator("tbody tr th").first.inner_text()
        looked_at(self.city, "supervision", self.size)
        self.city.goto(f"/desk/supervision/open/?code={self.code}")
        looked_at(self.city, "supervision-open", self.size)
        self.city.get_by_label("名称").fill("示范督导")
        self.city.get_by_label(re.compile("为什么开这一轮")).fill("年度督导计划")
        self.city.get_by_label("自查填报期限").fill(days_from_now(20))
        self.city.get_by_label(county, exact=True).check()
        self.city.get_by_role("button", name="下达任务").click()
        expect(self.city.get_by_text("下达了 1 个任务")).to_be_visible()
        looked_at(self.city, "supervision-items", self.size)
        self.district.goto(f"/desk/supervision/items/{self.code}/")
        looked_at(self.district, "supervision-item", self.size)
        self.district.get_by_role("link", name="待自查").click()
        self.task = self.district.url

    def report(self, label: str, words: str) -> None:
        """The county reports, with a photograph."""
        self.district.goto(self.task)
        self.district.locator("input[type=file]").set_input_files([PROOF])
        looked_at(self.district, "supervision-task-report", self.size)
        press(self.district, "report", "填报", **{label: words})

    def check(self, outcome: str, button: str, found: str) -> None:
        """The city looks."""
        self.city.goto(self.task)
        self.city.get_by_label(outcome).check()
        looked_at(self.city, "supervision-task-check", self.size)
        press(self.city, "check", button, 在哪儿="示范敬老院", 查到=found)

    def refused_clue(self) -> None:
        """Conduct of the day before the Regulation."""
        form = self.city.locator("#clue form")
        form.get_by_label(re.compile("行为发生")).fill("2024-09-30")
        form.get_by_label(re.compile("什么行为")).fill("责令以后没有公示")
        form.get_by_role("button", name="记下线索").click()
        expect(self.city.locator("#main")).to_contain_text("从 2024-10-01 起施行")
        looked_at(self.city, "supervision-clue-refused", self.size)
        self.city.goto(self.task)


@pytest.mark.parametrize(
    ("size", "code"),
    [(DESK, "eldercare.collective-support"), (PHONE, "transport.city-transit-pref-card")],
    ids=["desk", "phone"],
)
def test_the_whole_road_from_a_round_to_a_green_light(visit: Visit, size: dict[str, int], code: str) -> None:
    road = Road(visit, size, code)
    city, main = road.city, road.city.locator("#main")
    road.open()
    road.report("落实", "已在公示栏公示，名单附后")
    road.check("有问题", "记下抽查", "公示栏里没有这一项")
    press(city, "order", "责令整改", 改什么="公示并补办", 期限=days_from_now(5))
    expect(main).to_contain_text("黄灯")

    road.report("哪里改了", "已经公示")
    road.check("有问题", "记下复核", "还是没有公示")
    expect(main).to_contain_text("红灯")
    looked_at(city, "supervision-task-unmended", size)
    road.refused_clue()
    press(city, "clue", "记下线索", 行为发生=days_from_now(0), 什么行为="责令以后没有公示")
    press(city, "escalate", "升级", 交给谁="测试周副局长", 为什么="复核仍没改好", 期限=days_from_now(3))

    road.report("哪里改了", "公示了，也补办了")
    road.check("落实到位", "记下复核", "公示在，补办完了")
    expect(main).to_contain_text("绿灯")
    expect(city.locator("#history li")).to_have_count(10)
    looked_at(city, "supervision-task-passed", size)

    city.goto(f"/desk/supervision/items/?q={code}&light=green")
    with city.expect_download() as taken:
        city.get_by_role("link", name="导出 CSV").click()
    text = taken.value.path().read_text("utf-8-sig")
    assert len(text.splitlines()) == 2
    assert "绿灯" in text


def test_who_audits_reads_it_and_can_do_nothing(visit: Visit) -> None:
    auditor = visit("auditor")
    auditor.goto("/desk/supervision/")
    expect(auditor.get_by_role("heading", name="专项督导")).to_be_visible()
    expect(auditor.get_by_role("link", name="开一轮督导")).to_have_count(0)
