"""The plan's file: what it says, every fault at once, its examples, and that it agrees with the benefit."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from rongjun.insurance.api import PlanFile, check_plan, load_plan
from rongjun.insurance.logic.plans import Excess, Percentage, Tiers
from rongjun.insurance.tests.strategies import POLICY, rongjunbao
from rongjun.kernel.money import Fen
from rongjun.rules.api import Confirmation, PolicyError

FILE = POLICY / "cities" / "qingdao" / "insurance" / "rongjunbao.yaml"
BOOK = rongjunbao().cover.book


def loaded(tmp_path: Path, *changes: tuple[str, str]) -> PlanFile:
    """The plan with some of its text changed."""
    place = tmp_path / "cities" / "qingdao" / "insurance"
    place.mkdir(parents=True, exist_ok=True)
    text = FILE.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (place / "rongjunbao.yaml").write_text(text, "utf-8")
    return load_plan(tmp_path, city="qingdao", code="rongjunbao", book=BOOK)


def test_the_examples_of_every_plan_come_out() -> None:
    files = sorted(POLICY.glob("cities/*/insurance/*.yaml"))
    assert FILE in files
    for file in files:
        found = load_plan(POLICY, city=file.parts[-3], code=file.stem)
        assert check_plan(found) == ()
        assert all(found.examples.values())


def test_the_plan_says_what_the_benefit_says() -> None:
    from rongjun.rules.api import load_book

    benefit = load_book(POLICY, city="qingdao").benefits[rongjunbao().benefit]
    for version in benefit.versions:
        terms = rongjunbao().plan.terms(on=version.start)
        assert terms is not None
        assert (terms.stop.payout_max, terms.stop.own_max) == (
            version.grant.cap_fen,
            version.grant.own_max_fen,
        )
        ours = rongjunbao().cover.book.benefits[benefit.code].version(on=version.start)
        assert ours is not None
        assert ours.when == version.when


def test_nothing_in_it_looks_official_before_the_bureau_confirms() -> None:
    (terms,) = rongjunbao().plan.wordings
    assert terms.version.unconfirmed
    assert all(text.endswith("（待局方确认）") for text in terms.clauses.values())
    confirmed = Confirmation("rongjunbao", terms.start, terms.version.digest, "测试局", "测试文号")
    found = load_plan(POLICY, city="qingdao", code="rongjunbao", confirmations=[confirmed])
    assert not found.plan.wordings[0].version.unconfirmed


def test_an_example_that_does_not_come_out_is_told(tmp_path: Path) -> None:
    problems = check_plan(
        loaded(tmp_path, ("payout_fen: 12100000, own_fen: 500000", "payout_fen: 12100001, own_fen: 1"))
    )
    assert [problem.line for problem in problems] == [problems[0].line] * 2
    assert "应得121,000.01 元赔付，按方案得 121,000.00 元" in "".join(map(str, problems))


def test_an_example_outside_its_wording_is_told(tmp_path: Path) -> None:
    (problem,) = check_plan(loaded(tmp_path, ("date: 2023-12-20", "date: 2023-06-20")))
    assert "不在本版本的施行期内" in problem.what


MODE = "mode: {kind: excess}"
FAULTS = [
    ("code: rongjunbao", "code: other", "与文件名"),
    ("benefit: medical.rongjunbao", "benefit: medical.nothing", "没有代码为 medical.nothing"),
    ("year_starts: '07-01'", "year_starts: '02-29'", "不是每年都有 2 月 29 日"),
    ("year_starts: '07-01'", "year_starts: '7-1'", "写法不对"),
    ("when: is_key_pension_group", "when: is_key_pension", "没有名为 is_key_pension 的事实"),
    ("care_types: ['21',", "care_types: ['住院',", "医疗类别“住院”"),
    ("areas: anywhere", "areas: [mars]", "没有名为 mars 的地区"),
    ("own-expense: outside}", "own-expense: nowhere}", "不能是“nowhere”"),
    (MODE, "mode: {kind: percentage, percent: 101}", "比例不在 0 到 100"),
    (MODE, "mode: {kind: excess, percent: 10}", "没有“percent”"),
    ("own_max_fen: 500000\n", "own_max_fen: 0\n", "应不小于 1"),
    ("above_both: payout-ceiling", "above_both: both", "“above_both”不能是"),
    ("      - city-insurance\n", "", "缺少 city-insurance"),
    ("      - this-plan\n      - person\n", "      - person\n      - this-plan\n", "个人排在方案前面"),
    ("person_fen: 0", "person_fen: 100", "政府全额出资"),
    ("exclusions: []", "exclusions: [{code: work-injury, title: 工伤}]", "缺少“clause”"),
    ("    grounds:\n      total:", "    grounds:\n      whole:", "缺少“total”"),
    ("review: [above-ceiling]", "review: [too-much]", "没有“too-much”"),
    ("pooled_fen: 20000000", "pooled_fen: 90000000", "统筹支付大于总费用"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), FAULTS)
def test_a_fault_is_told_in_chinese_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        loaded(tmp_path, (old, new))
    assert said in str(caught.value)
    assert all(problem.line > 1 or problem.fix for problem in caught.value.problems)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    changes = [
        fault[:2] for fault in FAULTS if fault[0] in {"areas: anywhere", "person_fen: 0", "exclusions: []"}
    ]
    with pytest.raises(PolicyError) as caught:
        loaded(tmp_path, *changes)
    assert len(caught.value.problems) == 3


def test_the_other_modes_are_read(tmp_path: Path) -> None:
    bands = "bands: [{up_to_fen: 1000000, percent: 65}, {percent: 55}]"
    tiers = (
        "mode: {kind: tiers, inside: {deductible_fen: 0, bands: [{percent: 85}], limit_fen: 1000000}, "
        f"outside: {{deductible_fen: 300000, {bands}}}}}"
    )
    assert isinstance(loaded(tmp_path).plan.wordings[0].stop.mode, Excess)
    share = loaded(tmp_path, (MODE, "mode: {kind: percentage, percent: 60}"))
    assert share.plan.wordings[0].stop.mode == Percentage(60)
    mode = loaded(tmp_path, (MODE, tiers)).plan.wordings[0].stop.mode
    assert isinstance(mode, Tiers)
    assert (mode.inside.limit, mode.outside.deductible) == (Fen(1_000_000), Fen(300_000))


@pytest.mark.parametrize(
    "bands",
    [
        "[{percent: 65}, {percent: 55}]",
        "[{up_to_fen: 5, percent: 65}, {up_to_fen: 4, percent: 55}]",
        "[{up_to_fen: 1, percent: 65}, {percent: 55}]",
    ],
)
def test_bands_that_do_not_follow_each_other_are_told(tmp_path: Path, bands: str) -> None:
    scale = f"{{deductible_fen: 3, bands: {bands}}}"
    with pytest.raises(PolicyError, match="首尾相接"):
        loaded(tmp_path, (MODE, f"mode: {{kind: tiers, inside: {scale}, outside: {scale}}}"))


def second_version(start: str) -> tuple[str, str]:
    """The file with its only version written a second time, from another day."""
    text = FILE.read_text("utf-8")
    version = text[text.index("  - from: 2023-07-01") :]
    later = version.replace("2024-", "2025-").replace("2023-1", "2024-1")
    later = later.replace("from: 2023-07-01", f"from: {start}")
    return version, version + later


def test_a_new_version_begins_with_an_insured_year(tmp_path: Path) -> None:
    found = loaded(tmp_path, second_version("2024-07-01"))
    one, two = found.plan.wordings
    assert (one.until, two.until) == (date(2024, 6, 30), None)
    assert found.plan.terms(on=date(2024, 6, 30)) is one
    with pytest.raises(PolicyError, match="不从保险年度的第一天起施行"):
        loaded(tmp_path, second_version("2024-08-01"))
    with pytest.raises(PolicyError, match="没有按施行日从早到晚"):
        loaded(tmp_path, second_version("2023-07-01"))


def test_years_are_cut_where_a_wording_begins_or_ends() -> None:
    (terms,) = rongjunbao().plan.wordings
    assert terms.year_of(date(2024, 6, 30)) == (date(2023, 7, 1), date(2024, 6, 30))
    assert terms.year_of(date(2024, 7, 1)) == (date(2024, 7, 1), date(2025, 6, 30))


def test_a_plan_that_is_not_there_is_said(tmp_path: Path) -> None:
    for code in ("nothing", "../facts"):
        with pytest.raises(PolicyError):
            load_plan(tmp_path, city="qingdao", code=code, book=BOOK)


def test_another_city_is_another_file(tmp_path: Path) -> None:
    shutil.copytree(POLICY, tmp_path / "policy")
    city = tmp_path / "policy" / "cities" / "elsewhere"
    shutil.copytree(POLICY / "cities" / "qingdao", city)
    place = city / "insurance" / "rongjunbao.yaml"
    place.write_text(place.read_text("utf-8").replace("own_max_fen: 500000", "own_max_fen: 400000"), "utf-8")
    found = load_plan(tmp_path / "policy", city="elsewhere", code="rongjunbao")
    assert found.plan.wordings[0].stop.own_max == Fen(400_000)
