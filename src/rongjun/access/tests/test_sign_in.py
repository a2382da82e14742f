"""Who gets in, by which factors, and what happens to those who guess (checklist A)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.hashers import ScryptPasswordHasher, identify_hasher, make_password
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from rongjun.access import actions
from rongjun.access.adapters import AccountAdapter
from rongjun.access.models import Account
from rongjun.access.tests import passkey
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
    grant,
    officer,
    query,
    sign_in,
)

DESK, PEOPLE, SCOPE = "/desk/", "/registry/people/", "/probe/scope/"
ENROL, CHANGE = "/accounts/2fa/totp/activate/", "/accounts/password/change/"

pytestmark = pytest.mark.usefixtures("site")


def enrol(client: Client, *, step: int = 0) -> Any:
    """Follow the page of a first authenticator app."""
    assert client.get(ENROL).status_code == 200
    return client.post(ENROL, {"code": code(step, client.session["mfa.totp.secret"])})


def test_a_password_alone_opens_no_page_of_staff() -> None:
    officer()
    client = Client()
    assert give_password(client).headers["Location"] == SECOND
    for address in (DESK, PEOPLE, SCOPE, ENROL, CHANGE):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(LOGIN)


def test_two_factors_open_the_workbench() -> None:
    officer()
    client = sign_in(" CLERK ")
    assert client.get(SCOPE).content == b"app_staff 370202000000 370202999999"
    assert events("access.signed-in") == [("staff:clerk", "done", {})]


def test_a_code_opens_once(site: Clock) -> None:
    officer()
    sign_in()
    for _ in range(2):
        client = Client()
        give_password(client)
        again = client.post(SECOND, {"code": code()})
        assert again.status_code == 200
        assert "clerk" not in client.session.get("access.sign-in", "")
        # The mark allauth itself keeps lasts one period of 30 s, the code is right for three.
        query("delete from access_cache where cache_key like '%%mfa.totp.used%%'")


def test_a_recovery_code_opens_once() -> None:
    account()
    grant(Account.objects.get().pk)
    client = Client()
    give_password(client)
    enrol(client)
    page = client.get(reverse("mfa_view_recovery_codes"))
    codes = page.context["unused_codes"]
    assert len(codes) == 10
    visitor = Client()
    give_password(visitor)
    assert visitor.post(SECOND, {"code": codes[3]}).headers["Location"] == DESK
    assert visitor.get(SCOPE).status_code == 200
    second = Client()
    give_password(second)
    assert second.post(SECOND, {"code": codes[3]}).status_code == 200
    assert second.get(SCOPE).status_code == 302


def test_wrong_codes_are_counted_and_then_refused_with_the_right_one() -> None:
    officer()
    client = Client()
    give_password(client)
    for _ in range(5):
        assert client.post(SECOND, {"code": "000000"}).status_code == 200
    page = client.post(SECOND, {"code": code()})
    assert page.status_code == 200
    assert client.get(SCOPE).status_code == 302
    assert len(events("access.second-factor-failed")) == 5
    # A new start does not help, and neither does another browser.
    other = Client()
    give_password(other)
    assert other.post(SECOND, {"code": code(1)}).status_code == 200


def test_the_fixed_code_of_the_demo_works_in_the_demo_only(settings: Settings) -> None:
    officer()
    for profile, fixed, opens in (
        ("test", "246810", False),
        ("production", "246810", False),
        ("demo", "", False),
        ("demo", "246810", True),
    ):
        settings.PROFILE, settings.DEMO_SECOND_FACTOR = profile, fixed
        client = Client()
        give_password(client)
        assert (client.post(SECOND, {"code": "246810"}).status_code == 302) == opens


@pytest.mark.parametrize("profile", ["test", "production"])
def test_the_house_does_not_start_with_a_fixed_code_outside_the_demo(
    settings: Settings, profile: str
) -> None:
    from django.apps import apps

    settings.PROFILE, settings.DEMO_SECOND_FACTOR = profile, "246810"
    with pytest.raises(ImproperlyConfigured):
        apps.get_app_config("access").ready()


# --- the first second factor --------------------------------------------------------------------------------


def test_staff_without_a_second_factor_get_nowhere_but_to_enrol_one() -> None:
    grant(account())
    client = Client()
    assert give_password(client).headers["Location"] == DESK
    for address in (DESK, PEOPLE, SCOPE):
        assert client.get(address).headers["Location"] == ENROL
        assert client.post(address).headers["Location"] == ENROL


def test_who_has_just_enrolled_goes_on_under_a_new_session_key() -> None:
    grant(account())
    client = Client()
    give_password(client)
    before = client.session.session_key
    assert enrol(client).headers["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get(SCOPE).status_code == 200
    assert client.session.session_key != before
    assert not query("select 1 from django_session where session_key = %s", [before])
    kinds = {row[2]["kind"] for row in events("access.second-factor-added")}
    assert kinds == {"recovery_codes", "totp"}


def test_a_code_that_enrolled_does_not_sign_in_afterwards() -> None:
    grant(account())
    client = Client()
    give_password(client)
    client.get(ENROL)
    shown = code(0, client.session["mfa.totp.secret"])
    client.post(ENROL, {"code": shown})
    again = Client()
    give_password(again)
    assert again.post(SECOND, {"code": shown}).status_code == 200
    assert again.get(SCOPE).status_code == 302


def test_enrolling_long_after_signing_in_asks_for_the_password_again(site: Clock) -> None:
    grant(account())
    client = Client()
    give_password(client)
    site.move(minutes=6)
    assert (
        client.get(ENROL).headers["Location"] == f"/accounts/reauthenticate/?next={ENROL.replace('/', '%2F')}"
    )
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": ENROL}).status_code == 302
    assert client.get(ENROL).status_code == 200


def test_a_second_factor_is_changed_only_by_who_signs_in_again() -> None:
    officer()
    client = sign_in()
    for name in ("mfa_deactivate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
        assert client.get(reverse(name)).headers["Location"].startswith("/accounts/reauthenticate/")
        assert client.post(reverse(name)).headers["Location"].startswith("/accounts/reauthenticate/")
    assert query("select count(*) from mfa_authenticator") == [(1,)]


def test_who_takes_the_last_factor_off_has_to_enrol_before_going_on() -> None:
    officer()
    client = sign_in()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": DESK})
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert events("access.second-factor-removed") == [("staff:clerk", "done", {"kind": "totp"})]
    assert client.get(SCOPE).headers["Location"] == ENROL


def test_a_session_without_the_second_factor_of_its_account_is_refused() -> None:
    opened = account()
    grant(opened)
    client = Client()
    give_password(client)
    actions.enrol_totp(opened, secret="JBSWY3DPEHPK3PXP", by=BY, now=Account.objects.get().used_at)
    assert client.get(SCOPE).status_code == 403
    assert events("access.denied") == [("staff:clerk", "refused", {"missing": "second-factor"})]


# --- passkeys -----------------------------------------------------------------------------------------------


def test_a_passkey_is_enrolled_and_signs_in_without_a_password() -> None:
    grant(account())
    client = Client()
    give_password(client)
    key = passkey.enrol(client)
    assert client.get(SCOPE).status_code == 200
    visitor = Client()
    assert passkey.sign_in(visitor, key).headers["Location"] == DESK
    assert visitor.get(SCOPE).status_code == 200
    assert client.get(SCOPE).status_code == 302  # the newest sign-in ended the older


def test_a_passkey_that_did_not_see_its_owner_does_not_sign_in() -> None:
    grant(account())
    client = Client()
    give_password(client)
    key = passkey.enrol(client)
    visitor = Client()
    assert passkey.sign_in(visitor, key, verified=False).headers["Location"] == LOGIN
    assert visitor.get(SCOPE).status_code == 302
    assert events("access.sign-in-failed") == [("stranger", "failed", {})]


def test_an_answer_to_another_challenge_does_not_sign_in() -> None:
    grant(account())
    client = Client()
    give_password(client)
    key = passkey.enrol(client)
    visitor = Client()
    answer = passkey.answer(visitor, key)
    passkey.answer(visitor, key)  # a new challenge is out
    assert passkey.post(visitor, answer).headers["Location"] == LOGIN
    assert passkey.post(Client(), answer).headers["Location"] == LOGIN


def test_a_passkey_of_a_closed_account_does_not_sign_in() -> None:
    opened = account()
    grant(opened)
    client = Client()
    give_password(client)
    key = passkey.enrol(client)
    actions.disable_account(opened, by=BY, now=Account.objects.get().used_at)
    visitor = Client()
    passkey.sign_in(visitor, key)
    assert visitor.get(SCOPE).headers["Location"].startswith(LOGIN)


# --- guessing passwords (ID-04) -----------------------------------------------------------------------------


def test_the_sixth_try_is_refused_even_with_the_right_password(site: Clock) -> None:
    officer()
    client = Client()
    for _ in range(4):
        assert give_password(client, password="wrong").status_code == 200
    fifth = give_password(client, password="wrong")
    sixth = give_password(Client())
    assert (fifth.status_code, sixth.status_code) == (429, 429)
    assert "15 分钟" in sixth.content.decode()
    assert "no-store" in sixth.headers["Cache-Control"]
    assert len(events("access.sign-in-failed")) == 6
    assert events("access.locked-out")
    site.move(minutes=14, seconds=59)
    assert give_password(Client()).status_code == 429
    site.move(seconds=2)
    assert give_password(Client()).status_code == 302


def test_other_spellings_of_a_name_are_counted_together() -> None:
    officer()
    for name in ("clerk", "CLERK", " Clerk ", "cLeRk", "clerK"):
        give_password(Client(), name, "wrong", HTTP_USER_AGENT=f"browser {name}")
    assert give_password(Client()).status_code == 429
    assert give_password(Client(), "somebody", "wrong").status_code == 200


def test_signing_in_forgets_the_failures_before() -> None:
    officer()
    for _ in range(4):
        give_password(Client(), password="wrong")
    sign_in()
    assert give_password(Client(), password="wrong").status_code == 200


def test_the_password_alone_does_not_forget_the_failures_before() -> None:
    officer()
    for _ in range(4):
        give_password(Client(), password="wrong")
    assert give_password(Client()).status_code == 302
    assert give_password(Client(), password="wrong").status_code == 429


def test_a_stranger_is_not_told_whether_an_account_exists(settings: Settings, monkeypatch: Any) -> None:
    officer()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    Account.objects.update(password=make_password(PASSWORD))
    hashed: list[str] = []
    real = ScryptPasswordHasher.encode

    def counted(self: ScryptPasswordHasher, password: str, *args: Any, **kwargs: Any) -> str:
        hashed.append(password)
        encoded: str = real(self, password, *args, **kwargs)
        return encoded

    monkeypatch.setattr(ScryptPasswordHasher, "encode", counted)
    pages, work = [], []
    for login in ("clerk", "nobody"):
        for turn in range(6):
            client = Client()
            page = give_password(client, login, f"wrong {turn}")
            pages.append((page.status_code, _words(page, login)))
        work.append(len(hashed))
    assert pages[:6] == pages[6:]
    assert work[1] == 2 * work[0]  # as much hashing for a name nobody has


def _words(page: Any, login: str) -> str:
    """The page without what differs anyway: the form's token, the name typed."""
    lines = page.content.decode().replace(login, "NAME").splitlines()
    return "\n".join(line for line in lines if "csrf" not in line)


def test_nothing_typed_into_the_form_is_kept() -> None:
    officer()
    give_password(Client(), "My-Secret-Password", "My-Secret-Password")
    kept = query("select t::text from axes_accessattempt t union all select t::text from audit_event t")
    assert len(kept) > 2
    assert not [row for (row,) in kept if "secret-password" in row.lower()]


def guess_at_once(monkeypatch: pytest.MonkeyPatch, times: int) -> tuple[list[str], list[int]]:
    """Passwords that were looked at, and the answers, of wrong tries eight at a time."""
    looked_at: list[str] = []
    real = Account.check_password

    def counted(self: Account, raw_password: str) -> bool:
        looked_at.append(raw_password)
        time.sleep(0.05)  # as long as a real hash takes
        return bool(real(self, raw_password))

    def guess(number: int) -> int:
        try:
            agent = {"HTTP_USER_AGENT": f"browser {number % 3}"}
            return give_password(Client(), password=f"guess {number}", **agent).status_code
        finally:
            connection.close()

    monkeypatch.setattr(Account, "check_password", counted)
    with ThreadPoolExecutor(8) as crowd:
        return looked_at, list(crowd.map(guess, range(times)))


def test_of_many_tries_at_once_five_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    officer()
    looked_at, answers = guess_at_once(monkeypatch, 50)
    assert len(looked_at) == 5
    assert sorted(answers) == [200] * 4 + [429] * 46
    assert query("select sum(failures_since_start) from axes_accessattempt") == [(5,)]


def test_without_the_turn_taking_more_would_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    officer()
    monkeypatch.setattr(AccountAdapter, "authenticate", DefaultAccountAdapter.authenticate)
    looked_at, _ = guess_at_once(monkeypatch, 16)
    assert len(looked_at) > 5


def test_confirming_with_wrong_passwords_locks_as_well() -> None:
    officer()
    client = sign_in()
    for _ in range(5):
        answer = client.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert answer.status_code == 429
    assert give_password(Client()).status_code == 429


# --- passwords (ID-02, ID-03, ID-08) ------------------------------------------------------------------------


def change(client: Client, new: str, *, old: str = PASSWORD) -> Any:
    return client.post(CHANGE, {"oldpassword": old, "password1": new, "password2": new})


def test_a_password_older_than_ninety_days_is_changed_first(site: Clock) -> None:
    officer()
    site.move(days=90)
    client = sign_in()
    assert client.get(SCOPE).status_code == 200
    site.move(seconds=1)
    assert client.get(SCOPE).headers["Location"] == CHANGE
    assert client.get(DESK).headers["Location"] == CHANGE
    assert change(client, PASSWORD).status_code == 200  # used before
    assert change(client, "zu duan").status_code == 200
    assert change(client, "Another-tree-26").status_code == 302
    assert client.get(SCOPE).status_code == 200
    assert events("access.password-changed") == [("staff:clerk", "done", {})]


def test_an_old_password_may_stay_beside_a_passkey(site: Clock) -> None:
    grant(account())
    client = Client()
    give_password(client)
    key = passkey.enrol(client)
    site.move(days=91)
    visitor = Client()
    passkey.sign_in(visitor, key)
    assert visitor.get(SCOPE).status_code == 200


def test_a_password_somebody_else_has_set_is_changed_first(site: Clock) -> None:
    opened = officer()
    actions.reset_password(opened, password="From-the-office-1", by=BY, now=site.at)
    client = sign_in(password="From-the-office-1")
    assert client.get(SCOPE).headers["Location"] == CHANGE
    assert change(client, "Another-tree-26", old="From-the-office-1").status_code == 302
    assert client.get(SCOPE).status_code == 200


def test_changing_the_password_takes_the_old_one() -> None:
    officer()
    client = sign_in()
    assert change(client, "Another-tree-26", old="wrong").status_code == 200
    assert Account.objects.get().check_password(PASSWORD)


def test_changing_the_password_does_not_open_an_account_closed_meanwhile(site: Clock) -> None:
    opened = officer()
    stale = Account.objects.get(pk=opened)
    actions.disable_account(opened, by=BY, now=site.at)
    AccountAdapter().set_password(stale, "Another-tree-26")
    assert not Account.objects.get().is_active


def test_the_citizens_policy_reads_the_name_of_the_city() -> None:
    from rongjun.access.passwords import faults_of

    assert faults_of(f"{settings.CITY}123", account=None)
    assert faults_of("password1234", account=None)
    assert faults_of("两棵橄榄树在门口", account=None) == []


def test_a_phrase_of_sixty_four_letters_is_taken_whole(site: Clock) -> None:
    phrase = "我家门口有两棵橄榄树，" * 5 + "夏天很凉快冬天也很好"
    phrase = phrase[:64].ljust(64, "好")
    account("citizen", kind="citizen", password=phrase)
    assert give_password(Client(), "citizen", phrase[:63]).status_code == 200
    site.move(days=400)
    client = Client()
    assert give_password(client, "citizen", phrase).status_code == 302
    assert client.get(CHANGE).status_code == 200
    assert client.get(SCOPE).status_code == 403


def test_passwords_are_kept_by_a_memory_hard_function(settings: Settings) -> None:
    assert settings.PASSWORD_HASHERS[1].endswith(".ScryptPasswordHasher")
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]
    first, second = make_password(PASSWORD), make_password(PASSWORD)
    hasher = identify_hasher(first)
    assert isinstance(hasher, ScryptPasswordHasher)
    assert hasher.work_factor >= 2**14
    assert hasher.block_size >= 8
    assert first != second
