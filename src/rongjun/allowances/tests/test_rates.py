"""Rates pay once two people of the bureau have confirmed exactly the order they stand in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from rongjun.access.api import acting_as
from rongjun.allowances import actions, book
from rongjun.allowances.logic.months import month_at
from rongjun.allowances.models import RateConfirmation
from rongjun.allowances.queries import rates as queries
from rongjun.allowances.tests import scene
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner
from tests.house.scene import hire, visitor

pytestmark = pytest.mark.django_db
ORDER, PAPER = "qingdao-2023-11", "示例〔2026〕1号"
SEPTEMBER = month_at(2023, 9)
MAKER, CHECKER = scene.person("policy", role="policy-officer"), scene.CHECKER


@pytest.fixture(autouse=True)
def not_a_demo(db: None) -> None:
    scene.agree()


def digest_of(order: str = ORDER) -> str:
    return next(each.digest for each in book.book_in_force().orders if each.code == order)


def proposed(order: str = ORDER) -> UUID:
    with acting_as(MAKER):
        return actions.propose_confirmation(
            order, digest=digest_of(order), document=PAPER, by=MAKER, now=scene.NOW
        )


def confirmed(order: str = ORDER) -> UUID:
    said = proposed(order)
    with acting_as(CHECKER):
        actions.confirm_rates(said, by=CHECKER, now=scene.NOW)
    return said


def entitled() -> UUID:
    person = scene.veteran(grade=0, traits=("combat",))
    scene.granted(
        person,
        scheme="combat-allowance",
        category="combat",
        approved_on=date(2015, 3, 2),
        pays_from=SEPTEMBER,
    )
    return person


def standing() -> str:
    with acting_as(CHECKER):
        return {order.code: how for order, how in queries.orders(book.paying_book())}[ORDER]


def run(sql: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


def test_what_is_not_confirmed_is_set_aside_and_paid_once_it_is() -> None:
    entitled()
    run = scene.run_of(SEPTEMBER)
    assert run.state == "empty"
    assert [kind for kind, _ in scene.aside(run)] == ["unconfirmed-rate"]
    confirmed()
    run = scene.run_of(SEPTEMBER)
    assert (run.state, run.total) == ("draft", 84_000)


def test_what_only_one_has_said_does_not_pay() -> None:
    proposed()
    entitled()
    assert scene.run_of(SEPTEMBER).state == "empty"
    assert standing() == "proposed"


def test_taken_back_it_pays_no_more_and_nothing_is_owed_back() -> None:
    said = confirmed()
    entitled()
    run = scene.released(scene.run_of(SEPTEMBER))
    scene.paid(run)
    with acting_as(CHECKER):
        actions.withdraw_confirmation(said, why="文号写错了", by=CHECKER, now=scene.NOW)
    assert standing() == "open"
    again = scene.run_of(month_at(2023, 10))
    assert (again.state, again.recover) == ("empty", 0)


def test_an_order_that_reads_otherwise_has_to_be_confirmed_again() -> None:
    confirmed()
    assert standing() == "confirmed"
    with acting_as(CHECKER):
        file = queries.order_file(ORDER, book=book.paying_book())
    assert file is not None
    assert queries.standing_of(replace(file.order, digest="0" * 64), file.said) == "changed"


def test_whoever_said_it_cannot_confirm_it() -> None:
    said = proposed()
    with acting_as(MAKER), refused("allowances.by-two"):
        actions.confirm_rates(said, by=MAKER, now=scene.NOW)


def test_the_database_lets_nobody_sign_for_another_or_for_themselves() -> None:
    said = proposed()
    for by in (MAKER.text, "staff:somebody-else"):
        with acting_as(MAKER), pytest.raises(DatabaseError), transaction.atomic():
            RateConfirmation.objects.filter(pk=said).update(checked_by=by, checked_at=scene.NOW)
    run("alter table allowances_rateconfirmation disable trigger allowances_rates_stand")
    with pytest.raises(IntegrityError, match="rate_confirmation_by_two"):
        run("update allowances_rateconfirmation set checked_by = made_by, checked_at = made_at")


@pytest.mark.parametrize("changed", [{"document": "别的文件"}, {"digest": "0" * 64}, {"made_by": "staff:x"}])
def test_what_was_said_stands(changed: dict[str, str]) -> None:
    said = confirmed()
    with as_owner(), pytest.raises(DatabaseError), transaction.atomic():
        RateConfirmation.objects.filter(pk=said).update(**changed)
    with as_owner(), pytest.raises(DatabaseError), transaction.atomic():
        RateConfirmation.objects.filter(pk=said).delete()


def test_the_same_order_is_said_once() -> None:
    proposed()
    with refused("allowances.order-confirmed"):
        proposed()


def test_what_was_read_before_the_file_changed_is_not_said() -> None:
    with acting_as(MAKER), refused("allowances.order-changed"):
        actions.propose_confirmation(ORDER, digest="0" * 64, document=PAPER, by=MAKER, now=scene.NOW)


def test_the_pages_take_an_order_from_open_to_confirmed() -> None:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    hire("policy", name="测试政策", role="policy-officer", division=scene.CITY)
    hire("checker", name="测试复核", role="city-officer", division=scene.CITY)
    policy, checker = visitor("policy"), visitor("checker")
    url = reverse("allowances:rate-order", args=[ORDER])
    assert "待局方确认" in policy.get(url).content.decode()
    policy.post(f"{url}propose/", {"digest": digest_of(), "document": PAPER})
    assert "等另一位同事确认" in policy.get(url).content.decode()
    checker.post(f"{url}confirm/", {"confirmation": str(_only())})
    page = checker.get(url).content.decode()
    assert "已确认" in page
    assert PAPER in page
    assert "测试政策" in page
    listed = checker.get(reverse("allowances:rates")).content.decode()
    assert "已确认 1 份" in listed
    assert policy.post(f"{url}confirm/", {"confirmation": "x"}).status_code == 422
    assert policy.get(reverse("allowances:rate-order", args=["nothing"])).status_code == 404


def _only() -> UUID:
    with acting_as(CHECKER):
        return RateConfirmation.objects.get().id


@pytest.mark.parametrize("order", ["national-2022-08-01", "no-such-order"])
def test_an_inferred_or_unknown_order_cannot_be_confirmed(order: str) -> None:
    with acting_as(MAKER), refused("allowances.no-such-order"):
        actions.propose_confirmation(order, digest="0" * 64, document=PAPER, by=MAKER, now=scene.NOW)


def test_a_clerk_reads_rates_and_confirms_none() -> None:
    clerk = scene.person("clerk", role="station-clerk")
    assert clerk.may("allowances.read-rates")
    with acting_as(clerk), refused("allowances.may-not"):
        actions.propose_confirmation(ORDER, digest=digest_of(), document=PAPER, by=clerk, now=scene.NOW)
