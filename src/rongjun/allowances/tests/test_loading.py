"""The policy files of allowances: all rows are there, faults are told at once, nothing invented pays."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.history import Asserted, Award
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.rates import Gap, Key, Rate
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.orders import order_digest
from rongjun.allowances.tests.test_worked_examples import POLICY
from rongjun.rules.api import Confirmation, PolicyError, Sheet, plain, read_folder, read_sheet

CITY = "cities/qingdao"
END = datetime(2026, 12, 1, tzinfo=UTC)
ORDER = "cities/qingdao/allowances/rates/qingdao-2023-11.yaml"
KIN = "national/allowances/schemes/kin-pension.yaml"
SETTINGS = "national/allowances/settings.yaml"
OURS_BESIDE_THE_COLLECTED = {"qingdao-conscript-2021"}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return read_folder(POLICY)


@pytest.fixture(scope="module")
def city() -> AllowanceBook:
    return load_allowances(POLICY, place=CITY)


def orders() -> list[Path]:
    return sorted(POLICY.glob("**/allowances/rates/*.yaml"))


def collected() -> list[dict[str, object]]:
    """Every collected row with the marks of its source."""
    found = []
    for path in orders():
        order = yaml.safe_load(path.read_text("utf-8"))
        if order["order"] in OURS_BESIDE_THE_COLLECTED:
            continue
        for source in order["sources"]:
            found += [
                {**row, **{k: source.get(k) for k in ("confidence", "inferred")}} for row in source["rows"]
            ]
    return found


def test_all_379_collected_rows_are_there_with_their_marks() -> None:
    rows = collected()
    assert Counter(row["confidence"] for row in rows) == {"sourced": 282, "unsourced": 97}
    # 129 come with a mark; six more (one discharge rate, two grants, three outpatient) have no date of force.
    assert sum(bool(row["inferred"]) for row in rows) == 129 + 6
    assert sum(row["confidence"] == "sourced" and not row["inferred"] for row in rows) == 153 - 6


def test_every_place_can_be_loaded_and_the_digest_tells_them_apart() -> None:
    places = ["national", "provinces/shandong", "provinces/sichuan", "provinces/fujian", CITY]
    places += ["provinces/shanxi", "provinces/gansu"]
    books = [load_allowances(POLICY, place=place) for place in places]
    assert len({book.digest for book in books}) == len(places)
    assert load_allowances(POLICY, place=CITY).digest == books[4].digest


def test_the_digest_follows_the_content_and_not_the_layout(files, city) -> None:
    name = "national/allowances/settings.yaml"
    commented = {**files, name: files[name] + "\n# 一句话\n".encode()}
    changed = {**files, name: files[name].replace(b"value: 60", b"value: 61", 1)}
    assert load_allowances(commented, place=CITY).digest == city.digest
    assert load_allowances(changed, place=CITY).digest != city.digest


def test_every_fault_of_every_file_is_told_at_once_with_its_line(files) -> None:
    order = "cities/qingdao/allowances/rates/qingdao-2023-11.yaml"
    scheme = "national/allowances/schemes/kin-pension.yaml"
    matrix = "national/allowances/matrix.yaml"
    broken = {
        **files,
        order: files[order].replace(b"fen: 945000", b"fen: 9450.5").replace(b"fen: 828000", b"fen: -1"),
        scheme: files[scheme].replace(b"relation = 'child'", b"relatoin = 'child'"),
        matrix: files[matrix].replace(b"rule: stack", b"rule: stak"),
    }
    with pytest.raises(PolicyError) as caught:
        load_allowances(broken, place=CITY)
    told = str(caught.value)
    assert {problem.file for problem in caught.value.problems} >= {
        f"policy/{scheme}",
        f"policy/{matrix}",
        f"policy/{order}",
    }
    assert "像数字但不是整数" in told
    assert "改成 stack" in told
    assert "relation" in told


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (SETTINGS, "allowed: [same-month, month-after]", "allowed: [x]", "不在 allowed"),
        (KIN, "code: kin-pension", "code: kin", "文件名不一致"),
        (KIN, "months: 6", "month: 6", "缺少“months”"),
        ("national/allowances/matrix.yaml", "drops: nuclear-allowance", "drops: other", "不是组合里的一项"),
        ("national/allowances/series.yaml", "lasts_months: 24", "lasts_months: 0", "1 到 1200"),
        ("national/allowances/lump-sums.yaml", "pay_months: 40", "pay_months: 四十", "应是整数"),
        (ORDER, "code: 370200000000", "code: 3702", "区划代码"),
        (ORDER, "confidence: sourced", "confidence: sure", "不能是"),
    ],
)
def test_a_fault_is_said_so_that_a_clerk_can_mend_it(files, name, old, new, told) -> None:
    assert old.encode() in files[name]
    with pytest.raises(PolicyError, match=told):
        load_allowances({**files, name: files[name].replace(old.encode(), new.encode(), 1)}, place=CITY)


def test_a_rule_without_basis_says_that_it_waits_for_the_bureau(files) -> None:
    name = "national/allowances/settings.yaml"
    mute = files[name].replace("    unconfirmed: 没有明文\n".encode(), b"", 1)
    with pytest.raises(PolicyError, match="既没有依据"):
        load_allowances({**files, name: mute}, place=CITY)


def test_one_scheme_in_two_files_is_a_fault(files) -> None:
    twice = {**files, "cities/qingdao/allowances/schemes/kin-pension.yaml": files[KIN]}
    with pytest.raises(PolicyError, match="写了两次"):
        load_allowances(twice, place=CITY)


def test_a_place_nobody_knows_is_named() -> None:
    with pytest.raises(PolicyError, match="缺少这个文件"):
        load_allowances(POLICY, place="cities/nowhere")
    with pytest.raises(PolicyError, match="没有名为"):
        load_allowances(POLICY, place="elsewhere")


def test_no_rule_of_the_nation_depends_on_a_city(city) -> None:
    assert load_allowances(POLICY, place="national").schemes.keys() == city.schemes.keys()


# what may be paid


def _combat(book: AllowanceBook, month: date) -> tuple[str, ...]:
    award = Asserted(
        Award("参战", "combat-allowance", "combat", date(2015, 3, 2), {"household_kind": "rural"})
    )
    at = month.year * 12 + month.month - 1
    (line,) = months_owed([award], first=at, last=at, known_at=END, book=book).lines
    return line.obstacles if line.state == "owed" else (line.state,)


def test_a_rate_the_bureau_has_not_confirmed_does_not_pay_and_a_confirmed_one_does(city) -> None:
    assert _combat(city, date(2023, 9, 1)) == ("标准待局方确认",)
    path = POLICY / "cities/qingdao/allowances/rates/qingdao-2023-11.yaml"
    node = read_sheet(path, sheet=Sheet("x", []))
    assert node is not None
    said = Confirmation(
        "allowances.qingdao-2023-11", date(2023, 8, 1), order_digest(plain(node)), "甲", "示例〔2026〕1号"
    )
    confirmed = load_allowances(POLICY, place=CITY, confirmations=[said])
    assert _combat(confirmed, date(2023, 9, 1)) == ()
    assert confirmed.digest != city.digest
    stale = load_allowances(POLICY, place=CITY, confirmations=[replace(said, digest="0")])
    assert _combat(stale, date(2023, 9, 1)) == ("标准待局方确认",)


def test_an_invented_rate_is_left_out_shown_or_in_a_demo_paid() -> None:
    month = date(2026, 9, 1)
    assert _combat(load_allowances(POLICY, place=CITY), month) == ("gap",)
    shown = _combat(load_allowances(POLICY, place=CITY, fictional="shown"), month)
    assert "虚构标准，只供演示和测算" in shown
    assert _combat(load_allowances(POLICY, place=CITY, fictional="paid"), month) == ()


def test_a_confirmation_does_not_make_an_inferred_rate_payable() -> None:
    rows = [rate for rate in load_allowances(POLICY, place="national").rates.rates if rate.inferred]
    assert all(replace(rate, confirmed=True).obstacles for rate in rows)


def test_the_invented_set_continues_every_regular_scheme_without_a_gap() -> None:
    book = load_allowances(POLICY, place=CITY, fictional="shown")
    keys = [("disability-pension", Key(None, g, c)) for g in (1, 6, 10) for c in ("war", "duty")]
    keys += [
        ("kin-pension", Key("martyr-kin")),
        ("combat-allowance", Key()),
        ("nursing-fee", Key(None, 2, "war")),
    ]
    keys += [("rural-conscript-allowance", Key()), ("demobilised-allowance", Key("resist-japan"))]
    for series, key in keys:
        region = book.region_of(series, division=book.division, on=date(2026, 1, 1))
        for month in range(2011 * 12 + 8, 2026 * 12 + 12):
            found = book.rates.find(series, key, month=month, region=region, known_on=date(2026, 12, 1))
            assert isinstance(found, Rate), (series, key, month)


def test_a_real_rate_always_comes_before_an_invented_one(city) -> None:
    shown = load_allowances(POLICY, place=CITY, fictional="shown")
    key, region, known = Key(None, 5, "war"), 0, date(2026, 12, 1)
    for month in range(2009 * 12, 2027 * 12):
        real = city.rates.find("disability-pension", key, month=month, region=region, known_on=known)
        both = shown.rates.find("disability-pension", key, month=month, region=region, known_on=known)
        if isinstance(real, Rate):
            assert isinstance(both, Rate)
            assert both.ref == real.ref


def test_a_gap_names_place_scheme_months_and_the_nearest_rate(city) -> None:
    gap = city.rates.find(
        "kin-pension", Key("martyr-kin"), month=2022 * 12 + 8, region=city.division, known_on=date(2026, 1, 1)
    )
    assert isinstance(gap, Gap)
    for part in ("青岛市", "三属定期抚恤金", "烈士遗属", "2022 年 9 月", "2,626.00 元/月", "不能沿用"):
        assert part in gap.text
