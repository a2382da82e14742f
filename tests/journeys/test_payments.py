"""Three people let a batch go, the worker sends it, an invented bank answers, what failed is paid again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, SHOTS, City
from tests.journeys.test_workbench import serious_faults

Visit = Callable[..., Page]
TITLE = f"{date.today():%Y}年{date.today().month}月示范补助"  # noqa: DTZ011 - the demo drafts for today


@pytest.fixture
def drafted(city: City) -> City:
    """An invented bank, an invented fund, and a batch of the first county."""
    done = city.run("payments", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    return city


def open_batch(page: Page) -> None:
    page.goto("/ledger/payments/")
    page.get_by_role("link", name=TITLE, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)


def look(page: Page, name: str) -> None:
    """What a person would see, at a desk and on a phone."""
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        page.screenshot(path=SHOTS / f"{name}-{size['width']}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
        assert serious_faults(page) == []
    page.set_viewport_size(DESK)


def until(page: Page, word: str) -> None:
    """Reloads until the batch says so; the worker needs a few seconds."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends and word not in page.get_by_role("heading", level=1).inner_text():
        time.sleep(1)
        page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text(word)


def test_three_people_a_bank_and_a_second_try(drafted: City, visit: Visit) -> None:
    maker, checker, releaser = visit("district"), visit("city"), visit("leader")
    open_batch(maker)
    look(maker, "payments-draft")
    expect(maker.get_by_role("button", name="复核无误")).to_have_count(0)
    open_batch(checker)
    expect(checker.locator("#odd")).to_contain_text("首次发放")
    checker.get_by_role("button", name="复核无误").click()
    expect(checker.get_by_role("heading", level=1)).to_contain_text("等放款")
    open_batch(releaser)
    releaser.get_by_role("button", name="核对后放款").click()
    until(releaser, "已发银行")
    answer(drafted, releaser)
    look(releaser, "payments-answered")
    mend(maker)
    maker.goto("/ledger/payments/")
    look(maker, "payments-list")
    expect(maker.locator("#batches")).to_contain_text(f"重新发：{TITLE}")


def answer(city: City, page: Page) -> None:
    """The bank may find the file a few seconds later: until it does it answers nothing."""
    for _ in range(20):
        done = city.run("payments", "bank", "--misbehave", "failures")
        assert done.returncode == 0, done.stdout + done.stderr
        if not re.search(r"回 0 件", done.stdout):
            break
        time.sleep(1)
    until(page, "办完")


def mend(page: Page) -> None:
    page.goto("/ledger/payments/failures/")
    expect(page.locator("#failures")).to_contain_text("账号不对")
    look(page, "payments-failures")
    first = page.locator("#failures article", has_text=TITLE).first
    first.get_by_label("怎么定的").fill("本人更正账号")
    first.get_by_label("更正的账号（不变就空着）").fill("9999990000000999")
    first.get_by_role("button", name="重新发").click()
    expect(page.get_by_text("已放进重新发的批次")).to_be_visible()
