"""One person decided alone and the population swept: the same facts, the same verdicts, on every day."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import polars as pl
import pytest

from rongjun.access.api import ROLES, Actor, acting_as, scope_of
from rongjun.benefits import api as benefits
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.registry import api as registry
from rongjun.rules.api import PERSON, as_long
from rongjun.ui.api import sentence

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2024, 11, 24, 2, 0, tzinfo=UTC), date(2024, 11, 24)
HOME, NEXT_DOOR = 370202901000, 370202902000


def officer(role: str = "city-officer", division: int = 370200000000) -> Actor:
    permissions = ROLES[role].permissions
    return Actor(
        uuid4(), "officer", "测试", "staff", role, "", division, "示范", scope_of(division), permissions
    )  # fmt: skip


def rows_of(count: int, *, seed: int, station: int = HOME) -> list[registry.RawRow]:
    """Invented people of every kind the roster knows, each with some cells left empty."""
    chance = random.Random(seed)
    return [registry.RawRow(number + 2, _cells(number, chance, station)) for number in range(count)]


def _cells(number: int, chance: random.Random, station: int) -> Mapping[str, str]:
    enlisted = date(chance.randint(1955, 2018), chance.choice((3, 9, 12)), chance.randint(1, 28))
    born = date(enlisted.year - chance.randint(18, 22), chance.randint(1, 12), chance.randint(1, 28))
    discharged = enlisted + timedelta(days=chance.choice((730, 1460, 2920, 4380, 5840)))
    disabled = chance.random() < 0.3
    kinds = chance.sample(
        ("退役军人", "烈士遗属", "因公牺牲军人遗属", "现役军人家属", "参战退役军人", "现役军人"), 2
    )

    def perhaps(*words: str) -> str:
        return chance.choice((*words, ""))

    return {
        "姓名": f"测试{number:04d}",
        "证件号码": IdentityNumber.invented(born=born, sequence=number % 1000, address="990001").number,
        "人员类别": "、".join([*kinds, *(["残疾军人"] if disabled else [])]),
        "服务站区划代码": str(station),
        "入伍日期": perhaps(enlisted.isoformat()),
        "退役日期": perhaps(discharged.isoformat()) if discharged < TODAY else "",
        "服役身份": perhaps("军官", "军士", "义务兵"),
        "安置方式": perhaps("自主就业", "复员", "转业"),
        "残疾等级": chance.choice(("一级", "四级", "六级", "七级", "十级")) if disabled else "",
        "残疾性质": chance.choice(("因战", "因公", "因病")) if disabled else "",
        "户籍区划代码": perhaps("370202", "370215", "110101"),
        "户籍类别": perhaps("农村", "城镇"),
        "抚恤定补": perhaps("是", "否"),
        "优待证": perhaps("有", "无"),
        "残疾军人证": perhaps("有", "无"),
    }


def people(count: int, *, seed: int = 1, station: int = HOME) -> list[UUID]:
    """Files of an invented population, with some questions answered."""
    chance, by = random.Random(seed), officer()
    with acting_as(by):
        roster = registry.import_roster(
            rows_of(count, seed=seed, station=station), file_name="x.xlsx", file_digest=b"%d" % seed, by=by,
            synthetic=True, now=NOW, today=TODAY,
        )  # fmt: skip
        report = registry.report(roster)
        assert report
        opened = [row.person for row in report.rows if row.person]
        assert len(opened) == count, [row.faults for row in report.rows if row.faults][:3]
        for person in opened:
            for fact in chance.sample(
                ("in_hardship", "has_employer", "cannot_care_for_self", "is_unsupported"), 2
            ):
                answer: dict[str, Any] = {"valid_from": date(2020, 1, 1), "valid_to": date(2024, 12, 31)}
                said = chance.choice(("true", "false"))
                registry.state_fact(person, fact=fact, value=said, source="x", by=by, now=NOW, **answer)
    return opened


def alone(person: UUID, on: date) -> dict[str, str]:
    return {
        decision.code: decision.verdict for decision in benefits.decisions_for(person, on=on, known_at=NOW)
    }


def test_everybody_gets_alone_what_the_sweep_gives_them() -> None:
    population = people(500)
    with acting_as(officer()):
        for on in (TODAY, date(2024, 8, 1), date(2025, 6, 1), date(2026, 11, 24)):
            long = as_long(benefits.sweep_everybody(on=on, known_at=NOW))
            together: dict[str, dict[str, str]] = {}
            for person, code, verdict in long.rows():
                together.setdefault(person, {})[code] = verdict
            assert set(together) == {str(person) for person in population}
            for person in population if on == TODAY else population[:60]:
                assert alone(person, on) == together[str(person)], (person, on)


def test_a_population_has_every_verdict_and_the_figures_add_up() -> None:
    people(80)
    with acting_as(officer()):
        counted = benefits.counts_by_benefit(on=TODAY, known_at=NOW)
        wide = benefits.sweep_everybody(on=TODAY, known_at=NOW)
    assert counted == sorted(counted)
    for code, title, granted, unknown, refused in counted:
        assert title
        assert granted + unknown + refused == 80
        assert granted == wide.filter(pl.col(code)).height
        assert unknown == wide.filter(pl.col(code).is_null()).height
    assert all(sum(column) for column in list(zip(*counted, strict=True))[2:])


def test_behind_each_figure_stand_the_people_it_counts() -> None:
    everybody = people(60)
    with acting_as(officer()):
        code, _, *figures = max(
            benefits.counts_by_benefit(on=TODAY, known_at=NOW), key=lambda row: min(row[2:])
        )
        named = [benefits.people_with(code, verdict, on=TODAY, known_at=NOW) for verdict in benefits.WORDS]
        for person in named[0][:5]:
            assert alone(person, TODAY)[code] == "granted"
    assert [len(found) for found in named] == figures
    assert sorted(person for found in named for person in found) == sorted(everybody)


def test_the_sweep_of_one_is_their_line_in_the_sweep_of_all() -> None:
    person, *_ = people(10)
    with acting_as(officer()):
        swept = benefits.swept_verdicts(person, on=TODAY, known_at=NOW)
        assert {code: verdict for code, _, verdict in swept} == alone(person, TODAY)
    assert [code for code, _, _ in swept] == sorted(code for code, _, _ in swept)


def test_the_sweep_says_of_the_dead_that_they_died_and_when() -> None:
    person, *_ = people(2)
    died, later = date(2024, 5, 1), NOW + timedelta(hours=1)
    with acting_as(officer()):
        registry.record_death(person, died_on=died, source="死亡证明", by=officer(), now=later)
        assert benefits.swept_verdicts(person, on=TODAY, known_at=NOW)
        assert benefits.swept_verdicts(person, on=date(2024, 4, 30), known_at=later)
        with pytest.raises(Refused, match="dead-not-swept") as refused:
            benefits.swept_verdicts(person, on=TODAY, known_at=later)
    assert "2024-05-01" in sentence(refused.value).why


def test_an_answer_changes_the_decision_from_then_on() -> None:
    person, *_ = people(1)
    by, later = officer(), NOW + timedelta(hours=1)
    with acting_as(by):
        answer: dict[str, Any] = {
            "valid_from": TODAY,
            "valid_to": None,
            "source": "x",
            "by": by,
            "now": later,
        }
        registry.state_fact(person, fact="is_job_seeker", value="true", **answer)
        assert "is_job_seeker" not in benefits.facts_of(person, on=TODAY, known_at=NOW)
        assert benefits.facts_of(person, on=TODAY, known_at=later)["is_job_seeker"] is True


def test_people_outside_the_scope_are_neither_decided_nor_counted() -> None:
    (mine,), (theirs,) = people(1), people(1, seed=2, station=NEXT_DOOR)
    with acting_as(officer("station-clerk", HOME)):
        frame = benefits.sweep_everybody(on=TODAY, known_at=NOW)
        assert frame[PERSON].to_list() == [str(mine)]
        for ask in (benefits.decisions_for, benefits.facts_of, benefits.swept_verdicts):
            assert ask(mine, on=TODAY, known_at=NOW)
            for stranger in (theirs, uuid4()):
                with pytest.raises(Refused, match="no-such-file"):
                    ask(stranger, on=TODAY, known_at=NOW)


def test_an_empty_station_is_swept_too() -> None:
    with acting_as(officer("station-clerk", HOME)):
        assert benefits.sweep_everybody(on=TODAY, known_at=NOW).is_empty()
        assert all(row[2:] == (0, 0, 0) for row in benefits.counts_by_benefit(on=TODAY, known_at=NOW))


def test_a_process_decides_by_one_book() -> None:
    assert benefits.book() is benefits.book()


def test_every_verdict_has_its_words() -> None:
    assert list(benefits.WORDS) == ["granted", "unknown", "not-granted"]


def test_a_word_or_number_the_book_does_not_know_is_unknown_to_both_ways_of_judging() -> None:
    (person,) = people(1)
    answer: dict[str, Any] = {
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        "source": "x",
        "by": officer(),
        "now": NOW,
    }
    with acting_as(officer()):
        registry.state_fact(person, fact="education_level", value="some_old_word", **answer)
        registry.state_fact(person, fact="merit_rank", value="99", **answer)
        facts = benefits.facts_of(person, on=TODAY, known_at=NOW)
        swept = benefits.swept_verdicts(person, on=TODAY, known_at=NOW)
        judged = alone(person, TODAY)
    assert not {"education_level", "merit_rank"} & set(facts)
    assert {code: verdict for code, _, verdict in swept} == judged
