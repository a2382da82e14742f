"""The component sheet in a real browser, under the content policy the house sends."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from rongjun.ui.sheet import COVERED, sheet
from rongjun.ui.tests.conftest import Draw

WEB = Path(__file__).parents[4] / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = Path(os.environ.get("RONGJUN_CHROMIUM", "/usr/bin/chromium"))
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:"
HOME = "http://desk.test"
FULL = "9900-full"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium (apt-get install chromium)"),
    pytest.mark.skipif(
        not (WEB / "dist").exists(), reason="needs the web build (cd web; npm ci; npm run build)"
    ),
]


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page()
        yield page
        browser.close()


@pytest.fixture
def page(browser_page: Page, draw: Draw, draw_page: Draw) -> Iterator[Page]:
    """A browser whose only server is this test: the sheet at /, the web build under /static/."""
    actor = SimpleNamespace(name="测试王芳", role_label="站点窗口", division_label="潮海街道", is_staff=True)
    nav = [("/", "sun", "今天", True), ("/", "users", "人员", False), None, ("/", "book", "政策", False)]
    shell = {"demo": True, "actor": actor, "nav": nav, "search_url": "/find/", "keep_url": "/still-here/"}
    whole = draw_page("ui/components.html", **sheet(), **shell, idle_seconds=900)
    ending = draw_page("ui/components.html", **sheet(), **shell, idle_seconds=92)
    unmasked = draw("{% masked field %}", field={**COVERED, "full": FULL, "seconds": 2})

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        file = WEB / "dist" / path.removeprefix("/static/")
        if path.startswith("/static/"):
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=kind)
            return
        body = {"/unmask/": unmasked, "/ending/": ending}.get(path, whole)
        headers = {"Content-Security-Policy": POLICY}
        route.fulfill(body=body, content_type="text/html; charset=utf-8", headers=headers)

    browser_page.route(f"{HOME}/**", answer)
    browser_page.set_viewport_size({"width": 1440, "height": 900})
    browser_page.goto(HOME)
    yield browser_page
    browser_page.unroute(f"{HOME}/**")


@pytest.mark.parametrize("width", [1440, 1280, 390, 320])
def test_the_sheet_fits_obeys_the_policy_and_has_no_fault_axe_can_find(page: Page, width: int) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(HOME)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE.read_text("utf-8"))
    faults = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target)]))")
    assert faults == []
    assert said == []


def test_a_full_number_leaves_the_page_when_its_time_is_over(page: Page) -> None:
    number = page.locator(".rj-person .rj-masked")
    number.locator("summary").click()
    number.locator("select").select_option("call")
    number.get_by_role("button", name="查看 60 秒").click()
    page.get_by_text(FULL).wait_for()
    # Focus follows the swap, a moment after the number is there.
    page.wait_for_function("full => document.activeElement.textContent === full", arg=FULL, timeout=1500)
    page.get_by_text(FULL).wait_for(state="detached", timeout=5000)
    assert FULL not in page.content()
    assert page.locator("#live").text_content() == "号码已经遮住"


def test_keys_walk_the_rows_until_they_are_switched_off(page: Page) -> None:
    focused = "document.activeElement.getAttribute('href') ?? document.activeElement.name"
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate(focused) == "#b"
    page.keyboard.press("k")
    assert page.evaluate(focused) == "#a"
    page.keyboard.press("/")
    assert page.evaluate(focused) == "q"
    page.keyboard.type("j?")
    assert page.locator("#keys").is_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator("[data-keys-off]").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_hidden()
    page.evaluate("localStorage.clear()")


def test_a_session_about_to_end_asks_and_one_press_keeps_it(page: Page) -> None:
    page.goto(f"{HOME}/ending/")
    page.locator("#idle[open]").wait_for(timeout=6000)
    with page.expect_request(f"{HOME}/still-here/") as sent:
        page.get_by_role("button", name="我还在，接着办").click()
    assert sent.value.method == "POST"
    page.locator("#idle").wait_for(state="hidden")


def test_on_a_telephone_the_menu_opens_without_covering_the_way_back(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    menu = page.get_by_role("navigation", name="主导航")
    assert menu.is_hidden()
    page.get_by_role("link", name="菜单", exact=True).click()
    assert menu.is_visible()
    menu.get_by_role("link", name="关上菜单").click()
    assert menu.is_hidden()
