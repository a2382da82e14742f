"""Another city is another folder: 烟台, with two benefits invented for this test, and not a line of code."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from rongjun.rules.api import PERSON, Book, PolicyError, check_book, load_book, sweep, verdicts
from rongjun.rules.drafting import witnesses

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "policy"
ON = date(2026, 11, 23)
YANTAI, QINGDAO = 370600000000, 370200000000
SHANDONG, HENAN = 370000000000, 410000000000
OWN = ["eldercare.invented-home-visits", "transport.invented-island-ferry"]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped policy with 烟台 in the place of 青岛."""
    folder = Path(shutil.copytree(POLICY, tmp_path_factory.mktemp("city") / "policy"))
    shutil.rmtree(folder / "cities/qingdao")
    shutil.copytree(ROOT / "tests/data/yantai", folder / "cities/yantai")
    return folder


@pytest.fixture(scope="module")
def yantai(policy: Path) -> Book:
    return load_book(policy, city="yantai")


@pytest.fixture(scope="module")
def qingdao() -> Book:
    return load_book(POLICY, city="qingdao")


def test_the_book_of_the_second_city_is_sound_and_every_example_holds(policy: Path, yantai: Book) -> None:
    report = check_book(policy, city="yantai")
    assert report.problems == ()
    assert [r for r in report.remarks if "yantai" in r.file] == []
    assert report.counts["region"]["city"] == len(OWN)
    assert yantai.title == "烟台市"


def test_it_has_the_shared_benefits_and_its_own_and_none_of_the_other_city(
    yantai: Book, qingdao: Book
) -> None:
    shared = {code for code, benefit in qingdao.benefits.items() if benefit.level != "city"}
    assert set(yantai.benefits) == shared | set(OWN)
    assert not any("qingdao" in benefit.file for benefit in yantai.benefits.values())


def test_the_first_city_is_not_known_there(policy: Path) -> None:
    with pytest.raises(PolicyError, match="yantai"):
        load_book(policy, city="qingdao")


def test_its_own_benefits_are_judged_by_its_own_region(yantai: Book) -> None:
    facts = {"is_veteran": True, "holds_pref_card": True}
    found = {
        city: verdicts(yantai, facts=facts | {"household_city": city}, on=ON)[OWN[1]]
        for city in (YANTAI, QINGDAO)
    }
    assert found == {YANTAI: "granted", QINGDAO: "not-granted"}


def test_what_the_province_gives_is_given_there_to_people_of_the_province(yantai: Book) -> None:
    about_region = [
        (benefit.code, version.when)
        for benefit, version in yantai.in_force(on=ON)
        if benefit.level == "province" and "this_province" in version.when_text
    ]
    assert about_region
    for code, when in about_region:
        for person in witnesses(when, vocabulary=yantai.vocabulary, on=ON):
            stranger = {name: HENAN if value == SHANDONG else value for name, value in person.items()}
            assert verdicts(yantai, facts=person, on=ON)[code] == "granted"
            assert (verdicts(yantai, facts=stranger, on=ON)[code] == "granted") is (stranger == person)


def test_a_national_rule_about_this_city_means_in_each_city_its_own(policy: Path, tmp_path: Path) -> None:
    both = Path(shutil.copytree(policy, tmp_path / "policy"))
    shutil.copytree(POLICY / "cities/qingdao", both / "cities/qingdao")
    file = both / "national/benefits/transport/half-fare-disabled.yaml"
    before, _, after = file.read_text("utf-8").partition("    when: ")
    file.write_text(f"{before}    when: household_city = this_city AND {after}", "utf-8")
    people = pl.DataFrame(
        {
            PERSON: [1, 2],
            "is_disabled_soldier": [True, True],
            "holds_disabled_cert": [True, True],
            "household_city": [YANTAI, QINGDAO],
        }
    )
    code = "transport.half-fare-disabled"
    found = {
        city: sweep(load_book(both, city=city), frame=people, on=ON, codes=[code])[code].to_list()
        for city in ("yantai", "qingdao")
    }
    assert found == {"yantai": [True, False], "qingdao": [False, True]}


def test_two_cities_have_two_digests_and_share_what_is_shared(yantai: Book, qingdao: Book) -> None:
    assert yantai.digest != qingdao.digest
    assert yantai.vocabulary == qingdao.vocabulary
    wordings = [
        {
            code: [version.digest for version in benefit.versions]
            for code, benefit in book.benefits.items()
            if benefit.level != "city"
        }
        for book in (yantai, qingdao)
    ]
    assert wordings[0] == wordings[1]


@pytest.mark.parametrize("city", ["qingdao", "yantai"])
def test_neither_the_facts_nor_the_national_rules_nor_the_code_name_a_city(city: str) -> None:
    names = {"qingdao": ("qingdao", "青岛", "3702"), "yantai": ("yantai", "烟台", "3706")}[city]
    national = [path for path in (POLICY / "national").rglob("*") if path.is_file()]
    code = (ROOT / "src/rongjun/rules").glob("*.py")
    naming = [
        path.relative_to(ROOT).as_posix()
        for path in (POLICY / "facts.yaml", *national, *code)
        if any(name in path.read_text("utf-8").lower() for name in names)
    ]
    assert naming == []
