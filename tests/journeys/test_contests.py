"""At the window a fact is contested and a second file put forward, on a phone and at a desk."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, SHOTS
from tests.journeys.test_workbench import first_person, serious_faults

Visit = Callable[..., Page]


def looked_at(page: Page, name: str, size: dict[str, int]) -> None:
    page.screenshot(path=SHOTS / f"{name}-{size['width']}.png", full_page=True)
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")


@pytest.mark.parametrize(("size", "who"), [(DESK, "现役军人"), (PHONE, "残疾军人")], ids=["desk", "phone"])
def test_a_wrong_fact_is_contested_where_it_stands_and_a_second_file_put_forward(
    visit: Visit, size: dict[str, int], who: str
) -> None:
    clerk = visit("clerk", size=size)
    first_person(clerk)
    file = clerk.url
    clerk.goto(f"{file}?show=not-granted&q=免费")
    clerk.locator("details.rj-dec > summary").filter(has_text=f"{who}免费乘坐市内").click()
    looked_at(clerk, "contest-card", size)
    clerk.locator("a.rj-wrong:visible").first.click()
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("哪里不对")
    looked_at(clerk, "contest", size)
    clerk.get_by_label(re.compile("哪里不对")).fill("和户口簿上不一样")
    clerk.get_by_label("谁说的").select_option(label="经办人核对发现")
    clerk.get_by_label(re.compile("证明材料")).fill("户口簿")
    clerk.get_by_role("button", name="提出异议").click()
    expect(clerk.get_by_text("有异议").first).to_be_visible()
    clerk.goto("/desk/rights/")
    expect(clerk.locator("#main")).to_contain_text("异议：")
    looked_at(clerk, "rights-open", size)

    clerk.goto(file)
    clerk.get_by_role("link", name="还有一份档案").click()
    clerk.get_by_label(re.compile("姓名、拼音")).fill("测试")
    clerk.get_by_role("button", name="找", exact=True).click()
    looked_at(clerk, "put-forward", size)
    clerk.get_by_role("button", name="和这一份并排看").first.click()
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("是同一个人吗")
    looked_at(clerk, "put-forward-pair", size)
