"""What needs no form by hand: the night offers it, a clerk takes the yes, the policy officer sees the gap."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, City
from tests.journeys.test_workbench import serious_faults

Visit = Callable[..., Page]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture(scope="module", autouse=True)
def night(city: City) -> None:
    """Everybody judged, and what follows from it offered."""
    for command in (["entitle"], ["benefits", "offers"]):
        done = city.run(*command)
        assert done.returncode == 0, done.stderr


def sound(page: Page) -> None:
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


def figure(page: Page, benefit: str, column: str) -> int:
    """One figure of the take-up."""
    heads = page.locator(".rj-takeup thead th").all_inner_texts()
    row = page.locator(".rj-takeup tbody tr", has_text=benefit)
    return int(re.sub(r"\D", "", row.locator("td").nth(heads.index(column)).inner_text()))


@SIZES
def test_a_clerk_takes_the_persons_yes_and_the_figures_follow(visit: Visit, size: dict[str, int]) -> None:
    clerk = visit("clerk", size=size)
    # Somebody else at each size: what was accepted once is not offered again.
    clerk.goto("/registry/people/?q=测试")
    clerk.locator("tbody a").nth(2 if size == DESK else 4).click()
    expect(clerk.locator(".rj-person")).to_be_visible()
    offer = clerk.locator("#offers details.rj-fold", has=clerk.locator("button[value=accept]")).first
    title = offer.locator("summary b").inner_text()
    offer.locator("summary").first.click()
    offer.get_by_text("给本人的话").click()
    expect(offer).to_contain_text("不用填表")
    sound(clerk)
    offer.get_by_label("本人怎么说的").select_option("phone")
    offer.get_by_role("button", name="本人接受").click()
    expect(clerk.locator(".rj-said.success")).to_contain_text("从今天起享受")
    expect(clerk.locator("#offers details", has_text=title).first).to_contain_text("享受中")

    officer = visit("city", size=size)
    officer.goto("/desk/policy/take-up/")
    sound(officer)
    assert figure(officer, title, "符合条件") >= 1
    officer.get_by_role("link", name=title, exact=True).click()
    expect(officer.get_by_role("heading", level=1)).to_have_text(title)
    sound(officer)
    officer.locator(".rj-takeup tbody td.n a").first.click()
    expect(officer.locator("#main")).to_contain_text(re.compile(r"共 [\d,]+ 人"))


@SIZES
def test_the_policy_officer_confirms_a_wording_and_finds_it_in_the_year(
    visit: Visit, size: dict[str, int]
) -> None:
    code, title = ("honour.plaque", "悬挂光荣牌") if size == DESK else ("medical.rongjunbao", "荣军保")
    page = visit("policy", size=size)
    page.goto("/desk/policy/draft/")
    expect(page.locator("#main")).to_contain_text("没有改动")
    sound(page)
    page.goto(f"/desk/policy/{code}/")
    expect(page.locator("#main")).to_contain_text("按区市")
    page.get_by_label("凭哪份文件确认").fill("局函〔示例〕1号")
    page.get_by_role("button", name="记下局方确认").click()
    expect(page.locator("#main")).to_contain_text("局方已确认")
    sound(page)
    page.goto("/desk/policy/year/")
    expect(page.locator("#confirmed")).to_contain_text(title)
    expect(page.locator("#confirmed")).to_contain_text("测试郑策")
    sound(page)


def test_the_list_of_those_entitled_no_more_says_what_it_is_for(visit: Visit) -> None:
    page = visit("district")
    page.get_by_role("link", name="不再符合", exact=True).click()
    expect(page.locator("#main")).to_contain_text("没有要决定的")
    sound(page)
