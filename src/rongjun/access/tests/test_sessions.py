"""What a session is and when it ends (checklist B)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from rongjun.access import actions
from rongjun.access.models import Account
from rongjun.access.tests.conftest import Clock
from rongjun.access.tests.scene import (
    BY,
    LOGIN,
    PASSWORD,
    SECOND,
    account,
    code,
    events,
    give_password,
    officer,
    query,
    sign_in,
)

SCOPE, EXTEND = "/probe/scope/", "/accounts/session/extend/"

pytestmark = pytest.mark.usefixtures("site")


def is_out(answer: Any) -> bool:
    """Whether the visitor was sent to sign in."""
    return bool(answer.status_code == 302 and answer.headers["Location"].startswith(LOGIN))


# --- limits (SE-02) -----------------------------------------------------------------------------------------


def test_a_session_of_staff_rests_a_quarter_of_an_hour_at_most(site: Clock) -> None:
    officer()
    client = sign_in()
    for seconds in (899, 900):
        site.move(seconds=seconds)
        assert client.get(SCOPE).status_code == 200
    site.move(seconds=901)
    assert is_out(client.get(SCOPE))
    assert events("access.session-ended") == [("staff:clerk", "done", {"why": "idle"})]
    assert not events("access.signed-out")
    assert query(
        "select count(*) from django_session where session_key = %s", [client.session.session_key]
    ) == [(0,)]


def test_a_session_of_staff_lives_twelve_hours_at_most(site: Clock) -> None:
    officer()
    client = sign_in()
    for _ in range(48):
        site.move(minutes=15)
        assert client.post(EXTEND).status_code == 204
    site.move(seconds=1)
    assert is_out(client.get(SCOPE))
    assert events("access.session-ended")[0][2] == {"why": "too-long"}


def test_a_citizen_may_rest_twice_as_long(site: Clock) -> None:
    account("citizen", kind="citizen", password="wo men de jia")
    client = Client()
    give_password(client, "citizen", "wo men de jia")
    site.move(minutes=30)
    assert client.post(EXTEND).status_code == 204
    site.move(minutes=30, seconds=1)
    assert client.post(EXTEND).headers["Location"] == "/"  # a citizen's own door


def test_the_limits_are_settings(site: Clock, settings: Settings) -> None:
    officer()
    client = sign_in()
    settings.SESSION_LIMITS = {"staff": (60, 3600), "citizen": (60, 3600)}
    site.move(seconds=61)
    assert is_out(client.get(SCOPE))


# --- endings (SE-03, SE-04) ---------------------------------------------------------------------------------


def test_the_newest_sign_in_ends_the_older() -> None:
    officer()
    first = sign_in()
    second = sign_in(step=1)
    assert is_out(first.get(SCOPE))
    assert second.get(SCOPE).status_code == 200
    assert events("access.session-ended") == [("staff:clerk", "done", {"why": "ended-elsewhere"})]


def test_half_a_sign_in_does_not_end_anything() -> None:
    officer()
    first = sign_in()
    give_password(Client())
    assert first.get(SCOPE).status_code == 200


@pytest.mark.parametrize("end", ["end_sessions", "disable_account", "remove_second_factors"])
def test_an_administrator_ends_a_session_at_once(site: Clock, end: str) -> None:
    opened = officer()
    client = sign_in()
    getattr(actions, end)(opened, by="staff:security", now=site.at)
    assert is_out(client.get(SCOPE))
    assert is_out(client.post(EXTEND))


def test_changing_the_password_ends_other_sessions_and_keeps_this_one(site: Clock) -> None:
    officer()
    client = sign_in()
    stolen = Client()
    stolen.cookies = client.cookies.copy()  # type: ignore[assignment]
    changed = {"oldpassword": PASSWORD, "password1": "Another-tree-26", "password2": "Another-tree-26"}
    assert client.post("/accounts/password/change/", changed).status_code == 302
    assert client.get(SCOPE).status_code == 200
    assert is_out(stolen.get(SCOPE))


def test_a_session_nobody_signed_in_is_none() -> None:
    opened = officer()
    client = sign_in()
    Account.objects.filter(pk=opened).update(current_sign_in="")
    session = client.session
    session["access.sign-in"] = ""
    session.save()
    assert is_out(client.get(SCOPE))


def test_signing_out_leaves_nothing_behind() -> None:
    officer()
    client = sign_in()
    key = client.session.session_key
    kept = Client()
    kept.cookies = client.cookies.copy()  # type: ignore[assignment]
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get(SCOPE).status_code == 200
    left = client.post("/accounts/logout/")
    assert left.headers["Location"] == LOGIN
    assert left.headers["Clear-Site-Data"] == '"storage"'
    assert "no-store" in left.headers["Cache-Control"]
    assert is_out(kept.get(SCOPE))
    assert query("select count(*) from django_session where session_key = %s", [key]) == [(0,)]
    assert events("access.signed-out") == [("staff:clerk", "done", {})]


# --- the cookie (SE-01) and what a browser may keep (SE-05) -------------------------------------------------


def test_a_session_somebody_planted_is_not_the_one_that_is_signed_in() -> None:
    officer()
    planted = Client()
    planted.get(LOGIN)
    session = planted.session
    session["mark"] = "planted"
    session.save()
    key = session.session_key
    victim = Client()
    victim.cookies["sessionid"] = str(key)
    give_password(victim)
    victim.post(SECOND, {"code": code()})
    assert victim.get(SCOPE).status_code == 200
    assert victim.session.session_key != key
    assert is_out(planted.get(SCOPE))


def test_the_cookie_is_long_and_for_the_server_alone(settings: Settings) -> None:
    officer()
    settings.SESSION_COOKIE_SECURE = True
    client = sign_in()
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]  # gone when the browser closes
    assert len(cookie.value) >= 32  # of 36 signs each: more than 160 bits


def test_production_sends_cookies_over_tls_only() -> None:
    from pathlib import Path

    written = (Path(__file__).parents[2] / "config" / "settings.py").read_text()
    assert "SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE" in written
    assert 'SECURE = PROFILE == "production"' in written


@pytest.mark.parametrize(
    "address",
    [SCOPE, "/desk/", "/nowhere/", "/probe/undeclared/", "/accounts/2fa/", "/accounts/password/change/"],
)
def test_no_page_of_a_signed_in_visitor_stays_in_a_cache(address: str) -> None:
    officer()
    client = sign_in()
    kept = client.get(address).headers["Cache-Control"]
    assert {"no-store", "private"} <= set(kept.split(", "))


# --- the way to sign in and back ----------------------------------------------------------------------------


def test_a_visitor_comes_back_to_the_page_asked_for() -> None:
    officer()
    client = Client()
    asked = "/registry/people/?q=%E6%B5%8B%E8%AF%95&page=2"
    sent = client.get(asked).headers["Location"]
    assert sent == f"{LOGIN}?next=%2Fregistry%2Fpeople%2F%3Fq%3D%25E6%25B5%258B%25E8%25AF%2595%26page%3D2"
    client.post(sent, {"login": "clerk", "password": PASSWORD})
    back = client.post(SECOND, {"code": code()}).headers["Location"]
    assert back == asked


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", r"/\evil.example", "javascript:alert(1)",
     "https:evil.example",
     "http://testserver@evil.example/", "\thttps://evil.example"],
)  # fmt: skip
def test_nobody_is_sent_to_a_foreign_place(target: str) -> None:
    officer()
    client = Client()
    client.post(LOGIN, {"login": "clerk", "password": PASSWORD, "next": target})
    assert client.post(SECOND, {"code": code()}).headers["Location"] == "/desk/"


def test_a_path_that_looks_like_a_host_stays_a_path() -> None:
    sent = Client().get("//evil.example/desk/")
    assert "Location" not in sent.headers or not sent.headers["Location"].startswith("//")


def test_a_form_posted_after_the_end_leads_to_no_address_that_takes_forms_only(site: Clock) -> None:
    officer()
    client = sign_in()
    site.move(hours=1)
    assert client.post(EXTEND).headers["Location"] == LOGIN


def test_a_part_of_a_page_moves_the_whole_page(site: Clock) -> None:
    officer()
    client = sign_in()
    site.move(hours=1)
    shown: Any = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/registry/people/?q=a"}
    for answer in (client.get(SCOPE, **shown), Client().post(SCOPE, **shown)):
        assert answer.status_code == 401
        assert answer.headers["HX-Redirect"] == f"{LOGIN}?next=%2Fregistry%2Fpeople%2F%3Fq%3Da"
        assert "Location" not in answer.headers


def test_a_part_of_a_page_that_needs_a_second_factor_moves_the_whole_page() -> None:
    actions.grant_role(
        account(), role="district-officer", division=370202000000, division_label="区",
        valid_from=Account.objects.get().used_at.date(), by=BY, now=Account.objects.get().used_at,
    )  # fmt: skip
    client = Client()
    give_password(client)
    answer = client.get(SCOPE, HTTP_HX_REQUEST="true")
    assert answer.headers["HX-Redirect"] == reverse("mfa_activate_totp")
