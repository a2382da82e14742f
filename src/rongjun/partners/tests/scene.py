"""Partners and what they send, for the database tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth import login as sign_in
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from rongjun.access.api import acting_as_job, create_account, enrol_totp, grant_role
from rongjun.kernel.crypto import Algorithm
from rongjun.kernel.crypto.symmetric import keyed_digest, sm3
from rongjun.partners import actions, queries
from rongjun.partners.actions import Call
from rongjun.partners.logic import statement
from rongjun.partners.queries import BatchReport
from rongjun.partners.tests.strategies import CIVIL, file

NOW = datetime(2024, 11, 24, 0, 30, tzinfo=UTC)  # half past eight in China
CITY = 370200000000
PATH = "/partners/inbound/"


def agree(code: str = CIVIL, **changed: Any) -> bytes:
    """Agree with a partner that sends the dead of the day; returns its secret."""
    known: dict[str, Any] = {
        "name": "测试民政",
        "division": CITY,
        "agreed": {"deaths/1": "09:00"},
        "channels": ["file", "call"],
        "expected_since": date(2024, 11, 20),
        "daily_calls": 3,
        "by": "operator:test",
        "now": NOW,
    }
    with acting_as_job("test.agree"):
        return bytes.fromhex(actions.add_partner(code, **{**known, **changed}))


def receive(
    content: bytes | None = None, *, partner: str = CIVIL, signature: str = "", now: datetime = NOW
) -> BatchReport:
    """A file taken in, and what became of it."""
    with acting_as_job("test.receive"):
        batch = actions.receive_file(
            file() if content is None else content,
            partner=partner,
            file_name="deaths.csv",
            signature=signature,
            by="operator:test",
            now=now,
        )
    return report_of(batch)


def report_of(batch: UUID) -> BatchReport:
    with acting_as_job("test.report"):
        found = queries.batch_report(batch)
    assert found is not None
    return found


def call(body: bytes, secret: bytes, **changed: Any) -> Call:
    """A call signed with a partner's secret; what is changed is changed after signing, but for the key."""
    key = changed.pop("key", "key-00001")
    moment = changed.pop("timestamp", NOW.isoformat())
    digest = sm3(body).hex()
    signed = statement(method="POST", path=PATH, timestamp=moment, key=key, digest=digest)
    said: dict[str, Any] = {
        "partner": CIVIL,
        "method": "POST",
        "path": PATH,
        "timestamp": moment,
        "key": key,
        "digest": digest,
        "signature": keyed_digest(Algorithm.HMAC_SM3, secret, signed).hex(),
        "body": body,
    }
    return Call(**{**said, **changed})


def headers_of(sent: Call) -> Mapping[str, str]:
    """The same as it travels."""
    return {
        "X-Rongjun-Partner": sent.partner,
        "X-Rongjun-Timestamp": sent.timestamp,
        "Idempotency-Key": sent.key,
        "X-Rongjun-Digest": sent.digest,
        "X-Rongjun-Signature": sent.signature,
    }


ROLES = {
    "clerk": ("station-clerk", 370202901000),
    "district": ("district-officer", 370202000000),
    "city": ("city-officer", CITY),
    "second": ("city-officer", CITY),
}


def visitor(login: str) -> Client:
    """A browser in which one of the cast has just signed in with both factors; a stranger has not."""
    client = Client()
    if login == "stranger":
        return client
    role, division = ROLES[login]
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
