"""看病报销: one reads one's own bills, line by line, and nobody else's."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongjun.access.api import acting_as, acting_as_citizen
from rongjun.citizen.tests.test_pages import said
from rongjun.insurance import api as insurance
from tests.house.citizens import Account, as_actor, file_of_citizen
from tests.house.rooms import insurance_scene
from tests.house.scene import CITIZEN, Scene, actor_of, bare_row, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def billed(scene: Scene) -> Scene:
    """The citizen has had three stays, somebody else one."""
    insurance_scene.open_house()
    person = file_of_citizen()
    home = actor_of("clerk").division
    insurance_scene.cover(person, division=home)
    insurance_scene.live_here(person, division=home)
    certno = bare_row("clerk", 905)["证件号码"]
    stays = (("80000.00", "40000.00"), ("93000.00", "43000.00"), ("66000.00", "30000.00"))
    for place, (total, pooled) in enumerate(stays, start=1):
        stay = insurance_scene.settlement(place, total=total, pooled=pooled, dise_codg="I21.900")
        insurance_scene.take(stay, place=place, certno=certno, now=timezone.localtime())
    return scene


def test_who_has_no_bill_is_told_what_will_be_here(scene: Scene) -> None:
    assert "还没有住院结算" in said(visitor(CITIZEN).get("/my/bills/"))


def test_the_year_and_each_bill_are_told(billed: Scene) -> None:
    client = visitor(CITIZEN)
    page = said(client.get("/my/bills/"))
    assert "121,000.00" in page
    assert "5,000.00" in page
    assert "测试医院" in page
    assert "看病报销" in said(client.get("/my/"))
    person = file_of_citizen()
    with acting_as(actor_of("city")):
        (bill, *_) = insurance.bills_of([person])
    one = said(client.get(f"/my/bills/{bill.id}/"))
    assert "36,000.00" in one
    assert "基本医保统筹" in one
    assert "I21" not in one


def test_the_database_shows_a_citizen_the_own_bills_only(billed: Scene) -> None:
    person, citizen = file_of_citizen(), as_actor(Account.objects.get(username=CITIZEN).pk)
    with acting_as_citizen(citizen):
        assert insurance.has_bills([person])
    assert visitor(CITIZEN).get("/my/bills/00000000-0000-4000-8000-000000000000/").status_code == 404


def test_a_bill_is_taken_home_as_paper(billed: Scene) -> None:
    person = file_of_citizen()
    with acting_as(actor_of("city")):
        (bill, *_) = insurance.bills_of([person])
    paper = visitor(CITIZEN).get(f"/my/bills/{bill.id}/paper/")
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")


def test_an_officer_opens_the_bill_line_by_line_and_prints_it(billed: Scene) -> None:
    person, officer = file_of_citizen(), visitor("city")
    with acting_as(actor_of("city")):
        (bill, *_) = insurance.bills_of([person])
    assert "测试医院" in said(officer.get("/insurance/"))
    page = said(officer.get(f"/insurance/bills/{bill.id}/"))
    assert "36,000.00" in page
    assert "基本医保统筹" in page
    assert officer.get(f"/insurance/bills/{bill.id}/paper/").content.startswith(b"%PDF")
    assert visitor("neighbour").get(f"/insurance/bills/{bill.id}/").status_code == 404
