"""A veteran of 78 at a phone: in by the provincial single sign-on, benefits, questions, family, out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.house.papers import PNG
from tests.journeys.conftest import DESK, PHONE, SHOTS, City, come_in
from tests.journeys.test_workbench import serious_faults

Visit = Callable[..., Page]
NARROW = {"width": 320, "height": 640}
PAGES = (
    "/my/",
    "/my/benefits/",
    "/my/benefits/?show=unknown",
    "/my/benefits/?show=not-granted",
    "/my/questions/",
    "/my/contest/",
    "/my/file/",
    "/my/file/ask/restrict/",
    "/my/reads/",
    "/my/family/",
    "/my/family/ask/",
    "/my/settings/",
    "/my/offline/",
    "/accounts/2fa/passkeys/",
    "/accounts/2fa/passkeys/add/",
    "/my/nowhere/",
)
PAPER = "虚构的户口簿"


def fits(page: Page) -> bool:
    """Whether nothing sticks out at the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def set_look(page: Page, **wanted: bool) -> None:
    """Switch 大字版 (large) and high contrast (contrast) as wanted."""
    page.goto("/my/settings/")
    for name, on in wanted.items():
        switch = page.locator(f"button[name={name}]")
        if (switch.get_attribute("value") == "yes") == on:
            switch.click()
            page.wait_for_load_state()


def open_first_benefit(page: Page, shown: str = "granted") -> None:
    page.goto(f"/my/benefits/?show={shown}")
    if not page.locator("details[open]").count():
        page.locator("details summary").first.click()
    page.locator("details a.rj-row").first.click()
    expect(page.locator("h1")).to_be_visible()


def keep(page: Page, name: str) -> None:
    """A picture for whoever reviews the looks."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=str(SHOTS / f"citizen-{name}.png"), full_page=True)


def test_a_veteran_of_78_finds_benefits_answers_and_is_answered(visit: Visit) -> None:
    page = visit(None, size=PHONE)
    come_in(page)
    expect(page.locator("h1")).to_contain_text("您好")
    before = page.locator(".sum b").inner_text()
    assert int(before) > 0
    keep(page, "home")
    page.get_by_role("link", name="我的待遇").first.click()
    keep(page, "benefits")
    open_first_benefit(page)
    for words in ("怎么拿到", "谁来办", "为什么", "依据", "找谁问"):
        expect(page.locator("main")).to_contain_text(words)
    keep(page, "benefit")
    page.goto("/my/questions/")
    question = page.locator(".sum").inner_text()
    page.locator(".rj-answers button").first.click()
    expect(page.locator(".rj-said")).to_contain_text("待遇已经重新算过")
    assert page.locator(".sum").inner_text() != question
    open_first_benefit(page, "not-granted")
    expect(page.locator("main")).to_contain_text("为什么不能")
    page.get_by_role("link", name="这里说得不对").click()
    page.get_by_label("用您自己的话说").fill("我有立功证书，档案里没有。")
    page.get_by_role("button", name="提交").click()
    expect(page.locator("main")).to_contain_text("收到了")
    expect(page.locator("main")).to_contain_text("我有立功证书")
    page.get_by_role("link", name="谁看过我的档案").click()
    expect(page.locator("main")).to_contain_text("没有别人看过")
    page.goto("/my/file/")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="给别的系统用").click()
    copy = json.loads(Path(downloaded.value.path()).read_text("utf-8"))
    assert {"Statement", "RightsRequest", "CitizenLink"} <= {each["kind"] for each in copy["records"]}
    page.goto("/my/settings/")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("button", name="我是老兵或家属")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "large", "contrast"),
    [
        (PHONE, False, False),
        (PHONE, True, False),
        (PHONE, False, True),
        (NARROW, True, True),
        (DESK, False, False),
    ],
    ids=["phone", "large", "contrast", "narrow-large-contrast", "desk"],
)
def test_no_page_has_a_serious_fault_or_scrolls_sideways(
    visit: Visit, size: dict[str, int], large: bool, contrast: bool
) -> None:
    page = visit(None, size=size)
    page.goto("/")
    assert serious_faults(page) == []
    come_in(page)
    set_look(page, large=large, contrast=contrast)
    found = {}
    for address in PAGES:
        page.goto(address)
        found[address] = (serious_faults(page), fits(page))
    for shown in ("granted", "not-granted"):
        open_first_benefit(page, shown)
        found[shown] = (serious_faults(page), fits(page))
    set_look(page, large=False, contrast=False)
    assert {where: what for where, what in found.items() if what != ([], True)} == {}


def test_large_type_is_22_px_with_large_targets_and_fewer_things_and_stays(visit: Visit) -> None:
    page = visit(None, size=PHONE)
    come_in(page, 1)
    usual = page.locator("main a, nav a").count()
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "18px"
    page.get_by_role("button", name="大字版").click()
    page.wait_for_selector("html[data-elder]")
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "22px"
    assert sum(each.is_visible() for each in page.locator("main a, nav a").all()) < usual
    for target in page.locator("main a.rj-row, nav a:visible, main button.btn").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= 60
    keep(page, "home-large")
    page.context.clear_cookies(name="sessionid")
    page.goto("/")
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "22px"
    come_in(page, 1)
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "22px"
    page.get_by_role("button", name="标准版").click()


def test_the_whole_way_is_walked_by_keyboard(visit: Visit) -> None:
    page = visit(None, size=PHONE)
    come_in(page)

    def press_until(words: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.innerText || ''")
            if words in focused:
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"the focus on {words} cannot be seen"
                page.keyboard.press("Enter")
                return
        raise AssertionError(f"no Tab leads to {words}")

    press_until("我的待遇")
    page.wait_for_url("**/my/benefits/")
    press_until("差情况")
    page.wait_for_url("**show=unknown")
    press_until("答几个问题")
    page.wait_for_url("**/my/questions/")
    press_until("先问下一个")
    page.wait_for_url("**after=**")


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("nonce", "核对不上"),
        ("signature", "核对不上"),
        ("clock", "时间不对"),
        ("unknown", "还没有建档"),
        ("error", "没有应答"),
    ],
)
def test_whatever_goes_wrong_at_the_province_is_told_in_a_sentence(
    visit: Visit, way: str, words: str
) -> None:
    page = visit(None, size=PHONE)
    page.goto("/")
    page.get_by_role("button", name="我是老兵或家属").click()
    page.locator("summary").click()
    page.locator(f"input[value={way}]").check()
    page.locator("button[name=person]").first.click()
    expect(page.locator(".rj-refusal")).to_contain_text(words)
    expect(page.locator(".rj-refusal")).to_contain_text("怎么办")


def people_offered(city: City) -> list[dict[str, str]]:
    told: list[dict[str, str]] = json.loads((city.place / "arrivals.json").read_text("utf-8"))
    return told


def test_a_daughter_acts_for_her_father_until_he_ends_it(visit: Visit, city: City) -> None:
    father, helper = people_offered(city)[0], visit(None, size=PHONE)
    come_in(helper, 5)
    helper.goto("/my/family/")
    helper.get_by_role("link", name="我要替一位家人办").click()
    helper.get_by_label("家人的姓名").fill(father["name"])
    helper.get_by_label("家人的身份证号").fill(father["number"])
    helper.get_by_label("您是他的").select_option("child")
    helper.get_by_label(re.compile("^证明")).set_input_files(
        {"name": f"{PAPER}.png", "mimeType": "image/png", "buffer": PNG}
    )
    helper.get_by_role("button", name="请服务站核对").click()
    expect(helper.locator("main")).to_contain_text("等服务站核对")

    clerk = visit("city")
    clerk.goto("/desk/mandates/")
    asked = clerk.locator("section.rj-pane").filter(has_text=father["name"])
    asked.get_by_label("核对了什么").fill("看了户口簿，是父女")
    asked.get_by_label("代办到哪一天").fill(
        clerk.evaluate("new Date(Date.now()+864e5*30).toISOString().slice(0,10)")
    )
    asked.get_by_role("button", name="同意代办").click()
    expect(clerk.locator("main")).to_contain_text("正在生效")
    assert serious_faults(clerk) == []

    helper.reload()
    helper.get_by_role("button", name=f"替{father['name']}办").click()
    bar = helper.locator(".rj-acting")
    for address in ("/my/", "/my/benefits/", "/my/questions/", "/my/file/"):
        helper.goto(address)
        expect(bar).to_contain_text(father["name"])
    assert serious_faults(helper) == []
    keep(helper, "acting")
    helper.goto("/my/family/")
    expect(helper.locator(".rj-refusal")).to_contain_text("不能代办")

    own = visit(None, size=PHONE)
    come_in(own)
    own.goto("/my/reads/")
    expect(own.locator("main")).to_contain_text("代办人")
    own.goto("/my/family/")
    own.get_by_role("button", name="不让他办了").click()
    expect(own.locator("main")).to_contain_text("马上生效")

    helper.goto("/my/benefits/")
    expect(helper.locator("main")).to_contain_text("换回了您自己")
    expect(bar).to_have_count(0)


def test_a_passkey_opens_the_door_next_time(visit: Visit) -> None:
    page = visit(None, size=PHONE)
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    client.send(
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
    come_in(page, 2)
    name = page.locator("h1").inner_text()
    page.goto("/accounts/2fa/passkeys/add/")
    page.get_by_role("button", name="加上").click()
    expect(page.locator("main")).to_contain_text("可直接登录")
    page.goto("/my/settings/")
    page.get_by_role("button", name="退出").click()
    page.get_by_role("button", name="我加过通行密钥").click()
    page.wait_for_url("**/my/")
    assert page.locator("h1").inner_text() == name


def test_the_app_can_be_installed_and_keeps_nothing_personal(visit: Visit) -> None:
    page = visit(None, size=PHONE)
    come_in(page)
    manifest = page.request.get(page.locator("link[rel=manifest]").get_attribute("href") or "").json()
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert all(page.request.get(icon["src"]).ok for icon in manifest["icons"])
    assert page.request.get(manifest["start_url"]).ok
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto("/my/benefits/")
    page.goto("/my/file/")
    kept = page.evaluate(
        "caches.keys().then(names => Promise.all(names.map(n => caches.open(n).then(c => c.keys()))))"
        ".then(all => all.flat().map(r => new URL(r.url).pathname))"
    )
    assert kept
    assert [path for path in kept if not path.startswith(("/static/rongjun/", "/my/offline/"))] == []
    page.context.set_offline(True)
    page.goto("/my/")
    expect(page.locator("h1")).to_contain_text("没有网络")
    page.context.set_offline(False)


def test_a_first_visit_takes_less_than_300_kb(visit: Visit) -> None:
    page = visit(None, size=PHONE)
    sizes: list[int] = []
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    come_in(page)
    sizes.clear()
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto("/my/benefits/", wait_until="networkidle")
    assert 0 < sum(sizes) <= 300 * 1024


VOICES = """
    window.said = [];
    window.SpeechSynthesisUtterance = function (words) { this.text = words; };
    Object.defineProperty(window, "speechSynthesis", { value: {
        getVoices: () => [{ name: "far", lang: "zh-CN", localService: false }, ...NEAR],
        speak: (each) => window.said.push([each.voice.name, each.text]),
        cancel: () => {}, addEventListener: () => {},
    } });
"""


@pytest.mark.parametrize("near", ["[]", '[{ name: "near", lang: "zh-CN", localService: true }]'])
def test_a_page_reads_itself_aloud_by_a_voice_of_the_device_alone(visit: Visit, near: str) -> None:
    page = visit(None, size=PHONE)
    page.add_init_script(VOICES.replace("...NEAR", f"...{near}"))
    come_in(page)
    button = page.get_by_role("button", name="念给我听")
    if near == "[]":
        expect(button).to_have_count(0)
        return
    page.goto("/my/questions/")
    button.click()
    said = page.evaluate("window.said")
    assert {voice for voice, _ in said} == {"near"}
    assert [words for _, words in said][:2] == [
        page.get_by_role("heading", level=1).inner_text(),
        page.get_by_role("heading", level=2).inner_text(),
    ]
    expect(page.get_by_role("button", name="不念了")).to_have_attribute("aria-pressed", "true")
