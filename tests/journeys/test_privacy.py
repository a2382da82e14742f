"""A person's rights by hand: told, asked, withdrawn; who looked; a list taken out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, SHOTS

Visit = Callable[..., Page]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(page: Page) -> bool:
    """Whether nothing sticks out at the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def keep(page: Page, name: str, size: dict[str, int]) -> None:
    """A picture for whoever reviews the looks."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=str(SHOTS / f"privacy-{name}-{size['width']}.png"), full_page=True)


@SIZES
def test_a_clerk_tells_asks_and_takes_back_and_sees_who_looked(visit: Visit, size: dict[str, int]) -> None:
    page = visit("clerk", size=size)
    page.goto("/registry/people/?q=测试")
    page.locator("tbody a").nth(1 if size == DESK else 2).click()
    page.get_by_role("link", name="个人信息权利").last.click()
    insurer = page.locator("#notices article").filter(has_text="荣军保")
    insurer.get_by_role("button", name="记下已出示").click()
    consent = page.locator("#consents article").filter(has_text="荣军保")
    consent.get_by_role("button", name="本人同意").click()
    expect(consent).to_contain_text("已同意")
    consent.get_by_role("button", name="撤回").click()
    expect(consent).to_contain_text("已撤回")
    page.get_by_label("要办什么").select_option("copy")
    page.get_by_role("button", name="受理").click()
    expect(page.locator("#requests")).to_contain_text("待答复")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="复制件（表格）").first.click()
    assert downloaded.value.suggested_filename.endswith(".xlsx")
    assert fits(page)
    keep(page, "rights", size)
    page.get_by_role("link", name="谁看过这份档案").click()
    expect(page.locator("#main")).to_contain_text("复制给本人")
    expect(page.locator("#main")).to_contain_text("打开档案")
    assert fits(page)
    keep(page, "reads", size)


@SIZES
def test_a_short_list_goes_out_on_a_reason(visit: Visit, size: dict[str, int]) -> None:
    page = visit("clerk", size=size)
    page.goto("/registry/people/?q=测试")
    page.get_by_label("导出这份名单").fill("走访慰问核对")
    assert fits(page)
    keep(page, "list", size)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="导出").click()
    assert re.fullmatch(r"人员名单-[0-9A-F]{8}\.xlsx", downloaded.value.suggested_filename)
    page.goto("/desk/exports/")
    assert fits(page)
