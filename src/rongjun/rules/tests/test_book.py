"""The policy folder as a book."""

import shutil
from datetime import date
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from rongjun.rules.book import Confirmation
from rongjun.rules.check import check_book, explain_benefit
from rongjun.rules.deciding import decide
from rongjun.rules.errors import PolicyError
from rongjun.rules.loading import load_book
from rongjun.rules.tests.strategies import POLICY, book

CARD = "transport.city-transit-pref-card"
CARD_FILE = "cities/qingdao/benefits/transport/city-transit-pref-card.yaml"


FEW = {
    "city-transit-pref-card.yaml",
    "half-fare-disabled.yaml",
    "rongjunbao.yaml",
    "welfare-home-first.yaml",
    "free-buses-taian.yaml",
}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The shipped policy folder with few of its benefits, to be changed at will."""

    def others(folder: str, names: list[str]) -> set[str]:
        holds_benefits = Path(folder).parent.name in {"benefits", "reference"}
        if Path(folder).name == "fares":  # they name benefits that are left out here
            return set(names)
        return {name for name in names if holds_benefits and name not in FEW}

    return Path(shutil.copytree(POLICY, tmp_path / "policy", ignore=others))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def told(policy: Path) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_book(policy, city="qingdao")
    return [str(problem) for problem in caught.value.problems]


def test_the_shipped_book_is_sound_and_every_example_holds() -> None:
    report = check_book(POLICY, city="qingdao")
    assert report.problems == ()
    assert report.examples >= 2 * len(book().benefits)
    assert sum(report.counts["area"].values()) == len(book().benefits)


def test_every_fact_reads_as_a_plain_column_in_sql() -> None:
    for name in [*book().vocabulary.facts, *book().regions]:
        tree = sqlglot.parse_one(f"{name} = {name} OR {name} IN ('x')", into=exp.Condition)
        assert {column.name for column in tree.find_all(exp.Column)} == {name}


def test_the_digest_follows_the_content_and_not_the_layout(policy: Path) -> None:
    path, digest = policy / CARD_FILE, load_book(policy, city="qingdao").digest
    edit(path, "source_id: T-010", "source_id:   T-010   # 编号")
    assert load_book(policy, city="qingdao").digest == digest
    edit(path, "免费乘坐青岛的", "免费乘坐")
    assert load_book(policy, city="qingdao").digest != digest


def test_the_digest_covers_facts_guards_city_and_province(policy: Path) -> None:
    digests = {load_book(policy, city="qingdao").digest}
    for file, old, new in (
        ("facts.yaml", "label: 性别", "label: 男女"),
        ("national/guard.yaml", "kinds: [cash]", "kinds: [cash, free]"),
        ("cities/qingdao/city.yaml", "title: 青岛市", "title: 青岛"),
        ("provinces/shandong/province.yaml", "title: 山东省", "title: 山东"),
        ("reference/transport/free-buses-taian.yaml", "source_id: T-021", "source_id: T-921"),
    ):
        edit(policy / file, old, new)
        digests.add(load_book(policy, city="qingdao").digest)
    assert len(digests) == 6


def test_faults_in_several_files_are_told_together_with_file_and_line(policy: Path) -> None:
    edit(policy / CARD_FILE, "AND holds_pref_card\n", "AND holds_pref_crad\n")
    edit(policy / "national/benefits/transport/half-fare-disabled.yaml", "kind: discount", "kind: discuont")
    edit(policy / "cities/qingdao/benefits/medical/rongjunbao.yaml", "cap_fen: 30000000", "cap_fen: 1.5")
    lines = told(policy)
    assert len(lines) == 3
    assert any(
        f"policy/{CARD_FILE} 第 20 行" in line and "是否想写 holds_pref_card" in line for line in lines
    )
    assert any("half-fare-disabled.yaml 第 6 行" in line and "改成 discount" in line for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("code: transport.city-transit-pref-card", "code: transport.other", "不一致"),
        ("from: 2023-04-21", "from: 2023-04-31", "没有 2023-04-31 这一天"),
        ("verdict: granted", "verdict: yes", "不能是“yes”"),
        ("given: {is_martyr_kin: true}", "given: {is_martyr_kin: 1}", "值不对"),
        ("given: {is_martyr_kin: true}", "given: {is_three_kin: true}", "推出来的"),
        ("given: {is_martyr_kin: true}", "given: {is_martyrkin: true}", "没有名为"),
        ("percent_off: 100", "percent_off: 120", "1 到 100"),
        ("source_grade: mirror_or_reprint", "source_grade: rumour", "不能是“rumour”"),
        ("classes: [V, K]", "classes: [V, Z]", "没有“Z”类对象"),
        ("owner: 待局方指定\n", "", "缺少“owner”"),
        ("expect: {verdict: granted}", "expect: {}", "缺少“verdict”"),
        ("source_grade: mirror", "public_links: ['ftp://x']\nsource_grade: mirror", "可公开的网址"),
    ],
)
def test_a_fault_in_a_benefit_says_what_is_wrong(policy: Path, old: str, new: str, says: str) -> None:
    edit(policy / CARD_FILE, old, new)
    assert says in " ".join(told(policy))


def test_one_code_in_two_places_is_refused(policy: Path) -> None:
    target = policy / "national/benefits/transport/city-transit-pref-card.yaml"
    shutil.copy(policy / CARD_FILE, target)
    assert "已在" in told(policy)[0]


def test_a_stray_file_among_benefits_is_refused(policy: Path) -> None:
    (policy / "national/benefits/transport/notes.yml").write_text("a: 1")
    assert "领域/项目.yaml" in told(policy)[0]


def test_a_city_nobody_wrote_is_refused_with_those_there_are(policy: Path) -> None:
    for city in ("nowhere", "../national", ""):
        with pytest.raises(PolicyError, match="qingdao"):
            load_book(policy, city=city)


def test_a_second_city_is_one_folder_and_judges_by_its_own_region(policy: Path) -> None:
    folder = policy / "cities/yantai"
    shutil.copytree(policy / "cities/qingdao", folder)
    edit(folder / "city.yaml", "code: 370200000000", "code: 370600000000")
    other = load_book(policy, city="yantai")
    facts = {"is_key_pension_group": True, "household_city": 370600000000}
    there = decide(other, code="medical.rongjunbao", facts=facts, on=date(2026, 1, 1))
    here = decide(book(), code="medical.rongjunbao", facts=facts, on=date(2026, 1, 1))
    assert there is not None
    assert here is not None
    assert (there.verdict, here.verdict) == ("granted", "not-granted")


def test_a_new_version_leaves_last_years_decision_alone(policy: Path) -> None:
    path = policy / CARD_FILE
    newer = path.read_text("utf-8").split("versions:\n")[1].replace("2023-04-21", "2027-01-01")
    newer = newer.replace("(is_veteran OR is_three_kin)", "is_veteran").replace("2024-06-01", "2027-06-01")
    path.write_text(path.read_text("utf-8") + newer, "utf-8")
    changed = load_book(policy, city="qingdao")
    kin = {"is_martyr_kin": True, "holds_pref_card": True}
    verdicts = {
        on: decision.verdict
        for on in (date(2026, 12, 31), date(2027, 1, 1))
        if (decision := decide(changed, code=CARD, facts=kin, on=on))
    }
    assert verdicts == {date(2026, 12, 31): "granted", date(2027, 1, 1): "not-granted"}


def test_versions_out_of_order_are_refused(policy: Path) -> None:
    path = policy / CARD_FILE
    older = path.read_text("utf-8").split("versions:\n")[1].replace("2023-04-21", "2021-01-01")
    path.write_text(path.read_text("utf-8") + older, "utf-8")
    assert "从早到晚" in told(policy)[0]


def test_a_version_with_an_end_is_not_in_force_the_day_after(policy: Path) -> None:
    edit(policy / CARD_FILE, "announced: 2023-04-21", "announced: 2023-04-21\n    until: 2025-12-31")
    ended = load_book(policy, city="qingdao").benefits[CARD]
    assert ended.version(on=date(2025, 12, 31)) is not None
    assert ended.version(on=date(2026, 1, 1)) is None


def test_a_confirmation_holds_for_exactly_the_wording_it_confirmed(policy: Path) -> None:
    version = book().benefits[CARD].versions[0]
    row = Confirmation(CARD, version.start, version.digest, by="经办人甲", document="示例文号")
    plain = load_book(policy, city="qingdao")
    confirmed = load_book(policy, city="qingdao", confirmations=[row])
    facts = {"is_veteran": True}
    decision = decide(confirmed, code=CARD, facts=facts, on=date(2026, 1, 1))
    assert decision is not None
    assert not decision.unconfirmed
    assert confirmed.digest != plain.digest
    edit(policy / CARD_FILE, "(is_veteran OR is_three_kin)", "is_veteran")
    changed = load_book(policy, city="qingdao", confirmations=[row])
    decision = decide(changed, code=CARD, facts=facts, on=date(2026, 1, 1))
    assert decision is not None
    assert decision.unconfirmed


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("expect: {verdict: unknown, because: [holds_pref_card]}", "expect: {verdict: granted}", "按条件得"),
        ("because: [holds_pref_card]}", "because: [sex]}", "说原因是 sex"),
        ("because: [is_veteran, is_three_kin]}", "because: []}", "没有写 because"),
        ("date: 2024-06-01", "date: 2020-06-01", "施行期"),
        ("AND holds_pref_card\n", "AND holds_pref_card AND holds_pref_card\n", "重复"),
        ("AND holds_pref_card\n", "AND (holds_pref_card OR age > 60 AND age < 50)\n", "走不到"),
        ("AND holds_pref_card\n", "AND holds_pref_card AND NOT holds_pref_card\n", "谁也不能享受"),
        ("AND holds_pref_card\n", "AND holds_pref_card AND age > 60 AND age <= 60\n", "谁也不能享受"),
        ("AND holds_pref_card\n", "AND holds_pref_card AND sex = 'male' AND sex <> 'male'\n", "谁也不能享受"),
    ],
)
def test_the_check_finds_wrong_examples_and_conditions_nobody_can_meet(
    policy: Path, old: str, new: str, says: str
) -> None:
    edit(policy / CARD_FILE, old, new)
    assert says in " ".join(str(problem) for problem in check_book(policy, city="qingdao").problems)


def test_the_check_asks_for_an_example_each_way(policy: Path) -> None:
    path = policy / CARD_FILE
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("    examples:")], "utf-8")
    told = [problem.what for problem in check_book(policy, city="qingdao").problems]
    assert told == ["缺少结论为“不能享受”的例子", "缺少结论为“能享受”的例子"]


def test_the_check_asks_who_would_know_an_unknown(policy: Path) -> None:
    file = policy / "facts.yaml"
    file.write_text(file.read_text().replace("    known_by: 医保\n", ""))
    told = [problem.what for problem in check_book(policy, city="qingdao").problems]
    assert told == ["“参加基本医疗保险”（has_medical_insurance）没有写哪里能查到"]


def test_the_check_remarks_a_grade_read_without_asking_for_the_rating(policy: Path) -> None:
    edit(policy / CARD_FILE, "AND holds_pref_card\n", "AND holds_pref_card AND disability_grade <= 6\n")
    remarks = [problem.what for problem in check_book(policy, city="qingdao").remarks]
    assert any("残疾等级" in remark for remark in remarks)


def test_the_check_of_a_broken_book_reports_instead_of_raising(policy: Path) -> None:
    (policy / "facts.yaml").write_text("facts: [")
    report = check_book(policy, city="qingdao")
    assert not report.is_clean
    assert report.digest is None


def test_a_benefit_is_explained_with_basis_date_and_how_sure_we_are() -> None:
    text = explain_benefit(book(), code="living.disability-pension", on=date(2026, 1, 1))
    for part in ("残疾抚恤金", "第24条", "2024-10-01", "待局方确认", "不在待遇中止期间", "L-011"):
        assert part in text
    assert "没有施行中的版本" in explain_benefit(book(), code=CARD, on=date(2020, 1, 1))


def test_shared_rules_and_code_name_no_city() -> None:
    rules = POLICY.parent / "src/rongjun/rules"
    files = [POLICY / "facts.yaml", *(POLICY / "national").rglob("*.yaml"), *rules.glob("*.py")]
    assert len(files) > 15
    for path in files:
        assert not any(name in path.read_text("utf-8").lower() for name in ("qingdao", "青岛", "3702")), path
