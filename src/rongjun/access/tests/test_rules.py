"""Deny by default: what an address asks of its visitor (checklist C)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.utils import DataError
from django.test import Client
from django.urls import reverse

from rongjun.access import actions
from rongjun.access.logic import ROLES
from rongjun.access.rules import anyone, rule_of, signed_in, staff
from rongjun.access.tests.conftest import Clock
from rongjun.access.tests.scene import (
    COUNTY,
    LOGIN,
    OTHER,
    account,
    events,
    give_password,
    grant,
    officer,
    query,
    sign_in,
)

PROBE = "/probe/"
SCOPE = "/probe/scope/"

pytestmark = pytest.mark.usefixtures("site")


def current_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        return str(cursor.fetchone()[0])


def test_a_rule_tells_what_it_asks() -> None:
    rules = [
        rule_of(declare(lambda _request: None))  # type: ignore[arg-type,return-value]
        for declare in (anyone("front door"), signed_in("own account"), staff("desk.open"))
    ]
    assert [(rule.who, rule.permission, rule.because) for rule in rules if rule] == [
        ("anyone", "", "front door"),
        ("signed-in", "", "own account"),
        ("staff", "desk.open", ""),
    ]


def test_a_permission_no_role_has_cannot_be_declared() -> None:
    with pytest.raises(AssertionError):
        staff("registry.destroy")


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
def test_a_stranger_is_sent_away_whatever_the_method(method: str) -> None:
    answer = getattr(Client(), method)(SCOPE)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(LOGIN)


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
@pytest.mark.parametrize("role", ["system-admin", "security-admin", "audit-admin"])
def test_an_administrator_is_refused_the_people_whatever_the_method(role: str, method: str) -> None:
    officer("admin", role)
    client = sign_in("admin")
    assert client.get("/desk/").status_code == 200
    for address in (reverse("registry:people"), SCOPE):
        assert getattr(client, method)(address).status_code in {403, 405}
        assert getattr(client, method)(address).status_code == 403 or method not in {"get", "post"}


def test_a_denial_stays_in_the_evidence_chain() -> None:
    officer("admin", "system-admin")
    client = sign_in("admin")
    client.post(SCOPE)
    told = "select actor, actor_role, source, result, detail::text from audit_event"
    assert query(f"{told} where event = 'access.denied'") == [
        ("staff:admin", "system-admin", SCOPE, "refused", '{"missing": "registry.read-person"}')
    ]


def test_a_view_that_refuses_is_undone_and_its_refusal_stays() -> None:
    officer()
    assert sign_in().get(f"{PROBE}refuses/").status_code == 403
    assert events("access.denied") == [("staff:clerk", "refused", {"missing": "registry.read-person"})]
    assert not events("access.test-undone")


def test_a_view_without_a_rule_is_refused_to_everybody() -> None:
    officer()
    assert Client().get(f"{PROBE}undeclared/").status_code == 403
    assert sign_in().post(f"{PROBE}undeclared/").status_code == 403
    assert [row[0] for row in events("access.denied")] == ["stranger", "staff:clerk"]


def test_an_address_nobody_knows_is_not_found() -> None:
    assert Client().get("/desk/secrets/").status_code == 404


def test_a_page_drawn_late_is_drawn_inside_its_scope() -> None:
    officer()
    assert sign_in().get(f"{PROBE}late/").content == b"app_staff 370202000000 370202999999"


def test_a_stream_is_refused_because_it_would_run_outside_its_scope() -> None:
    officer()
    client = sign_in()
    with pytest.raises(AssertionError, match="stream"):
        client.get(f"{PROBE}stream/")


def test_nothing_of_a_request_that_broke_is_left_to_the_next() -> None:
    officer()
    client = sign_in()
    with pytest.raises(DataError):
        client.get(f"{PROBE}breaks/")
    assert current_user() == "rongjun_login"
    assert client.get(SCOPE).status_code == 200
    assert current_user() == "rongjun_login"


def test_a_citizen_is_refused_pages_of_staff() -> None:
    account("citizen", kind="citizen", password="wo men de jia")
    client = Client()
    give_password(client, "citizen", "wo men de jia")
    assert client.get(SCOPE).status_code == 403
    assert events("access.denied") == [("citizen:citizen", "refused", {"missing": "staff"})]


# --- grants -------------------------------------------------------------------------------------------------


def test_an_account_without_a_grant_is_refused(site: Clock) -> None:
    opened = account()
    number = grant(opened)
    actions.enrol_totp(opened, secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", by="operator:test", now=site.at)
    client = sign_in()
    assert client.get(SCOPE).status_code == 200
    actions.end_grant(number, on=site.at.date(), by="operator:test", now=site.at)
    assert client.get(SCOPE).status_code == 403
    assert events("access.denied") == [("staff:clerk", "refused", {"missing": "grant"})]


def test_a_grant_edited_past_the_application_is_refused_with_an_alarm() -> None:
    officer()
    client = sign_in()
    query("update access_grant set role = 'city-officer', division = 370200000000")
    assert client.get(SCOPE).status_code == 403
    (number,) = query("select id from access_grant")[0]
    alarm = ("staff:clerk", "refused", {"grant": number})
    assert events("access.grant-tampered") == [alarm]  # once, though rule and page both ask
    client.get(SCOPE)
    assert events("access.grant-tampered") == [alarm, alarm]


def scope_of(client: Client) -> str:
    return str(client.get(SCOPE).content.decode().split()[1])


def test_one_works_by_one_grant_at_a_time_and_chooses_which() -> None:
    opened = officer()
    second = grant(opened, "station-clerk", division=OTHER)
    client = sign_in()
    assert scope_of(client) == str(COUNTY)
    client.post(reverse("switch_grant"), {"grant": second})
    assert scope_of(client) == str(OTHER)
    assert events("access.grant-chosen") == [("staff:clerk", "done", {"grant": second})]


@pytest.mark.parametrize("wanted", ["theirs", "ended", "tampered", "", "x", "999999"])
def test_a_grant_one_does_not_hold_cannot_be_chosen(site: Clock, wanted: str) -> None:
    opened = officer()
    numbers = {
        "theirs": grant(account("other"), "city-officer"),
        "ended": grant(opened, "city-officer", division=OTHER, valid_to=site.at.date()),
        "tampered": grant(opened, "station-clerk", division=OTHER),
    }
    query("update access_grant set granted_by = 'me' where id = %s", [numbers["tampered"]])
    client = sign_in()
    client.post(reverse("switch_grant"), {"grant": numbers.get(wanted, wanted)})
    assert scope_of(client) == str(COUNTY)
    assert not events("access.grant-chosen")


def test_a_grant_chosen_and_then_ended_gives_way_to_one_in_force(site: Clock) -> None:
    opened = officer()
    second = grant(opened, division=OTHER)
    client = sign_in()
    client.post(reverse("switch_grant"), {"grant": second})
    actions.end_grant(second, on=site.at.date(), by="operator:test", now=site.at)
    assert scope_of(client) == str(COUNTY)


def test_choosing_takes_a_form() -> None:
    officer()
    assert sign_in().get(reverse("switch_grant")).status_code == 405


def test_every_role_sees_on_every_page_what_it_may() -> None:
    answers: dict[tuple[str, str], int] = {}
    pages: dict[str, Any] = {
        "registry.read-person": SCOPE,
        "policy.read": reverse("desk:policy"),
        "audit.read": reverse("desk:evidence"),
        "desk.open": "/desk/",
    }
    for code in ROLES:
        officer(code, code)
        client = sign_in(code)
        for permission, address in pages.items():
            answers[code, permission] = client.get(address).status_code
    assert answers == {
        (code, permission): 200 if permission in role.permissions else 403
        for code, role in ROLES.items()
        for permission in pages
    }
