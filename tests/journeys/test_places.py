"""区划与站点 on a phone and on a desk: the map leads into a county, the list beside it says the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.journeys.conftest import DESK, PHONE
from tests.journeys.test_workbench import serious_faults

SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1440"])


def fits(page: Page) -> bool:
    """Whether nothing pushes the page wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@SIZES
def test_a_clerk_walks_from_the_map_to_a_street_and_its_station(
    visit: Callable[..., Page], size: ViewportSize
) -> None:
    page = visit("clerk", size=size)
    page.goto("/places/")
    areas = page.locator(".rj-map a")
    names = [area.get_attribute("aria-label") for area in areas.all()]
    for name in names:
        expect(
            page.get_by_role("table").first.get_by_role("link", name=name or "", exact=True)
        ).to_be_visible()
    assert fits(page)
    assert serious_faults(page) == []
    box = page.locator(".rj-map svg").bounding_box()
    assert box
    assert box["width"] <= size["width"]
    # a click on the land itself, as a finger would
    last = areas.last
    called = last.get_attribute("aria-label")
    last.locator("path").click()
    expect(page.get_by_role("heading", level=1, name=called or "")).to_be_visible()
    expect(page.locator(".rj-map a[aria-current=page]")).to_have_attribute("aria-label", called or "")
    page.get_by_role("link", name="示范一街道").click()
    expect(page.get_by_text("示范一街道退役军人服务站").first).to_be_visible()
    assert fits(page)


def test_the_keyboard_reaches_every_county(visit: Callable[..., Page]) -> None:
    page = visit("clerk")
    page.goto("/places/")
    first = page.locator(".rj-map a").first
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/places/\d{12}/"))


def test_the_list_of_people_names_the_station(visit: Callable[..., Page]) -> None:
    page = visit("clerk")
    page.goto("/registry/people/")
    expect(page.get_by_text("示范一街道退役军人服务站").first).to_be_visible()
