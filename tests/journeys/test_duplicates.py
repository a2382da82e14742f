"""Two files of one person by hand: found, merged by two officers, and two people again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, expect

from rongjun.config import demo
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.registry.api import roster_workbook
from tests.journeys.conftest import DESK, PHONE, SHOTS, City

Visit = Callable[..., Page]


def twice(folder: Path) -> Path:
    """A workbook in which one person stands under two numbers."""
    station = next(division for login, _, _, division, _ in demo.cast() if login == "clerk")
    rows = [
        {
            "姓名": "测试孪生",
            "证件号码": IdentityNumber.invented(
                born=date(1958, 4, 2), sequence=sequence, address="990778"
            ).number,
            "人员类别": "退役军人",
            "服务站区划代码": str(station),
            "入伍日期": "1976-12-01",
            "退役日期": "1980-03-15",
            "户籍区划代码": str(station)[:6],
            "手机号码": "10000007788",
        }
        for sequence in (11, 13)
    ]
    file = folder / "两次建档.xlsx"
    file.write_bytes(roster_workbook(rows))
    return file


def fits(page: Page) -> None:
    """Nothing of the page lies beyond the screen's edge."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_two_files_become_one_and_two_again(city: City, visit: Visit, tmp_path: Path) -> None:
    clerk = visit("clerk", size=PHONE)
    clerk.goto("/registry/imports/")
    clerk.get_by_label("花名册（").set_input_files(twice(tmp_path))
    clerk.get_by_role("button", name="检查并导入").click()
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("建好 2 份档案")
    found = city.run("people", "duplicates")
    assert found.returncode == 0, found.stderr
    assert "新提出" in found.stdout

    clerk.goto("/registry/duplicates/")
    fits(clerk)
    clerk.screenshot(path=SHOTS / "duplicates-390.png", full_page=True)
    clerk.get_by_role("link", name="测试孪生 和 测试孪生").click()
    expect(clerk.locator("#main")).to_contain_text("像：姓名、出生日期都相同")
    expect(clerk.locator("#main")).to_contain_text("不像：两份档案各有一个有效的居民身份证号码")
    fits(clerk)
    clerk.screenshot(path=SHOTS / "duplicate-390.png", full_page=True)
    clerk.get_by_label("核对了什么").fill("打电话核对过，搬家时重新建的档")
    clerk.get_by_role("button", name="提出合并").click()
    expect(clerk.locator(".rj-said.success")).to_contain_text("等另一位经办人批准")

    officer = visit("district", size=DESK)
    officer.goto("/registry/duplicates/")
    officer.screenshot(path=SHOTS / "duplicates-1440.png", full_page=True)
    officer.get_by_role("link", name="测试孪生 和 测试孪生").click()
    officer.screenshot(path=SHOTS / "duplicate-1440.png", full_page=True)
    officer.get_by_role("link", name="看这个合并").click()
    officer.get_by_role("button", name="批准合并").click()
    expect(officer.locator(".rj-said.success")).to_contain_text("合并好了")
    officer.screenshot(path=SHOTS / "merge-1440.png", full_page=True)

    clerk.goto("/registry/people/?q=测试孪生")
    expect(clerk.locator("#main")).to_contain_text("共 1 人")
    clerk.locator("tbody a").first.click()
    expect(clerk.locator("#merged")).to_contain_text("搬家时重新建的档")

    officer.get_by_label("为什么解除").fill("原来是双胞胎")
    officer.get_by_role("button", name="解除合并").click()
    expect(officer.get_by_role("heading", level=1)).to_contain_text("已解除")
    clerk.goto("/registry/people/?q=测试孪生")
    expect(clerk.locator("#main")).to_contain_text("共 2 人")
