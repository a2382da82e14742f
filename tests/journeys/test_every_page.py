"""Every page somebody may open, once at each width: fit for all eyes and hands, light, and without faults.

The pages are those of the table in `tests/house/test_addresses.py` that answer 200, so a new page is in here
as soon as it is in there; they are served over the scene of the house, by this process.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, Page, Response, ViewportSize

from rongjun.config import demo
from tests.cluster import database_apart
from tests.house.addresses import addresses
from tests.house.scene import CITIZEN, Scene, set_scene, visitor
from tests.house.test_addresses import rows, url_of
from tests.journeys.conftest import DESK, PHONE, SHOTS
from tests.journeys.test_workbench import AXE

# Who opens a page that several may open: whoever is shown most of it.
FIRST = ("city", "clerk", "district", "auditor", "security", CITIZEN)
HEAVIEST = 300 * 1024
# The signs of a state: their colour may only say again what a word says.
SIGNS = ".rj-chip, .rj-light, .rj-said, .rj-verdict, .rj-dec > summary, .rj-tile, .rj-pill, [aria-current]"

FAULTS = """async (only) => {
    const rules = only.length ? {runOnly: {type: 'rule', values: only}} : {};
    const found = await axe.run(document, {resultTypes: ['violations'], ...rules});
    return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
        .map(v => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)}`);
}"""
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
MUTE = """(signs) => [...document.querySelectorAll(signs)]
    .filter(each => each.checkVisibility() && !each.textContent.trim() && !each.getAttribute('aria-label'))
    .map(each => `says nothing without its colour: ${each.outerHTML.slice(0, 120)}`)"""
# What the Tab key is to reach. Of a group of radio buttons it reaches one.
STOPS = """() => {
    const groups = new Set();
    window.reached = [];
    const stops = [...document.querySelectorAll(
        'a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"])'
    )].filter(each => {
        if (each.disabled || each.tabIndex < 0 || each.closest('[inert]')) return false;
        if (!each.checkVisibility({visibilityProperty: true}) || !each.getClientRects().length) return false;
        if (each.type !== 'radio') return true;
        if (groups.has(each.name)) return false;
        return groups.add(each.name);
    });
    stops.forEach((each, number) => { each.dataset.stop = number; });
    const seen = each => {
        const style = getComputedStyle(each), area = each.querySelector(':scope > path');
        if (area && each instanceof SVGElement) return parseFloat(getComputedStyle(area).strokeWidth) >= 3;
        return (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none';
    };
    document.addEventListener('focusin', event => window.reached.push([
        event.target.dataset.stop ?? (event.target.type === 'radio' ? 'radio' : ''),
        seen(event.target), event.target.outerHTML.slice(0, 120),
    ]));
    document.activeElement.blur();
    // Tab stops at each part of a date and at its calendar.
    const dates = stops.filter(each => ['date', 'month', 'time'].includes(each.type)).length;
    const moments = stops.filter(each => each.type === 'datetime-local').length;
    const parts = 3 * dates + 7 * moments;
    return {count: stops.length + parts, ahead: stops.filter(each => each.tabIndex > 0).length};
}"""
MISSED = """(reached) => [...document.querySelectorAll('[data-stop]')]
    .filter(each => !reached.includes(each.dataset.stop) && each.type !== 'radio')
    .map(each => `no Tab reaches it: ${each.outerHTML.slice(0, 120)}`)"""


class _Plain(WSGIHandler):
    """The application as it is: WhiteNoise serves what is static."""

    def __init__(self, _application: WSGIHandler) -> None:
        super().__init__()


@dataclass
class House:
    """The scene behind an address, and who stands before a door."""

    url: str
    scene: Scene
    browser: Browser
    contexts: dict[str, BrowserContext]
    said: list[str]
    answers: list[Response]

    def hear(self, answer: Response) -> None:
        if answer.ok:
            self.answers.append(answer)

    def page(self, who: str) -> Page:
        """A page in the browser of one of the cast, whose session is theirs."""
        if who not in self.contexts:
            context = self.browser.new_context(base_url=self.url, locale="zh-CN", viewport=DESK)
            cookies = visitor(who).cookies
            context.add_cookies(
                [{"name": name, "value": each.value, "url": self.url} for name, each in cookies.items()]
            )
            self.contexts[who] = context
            page = context.new_page()
            page.on("console", lambda line: self.said.append(line.text) if line.type == "error" else None)
            page.on("pageerror", lambda error: self.said.append(str(error)))
            page.on("response", self.hear)
        return self.contexts[who].pages[0]


@pytest.fixture(scope="module")
def house(chromium: Browser, django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    with ExitStack() as stack:
        stack.enter_context(database_apart(django_db_blocker))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(demo, "PEOPLE", 30)
        Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
        scene = set_scene()
        server = LiveServerThread("localhost", _Plain)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        assert server.error is None
        stack.callback(server.terminate)
        opened = House(f"http://localhost:{server.port}", scene, chromium, {}, [], [])
        yield opened
        for context in opened.contexts.values():
            context.close()


def pages(scene: Scene) -> list[tuple[str, str, str]]:
    """(name, address, who opens it): everything that shows somebody something."""
    places = {address.name: url_of(address, scene) for address in addresses()}
    listed = []
    for method, name, answers in rows():
        may = [who for who, answer in answers.items() if answer == "200"]
        if method == "GET" and may:
            listed.append((name, places[name], next((who for who in FIRST if who in may), may[0])))
    return listed


def keyboard_faults(page: Page) -> list[str]:
    """What the Tab key does not reach or reaches unseen, walking from the top of the page to its end."""
    stops = page.evaluate(STOPS)
    for _ in range(stops["count"] + 3):
        page.keyboard.press("Tab")
    reached = page.evaluate("window.reached")
    unseen = [f"its focus cannot be seen: {html}" for stop, is_seen, html in reached if stop and not is_seen]
    missed: list[str] = page.evaluate(MISSED, [stop for stop, _, _ in reached])
    return (missed + unseen)[:3] + (["somebody jumps the queue of the Tab key"] if stops["ahead"] else [])


def policy_faults(response: Response) -> list[str]:
    policy = response.headers.get("content-security-policy", "")
    loose = not policy or "unsafe" in policy or re.search(r"https?:|\*", policy.split("form-action")[0])
    return [f"content policy: {policy}"] if loose else []


def weight(responses: list[Response]) -> int:
    """Bytes of a first visit as they travel: pages as they are, what is static compressed ahead."""
    sizes = (
        len(gzip.compress(each.body())) if "/static/" in each.url else len(each.body()) for each in responses
    )
    return sum(sizes)


def faults_of(page: Page, *, size: ViewportSize, only: tuple[str, ...] = ()) -> list[str]:
    page.set_viewport_size(size)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())  # not a script tag: our own policy forbids those
    wide = page.evaluate(WIDE)
    found: list[str] = page.evaluate(FAULTS, list(only))
    return found + ([f"scrolls sideways by {wide}px"] if wide > 0 else [])


def looks(page: Page, who: str) -> Iterator[tuple[str, list[str]]]:
    """The same page at both widths and for eyes that need more contrast or larger type."""
    yield "desk", faults_of(page, size=DESK)
    yield "phone", faults_of(page, size=PHONE)
    page.emulate_media(forced_colors="active")
    yield "forced colours", faults_of(page, size=PHONE, only=("color-contrast",))
    page.emulate_media(forced_colors="none", contrast="more")
    yield "more contrast", faults_of(page, size=DESK, only=("color-contrast",))
    page.emulate_media(contrast="no-preference")
    page.evaluate("document.documentElement.dataset.contrast = 'high'")
    yield "high contrast", faults_of(page, size=PHONE, only=("color-contrast",))
    if who == CITIZEN:
        page.evaluate("document.documentElement.dataset.elder = ''")
        yield "large and high contrast", faults_of(page, size=PHONE)
        page.evaluate("delete document.documentElement.dataset.contrast")
        yield "large", faults_of(page, size=PHONE)


def test_every_page_is_fit_for_all_eyes_and_hands_and_light(house: House) -> None:
    faults: dict[str, list[str]] = {}
    seen = 0
    for name, address, who in pages(house.scene):
        page = house.page(who)
        if "text/html" not in page.request.get(address).headers.get("content-type", ""):
            continue
        house.said.clear()
        house.answers.clear()
        page.set_viewport_size(DESK)
        response = page.goto(address)
        assert response is not None
        found = policy_faults(response) + [f"console: {line}" for line in house.said]
        if response.status != 200 or response.request.redirected_from:
            found.append(f"answered {response.status} to {who}, at {page.url}")
        heavy = weight(house.answers)
        found += [f"{heavy // 1024} KB on a first visit"] if heavy > HEAVIEST else []
        found += page.evaluate(MUTE, SIGNS)
        for look, told in looks(page, who):
            found += [f"{look}: {each}" for each in told]
        page.set_viewport_size(DESK)
        page.goto(address)
        found += keyboard_faults(page)
        seen += 1
        if found:
            faults[f"{name} {address} as {who}"] = found
            print(name, address, who, *found, sep="\n  ")
            page.screenshot(path=SHOTS / f"every-{name.replace(':', '-')}.png", full_page=True)
    assert faults == {}
    assert seen > 60
