"""年度确认 and the forms of one person: campaigns by two, whoever is left stops, shares of heirs add up."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import acting_as, acting_as_job
from rongjun.allowances import actions
from rongjun.allowances.logic.yearly import Seen, findings
from rongjun.allowances.models import Campaign, Confirmed, HeirShare
from rongjun.allowances.queries import yearly
from rongjun.allowances.tests import scene
from rongjun.kernel.errors import Refused
from rongjun.notices import api as notices
from rongjun.registry import api as registry
from tests.house.scene import hire, visitor

NOTICE = date(2026, 11, 17)
BEGUN = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
OVERDUE = datetime(2027, 1, 20, 1, 0, tzinfo=UTC)
CLERK = scene.person("clerk", role="station-clerk", division=scene.STATION)
AFAR = scene.person("afar", role="station-clerk", division=370203901000)


@pytest.fixture
def ready(db: None) -> Iterator[None]:
    with scene.paying():
        scene.agree()
        yield


def opened() -> UUID:
    with acting_as(scene.MAKER):
        campaign = actions.open_campaign(
            year=2026, notice_on=NOTICE, document="示例通知 1 号", by=scene.MAKER, now=scene.NOW
        )
    with acting_as(scene.CHECKER):
        actions.check_campaign(campaign, by=scene.CHECKER, now=scene.NOW)
    return campaign


def confirmed(campaign: UUID, person: UUID, *, now: datetime = BEGUN) -> UUID:
    with acting_as(CLERK):
        return actions.confirm_person(
            campaign, person, how="video", confirmed_on=now.date(), by=CLERK, now=now
        )


def left(campaign: UUID) -> list[UUID]:
    with acting_as_job("test.left"):
        return yearly.left_of(Campaign.objects.get(pk=campaign), division=scene.CITY)


@pytest.mark.usefixtures("ready")
def test_whoever_is_not_confirmed_stops_after_the_last_day_and_confirming_starts_them_again() -> None:
    seen, unseen = scene.veteran(), scene.veteran()
    for person in (seen, unseen):
        scene.granted(person)
    campaign = opened()
    assert set(left(campaign)) == {seen, unseen}
    confirmed(campaign, seen)
    assert left(campaign) == [unseen]
    february = scene.NOVEMBER + 3
    late = OVERDUE + timedelta(days=20)
    run = scene.run_of(february, now=late)
    assert {kind for kind, _fen in scene.aside(run)} == {"confirmation"}
    assert {line.person_id for line in scene.lines(run, month=february)} == {seen}
    made = confirmed(campaign, unseen, now=late)
    assert left(campaign) == [unseen], "a late confirmation waits for another"
    with acting_as(scene.CHECKER):
        actions.check_confirmed(made, by=scene.CHECKER, now=late)
    assert left(campaign) == []
    with acting_as(scene.MAKER):
        actions.withdraw_run(run.id, why="等确认以后再出", by=scene.MAKER, now=late)
    march = late + timedelta(days=28)
    after = scene.run_of(february + 1, now=march)
    mine = {line.month for line in scene.lines(after, person_id=unseen)}
    assert february + 1 in mine
    assert february not in mine, "what stopped is not made up"


@pytest.mark.usefixtures("ready")
def test_a_campaign_is_by_two_and_never_looks_back() -> None:
    with acting_as(scene.MAKER):
        campaign = actions.open_campaign(
            year=2026, notice_on=NOTICE, document="示例通知 1 号", by=scene.MAKER, now=scene.NOW
        )
        with pytest.raises(Refused, match=r"allowances\.by-two"):
            actions.check_campaign(campaign, by=scene.MAKER, now=scene.NOW)
        with pytest.raises(DatabaseError), transaction.atomic():
            Campaign.objects.filter(pk=campaign).update(checked_by=scene.MAKER.text, checked_at=scene.NOW)
        with pytest.raises(Refused, match=r"allowances\.campaign-there"):
            actions.open_campaign(
                year=2026, notice_on=NOTICE, document="示例通知 2 号", by=scene.MAKER, now=scene.NOW
            )
    with acting_as(scene.CHECKER), pytest.raises(Refused, match=r"allowances\.notice-passed"):
        actions.check_campaign(campaign, by=scene.CHECKER, now=BEGUN)


@pytest.mark.usefixtures("ready")
def test_the_database_decides_what_is_late_and_a_station_confirms_its_own_people() -> None:
    person = scene.veteran()
    scene.granted(person)
    campaign = opened()
    with acting_as(AFAR), pytest.raises(Refused, match=r"allowances\.no-such-file"):
        actions.confirm_person(campaign, person, how="video", confirmed_on=BEGUN.date(), by=AFAR, now=BEGUN)
    with acting_as(CLERK):
        made = Confirmed.objects.create(
            campaign_id=campaign, person_id=person, division=scene.STATION, how="video",
            confirmed_on=NOTICE, late=False, made_by=CLERK.text, made_at=OVERDUE,
        )  # fmt: skip
        made.refresh_from_db()
        assert made.late
        with pytest.raises(DatabaseError), transaction.atomic():
            Confirmed.objects.filter(pk=made.pk).update(checked_by=CLERK.text, checked_at=OVERDUE)
        actions.withdraw_confirmed(made.id, why="记错了人", by=CLERK, now=OVERDUE)
    assert left(campaign) == [person]


@pytest.mark.usefixtures("ready")
def test_who_is_left_is_reminded_once() -> None:
    person = scene.veteran()
    scene.granted(person)
    opened()
    soon = datetime(2027, 1, 2, 1, 0, tzinfo=UTC)
    with acting_as_job("test.remind"):
        told = len(notices.messages_of([person]))
        assert actions.remind(now=BEGUN, today=BEGUN.date()) == 0
        assert actions.remind(now=soon, today=soon.date()) == 1
        assert actions.remind(now=soon, today=soon.date()) == 0
        assert len(notices.messages_of([person])) == told + 1


MOMENTS = st.integers(0, 20).map(lambda day: BEGUN + timedelta(days=day))


@given(st.lists(st.tuples(MOMENTS, MOMENTS), max_size=4))
def test_at_every_moment_one_thing_is_known(spans: list[tuple[datetime, datetime]]) -> None:
    cuts = sorted({moment for span in spans for moment in span})
    seen = [Seen(NOTICE, a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    told = list(findings(notice_on=NOTICE, document="x", asked_at=BEGUN, seen=seen))
    assert told[0].known_from == BEGUN
    assert told[-1].known_to is None
    assert all(a.known_to == b.known_from for a, b in itertools.pairwise(told))


# --- the forms of one person --------------------------------------------------------------------------------


@pytest.fixture
def officer(ready: None) -> Client:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    hire("maker", name="测试经办", role="city-officer", division=scene.CITY)
    hire("checker", name="测试复核", role="city-officer", division=scene.CITY)
    hire("clerk", name="测试窗口", role="station-clerk", division=scene.STATION)
    return visitor("maker")


def heir_of(person: UUID) -> UUID:
    """An heir on file, named in a deed."""
    heir = scene.veteran()
    with acting_as(scene.MAKER):
        series = registry.record(
            person,
            kind="payee",
            said={"kind": "heir", "payee_id": str(heir)},
            valid_from=date(2026, 11, 1),
            source="公证书",
            evidence="示例公证书 1 号",
            by=scene.MAKER,
            now=scene.NOW,
            synthetic=True,
        )
    assert series
    return series


def drop_share_of(payee: UUID) -> None:
    with acting_as(scene.MAKER), transaction.atomic():
        HeirShare.objects.filter(payee=payee, superseded_at=None).update(superseded_at=scene.NOW)
        connection.check_constraints()


def test_shares_of_heirs_are_said_on_the_page_and_add_up(officer: Client) -> None:
    person = scene.veteran()
    one, other = heir_of(person), heir_of(person)
    url = f"/allowances/people/{person}/"
    page = officer.get(url).content.decode()
    assert "确定继承人份额" in page
    told = {"whole": "3", f"heir-{one}": "2", f"heir-{other}": "2", "document": "示例公证书 1 号"}
    assert officer.post(f"{url}share/", told).status_code == 422
    assert officer.post(f"{url}share/", {**told, f"heir-{other}": "1"}).status_code == 302
    assert officer.post(f"{url}check-shares/").status_code == 422, "checked by another"
    assert visitor("checker").post(f"{url}check-shares/").status_code == 302
    assert "2/3" in officer.get(url).content.decode()
    with pytest.raises(IntegrityError, match="add up"):
        drop_share_of(one)


def test_two_schemes_that_meet_are_ruled_on_by_two(officer: Client) -> None:
    person = scene.veteran()
    scene.granted(person)
    url = f"/allowances/people/{person}/"
    told = {"one": "disability-pension", "other": "nursing-fee", "rule": "stack", "since": "2026-11-01"}
    paper = {"document": "示例裁定 1 号"}
    assert officer.post(f"{url}rule/", {**told, **paper, "rule": "both"}).status_code == 422
    assert officer.post(f"{url}rule/", {**told, **paper}).status_code == 302
    assert "两项都发" in officer.get(url).content.decode()


def test_a_clerk_confirms_a_person_on_the_work_list(officer: Client) -> None:
    person = scene.veteran()
    scene.granted(person)
    campaign = opened()
    clerk = visitor("clerk")
    assert clerk.get(f"/allowances/yearly/{campaign}/").status_code == 200
    page = f"/allowances/yearly/{campaign}/people/{person}/"
    assert "记下确认" in clerk.get(page).content.decode()
    told = {"person": f"{person}", "how": "video", "on": f"{NOTICE}"}
    assert (
        clerk.post(f"/allowances/yearly/{campaign}/confirm/", {**told, "how": "by-hearsay"}).status_code
        == 422
    )
    assert clerk.post(f"/allowances/yearly/{campaign}/confirm/", told).status_code == 302
    assert "已确认" in clerk.get(page).content.decode()
    assert f"{person}" not in clerk.get(f"/allowances/yearly/{campaign}/").content.decode()
    assert "2026 年度 2026-11-17 确认了" in officer.get(f"/allowances/people/{person}/").content.decode()
    wrong = {"person": f"{person}", "why": "看错了人"}
    assert clerk.post(f"/allowances/yearly/{campaign}/withdraw/", wrong).status_code == 302
    assert f"{person}" in clerk.get(f"/allowances/yearly/{campaign}/").content.decode()
    assert "2026" in clerk.get("/allowances/yearly/").content.decode()
