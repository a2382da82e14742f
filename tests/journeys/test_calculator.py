"""The public calculator in a stranger's browser: by keyboard, without script, in large type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.cluster import database_apart
from tests.journeys.conftest import DESK, PHONE, SHOTS
from tests.journeys.test_every_page import _Plain, faults_of, keyboard_faults

URL = "/allowances/calculator/"


@pytest.fixture(scope="module")
def address(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with ExitStack() as stack:
        stack.enter_context(database_apart(django_db_blocker))
        Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
        server = LiveServerThread("localhost", _Plain)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        assert server.error is None
        stack.callback(server.terminate)
        yield f"http://localhost:{server.port}"


def opened(chromium: Browser, address: str, size: ViewportSize, *, script: bool = True) -> Page:
    context = chromium.new_context(
        base_url=address, locale="zh-CN", viewport=size, java_script_enabled=script
    )
    return context.new_page()


def asked(page: Page) -> None:
    page.goto(URL)
    page.get_by_label("要算哪一项").select_option(label="在乡复员军人生活补助")
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("属于哪一类").select_option(label="抗日战争时期入伍")
    page.get_by_label("批准入伍的日期是哪一天").fill("1944-03-01")
    page.get_by_label("哪一天批准的").fill("2005-03-02")
    page.get_by_label("从哪个月算起").fill("2023-08")
    page.get_by_label("算到哪个月").fill("2023-10")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_stranger_asks_and_everybody_can_read_the_answer(
    chromium: Browser, address: str, size: ViewportSize
) -> None:
    page = opened(chromium, address, size)
    asked(page)
    SHOTS.mkdir(exist_ok=True)
    name = f"calculator-{size['width']}"
    page.screenshot(path=SHOTS / f"{name}-form.png", full_page=True)
    assert faults_of(page, size=size) == []
    page.get_by_role("button", name="算一算").click()
    expect(page.locator("#answer")).to_contain_text("9,690.00")
    page.locator("summary").first.click()
    page.screenshot(path=SHOTS / f"{name}-answer.png", full_page=True)
    assert faults_of(page, size=size) == []
    assert keyboard_faults(page) == []
    page.get_by_role("button", name="大字").click()
    expect(page.locator("html[data-elder]")).to_be_attached()
    expect(page.locator("#answer")).to_contain_text("9,690.00")
    page.screenshot(path=SHOTS / f"{name}-large.png", full_page=True)
    assert faults_of(page, size=size) == []
    assert [each["name"] for each in page.context.cookies()] == [settings.CSRF_COOKIE_NAME]
    page.context.close()


def test_without_script_it_answers_all_the_same(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, PHONE, script=False)
    asked(page)
    page.get_by_role("button", name="算一算").click()
    expect(page.locator("#answer")).to_contain_text("9,690.00")
    page.context.close()
