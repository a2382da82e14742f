"""What the tests of access say often."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from allauth.mfa.totp.internal import auth
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from rongjun.access import actions
from tests.cluster import as_owner

BY = "operator:test"
PASSWORD = "Ganlan-Shu-2026"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
COUNTY, OTHER = 370202000000, 370203000000
SINCE = date(2020, 1, 1)
LOGIN = "/accounts/login/"
SECOND = "/accounts/2fa/authenticate/"


def account(login: str = "clerk", *, kind: str = "staff", password: str = PASSWORD, **kept: Any) -> UUID:
    return actions.create_account(
        login, name="测试", kind=kind, password=password, by=BY, now=timezone.localtime(), **kept
    )


def grant(to: UUID, role: str = "district-officer", division: int = COUNTY, **kept: Any) -> int:
    given: dict[str, Any] = {"valid_from": SINCE, "by": BY, "now": timezone.localtime(), **kept}
    return actions.grant_role(to, role=role, division=division, division_label="测试区", **given)


def officer(login: str = "clerk", role: str = "district-officer", **kept: Any) -> UUID:
    """An account that can work: a grant and an authenticator app."""
    opened = account(login, **kept)
    grant(opened, role)
    actions.enrol_totp(opened, secret=SECRET, by=BY, now=timezone.localtime())
    return opened


def code(step: int = 0, secret: str = SECRET) -> str:
    """What the authenticator app shows, some periods of 30 s from now."""
    counter = list(auth.yield_hotp_counters_from_time())[1] + step
    return str(auth.format_hotp_value(auth.hotp_value(secret, counter)))


def give_password(
    client: Client, login: str = "clerk", password: str = PASSWORD, **kept: Any
) -> HttpResponse:
    response: HttpResponse = client.post(LOGIN, {"login": login, "password": password}, **kept)  # type: ignore[assignment]
    return response


def sign_in(login: str = "clerk", *, step: int = 0, password: str = PASSWORD) -> Client:
    """A browser signed in with two factors; a code works once, so each sign-in takes another step."""
    client = Client()
    assert give_password(client, login, password).headers["Location"] == SECOND
    assert client.post(SECOND, {"code": code(step)}).headers["Location"] == "/desk/"
    return client


def query(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall()) if cursor.description else []


def events(name: str) -> list[tuple[Any, ...]]:
    """(actor, result, detail) of the events of a name, in order."""
    rows = query("select actor, result, detail::text from audit_event where event = %s order by id", [name])
    return [(actor, result, json.loads(detail)) for actor, result, detail in rows]
