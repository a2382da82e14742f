"""In by the provincial single sign-on, and a clear sentence for every way it goes wrong."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from rongjun.access.api import acting_as_job
from rongjun.audit import api as audit
from rongjun.ui.api import sentences
from tests.cluster import as_owner
from tests.house.citizens import Account, Server
from tests.house.scene import bare_row, visitor

pytestmark = pytest.mark.django_db


def asked(client: Client, *, wanted: str = "") -> dict[str, str]:
    """What the browser carries to the province."""
    response = client.post("/my/in/", {"next": wanted})
    assert response.status_code == 302, response.content.decode()
    return {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}


def come_back(
    client: Client, province: Server, way: str = "well", *, wanted: str = "", **changed: str
) -> Any:
    """The whole way: to the province, one of its people chosen there, and back."""
    said = {**asked(client, wanted=wanted), "person": "0", "way": way, **changed}
    answer = requests.post(f"{province.issuer.url}/authorize", data=said, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def refused(response: Any, code: str) -> None:
    """The page says the four sentences of this refusal, and nobody is signed in."""
    page = response.content.decode()
    assert response.status_code == 422
    for part in ("what", "why", "todo", "who"):
        assert str(sentences()[code][part]) in page
    assert "_auth_user_id" not in response.wsgi_request.session
    with acting_as_job("test.look"):
        newest = audit.events(audit.Filter(event="access.sign-in-failed"), limit=1)[0]
    assert newest.detail == {"why": code}


def test_somebody_on_file_is_signed_in_and_lands_where_they_wanted_to_go(province: Server) -> None:
    client = Client()
    response = come_back(client, province, wanted="/my/benefits/")
    assert (response.status_code, response["Location"]) == (302, "/my/benefits/")
    assert "测试白纸905" in client.get("/my/").content.decode()


@pytest.mark.parametrize("wanted", ["https://example.invalid/", "//example.invalid", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_house(province: Server, wanted: str) -> None:
    assert come_back(Client(), province, wanted=wanted)["Location"] == "/my/"


def test_the_question_carries_state_nonce_and_challenge_and_nothing_from_the_address(
    province: Server,
) -> None:
    client = Client()
    said = asked(client)
    assert {"state", "nonce", "code_challenge"} <= set(said)
    assert said["code_challenge_method"] == "S256"
    assert set(said["scope"].split()) == {"openid", "identity"}
    response = client.post("/my/in/?scope=all&auth_params=prompt%3Dnone%26nonce%3Dfixed")
    again = parse_qs(urlsplit(response["Location"]).query)
    assert "prompt" not in again
    assert set(again["scope"][0].split()) == {"openid", "identity"}
    assert again["nonce"][0] not in {"fixed", said["nonce"]}


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("late", "access.province-silent"),
        ("error", "access.province-silent"),
        ("nonce", "access.province-unproven"),
        ("signature", "access.province-unproven"),
        ("clock", "access.province-clock"),
        ("unknown", "registry.citizen-unknown"),
    ],
)
def test_each_way_to_go_wrong_ends_in_its_own_sentence(province: Server, way: str, code: str) -> None:
    refused(come_back(Client(), province, way), code)


def test_whoever_turns_back_at_the_province_is_told_so(province: Server) -> None:
    refused(come_back(Client(), province, person=""), "access.province-cancelled")


def test_a_code_of_another_browser_opens_nothing(province: Server) -> None:
    said = {**asked(Client()), "person": "0", "way": "well"}
    answer = requests.post(f"{province.issuer.url}/authorize", data=said, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    refused(Client().get(f"{back.path}?{back.query}"), "access.province-forgotten")


def test_a_token_opens_once(province: Server) -> None:
    client = Client()
    come_back(client, province)
    state = asked(client)["state"]
    assert client.get(f"/my/in/back/?code=used&state={state}").status_code == 422


def test_a_province_that_is_down_is_told_before_one_is_sent_away(
    province: Server, settings: Settings
) -> None:
    settings.SSO = {**settings.SSO, "issuer": "http://localhost:1"}
    refused(Client().post("/my/in/"), "access.province-silent")


def test_a_token_without_a_number_we_can_use_signs_nobody_in(province: Server, settings: Settings) -> None:
    settings.SSO = {**settings.SSO, "claim": "sub"}
    refused(come_back(Client(), province), "citizen.no-number")


def test_a_closed_account_is_told_so(province: Server) -> None:
    Account.objects.filter(username="citizen").update(is_active=False)
    refused(come_back(Client(), province), "access.account-closed")


def test_nothing_the_province_said_is_written_down(province: Server) -> None:
    number = bare_row("clerk", 905)["证件号码"]
    come_back(Client(), province)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'public' and data_type in ('text', 'character varying', 'jsonb', 'json')"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'select count(*) from "{table}" where "{column}"::text like %s', [f"%{number}%"])
            assert cursor.fetchone() == (0,), f"{table}.{column}"
        for table in ("socialaccount", "socialapp", "socialtoken"):
            cursor.execute(f"select count(*) from socialaccount_{table}")
            assert cursor.fetchone() == (0,)


def test_a_number_of_staff_gives_no_way_into_the_workbench(province: Server) -> None:
    client = Client()
    come_back(client, province)
    assert client.get("/desk/").status_code == 403
    assert visitor("clerk").get("/my/").status_code == 403


def test_without_a_province_the_front_door_says_so(scene: object) -> None:
    page = Client().get("/").content.decode()
    assert "还没有接通" in page
    refused(Client().post("/my/in/"), "access.province-silent")


def test_the_newest_sign_in_ends_the_older(province: Server) -> None:
    first, second = Client(), Client()
    come_back(first, province)
    come_back(second, province)
    assert second.get("/my/").status_code == 200
    assert first.get("/my/")["Location"].startswith("/?next=")
