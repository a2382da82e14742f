"""A decision of the night reaches a veteran in the app and by telephone, and the station tells the rest."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.request import ProxyHandler, build_opener

from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, SHOTS, City, come_in
from tests.journeys.test_citizen import fits
from tests.journeys.test_workbench import serious_faults

Visit = Callable[..., Page]


def picture(page: Page, name: str) -> None:
    """For whoever reviews the looks."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=str(SHOTS / f"messages-{name}.png"), full_page=True)


def inbox(city: City) -> dict[str, Any]:
    """What lies at telephones that cannot exist."""
    found = re.search(r"短信模拟器：(\S+)", city.log.read_text())
    assert found
    with build_opener(ProxyHandler({})).open(f"{found[1]}/inbox", timeout=5) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def wait_until(true: Callable[[], object], *, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.5)


def test_the_nights_offers_are_told_in_the_app_and_by_text_message(city: City, visit: Visit) -> None:
    wait_until(lambda: inbox(city)["arrived"])
    letters = inbox(city)["arrived"]
    assert all(re.fullmatch(r"1[012]\d{9}", each["to"]) for each in letters)
    assert all(each["text"].startswith("【荣军】") and len(each["text"]) <= 70 for each in letters)
    assert len({each["key"] for each in letters}) == len(letters)

    page = visit(None, size=PHONE)
    come_in(page)
    row = page.get_by_role("link", name="条新消息")
    wait_until(lambda: page.reload() and row.count())  # offers are made county by county
    picture(page, "home")
    row.click()
    expect(page.locator("main")).to_contain_text("未读")
    picture(page, "list")
    page.locator("nav.rj-list a.rj-row").first.click()
    expect(page.locator("h1")).to_contain_text("等您说一声")
    picture(page, "one")
    page.goto("/my/messages/how/")
    picture(page, "how")
    for address in ("/my/messages/", "/my/messages/how/"):
        page.goto(address)
        assert fits(page)
        assert serious_faults(page) == []
    page.get_by_role("button", name="只发短信").click()
    expect(page.locator("main")).to_contain_text("记下了")


def test_the_clerk_tells_whom_no_channel_reaches(visit: Visit) -> None:
    page = visit("clerk", size=DESK)
    page.goto("/desk/messages/")
    picture(page, "by-hand")
    assert serious_faults(page) == []
    tell = page.get_by_role("button", name="已经告诉本人")
    if tell.count():
        tell.first.click()
        expect(page.locator("main")).to_contain_text("记下了")
    page.goto("/desk/messages/not-told/")
    picture(page, "not-told")
    assert serious_faults(page) == []
    page.goto("/registry/people/")
    page.locator("table a").first.click()
    page.get_by_role("link", name="告诉过他什么").click()
    expect(page.locator("h1")).to_contain_text("告诉过他什么")
    picture(page, "person")
    assert serious_faults(page) == []
