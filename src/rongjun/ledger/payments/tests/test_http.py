"""The pages: who may, what stands there, and that taking out is logged."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth import login as sign_in
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from rongjun.access.api import acting_as_job, create_account, enrol_totp, grant_role
from rongjun.audit import api as audit
from rongjun.ledger.payments.models import PaymentLine
from rongjun.ledger.payments.tests.scene import (
    ACCOUNTS,
    CITY,
    agree_with_bank,
    answered_by,
    bank,
    checked,
    drafted,
    file_of,
    new_lines,
    report_of,
    sent,
    states_of,
)

pytestmark = pytest.mark.django_db
ROLES = {
    "clerk": ("station-clerk", 370202901000),
    "neighbour": ("district-officer", 370203000000),
    "maker": ("city-officer", CITY),
    "checker": ("city-officer", CITY),
    "releaser": ("bureau-leader", CITY),
}
BASE = "/ledger/payments/"


@pytest.fixture(autouse=True)
def agreed(db: None, settings: Any) -> None:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    agree_with_bank()


def visitor(login: str) -> Client:
    """A browser in which one of the cast has signed in with both factors."""
    client, (role, division) = Client(), ROLES[login]
    given: dict[str, Any] = {"by": "test:scene", "now": timezone.localtime()}
    account = create_account(login, name=f"测试{login}", kind="staff", password="Rongjun-2026-test", **given)
    since = date(2020, 1, 1)
    grant_role(account, role=role, division=division, division_label="示范", valid_from=since, **given)
    enrol_totp(account, secret="JBSWY3DPEHPK3PXP", **given)
    user, request = get_user_model().objects.get(pk=account), HttpRequest()
    request.session = client.session
    request.now = timezone.localtime()  # type: ignore[attr-defined]  # as the middleware of access would
    sign_in(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
    record_authentication(request, user, method="password", username=login)
    record_authentication(request, user, method="mfa", type="totp", id=1)
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    return client


def page(client: Client, batch: UUID) -> str:
    response = client.get(f"{BASE}{batch}/")
    assert response.status_code == 200
    return response.content.decode()


def events(code: str) -> list[Any]:
    with acting_as_job("test.events"):
        return [each for each in audit.events(audit.Filter(), limit=500) if each.event == code]


def test_who_may_not_gets_neither_list_nor_batch() -> None:
    batch = drafted()
    assert visitor("clerk").get(BASE).status_code == 403
    assert visitor("neighbour").get(f"{BASE}{batch}/").status_code == 404


def test_each_button_is_for_whom_may_and_nobody_else() -> None:
    batch = drafted()
    maker, checker, releaser = visitor("maker"), visitor("checker"), visitor("releaser")
    assert "复核无误" not in page(maker, batch)
    assert "您已经经手过" in page(maker, batch)
    assert "复核无误" in page(checker, batch)
    assert "复核无误" not in page(releaser, batch)
    assert checker.post(f"{BASE}{batch}/check/").status_code == 302
    assert "核对后放款" not in page(checker, batch)
    assert "核对后放款" in page(releaser, batch)
    assert releaser.post(f"{BASE}{batch}/release/").status_code == 302
    assert report_of(batch).state == "released"


def test_a_maker_who_posts_the_check_all_the_same_is_refused_with_the_four_sentences() -> None:
    batch = drafted()
    response = visitor("maker").post(f"{BASE}{batch}/check/")
    assert response.status_code == 422
    assert "经办、复核、放款必须是三个人" in response.content.decode()
    assert report_of(batch).state == "draft"


def test_what_is_unusual_stands_first_and_no_account_is_whole() -> None:
    batch = checked(drafted(new_lines(2, account=ACCOUNTS[7], why="首次发放")))
    text = page(visitor("releaser"), batch)
    assert text.index("先看这 4 处") < text.index("逐笔")
    assert "同一账号收 2 个人的钱" in text
    assert "首次发放" in text
    assert ACCOUNTS[7] not in text
    assert ACCOUNTS[7][-4:] in text


def test_a_withdrawal_needs_a_reason() -> None:
    batch, maker = drafted(), visitor("maker")
    assert maker.post(f"{BASE}{batch}/withdraw/", {"reason": ""}).status_code == 422
    assert maker.post(f"{BASE}{batch}/withdraw/", {"reason": "名单有误"}).status_code == 302
    assert report_of(batch).state == "withdrawn"
    assert "名单有误" in page(maker, batch)


def test_the_bank_file_is_taken_against_a_purpose_and_logged() -> None:
    batch = sent()
    client = visitor("checker")
    assert client.post(f"{BASE}{batch}/file/", {"purpose": " "}).status_code == 422
    response = client.post(f"{BASE}{batch}/file/", {"purpose": "银行要求重发"})
    assert response.content == file_of(batch).content
    (event,) = events("ledger.bank-file-exported")
    assert (event.actor, event.purpose, event.about) == (
        "staff:checker",
        "银行要求重发",
        (f"payment-batch:{batch}",),
    )
    assert visitor("releaser").post(f"{BASE}{batch}/file/", {"purpose": "看看"}).status_code == 403


def test_the_workbook_holds_every_payment_masked_and_adds_up() -> None:
    batch = sent()
    answered_by(bank("failures"), batch)
    response = visitor("maker").post(f"{BASE}{batch}/workbook/", {"purpose": "对账"})
    book = load_workbook(io.BytesIO(response.content))
    assert book.sheetnames == ["付款", "合计", "经手"]
    listed = [[cell.value for cell in row] for row in book["付款"].iter_rows(min_row=3)]
    assert [row[6] for row in listed] == ["已到账", "没付成", "已到账"]
    assert not any(account in str(row) for row in listed for account in ACCOUNTS)
    assert [cell.value for cell in book["合计"][book["合计"].max_row]] == ["总计", "3", "300.03"]
    assert [cell.value for cell in book["经手"][3]] == ["测试maker", "checker", "releaser"]
    assert len(events("ledger.payments-exported")) == 1


def test_a_failure_is_mended_from_its_list() -> None:
    batch = sent()
    answered_by(bank("failures"), batch)
    maker = visitor("maker")
    text = maker.get(f"{BASE}failures/").content.decode()
    assert "账号不对" in text
    assert "请本人核对账号" in text
    with acting_as_job("test.line"):
        line = PaymentLine.objects.get(batch=batch, state="failed").id
    refused = maker.post(f"{BASE}failures/{line}/", {"verdict": "requeue", "reason": ""})
    assert refused.status_code == 422
    given = {"verdict": "requeue", "reason": "本人更正账号", "account": ACCOUNTS[60]}
    assert maker.post(f"{BASE}failures/{line}/", given).status_code == 302
    assert states_of(batch) == ["paid", "requeued", "paid"]
    listed = maker.get(f"{BASE}?state=draft").content.decode()
    assert "重新发：2026年10月护理费" in listed
    assert "没有没付成的款" in maker.get(f"{BASE}failures/").content.decode()


def test_a_list_of_many_batches_asks_no_more_than_one_of_few(django_assert_max_num_queries: Any) -> None:
    client = visitor("maker")
    drafted()
    client.get(BASE)
    for month in range(5):
        drafted(new_lines(1, month=f"2025-0{month + 1}"))
    with django_assert_max_num_queries(20):
        assert client.get(BASE).content.decode().count("2026年10月护理费") == 6
