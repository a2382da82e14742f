"""A draft is handed in, reckoned by the worker over everybody of a division, and read; nothing is paid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from rongjun.access.api import acting_as, acting_as_job
from rongjun.allowances import actions
from rongjun.allowances.models import PayLine, Simulation
from rongjun.allowances.tests import scene
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner
from tests.house.scene import hire, visitor

pytestmark = pytest.mark.django_db
BY = scene.person("policy", role="policy-officer")
# 1,200 yuan a year more than the invented rate of a fifth grade, wounded in war.
DRAFT = """\
order: qingdao-2027
title: 草案甲
from: 2026-09-01
region: {code: 0, title: 全国}
sources:
  - source: 测算
    confidence: unsourced
    rows:
      - series: disability-pension
        grade: 5
        cause: war
        period: year
        fen: FEN
        shares: {central: SHARE, city: REST}
"""


@pytest.fixture(autouse=True)
def in_a_demo(db: None) -> Iterator[None]:
    with scene.paying():
        yield


def draft(fen: int = 20_000_000) -> str:
    half = fen // 2
    return DRAFT.replace("FEN", f"{fen}").replace("SHARE", f"{half}").replace("REST", f"{fen - half}")


def simulated(text: str = "", *, by: Any = BY) -> dict[str, Any]:
    with acting_as(by):
        asked = actions.ask_simulation(text or draft(), month="2026-11", by=by, now=scene.NOW)
    with acting_as_job("test.simulate"):
        assert actions.draw_up_simulations(now=scene.NOW) == 1
        row = Simulation.objects.get(pk=asked)
    assert row.state == "done", row.failure
    return dict(row.result)


def veterans(count: int, **told: Any) -> list[UUID]:
    people = [scene.veteran(**told) for _ in range(count)]
    for each in people:
        scene.granted(each, pays_from=scene.NOVEMBER - 12)
    return people


def test_people_year_back_pay_and_payers_add_up() -> None:
    people = veterans(2)
    veterans(1, grade=6)
    told = simulated()
    assert (told["looked_at"], told["people"], told["raised"]) == (3, 2, 2)
    each = told["biggest"][0]
    assert {UUID(person) for person, *_ in told["biggest"]} == set(people)
    more = each[3]
    assert told["whole"]["year"] == 2 * more
    assert told["whole"]["back"] == pytest.approx(more / 3, abs=4)  # September and October of two
    for parts in ("districts", "schemes", "payers"):
        assert sum(tally["year"] for *_, tally in told[parts]) == told["whole"]["year"]
        assert sum(tally["back"] for *_, tally in told[parts]) == told["whole"]["back"]
    assert [payer for payer, _ in told["payers"]] == ["central", "city"]
    assert [code for code, _ in told["districts"]] == [scene.COUNTY]


def test_nothing_is_written_but_the_simulation() -> None:
    veterans(1)
    simulated()
    with as_owner():
        assert PayLine.objects.count() == 0


def test_a_county_reckons_its_own() -> None:
    veterans(1)
    other = scene.person("other", division=370211000000)
    assert simulated(by=other)["looked_at"] == 0


def test_what_was_found_stands() -> None:
    simulated()
    with as_owner(), pytest.raises(DatabaseError), transaction.atomic():
        Simulation.objects.update(result={})
    with as_owner(), pytest.raises(DatabaseError), transaction.atomic():
        Simulation.objects.all().delete()


@pytest.mark.parametrize("month", ["2026-13", "2026-08", "x"])
def test_a_month_that_is_none_or_lies_before_the_draft_is_refused(month: str) -> None:
    with acting_as(BY), pytest.raises(Refused, match=r"^allowances\.month-missing$"):
        actions.ask_simulation(draft(), month=month, by=BY, now=scene.NOW)


def test_a_clerk_may_not() -> None:
    clerk = scene.person("clerk", role="station-clerk")
    with acting_as(clerk), pytest.raises(Refused, match=r"^allowances\.may-not$"):
        actions.ask_simulation(draft(), month="", by=clerk, now=scene.NOW)


def test_the_pages_take_a_file_show_the_sums_and_draft_a_notice() -> None:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    hire("policy", name="测试政策", role="policy-officer", division=scene.CITY)
    veterans(1)
    client = visitor("policy")
    handed = SimpleUploadedFile("draft.yaml", draft().encode())
    answer = client.post(reverse("allowances:simulation-ask"), {"file": handed, "month": ""})
    assert answer.status_code == 302
    assert "正在算" in client.get(answer["Location"]).content.decode()
    with acting_as_job("test.simulate"):
        actions.draw_up_simulations(now=scene.NOW)
    page = client.get(answer["Location"]).content.decode()
    for word in ("一年多支出", "中央财政", "残疾抚恤金", "草稿，未经批准", "测试荣军"):
        assert word in page, word
    assert "草案甲" in client.get(reverse("allowances:simulations")).content.decode()


@pytest.mark.parametrize(
    "text", ["", "order: x", draft().replace("disability-pension", "nothing"), "不是 yaml: ["]
)
def test_a_draft_that_cannot_be_read_says_where(text: str) -> None:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    hire("policy", name="测试政策", role="policy-officer", division=scene.CITY)
    answer = visitor("policy").post(reverse("allowances:simulation-ask"), {"text": text, "month": ""})
    assert answer.status_code == 422
    assert "草案 第" in answer.content.decode()
