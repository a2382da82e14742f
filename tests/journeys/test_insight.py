"""A leader before the screen of the city: it draws, every figure opens, it leaves as a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, SHOTS, City
from tests.journeys.test_workbench import serious_faults

Visit = Callable[..., Page]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
LIGHTEST = 300_000  # bytes a page may take on its first load, compressed
# Of the pixels of a chart, how many have a colour of bars (--rj-d1 to --rj-d5).
DRAWN = """
    (chart) => {
      const canvas = chart.querySelector("canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const bars = ["2f5d7c", "c8963e", "1a6a46", "8e1220", "8a8377"].map((each) => parseInt(each, 16));
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (bars.includes((data[at] << 16) | (data[at + 1] << 8) | data[at + 2])) found += 1;
      }
      return found;
    }
"""
WEIGHT = """
    () => performance.getEntriesByType("resource").reduce((sum, each) => sum + each.encodedBodySize, 0)
"""


@pytest.fixture
def judged(city: City) -> None:
    """Everybody judged, as the worker does within ten minutes."""
    done = city.run("entitle")
    assert done.returncode == 0, done.stdout + done.stderr


def number(shown: str) -> int:
    return int(re.sub(r"\D", "", shown))


@SIZES
def test_the_screen_draws_its_charts_and_is_read_without_seeing_them(
    visit: Visit, judged: None, size: dict[str, int]
) -> None:
    page = visit("leader", size=size)
    page.goto("/insight/")
    charts = page.locator("[data-drawn]")
    expect(charts.first).to_be_visible()
    assert charts.count() >= 5
    for chart in charts.all():
        assert chart.evaluate(DRAWN) > 50, chart.get_attribute("aria-label")
        assert page.locator(f"#{chart.get_attribute('data-figures')}").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert serious_faults(page) == []
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"insight-{size['width']}.png", full_page=True)
    for address in (
        "/insight/figures/benefits/",
        "/insight/people/everybody/all/",
        "/insight/waiting/papers/",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert serious_faults(page) == []


@SIZES
def test_a_figure_and_its_bar_open_the_same_rows(visit: Visit, judged: None, size: dict[str, int]) -> None:
    page = visit("leader", size=size)
    page.goto("/insight/")
    first = page.locator("#figures-districts tbody a").first
    shown, address = number(first.inner_text()), first.get_attribute("href")
    chart = page.locator(".districts [data-drawn]")
    box = chart.bounding_box()
    assert box
    chart.click(position={"x": box["width"] * 0.5, "y": 4 + 13})
    page.wait_for_url(f"**{address}")
    expect(page.locator("#main h2")).to_have_text(f"共 {shown:,} 条")


def test_the_keyboard_alone_opens_a_figure(visit: Visit, judged: None) -> None:
    page = visit("district")
    page.goto("/insight/")
    page.locator("#figures-ages tbody a").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("岁")
    expect(page.locator("tbody tr").first).to_be_visible()


def test_one_county_is_chosen_by_its_filter(visit: Visit, judged: None) -> None:
    page = visit("leader")
    page.goto("/insight/")
    everybody = number(page.locator(".rj-tile strong").first.inner_text())
    page.get_by_label("区市", exact=True).select_option(index=1)
    page.get_by_role("button", name="看", exact=True).click()
    page.wait_for_url(re.compile("county="))
    assert 0 < number(page.locator(".rj-tile strong").first.inner_text()) < everybody


def test_a_first_visit_stays_light(visit: Visit, judged: None) -> None:
    page = visit("leader")
    page.goto("/insight/")
    expect(page.locator("[data-drawn]").first).to_be_visible()
    html = len(page.context.request.get("/insight/").body())
    assert page.evaluate(WEIGHT) + html // 4 < LIGHTEST  # pages of text pack to less than a quarter


def test_the_screen_leaves_as_a_workbook_and_as_pages_to_print(
    visit: Visit, judged: None, tmp_path: Path
) -> None:
    page = visit("leader")
    page.goto("/insight/")
    for name, begins in (("表格", b"PK"), ("打印稿", b"%PDF")):
        with page.expect_download() as taken:
            page.get_by_role("link", name=name).click()
        taken.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)
