"""One proposes at the window, another approves in the district; the pages fit a phone and a desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, SHOTS
from tests.journeys.test_workbench import first_person, serious_faults

Visit = Callable[..., Page]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_the_window_proposes_the_district_approves(visit: Visit, size: dict[str, int]) -> None:
    clerk, officer = visit("clerk", size=size), visit("district", size=size)
    first_person(clerk)
    clerk.get_by_role("link", name="登记和更正").click()
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("登记和更正")
    clerk.screenshot(path=SHOTS / f"changes-{size['width']}.png", full_page=True)
    assert serious_faults(clerk) == []
    clerk.get_by_role("heading", name="身份类别", exact=True).click()
    form = clerk.locator("form[action$='/changes/status/']")
    form.get_by_label("身份类别").select_option(label="参试退役军人")
    form.get_by_label("决定机关").select_option(label="省级退役军人事务部门")
    document = f"虚构字〔2026〕{size['width']}号"
    form.get_by_label("决定文件的文号").fill(document)
    clerk.screenshot(path=SHOTS / f"changes-open-{size['width']}.png", full_page=True)
    form.get_by_role("button", name="提出").click()
    expect(clerk.locator("#proposed")).to_contain_text(document)
    officer.goto("/desk/proposals/")
    waiting = officer.locator("section.rj-pane").filter(has_text=document)
    expect(waiting).to_contain_text("参试退役军人")
    officer.screenshot(path=SHOTS / f"proposals-{size['width']}.png", full_page=True)
    assert serious_faults(officer) == []
    for page in (clerk, officer):
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    waiting.get_by_role("button", name="同意").click()
    expect(officer.get_by_text("审过了")).to_be_visible()
    clerk.reload()
    expect(clerk.locator("#proposed")).to_contain_text("审过了")
