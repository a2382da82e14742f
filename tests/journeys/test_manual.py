"""The first hour of six people, with the pictures of the manual.

Each step is walked and looked at; `make shots` walks the same over a fresh city and keeps the pictures in
`docs/images/manual/`, where `docs/manual/` shows them.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import CODE, DESK, PASSWORD, PHONE, SHOTS, City, come_in
from tests.journeys.test_supervision import PROOF, days_from_now, press

Visit = Callable[..., Page]
KEPT = Path(os.environ.get("RONGJUN_SHOTS") or SHOTS / "manual")
COLOURS = 48  # enough for pages of ours, and a third of the bytes


class Album:
    """The numbered pictures of one person's hour, at the width of a desk and of a phone."""

    def __init__(self, whose: str) -> None:
        self.whose, self.count = whose, 0
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob(f"{whose}-*.png"):
            old.unlink()

    def keep(self, page: Page, name: str, *, at: Locator | None = None) -> None:
        """Both pictures of this step, with what it is about in view, and the page as wide as it was."""
        self.count += 1
        was = page.viewport_size
        assert was
        for size, ending in ((DESK, ""), (PHONE, "-phone")):
            page.set_viewport_size(size)
            if at:
                at.evaluate("each => each.scrollIntoView({block: 'center', behavior: 'instant'})")
            picture = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
            few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            few.save(KEPT / f"{self.whose}-{self.count:02d}-{name}{ending}.png", optimize=True)
        page.set_viewport_size(was)


def sign_in_slowly(page: Page, album: Album, login: str) -> None:
    """As `sign_in` does, with a picture of both factors."""
    page.goto("/accounts/login/")
    album.keep(page, "sign-in")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_label("动态码")).to_be_visible()
    album.keep(page, "second-factor")
    page.get_by_label("动态码").fill(CODE)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/desk/")
    album.keep(page, "today")


@pytest.fixture
def roster(city: City, tmp_path: Path) -> Path:
    """The sample roster, as the manual tells to make it."""
    file = tmp_path / "花名册.xlsx"
    assert city.run("people", "sample", str(file)).returncode == 0
    return file


def test_the_first_hour_of_a_clerk(visit: Visit, city: City, roster: Path) -> None:
    assert city.run("entitle").returncode == 0
    page, album = visit(None), Album("clerk")
    sign_in_slowly(page, album, "clerk")

    page.get_by_role("link", name="花名册导入").click()
    page.get_by_label("花名册（").set_input_files(roster)
    album.keep(page, "import")
    page.get_by_role("button", name="检查并导入").click()
    expect(page.locator("#refused tbody tr")).to_have_count(3)
    album.keep(page, "report", at=page.locator("#refused"))

    box = page.get_by_role("combobox", name="找人")
    box.press_sequentially("测试")
    expect(page.get_by_role("option").first).to_be_visible()
    album.keep(page, "find")
    box.press("ArrowDown")
    box.press("Enter")
    expect(page.locator(".rj-person")).to_be_visible()
    album.keep(page, "person")
    file = page.url.split("?")[0]

    page.get_by_role("link", name=re.compile("^差情况")).click()
    asked = page.locator(".rj-asks .ask", has=page.locator("button[value]")).first
    expect(asked).to_be_visible()
    album.keep(page, "questions", at=asked)
    asked.locator("button[value]").first.click()
    expect(page.locator(".rj-said.success")).to_contain_text("判定已经重算")
    album.keep(page, "answered", at=page.locator(".rj-said.success"))

    page.goto("/desk/unanswered/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("差的情况")
    album.keep(page, "unanswered")

    page.goto(f"{file}?show=not-granted")
    page.locator(".rj-group > summary").first.click()
    page.locator(".rj-dec.no > summary").first.click()
    expect(page.locator(".rj-dec[open] .rj-why").first).to_be_visible()
    album.keep(page, "why-not", at=page.locator(".rj-dec[open]").first)

    page.goto(file)
    page.get_by_text("填用途看全号").first.click()
    page.get_by_label("看证件号码的用途").first.select_option("核对证件")
    page.get_by_role("button", name=re.compile("查看 60 秒")).click()
    expect(page.locator(".rj-full")).to_be_visible()
    album.keep(page, "whole-number", at=page.locator(".rj-full"))

    page.goto(f"{file}changes/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("登记和更正")
    album.keep(page, "changes")
    page.goto(f"{file}reads/")
    expect(page.locator("#main")).to_contain_text("核对证件")
    album.keep(page, "who-read")


def test_the_first_hour_of_a_veteran_of_78(visit: Visit) -> None:
    page, album = visit(None, size=PHONE), Album("veteran")
    page.goto("/")
    album.keep(page, "front")
    come_in(page)
    album.keep(page, "home")
    page.get_by_role("button", name="大字版").click()
    page.wait_for_selector("html[data-elder]")
    album.keep(page, "large")

    page.get_by_role("link", name="我的待遇").first.click()
    expect(page.locator("h1")).to_be_visible()
    album.keep(page, "benefits")
    if not page.locator("details[open]").count():
        page.locator("details summary").first.click()
    page.locator("details a.rj-row").first.click()
    expect(page.locator("main")).to_contain_text("怎么拿到")
    album.keep(page, "benefit")

    page.goto("/my/questions/")
    album.keep(page, "question")
    page.locator(".rj-answers button").first.click()
    expect(page.locator(".rj-said")).to_contain_text("待遇已经重新算过")
    album.keep(page, "answered")

    page.goto("/my/contest/")
    album.keep(page, "contest")
    page.goto("/my/file/")
    expect(page.locator("main")).to_contain_text("经历和登记")
    album.keep(page, "file")
    page.goto("/my/reads/")
    album.keep(page, "reads")
    page.goto("/my/family/")
    album.keep(page, "family")

    page.goto("/my/settings/")
    page.locator("button[name=large]").click()
    page.wait_for_selector("html:not([data-elder])")
    album.keep(page, "settings")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("button", name="我是老兵或家属")).to_be_visible()


def test_the_first_hour_of_a_policy_officer(visit: Visit, city: City) -> None:
    for night in (["entitle"], ["benefits", "offers"]):
        assert city.run(*night).returncode == 0
    page, album = visit("policy"), Album("policy")
    page.goto("/desk/policy/")
    expect(page.locator("#main")).to_contain_text("不是局方的 208 项官方目录")
    album.keep(page, "catalogue")
    page.get_by_label("找", exact=True).fill("集中供养")
    page.get_by_role("button", name="筛选").click()
    page.wait_for_url(re.compile("q="))
    album.keep(page, "found")
    page.get_by_role("link", name="孤老和失能退役军人集中供养").click()
    expect(page.locator(".rj-told").first).to_be_visible()
    album.keep(page, "benefit")
    figures = page.locator("a.rj-tile")
    expect(figures).to_have_count(3)
    figure = re.sub(r"\D", "", figures.nth(1).locator("strong").inner_text())
    figures.nth(1).click()
    expect(page.locator("#main")).to_contain_text(f"共 {figure} 人")
    album.keep(page, "people")
    page.goto("/desk/policy/references/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    album.keep(page, "documents")
    page.goto("/desk/policy/reach/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    album.keep(page, "reach")
    page.goto("/desk/policy/take-up/")
    expect(page.locator(".rj-takeup tbody tr").first).to_be_visible()
    album.keep(page, "take-up")
    page.goto("/desk/policy/year/")
    expect(page.locator("#adopted")).to_be_visible()
    album.keep(page, "year")
    walk_from_draft_to_adoption(page, city, album)


def walk_from_draft_to_adoption(page: Page, city: City, album: Album) -> None:
    """A notice is written into its file, looked at, adopted, confirmed; and taken back the same way."""
    page.goto("/desk/policy/draft/")
    expect(page.locator("#main")).to_contain_text("没有改动")
    file = city.root / "policy/national/benefits/eldercare/care-homes-first-modest-discount.yaml"
    as_it_was = file.read_text("utf-8")
    draft = as_it_was
    for old, new in NOTICE:
        assert old in draft
        draft = draft.replace(old, new)
    file.write_text(draft, "utf-8")
    page.goto("/desk/policy/draft/")
    expect(page.locator("#main")).to_contain_text("改了 1 项")
    told = page.locator(".rj-fold p.rj-num").first
    expect(told).to_contain_text(re.compile("多了 [1-9]"))
    album.keep(page, "draft")
    adopt(page, "示例文号〔2026〕1号")
    album.keep(page, "adopted")
    page.goto("/desk/policy/eldercare.care-homes-first-modest-discount/")
    page.get_by_label("凭哪份文件确认").fill("示例函〔2026〕2号")
    page.get_by_role("button", name=re.compile("确认")).click()
    expect(page.locator("#main")).to_contain_text("局方已确认")
    album.keep(page, "confirmed")
    page.goto("/desk/policy/year/")
    expect(page.locator("#adopted")).to_contain_text("示例文号〔2026〕1号")
    album.keep(page, "year-after", at=page.locator("#adopted"))

    file.write_text(as_it_was, "utf-8")  # the way back is an adoption like any other
    page.goto("/desk/policy/draft/")
    adopt(page, "示例文号〔2026〕3号")
    expect(page.locator("#main")).to_contain_text("没有改动")


# An invented notice: the age comes down from sixty to fifty-five, and so do those who just are not that old.
NOTICE = (
    ("age >= 60", "age >= 55"),
    ("1966-12-1", "1971-12-1"),
    ("满六十岁", "满五十五岁"),
    ("没有查到来源写明年龄；满 60 岁是按养老的需要整理的口径", "示例文号〔2026〕1号第二条（虚构）：满 55 岁"),
)


def adopt(page: Page, document: str) -> None:
    """What the draft shows is put in force by a document."""
    page.get_by_label("凭哪份文件采用").fill(document)
    page.get_by_role("button", name=re.compile("采用")).click()
    expect(page.locator(".rj-said.success")).to_contain_text("采用了")


def test_the_first_hour_of_a_leader(visit: Visit, city: City) -> None:
    assert city.run("entitle").returncode == 0
    page, album = visit("leader"), Album("leader")
    page.goto("/insight/")
    expect(page.locator("[data-drawn]").first).to_be_visible()
    album.keep(page, "screen")
    album.keep(page, "areas", at=page.locator(".areas"))
    figure = page.locator("#figures-waited-for tbody a").first
    shown = re.sub(r"\D", "", figure.inner_text())
    figure.click()
    expect(page.locator("#main h2")).to_have_text(f"共 {int(shown):,} 条")
    album.keep(page, "rows")
    page.goto("/insight/")
    page.get_by_label("区市", exact=True).select_option(index=1)
    page.get_by_role("button", name="看", exact=True).click()
    page.wait_for_url(re.compile("county="))
    expect(page.locator("[data-drawn]").first).to_be_visible()
    album.keep(page, "county")
    with page.expect_download() as taken:
        page.get_by_role("link", name="打印稿").click()
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF")


def test_a_round_of_supervision(visit: Visit) -> None:
    album = Album("supervision")
    city, district = visit("city"), visit("district")
    code = "eldercare.public-care-homes-kin-families"
    city.goto("/desk/supervision/")
    county = city.locator("tbody tr th").first.inner_text()
    album.keep(city, "overview")
    city.goto(f"/desk/supervision/open/?code={code}")
    city.get_by_label("名称").fill("示范督导")
    city.get_by_label(re.compile("为什么开这一轮")).fill("年度督导计划")
    city.get_by_label("自查填报期限").fill(days_from_now(20))
    city.get_by_label(county, exact=True).check()
    album.keep(city, "open")
    city.get_by_role("button", name="下达任务").click()
    expect(city.get_by_text("下达了 1 个任务")).to_be_visible()

    district.goto(f"/desk/supervision/items/{code}/")
    album.keep(district, "item")
    district.get_by_role("link", name="待自查").click()
    task = district.url
    district.locator("input[type=file]").set_input_files([PROOF])
    district.locator("#report form").get_by_label(re.compile("落实")).fill("已在公示栏公示，名单附后")
    album.keep(district, "report", at=district.locator("#report"))
    district.locator("#report form").get_by_role("button", name="填报").click()
    expect(district.locator("#main .rj-said.success")).to_be_visible()

    city.goto(task)
    city.get_by_label("有问题").check()
    album.keep(city, "check", at=city.locator("#check"))
    press(city, "check", "记下抽查", 在哪儿="示范敬老院", 查到="公示栏里没有这一项")
    press(city, "order", "责令整改", 改什么="公示并补办", 期限=days_from_now(5))
    expect(city.locator("#main")).to_contain_text("黄灯")
    album.keep(city, "ordered")
    city.goto("/desk/supervision/")
    album.keep(city, "lights")


def test_an_auditor_samples_from_a_figure_to_its_evidence(visit: Visit, city: City, tmp_path: Path) -> None:
    clerk = visit("clerk")
    clerk.goto("/registry/people/?q=测试")
    clerk.locator("tbody a").first.click()
    expect(clerk.locator(".rj-person")).to_be_visible()

    page, album = visit("auditor"), Album("auditor")
    album.keep(page, "today")
    page.goto("/desk/evidence/")
    row = page.locator("#counts tbody tr", has=page.get_by_text("registry.person-read", exact=True))
    figure = int(row.locator("td.n").first.inner_text().replace(",", ""))
    assert figure > 0
    album.keep(page, "figures")
    row.get_by_role("link").click()
    expect(page.locator("#events")).to_contain_text(f"共 {figure} 条")
    assert page.locator("#events tbody tr").count() == min(figure, 100)
    album.keep(page, "rows")

    page.locator("#events tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("打开档案")
    # The worker seals about once a second; the page says so until it has.
    while page.get_by_text("还没封存").count():
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("#place")).to_contain_text("摘要一致")
    album.keep(page, "event", at=page.locator("#place"))

    page.get_by_role("link", name="从头核对").click()
    expect(page.locator("#main")).to_contain_text("完好")
    album.keep(page, "verified")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="下载整条链").click()
    file = tmp_path / "chain.jsonl"
    downloaded.value.save_as(file)
    told = subprocess.run(
        [sys.executable, "-m", "rongjun.audit.verifier", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    file.write_text(
        file.read_text("utf-8").replace("registry.person-read", "registry.person-reed", 1), "utf-8"
    )
    assert (
        subprocess.run([sys.executable, "-m", "rongjun.audit.verifier", str(file)], check=False).returncode
        == 1
    )
