"""The proof: twenty rows, three of them bad, seventeen files, and one true answer three ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, SHOTS, City

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def roster(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's sample roster, as a clerk downloads it."""
    file = tmp_path_factory.mktemp("roster") / "花名册.xlsx"
    done = city.run("people", "sample", str(file))
    assert done.returncode == 0, done.stderr
    return file


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_clerk_imports_a_roster_and_reads_one_persons_entitlements(
    visit: Visit, city: City, roster: Path, size: dict[str, int]
) -> None:
    page = visit("clerk", size=size)
    page.goto("/registry/imports/")
    page.get_by_label("花名册（").set_input_files(roster)
    page.get_by_role("button", name="检查并导入").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("建好 17 份档案")
    expect(page.locator("#main")).to_contain_text("共 20 行 = 新建 17 + 已在册 0 + 退回 3")
    refused = page.locator("#refused tbody tr")
    expect(refused).to_have_count(3)
    for said in ("校验不通过", "退役日期早于入伍日期", "没有“退伍老兵”这一类"):
        expect(page.locator("#refused")).to_contain_text(said)
    page.screenshot(path=SHOTS / f"import-{size['width']}.png", full_page=True)

    page.get_by_role("link", name="测试张三9001").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("测试张三9001")
    file = page.url.split("?")[0]
    on_page: dict[str, str] = {}
    for verdict, look in (("granted", "ok"), ("unknown", "ask"), ("not-granted", "no")):
        page.goto(f"{file}?show={verdict}")
        titles = page.locator(f".rj-dec.{look} .name").all_text_contents()
        expect(page.locator(".rj-dec")).to_have_count(len(titles))
        on_page |= dict.fromkeys(titles, verdict)
    page.goto(f"{file}?q=优待证持证人在")
    granted = page.locator(".rj-dec.ok", has_text="优待证持证人在青岛免费乘公交地铁")
    expect(granted).to_contain_text("能享受")
    page.goto(f"{file}?q=孤老和失能退役军人集中供养")
    asked = page.locator(".rj-dec.ask", has_text="孤老和失能退役军人集中供养")
    expect(asked).to_contain_text("差情况")
    expect(asked.get_by_role("button", name="是", exact=True)).to_be_visible()
    page.goto(f"{file}?q=残疾抚恤金")
    refusal = page.locator(".rj-dec.no", has_text="残疾抚恤金")
    expect(refusal.first).to_contain_text("不能享受")
    expect(refusal.first).to_contain_text("军人抚恤优待条例")
    page.goto(f"{file}?show=unknown")
    page.screenshot(path=SHOTS / f"person-{size['width']}.png", full_page=True)
    person = file.rstrip("/").split("/")[-1]

    told = city.run("people", "decide", person, "--as", "clerk", "--json")
    assert told.returncode == 0, told.stderr
    alone = {d["title"]: d["verdict"] for d in map(json.loads, told.stdout.splitlines())}
    swept = city.run("people", "sweep", "--as", "clerk", "--person", person)
    assert swept.returncode == 0, swept.stderr
    together = {row["title"]: row["verdict"] for row in map(json.loads, swept.stdout.splitlines())}
    assert len(alone) >= 5
    assert {"granted", "unknown", "not-granted"} <= set(alone.values())
    assert on_page == alone == together
