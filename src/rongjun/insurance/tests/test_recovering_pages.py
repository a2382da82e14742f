"""What officers see and send when money is asked back, and when two contents of a bill came."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from rongjun.access.api import acting_as_job
from rongjun.insurance.models import ReceivableStep
from rongjun.insurance.tests.scene import insured, refund, set_scene, settlement, take
from rongjun.insurance.tests.test_payouts import pay
from rongjun.insurance.tests.test_recovering import receivables, sign, stands
from tests.house.claims_rooms import bank
from tests.house.scene import hire, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(db: None) -> tuple[Client, Client]:
    """Two officers of the city at their desks."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    set_scene()
    bank.agree_with_bank()
    insured(1)
    for login in ("first", "second"):
        hire(login, name=f"测试{login}", role="city-officer", division=bank.CITY)
    return visitor("first"), visitor("second")


def owing() -> UUID:
    """A bill that was paid and taken back, signed by two."""
    take(settlement(1), place=1)
    pay()
    take(refund(1, 2), place=2)
    sign()
    (row,) = receivables()
    return row.id


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def test_a_recovery_says_whose_names_it_carries_and_what_is_left(two: tuple[Client, Client]) -> None:
    url = f"/insurance/recoveries/{owing()}/"
    assert url in shown(two[0], "/insurance/recoveries/?state=open")
    assert url not in shown(two[0], "/insurance/recoveries/?state=settled")
    page = shown(two[0], url)
    assert "决定人：测试first、测试second" in page
    assert "35,000.00" in page


def test_money_comes_back_and_the_rest_is_given_up_by_another(two: tuple[Client, Client]) -> None:
    first, second = two
    url = f"/insurance/recoveries/{owing()}/"
    told = {"step": "repay", "fen": "30000.00", "on": "2026-11-30", "document": "收据一号"}
    assert first.post(f"{url}step/", told).status_code == 302
    told = {"step": "propose-write-off", "fen": "5,000.00", "document": "批复一号"}
    assert first.post(f"{url}step/", told).status_code == 302
    assert "等另一位同志确认" in shown(first, url)
    with acting_as_job("test.look"):
        step = ReceivableStep.objects.get(kind="written-off").id
    confirm = {"step": "write-off", "written": f"{step}"}
    assert first.post(f"{url}step/", confirm).status_code == 422
    assert second.post(f"{url}step/", confirm).status_code == 302
    assert stands() == (0, "settled")


@pytest.mark.parametrize("fen", ["", "-1", "0", "35000.01", "很多"])
def test_an_amount_that_is_none_is_refused_in_words(two: tuple[Client, Client], fen: str) -> None:
    url = f"/insurance/recoveries/{owing()}/"
    answer = two[0].post(f"{url}step/", {"step": "repay", "fen": fen, "document": "收据一号"})
    assert answer.status_code == 422
    assert "最多是还没还的" in answer.content.decode()


def test_two_contents_stand_side_by_side_until_two_have_said(two: tuple[Client, Client]) -> None:
    first, second = two
    take(settlement(1), place=1)
    apart = take(settlement(1, total="90000.00"), place=2).settlement
    assert "同号不同，等定" in shown(first, "/insurance/")
    url = f"/insurance/bills/{apart}/"
    page = shown(first, url)
    assert page.count("90,000.00") >= 1 <= page.count("80,000.00")
    said = {"step": "propose", "answer": "later", "why": "医院说后一次才对"}
    assert first.post(f"{url}conflict/", said).status_code == 302
    assert first.post(f"{url}conflict/", {"step": "agree"}).status_code == 422
    assert second.post(f"{url}conflict/", {"step": "agree"}).status_code == 302
    assert "同号不同，等定" not in shown(first, "/insurance/")
    assert "后到的马上按更正办理" in shown(second, url)
