"""The policy book by hand: a benefit found by a word, a question that settles most, decisions kept."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from rongjun.config import demo
from tests.journeys.conftest import DESK, PHONE

Visit = Callable[..., Page]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def reader_of_the_book() -> str:
    """The policy officer of the demo city; the city's officer where it has none."""
    roles = {role: login for login, _, role, _, _ in demo.cast()}
    return roles.get("policy-officer", "city")


def counts(page: Page) -> dict[str, int]:
    """The figures on the tabs of a file."""
    told = page.locator(".rj-verdicts").inner_text()
    return {word: int(count) for word, count in re.findall(r"(不?能享受|差情况)\s+(\d+)", told)}


@SIZES
def test_an_officer_finds_a_benefit_by_a_word_and_sees_its_examples_and_its_reach(
    visit: Visit, size: dict[str, int]
) -> None:
    page = visit(reader_of_the_book(), size=size)
    page.goto("/desk/policy/")
    expect(page.locator("#main")).to_contain_text("不是局方的 208 项官方目录")
    page.get_by_label("找", exact=True).fill("集中供养")
    page.get_by_role("button", name="筛选").click()
    page.wait_for_url(re.compile("q="))
    page.get_by_role("link", name="孤老和失能退役军人集中供养").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("集中供养")
    assert page.locator(".rj-cases tbody tr").count() >= 2
    tiles = page.locator("a.rj-tile")
    expect(tiles).to_have_count(3)
    figure = re.sub(r"\D", "", tiles.nth(1).locator("strong").inner_text())
    tiles.nth(1).click()
    expect(page.locator("#main")).to_contain_text(f"共 {figure} 人")


@SIZES
def test_a_clerk_asks_what_settles_most_and_keeps_what_was_decided(
    visit: Visit, size: dict[str, int]
) -> None:
    page = visit("clerk", size=size)
    page.goto("/registry/people/?q=测试")
    page.locator("tbody a").nth(3 if size == DESK else 5).click()
    expect(page.locator(".rj-person")).to_be_visible()
    page.get_by_role("link", name=re.compile("^差情况")).click()
    expect(page.get_by_role("heading", name=re.compile(r"问这 \d 个，能定 \d+ 项"))).to_be_visible()
    before = counts(page)
    first = page.locator(".rj-asks .ask", has=page.locator("button[value]")).first
    first.locator("button[value]").first.click()
    expect(page.locator(".rj-said.success")).to_contain_text("判定已经重算")
    after = counts(page)
    assert after["差情况"] < before["差情况"]
    assert sum(after.values()) == sum(before.values())

    page.get_by_role("button", name="记下这次判定").click()
    expect(page.locator(".rj-said.success")).to_contain_text(f"记下了 {sum(after.values())} 项判定")
    expect(page.locator("#recordings li").first).to_contain_text(f"差情况 {after['差情况']}")


def test_the_keyboard_alone_walks_the_list_and_opens_a_decision(visit: Visit) -> None:
    page = visit("clerk")
    page.goto("/desk/policy/?area=tourism")
    page.locator("body").press("j")
    page.locator("body").press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".rj-told")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".rj-book")).to_be_visible()
    page.goto("/registry/people/?q=测试")
    page.locator("tbody a").first.click()
    area = page.locator(".rj-group > summary").first
    area.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".rj-dec[open] .rj-why").first).to_be_visible()
