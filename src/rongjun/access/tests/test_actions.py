from __future__ import annotations

from datetime import date, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import caches
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from rongjun.access import actions, jobs, queries
from rongjun.access.logic import ROLES
from rongjun.access.models import Account, Grant
from rongjun.access.passwords import faults_of
from rongjun.access.scope import acting_as_job
from rongjun.access.tests.conftest import Clock
from rongjun.access.tests.scene import (
    BY,
    COUNTY,
    OTHER,
    PASSWORD,
    SECRET,
    SINCE,
    account,
    events,
    grant,
    officer,
    query,
)
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner

TODAY = date(2026, 10, 1)

pytestmark = pytest.mark.usefixtures("own_database")


# --- accounts (ID-01) ---------------------------------------------------------------------------------------


def test_a_fresh_installation_has_no_account() -> None:
    assert not Account.objects.exists()


def test_a_login_name_is_taken_in_every_case(clock: Clock) -> None:
    account("clerk")
    with pytest.raises(Refused, match=r"access\.login-name-taken"):
        account(" CLERK ")
    assert Account.objects.count() == 1


def test_the_database_knows_one_spelling_only(clock: Clock) -> None:
    opened = account("clerk")
    with pytest.raises(IntegrityError, match="one_spelling"):
        Account.objects.filter(pk=opened).update(username="Clerk")


def test_a_login_name_that_could_be_a_number_of_somebody_is_refused(clock: Clock) -> None:
    number = "1" + "3" + "800138000"
    with pytest.raises(Refused, match=r"audit\.looks-personal"):
        account(f"z{number}"[1:])
    assert not Account.objects.exists()


@pytest.mark.parametrize("name", ["李伟", "", "a b", "x" * 65])
def test_a_login_name_nobody_could_type_is_refused(clock: Clock, name: str) -> None:
    with pytest.raises(Refused, match=r"access\.login-name-unfit"):
        account(name)


def test_an_account_opens_with_a_password_that_fits_its_kind(clock: Clock) -> None:
    with pytest.raises(Refused, match=r"access\.password-unfit"):
        account("clerk", password="wo men de jia")
    account("citizen", kind="citizen", password="wo men de jia")
    assert [row[2] for row in events("access.account-created")] == [{"login": "citizen", "kind": "citizen"}]


def test_two_people_with_one_password_have_two_hashes(clock: Clock) -> None:
    account("first")
    account("second")
    kept = Account.objects.values_list("password", flat=True)
    assert len(set(kept)) == 2
    assert not any(PASSWORD in text for text in kept)


# --- grants -------------------------------------------------------------------------------------------------


def test_a_grant_holds_from_its_first_day_until_before_its_last(clock: Clock) -> None:
    opened = account()
    number = grant(opened, valid_from=TODAY, valid_to=TODAY + timedelta(days=2))
    days = [-1, 0, 1, 2]
    held = [queries.grants_in_force(opened, on=TODAY + timedelta(days=day)).grants for day in days]
    assert [[row.pk for row in rows] for rows in held] == [[], [number], [number], []]


def test_a_grant_that_is_ended_no_longer_holds_and_stays_sealed(clock: Clock) -> None:
    opened = account()
    number = grant(opened)
    actions.end_grant(number, on=TODAY, by=BY, now=clock.at)
    assert queries.grants_in_force(opened, on=TODAY) == queries.Held((), ())
    before = queries.grants_in_force(opened, on=TODAY - timedelta(days=1))
    assert [row.pk for row in before.grants] == [number]
    assert events("access.grant-ended")[0][2]["until"] == "2026-10-01"


def test_a_disabled_account_holds_nothing(clock: Clock) -> None:
    opened = account()
    grant(opened)
    actions.disable_account(opened, by=BY, now=clock.at)
    assert queries.grants_in_force(opened, on=TODAY).grants == ()
    assert queries.actor_named("clerk", on=TODAY) is None
    actions.enable_account(opened, by=BY, now=clock.at)
    assert queries.actor_named("CLERK", on=TODAY) is not None


ADMINISTRATORS = ["system-admin", "security-admin", "audit-admin"]


@pytest.mark.parametrize("first", [*ADMINISTRATORS, "station-clerk"])
@pytest.mark.parametrize("second", ADMINISTRATORS)
def test_administration_excludes_all_other_work(clock: Clock, first: str, second: str) -> None:
    opened = account()
    grant(opened, first)
    if first == second:
        grant(opened, second, division=OTHER)
        return
    with pytest.raises(Refused, match=r"access\.families-exclude"):
        grant(opened, second, division=OTHER)
    assert Grant.objects.count() == 1


def test_who_has_left_one_family_may_join_another(clock: Clock) -> None:
    opened = account()
    grant(opened, "system-admin", valid_to=TODAY)
    grant(opened, "audit-admin", valid_from=TODAY)


def test_the_database_itself_keeps_the_families_apart(clock: Clock) -> None:
    opened = account()
    grant(opened, "audit-admin")
    copy = Grant(account_id=opened, role="system-admin", family="system", division=COUNTY,
                 division_label="", valid_from=SINCE, granted_by=BY, seal=b"")  # fmt: skip
    with pytest.raises(IntegrityError, match="grant_families_exclude_each_other"):
        copy.save()


@pytest.mark.parametrize(
    "edit",
    ["role = 'city-officer'", "division = 370200000000", "valid_to = '2030-01-01'",
     "valid_from = '2019-01-01'", "granted_by = 'staff:chief'",
     "division_label = '全市'", "seal = ''", "family = 'system'"],
)  # fmt: skip
def test_a_grant_edited_past_the_application_opens_nothing(clock: Clock, edit: str) -> None:
    opened = account()
    number = grant(opened)
    query(f"update access_grant set {edit}")
    assert queries.grants_in_force(opened, on=TODAY) == queries.Held((), (number,))


def test_a_grant_moved_to_somebody_else_opens_nothing(clock: Clock) -> None:
    opened, other = account("first"), account("second")
    number = grant(opened)
    query("update access_grant set account_id = %s", [other])
    assert queries.grants_in_force(other, on=TODAY).tampered == (number,)


def test_one_broken_grant_does_not_take_the_sound_one_away(clock: Clock) -> None:
    opened = account()
    first, second = grant(opened), grant(opened, division=OTHER)
    query("update access_grant set role = 'city-officer' where id = %s", [first])
    held = queries.grants_in_force(opened, on=TODAY)
    assert ([row.pk for row in held.grants], held.tampered) == ([second], (first,))


def test_a_role_nobody_knows_gives_no_actor(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = account()
    grant(opened)
    monkeypatch.delitem(ROLES, "district-officer")
    assert queries.actor_named("clerk", on=TODAY) is None


# --- passwords ----------------------------------------------------------------------------------------------


def test_the_last_five_passwords_do_not_come_back(clock: Clock) -> None:
    opened = account(password="Olive-tree-0")
    for turn in range(1, 6):
        clock.move(days=1)
        actions.reset_password(opened, password=f"Olive-tree-{turn}", by=BY, now=clock.at)
    row = Account.objects.get(pk=opened)
    assert [bool(faults_of(f"Olive-tree-{turn}", account=row)) for turn in range(7)] == [
        False, True, True, True, True, True, False,
    ]  # fmt: skip
    assert query("select count(*) from access_passwordused") == [(5,)]


def test_a_reset_is_temporary_ends_sessions_and_leaves_the_second_factor(clock: Clock) -> None:
    opened = officer()
    Account.objects.filter(pk=opened).update(current_sign_in="somewhere")
    actions.reset_password(opened, password="Another-tree-1", by="staff:security", now=clock.at)
    row = Account.objects.get(pk=opened)
    assert row.check_password("Another-tree-1")
    assert row.password_is_temporary
    assert row.current_sign_in == ""
    assert queries.second_factors(opened).count == 1
    assert events("access.password-reset") == [("staff:security", "done", {})]


def test_a_citizens_old_hashes_are_not_kept(clock: Clock) -> None:
    account("citizen", kind="citizen", password="wo men de jia")
    assert query("select count(*) from access_passwordused") == [(0,)]


# --- second factors -----------------------------------------------------------------------------------------


def test_the_secret_of_an_authenticator_lies_sealed(clock: Clock) -> None:
    officer()
    (kept,) = query("select data::text from mfa_authenticator")[0]
    assert SECRET not in kept


def test_a_lost_phone_is_taken_off(clock: Clock) -> None:
    opened = officer()
    actions.remove_second_factors(opened, by="staff:security", now=clock.at)
    assert not Authenticator.objects.exists()
    assert events("access.second-factors-removed") == [("staff:security", "done", {})]


# --- idle accounts (AC-06) and what is forgotten ------------------------------------------------------------


def close_idle() -> int:
    with acting_as_job("access.close-idle-accounts"):
        return jobs.close_idle_accounts()


def test_a_staff_account_unused_for_ninety_days_is_closed(clock: Clock) -> None:
    officer("idle")
    account("citizen", kind="citizen", password="wo men de jia")
    clock.move(days=1)
    officer("busy")
    clock.move(days=89)
    assert close_idle() == 0
    clock.move(seconds=1)
    assert close_idle() == 1
    assert close_idle() == 0
    open_still = Account.objects.filter(is_active=True).values_list("username", flat=True)
    assert set(open_still) == {"busy", "citizen"}
    assert events("access.account-closed-idle") == [("job:access.close-idle-accounts", "done", {})]


def test_an_account_opened_again_has_its_days_anew(clock: Clock) -> None:
    opened = officer()
    clock.move(days=100)
    close_idle()
    actions.enable_account(opened, by=BY, now=clock.at)
    assert close_idle() == 0


@pytest.mark.parametrize(
    "sql",
    ["update access_account set is_active = true", "update access_account set password = ''",
     "select password from access_account", "delete from access_account",
     "select session_data from django_session",
     "insert into django_session values ('a', 'b', now())", "select value from access_cache",
     "select data from mfa_authenticator", "select role from access_grant"],
)  # fmt: skip
def test_a_job_can_do_nothing_else_with_accounts(clock: Clock, sql: str) -> None:
    opened = officer()
    actions.disable_account(opened, by=BY, now=clock.at)
    with pytest.raises(ProgrammingError), acting_as_job("probe"), connection.cursor() as cursor:
        cursor.execute(sql)


def test_what_has_expired_is_forgotten_and_nothing_else(clock: Clock) -> None:
    with as_owner(), connection.cursor() as cursor:
        for name, hours in (("old", -1), ("new", 1)):
            moment = clock.at + timedelta(hours=hours)
            cursor.execute("insert into django_session values (%s, '', %s)", [name, moment])
            cursor.execute("insert into access_cache values (%s, '', %s)", [name, moment])
            cursor.execute(
                "insert into axes_accessattempt (username, user_agent, http_accept, path_info, get_data,"
                " post_data, failures_since_start, attempt_time) values (%s, '', '', '', '', '', 1, %s)",
                [name, moment],
            )
    with acting_as_job("access.forget-expired"):
        jobs.forget_expired()
    for column, table in (("session_key", "django_session"), ("cache_key", "access_cache"),
                          ("username", "axes_accessattempt")):  # fmt: skip
        assert query(f"select {column} from {table}") == [("new",)]


# --- the table behind the cache -----------------------------------------------------------------------------


def test_the_cache_culls_with_the_rights_it_has(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = caches["default"]
    cache.set("other", 1)
    cache.set("gone", 1, timeout=-100)
    for number in range(30):
        cache.set(f"key-{number}", number)
    monkeypatch.setattr(cache, "_max_entries", 10)
    assert cache.add("last", 1)
    assert query("select count(*) from access_cache") < [(31,)]
    assert cache.get("last") == 1
    assert not cache.add("last", 2)
    cache.delete("last")
    cache.clear()
    assert query("select count(*) from access_cache") == [(0,)]


def test_an_action_whose_event_cannot_be_written_changes_nothing(clock: Clock) -> None:
    opened = officer()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("revoke insert on audit_event from rongjun_login")
        cursor.execute(
            "revoke insert (at, actor, actor_role, source, event, about, result, purpose, division, detail)"
            " on audit_event from rongjun_login"
        )
    for act in (
        lambda: actions.disable_account(opened, by=BY, now=clock.at),
        lambda: actions.reset_password(opened, password="Another-tree-1", by=BY, now=clock.at),
        lambda: account("second"),
        lambda: grant(opened, division=OTHER),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    row = Account.objects.get()
    assert row.is_active
    assert row.check_password(PASSWORD)
    assert Grant.objects.count() == 1
