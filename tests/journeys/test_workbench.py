"""A day at the window: who sees what, what is logged, what bad input is told."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.journeys.conftest import DESK, PASSWORD, PHONE, ROOT, SHOTS, City

Visit = Callable[..., Page]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def first_person(page: Page, wanted: str = "测试") -> str:
    """Open the first file of a search; its address."""
    page.goto(f"/registry/people/?q={wanted}")
    page.locator("tbody a").first.click()
    expect(page.locator(".rj-person")).to_be_visible()
    return page.url


def serious_faults(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())  # not a script tag: our own policy forbids those
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:120]}"
        for v in found["violations"]
        if v["impact"] in {"serious", "critical"}
    ]


@SIZES
def test_people_are_found_while_the_clerk_types(visit: Visit, size: dict[str, int]) -> None:
    page = visit("city", size=size)
    page.goto("/desk/")
    box = page.get_by_role("combobox", name="找人")
    box.press_sequentially("测试")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.screenshot(path=SHOTS / f"suggest-{size['width']}.png")
    assert serious_faults(page) == []
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(options).to_have_count(0)
    box.fill("没有这个人")
    expect(page.get_by_text("没有找到。")).to_be_visible()
    box.fill("")
    box.press_sequentially("测试")
    name = options.first.locator("b").inner_text()
    box.press("ArrowDown")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


@SIZES
def test_no_page_has_a_serious_fault_or_scrolls_sideways(visit: Visit, size: dict[str, int]) -> None:
    page = visit("city", size=size)
    file = first_person(page)
    addresses = [
        "/desk/",
        "/registry/people/",
        "/registry/people/?q=没有这个人",
        "/registry/imports/",
        "/registry/look-up/",
        "/registry/cutover/",
        "/registry/feeds/",
        "/registry/duplicates/",
        "/partners/",
        "/places/",
        "/places/?q=街道",
        "/desk/proposals/",
        "/desk/papers/",
        "/desk/rights/",
        "/desk/exports/",
        f"{file}changes/",
        f"{file}reads/",
        f"{file}rights/",
        "/desk/#nav",
        "/desk/policy/",
        "/desk/policy/?area=medical&level=national",
        "/desk/policy/?q=没有这样的优待",
        "/desk/policy/living.disability-pension/",
        "/desk/policy/living.regular-pension-three-kinds-kin/",
        "/desk/policy/tourism.free-first-gate-rongjun-card/",
        "/desk/policy/references/",
        "/desk/policy/reach/",
        file,
        f"{file}?show=unknown",
        f"{file}?show=not-granted",
        f"{file}?q=抚恤",
        "/accounts/2fa/",
        "/accounts/password/change/",
        "/desk/nowhere/",
    ]
    faults = {}
    for number, address in enumerate(addresses):
        page.goto(address)
        page.screenshot(path=SHOTS / f"page-{number}-{size['width']}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found = serious_faults(page) + ([f"scrolls sideways by {wide}px"] if wide > 0 else [])
        if found:
            faults[address] = found
    assert not faults


def serious_on_sign_in(page: Page, address: str) -> list[str]:
    page.goto(address)
    return serious_faults(page)


def test_the_sign_in_page_has_no_serious_fault(visit: Visit) -> None:
    assert serious_on_sign_in(visit(None, size=PHONE), "/accounts/login/") == []


def test_a_neighbouring_district_finds_nobody_of_ours(visit: Visit) -> None:
    ours = visit("district")
    file = first_person(ours)
    name = ours.locator(".rj-person h1").inner_text().split()[0]
    neighbour = visit("neighbour")
    neighbour.goto(f"/registry/people/?q={name}")
    expect(neighbour.locator("#main")).to_contain_text("没有找到这个人")
    answer = neighbour.goto(file)
    assert answer is not None
    assert answer.status == 404


def test_a_number_opens_only_for_a_purpose_and_covers_itself_again(visit: Visit) -> None:
    page = visit("clerk")
    first_person(page)
    covered = page.locator(".rj-mask").first.inner_text()
    assert re.fullmatch(r"99\d{4}\*{8}\d{3}[\dX]", covered)
    page.get_by_text("填用途看全号").first.click()
    page.get_by_label("看证件号码的用途").first.select_option("核对证件")
    page.get_by_role("button", name=re.compile("查看 60 秒")).click()
    full = page.locator(".rj-full")
    expect(full).to_have_text(re.compile(r"^99\d{15}[\dX]$"))
    assert full.inner_text()[:6] == covered[:6]
    auditor = visit("auditor")
    auditor.goto("/desk/evidence/")
    expect(auditor.locator("#events tbody tr", has_text="registry.number-unmasked").first).to_contain_text(
        "核对证件"
    )


def test_a_corrected_roster_opens_only_what_was_refused(visit: Visit, city: City, tmp_path: Path) -> None:
    file = tmp_path / "名单.xlsx"
    assert city.run("people", "sample", str(file)).returncode == 0
    page = visit("clerk")

    def hand_in() -> None:
        page.goto("/registry/imports/")
        page.get_by_label("花名册（").set_input_files(file)
        page.get_by_role("button", name="检查并导入").click()
        expect(page.locator("#main")).to_contain_text("共 20 行")

    hand_in()
    first = page.url
    hand_in()
    assert page.url == first  # the same workbook again is the same report
    book = load_workbook(file)
    sheet = book.worksheets[0]
    headings = {str(cell.value).rstrip("*"): at for at, cell in enumerate(sheet[1], start=1)}
    sheet.cell(12, headings["退役日期"]).value = "1994-11-30"
    sheet.cell(17, headings["人员类别"]).value = "退役军人"
    book.save(file)
    hand_in()
    expect(page.locator("#main")).to_contain_text("新建 2 + 已在册 17 + 退回 1")


def test_an_answered_question_changes_the_decision(visit: Visit) -> None:
    page = visit("clerk")
    file = first_person(page, "张三")  # of the roster above
    page.goto(f"{file}?q=孤老和失能退役军人集中供养")
    asked = page.locator(".rj-dec.ask", has_text="孤老和失能退役军人集中供养")
    if asked.count() == 0:
        pytest.fail("this person has nothing unknown; the demo city changed")
    asked.get_by_role("button", name="是", exact=True).click()
    page.wait_for_url(re.compile(r"\?q="))  # back to the same search
    granted = page.locator(".rj-dec.ok", has_text="孤老和失能退役军人集中供养")
    expect(granted).to_contain_text("能享受")
    expect(page.locator(".rj-time")).to_contain_text("孤老无赡养人：是")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("名单.xlsx", b"", "没有收到文件"),
        ("名单.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "它不是 .xlsx 工作簿"),
        ("名单.csv", "姓名,证件号码\n测试张三,1\n".encode("gb18030"), "缺少必填的列"),
        ("名单.xlsx", b"PK\x03\x04 broken", "文件打不开"),
    ],
    ids=["empty", "old-xls", "csv-of-two-columns", "broken-zip"],
)
def test_a_file_that_cannot_be_read_is_told_why_and_what_to_do(
    visit: Visit, name: str, content: bytes, told: str
) -> None:
    page = visit("clerk")
    page.goto("/registry/imports/")
    page.get_by_label("花名册（").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    page.get_by_role("button", name="检查并导入").click()
    refusal = page.locator(".rj-refusal")
    expect(refusal).to_contain_text(told)
    for part in ("为什么", "怎么办", "找谁"):
        expect(refusal).to_contain_text(part)


def test_a_workbook_with_macros_or_merged_cells_is_told_so(visit: Visit) -> None:
    page = visit("clerk")
    for made, told in ((with_macros(), "带宏"), (with_merged_cells(), "合并的单元格")):
        page.goto("/registry/imports/")
        page.get_by_label("花名册（").set_input_files(
            {"name": "名单.xlsx", "mimeType": "application/zip", "buffer": made}
        )
        page.get_by_role("button", name="检查并导入").click()
        expect(page.locator(".rj-refusal")).to_contain_text(told)


def with_merged_cells() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["姓名", "证件号码", "人员类别", "服务站区划代码"])
    sheet.append(["测试张三", "x", "y", "z"])
    sheet.merge_cells("A2:B2")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_macros() -> bytes:
    buffer = io.BytesIO(with_merged_cells())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\0")
    return buffer.getvalue()


def test_administrators_see_no_person(visit: Visit) -> None:
    for login in ("system", "security", "auditor"):
        page = visit(login)
        expect(page.locator("#main")).to_contain_text("管理员看不到任何人的档案")
        answer = page.goto("/registry/people/")
        assert answer is not None
        assert answer.status == 403


def test_the_evidence_chain_verifies_on_the_page_and_at_the_terminal(visit: Visit, city: City) -> None:
    page = visit("auditor")
    page.goto("/desk/evidence/?verify=1")
    expect(page.locator("#main")).to_contain_text("完好")
    told = city.run("audit", "verify")
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_password_alone_opens_nothing(visit: Visit) -> None:
    page = visit(None)
    page.goto("/accounts/login/")
    page.get_by_label("账号").fill("clerk")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_label("动态码")).to_be_visible()
    page.goto("/registry/people/")
    expect(page).to_have_url(re.compile("/accounts/(login|2fa/authenticate)/"))


def test_a_passkey_is_added_and_signs_in_without_a_password(visit: Visit) -> None:
    page = visit("city")
    tool = page.context.new_cdp_session(page)
    tool.send("WebAuthn.enable")
    tool.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto("/accounts/2fa/passkeys/add/")
    if page.get_by_label("密码", exact=True).count():
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.locator("main form button[type=submit]").first.click()
    page.get_by_label(re.compile("名字|名称")).fill("窗口电脑")
    page.get_by_label("以后只用它登录").check()
    page.locator("[data-passkey-go]").first.click()
    # Words only the answer has: what follows must not overtake the sending.
    expect(page.locator("#main")).to_contain_text("通行密钥加好了")
    page.context.clear_cookies()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.goto("/accounts/login/")
    page.get_by_role("button", name="用通行密钥登录").click()
    with suppress(PlaywrightTimeoutError):
        page.wait_for_url("**/desk/")
    assert page.url.endswith("/desk/"), (page.url, said, page.locator("#main").inner_text())
    expect(page.locator("#main")).to_contain_text("在册人员")
