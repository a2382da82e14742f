"""The pages of allowances with something on them: an award, a person, a run, a recovery, a letter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from rongjun.access.api import acting_as, acting_as_job
from rongjun.allowances import actions
from rongjun.allowances.models import Receivable
from rongjun.allowances.tests import scene
from rongjun.registry import api as registry
from tests.house.scene import hire, visitor

pytestmark = pytest.mark.django_db
LATER = scene.NOW + timedelta(days=1)


@pytest.fixture
def officer(db: None) -> Iterator[Client]:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    with scene.paying():
        scene.agree()
        hire("maker", name="测试经办", role="city-officer", division=scene.CITY)
        hire("checker", name="测试复核", role="city-officer", division=scene.CITY)
        hire("releaser", name="测试放行", role="bureau-leader", division=scene.CITY)
        yield visitor("checker")


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def granted() -> tuple[UUID, UUID]:
    person = scene.veteran()
    return person, scene.granted(person, pays_from=scene.NOVEMBER - 2)


def test_an_award_shows_its_reasons_and_what_may_be_done_against_it(officer: Client) -> None:
    _person, award = granted()
    page = shown(officer, f"/allowances/awards/{award}/")
    assert "残疾抚恤金" in page
    assert "60 日内申请行政复议" in page
    letter = officer.get(f"/allowances/awards/{award}/letter/")
    assert letter.content.startswith(b"%PDF")
    assert "测试荣军" in shown(officer, "/allowances/awards/")


def test_a_run_goes_through_three_browsers(officer: Client) -> None:
    granted()
    maker, releaser = visitor("maker"), visitor("releaser")
    asked = maker.post("/allowances/runs/ask/", {"month": "2026-11", "pay_on": "2026-11-20"})
    assert asked.status_code == 302
    with acting_as_job("test.draw-up"):
        actions.draw_up_asked(now=LATER, today=scene.TODAY)
    url = asked.headers["Location"]
    assert "待复核" in shown(officer, url)
    assert officer.post(f"{url}check/").status_code == 302
    assert releaser.post(f"{url}release/").status_code == 302
    page = shown(officer, url)
    assert "已放行" in page
    assert "当月发放" in page
    assert "补发" in page
    assert url.split("/")[-2] in shown(officer, "/allowances/runs/")


def test_what_is_set_aside_is_shown_first(officer: Client) -> None:
    scene.granted(scene.veteran(account=False))
    granted()
    page = shown(officer, f"/allowances/runs/{scene.run_of().id}/")
    assert page.index("没有收款账户") < page.index("按项目")


def test_a_recovery_is_planned_repaid_and_written_off_by_two(officer: Client) -> None:
    person, award = granted()
    scene.released(scene.run_of())
    with acting_as(scene.MAKER):
        actions.propose_annulment(award, why="材料不实，不该批", by=scene.MAKER, now=LATER)
    with acting_as(scene.CHECKER):
        actions.annul_award(award, by=scene.CHECKER, now=LATER)
    scene.released(scene.run_of(now=LATER), now=LATER)
    with acting_as_job("test"):
        (row,) = Receivable.objects.all()
    url = f"/allowances/recoveries/{row.id}/"
    assert "没有有效的批准" in shown(officer, url)
    paper = {"document": "收据 1 号", "on": "2026-11-18"}
    assert officer.post(f"{url}repay/", {**paper, "fen": "100"}).status_code == 302
    assert officer.post(f"{url}repay/", {**paper, "fen": "9999999"}).status_code == 422
    assert officer.post(f"{url}propose-write-off/", {"fen": "50", "document": "示例批复"}).status_code == 302
    with acting_as_job("test"):
        (step,) = row.steps.filter(kind="written-off")
    assert officer.post(f"{url}write-off/", {"written": str(step.id)}).status_code == 422
    assert visitor("maker").post(f"{url}write-off/", {"written": str(step.id)}).status_code == 302
    with acting_as_job("test"):
        row.refresh_from_db()
    assert row.fen - row.remaining == 15000
    assert "追回" in shown(officer, f"/allowances/people/{person}/")


def test_a_person_is_proposed_for_a_scheme_on_their_page(officer: Client) -> None:
    person = scene.veteran()
    url = f"/allowances/people/{person}/"
    assert "还没有批准" in shown(officer, url)
    told = {"scheme": "disability-pension/soldier", "approved_on": "2026-11-01", "document": "示例评残 1 号"}
    answer = officer.post(f"{url}propose/", told)
    assert answer.status_code == 302
    assert "待批准" in shown(officer, answer.headers["Location"])
    assert officer.post(f"{answer.headers['Location']}grant/").status_code == 422, "granted by another"
    assert visitor("maker").post(f"{answer.headers['Location']}grant/").status_code == 302
    with acting_as(scene.MAKER):
        assert registry.head_of(person, known_at=LATER)
