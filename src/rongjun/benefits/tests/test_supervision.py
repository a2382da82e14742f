"""The road of a supervision task: each step by name and in its turn, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection

from rongjun.access.api import ROLES, Actor, acting_as, acting_as_job
from rongjun.benefits import api as benefits
from rongjun.benefits.api import supervision
from rongjun.benefits.models import SupervisionStep, SupervisionTask
from rongjun.benefits.tests.test_queries import officer
from rongjun.files import api as files
from rongjun.kernel.errors import Refused
from rongjun.places import api as places
from tests.cluster import as_owner
from tests.house.papers import PNG

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC), date(2026, 11, 24)
HOME, NEXT_DOOR = 370202000000, 370203000000
CODE, OTHER = "eldercare.collective-support", "transport.city-transit-pref-card"
DAY = timedelta(days=1)


def city(login: str = "city") -> Actor:
    return replace(officer("city-officer"), login=login)


def district(division: int = HOME, login: str = "district") -> Actor:
    return replace(officer("district-officer", division), login=login)


@pytest.fixture(autouse=True)
def counties(settings: Any, tmp_path: Path) -> None:
    settings.FILES_ROOT = tmp_path / "files"
    with acting_as_job("test.add-divisions"):
        named = [(HOME, "示范甲区", "county"), (NEXT_DOOR, "示范乙区", "county")]
        places.add_divisions(named, valid_from=date(2020, 1, 1), source="虚构（测试）")


def opened(*codes: str, county: int = HOME, by: Actor | None = None, **kept: Any) -> benefits.Opened:
    given: dict[str, Any] = {
        "title": "秋季督导",
        "reason": "年度督导计划",
        "report_by": TODAY + 10 * DAY,
        "now": NOW,
    } | kept
    by = by or city()
    with acting_as(by):
        return benefits.open_round(
            codes or {CODE}, {county}, book=benefits.book(), by=by, today=given["now"].date(), **given
        )


@pytest.fixture
def task() -> UUID:
    """A task about one benefit in the home county, to be reported on within ten days."""
    round_ = opened().round
    with acting_as(city()):
        return SupervisionTask.objects.get(round=round_).id


def step(
    take: Callable[..., None], task: UUID, *, after: int = 1, by: Actor | None = None, **said: Any
) -> None:
    """One step so many days after the task was opened."""
    words: dict[str, Any] = {"said": "写明的理由"}
    if take is benefits.check_delivery:
        words |= {"outcome": "sound", "happened_on": TODAY + after * DAY, "place": "示范公园"}
    if take in (benefits.order_correction, benefits.escalate_task):
        words |= {"due_on": TODAY + (after + 10) * DAY}
    if take is benefits.escalate_task:
        words |= {"whom": "测试周副局长"}
    if take is benefits.record_clue:
        words |= {"conduct_on": TODAY}
    if take is benefits.report_delivery:
        words |= {"papers": [("现场.png", PNG)]}
        by = by or district()
    by = by or city()
    with acting_as(by):
        take(task, **words | said, by=by, now=NOW + after * DAY, today=TODAY + after * DAY)


def seen(task: UUID, *, after: int = 0, by: Actor | None = None) -> benefits.TaskFile:
    with acting_as(by or city()):
        file = benefits.task_file(task, on=TODAY + after * DAY)
    assert file
    return file


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == f"supervision.{code}"


def events(task: UUID) -> list[str]:
    """What the evidence chain says of a task."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "select event from audit_event where %s = any(about) and event like 'supervision.%%' order by id",
            [f"supervision-task:{task}"],
        )
        return [event for (event,) in cursor.fetchall()]


def test_the_whole_road_leaves_a_step_an_event_and_a_light_each_time(task: UUID) -> None:
    assert (seen(task).standing.state, seen(task).light) == ("tasked", "none")
    step(benefits.report_delivery, task)
    assert seen(task, after=1).standing == supervision.Standing("reported", TODAY + 11 * DAY)
    step(benefits.check_delivery, task, outcome="wanting", after=2)
    assert seen(task, after=2).light == "amber"
    step(benefits.order_correction, task, due_on=TODAY + 5 * DAY, after=2)
    assert [seen(task, after=day).light for day in (5, 6)] == ["amber", "red"]
    step(benefits.report_delivery, task, after=6)
    step(benefits.check_delivery, task, outcome="wanting", after=7)
    assert (seen(task).standing.state, seen(task, after=7).light) == ("unmended", "red")
    step(benefits.escalate_task, task, after=8, due_on=TODAY + 9 * DAY)
    step(benefits.record_clue, task, after=8)
    step(benefits.escalate_task, task, after=10, whom="测试吴局长")
    step(benefits.report_delivery, task, after=11)
    assert seen(task, after=11).light == "red"
    step(benefits.check_delivery, task, after=12)
    file = seen(task, after=12)
    assert (file.standing.state, file.light, file.standing.level) == ("passed", "green", 2)
    kinds = ["open", "report", "check", "order", "report", "check"]
    kinds += ["escalate", "clue", "escalate", "report", "check"]
    assert [each.kind for each in reversed(file.steps)] == kinds
    assert [each.whom for each in file.steps if each.kind == "escalate"] == ["测试吴局长", "测试周副局长"]
    assert len(events(task)) == len(kinds)
    assert file.may_follow == frozenset()


def test_proof_lies_in_files_and_is_on_file_for_the_task(task: UUID) -> None:
    step(benefits.report_delivery, task, papers=[("现场.png", PNG), ("清单.png", PNG)])
    with acting_as(district()):
        lines = files.uploads_about([f"supervision-task:{task}"], now=NOW)
    (report, _) = seen(task).steps
    assert {line.id for line in lines} == set(report.proof)
    assert {line.kind for line in lines} == {"delivery"}


def test_a_report_without_proof_or_words_is_no_report(task: UUID) -> None:
    with refused("proof-missing"):
        step(benefits.report_delivery, task, papers=[])
    with refused("words-missing"):
        step(benefits.report_delivery, task, said=" 有 ")
    with refused("no-numbers"):
        step(benefits.report_delivery, task, said="联系 10000000000 可以核对")
    assert seen(task).standing.state == "tasked"
    step(benefits.report_delivery, task)
    with refused("step-not-now"):
        step(benefits.report_delivery, task)


def test_who_reported_does_not_check_whatever_their_post(task: UUID) -> None:
    both = ROLES["city-officer"].permissions | ROLES["district-officer"].permissions
    someone = replace(city("someone"), permissions=both)
    step(benefits.report_delivery, task, by=someone)
    with refused("check-by-two"):
        step(benefits.check_delivery, task, by=someone)
    with pytest.raises(IntegrityError, match="step_by_two"), acting_as(city()):
        SupervisionStep.objects.create(
            task_id=task, division=HOME, kind="check", said="自己查", by="a", decides_over="a", at=NOW
        )
    step(benefits.check_delivery, task, by=city("another"))
    assert seen(task).standing.state == "passed"


@pytest.mark.parametrize("take", [benefits.order_correction, benefits.escalate_task])
def test_a_unit_within_its_days_is_neither_ordered_nor_escalated(task: UUID, take: Any) -> None:
    with refused("step-not-now"):
        step(take, task, after=10)
    step(take, task, after=11)
    assert seen(task).standing.state in ("ordered", "escalated")


def test_escalation_climbs_the_ladder_rung_by_rung_by_name_and_ends_at_its_top(task: UUID) -> None:
    with refused("whom-missing"):
        step(benefits.escalate_task, task, after=11, whom=" ")
    for rung in range(len(supervision.LADDER)):
        step(benefits.escalate_task, task, after=11 + rung * 20)
    assert [each.level for each in seen(task).steps if each.level] == [3, 2, 1]
    with refused("no-higher-level"):
        step(benefits.escalate_task, task, after=90)


def test_a_date_to_come_is_asked_for_where_something_is_owed_and_a_past_one_where_something_was(
    task: UUID,
) -> None:
    with refused("date-not-ahead"):
        step(benefits.order_correction, task, after=11, due_on=TODAY + 11 * DAY)
    step(benefits.report_delivery, task)
    for day in (TODAY - DAY, TODAY + 3 * DAY):
        with refused("day-unfit"):
            step(benefits.check_delivery, task, after=2, happened_on=day)
    with refused("outcome-missing"):
        step(benefits.check_delivery, task, outcome="")


def test_a_clue_is_only_of_conduct_since_the_regulation_and_after_an_order_that_was_not_followed(
    task: UUID,
) -> None:
    with refused("clue-without-order"):
        step(benefits.record_clue, task, after=11)
    step(benefits.order_correction, task, after=11, due_on=TODAY + 12 * DAY)
    with refused("clue-without-order"):
        step(benefits.record_clue, task, after=12)
    with refused("clue-too-early"):
        step(benefits.record_clue, task, after=13, conduct_on=date(2024, 9, 30))
    with refused("day-unfit"):
        step(benefits.record_clue, task, after=13, conduct_on=TODAY + 14 * DAY)
    step(benefits.record_clue, task, after=13, conduct_on=date(2024, 10, 1))
    file = seen(task)
    assert (file.steps[0].kind, file.standing.state) == ("clue", "ordered")
    with pytest.raises(IntegrityError, match="step_clue_since"), acting_as(city()):
        SupervisionStep.objects.create(
            task_id=task,
            division=HOME,
            kind="clue",
            said="太早",
            happened_on=date(2024, 9, 30),
            by="a",
            at=NOW,
        )


def test_a_round_opens_each_item_once_and_says_what_it_left(task: UUID) -> None:
    done = opened(CODE, OTHER)
    assert (done.opened, done.left) == (1, 1)
    with refused("already-open"):
        opened(CODE)
    with pytest.raises(IntegrityError, match="task_open_once"), acting_as(city()):
        SupervisionTask.objects.create(
            round=done.round, title="又一次", code=CODE, benefit="又一次", division=HOME, unit="某局",
            expected="照片", state="tasked", due_on=TODAY, opened_by="a", opened_at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"county": 110101000000}, "nothing-chosen"),
        ({"title": " "}, "words-missing"),
        ({"reason": "无"}, "words-missing"),
        ({"report_by": TODAY}, "date-not-ahead"),
        ({"by": district()}, "may-not-direct"),
    ],
)
def test_a_round_that_cannot_be_is_refused(given: dict[str, Any], code: str) -> None:
    with refused(code):
        opened(**given)
    with refused("nothing-chosen"):
        opened("no.such-benefit")
    assert opened().opened == 1


def test_a_withdrawn_task_is_as_if_nobody_had_asked(task: UUID) -> None:
    step(benefits.withdraw_task, task)
    assert item().standing == supervision.Standing()
    assert seen(task).standing.state == "withdrawn"
    assert opened().opened == 1
    with refused("step-not-now"):
        step(benefits.withdraw_task, task)


def item(code: str = CODE, *, county: int = HOME, on: date = TODAY) -> benefits.Item:
    with acting_as(city()):
        found = benefits.items(benefits.book(), counties=[county], on=on, codes={code})
    return next(each for each in found if each.code == code)


def test_a_unit_is_responsible_as_the_policy_file_says_until_the_bureau_names_one(task: UUID) -> None:
    before = item().responsible
    assert not before.is_named
    assert before.unit
    said = {"unit": "示范甲区民政局", "expected": "机构入住名册", "reason": "局发〔示例〕2号"}
    with acting_as(by := city()):
        benefits.name_unit(CODE, HOME, book=benefits.book(), by=by, now=NOW, today=TODAY, **said)
    assert item().responsible.unit == "示范甲区民政局"
    assert not item(county=NEXT_DOOR).responsible.is_named
    assert seen(task).unit == before.unit
    with refused("nothing-chosen"), acting_as(by):
        benefits.name_unit(CODE, 0, book=benefits.book(), by=by, now=NOW, today=TODAY, **said)
    with refused("may-not-direct"), acting_as(district()):
        benefits.name_unit(CODE, HOME, book=benefits.book(), by=district(), now=NOW, today=TODAY, **said)


def test_a_new_task_keeps_what_was_found_until_something_else_is(task: UUID) -> None:
    step(benefits.report_delivery, task)
    step(benefits.check_delivery, task)
    assert item().light == "green"
    opened(title="又一轮", now=NOW + 30 * DAY, report_by=TODAY + 60 * DAY)
    assert (item(on=TODAY + 30 * DAY).light, item().round_title) == ("green", "又一轮")
    assert item(on=TODAY + 61 * DAY).light == "red"


def test_a_county_sees_and_moves_only_its_own_tasks(task: UUID) -> None:
    neighbour = district(NEXT_DOOR, "neighbour")
    with acting_as(neighbour):
        assert benefits.task_file(task, on=TODAY) is None
        assert SupervisionStep.objects.count() == 0
    with refused("no-such-task"):
        step(benefits.report_delivery, task, by=neighbour)
    with refused("may-not-direct"):
        step(benefits.withdraw_task, task, by=district())
    with refused("may-not-report"):
        step(benefits.report_delivery, task, by=city())
    auditor = replace(officer("audit-admin"), login="auditor")
    assert seen(task, by=auditor).benefit


def test_the_application_changes_no_step_and_of_a_task_only_where_it_stands(task: UUID) -> None:
    for statement in (
        "update benefits_supervisionstep set said = '改过'",
        "delete from benefits_supervisionstep",
        "update benefits_supervisiontask set unit = '别的单位'",
        "update benefits_duty set unit = '别的单位'",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            acting_as(city()),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_paper_that_is_no_proof_leaves_the_task_where_it_stood(task: UUID) -> None:
    with pytest.raises(Refused, match=r"^files\."):
        step(benefits.report_delivery, task, papers=[("说明.png", b"not a picture")])
    assert seen(task).standing.state == "tasked"
