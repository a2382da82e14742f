"""The second lock, asked of the database itself: no table without it, no role that walks past it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongjun.access.api import EVERYWHERE, ROLES, Actor, acting_as, acting_as_job, scope_of
from rongjun.access.inventory import read_inventory, row_security_inventory
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.registry import api as registry
from tests.cluster import as_owner

CONTRACT = Path(__file__).parents[2] / "contracts" / "row-security.yaml"
SCOPED = {"app_staff", "app_citizen", "app_device", "app_batch"}
# Tables with a division whose rows are not read by division, and why.
OTHERWISE = {
    "allowances_campaign": "a public notice, read by everybody; opened and signed within one's division",
    "access_grant": "read before there is a scope: it is what a scope is made from",
    "audit_event": "read by whoever holds audit.read, and by everybody what they did themselves",
}

pytestmark = pytest.mark.django_db


def rows(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def named(roles: str) -> set[str]:
    return set(roles.split(", "))


# --- the reviewed inventory ---------------------------------------------------------------------------------


def test_the_reviewed_inventory_is_what_the_database_has() -> None:
    assert CONTRACT.read_text() == row_security_inventory(), (
        "行级权限和评审过的清单不一致。确实要改的话运行 rongjun generate，"
        "逐行看 contracts/row-security.yaml 的差异，再提交。"
    )


def test_a_new_table_without_a_lock_shows_in_the_inventory() -> None:
    before = read_inventory()["relations"]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("create table probe (id int, division bigint)")
        cursor.execute("create view probe_view as select * from probe")
        cursor.execute("create materialized view probe_kept as select * from probe")
        cursor.execute("create table probe_months (month int) partition by list (month)")
        cursor.execute("create table probe_months_1 partition of probe_months for values in (1)")
        cursor.execute("grant select (id) on probe to app_staff")
        cursor.execute("create policy open on probe using (true)")
        found = read_inventory()["relations"]
    new = {
        name: (entry["kind"], entry["row_security"]) for name, entry in found.items() if name not in before
    }
    assert new == {
        "probe": ("table", "none"),
        "probe_view": ("view", "none"),
        "probe_kept": ("materialized view", "none"),
        "probe_months": ("partitioned table", "none"),
        "probe_months_1": ("partition of probe_months", "none"),
    }
    assert found["probe"]["rights"] == {"app_staff": "select (id)"}
    assert found["probe"]["policies"] == {"open": {"for": "all", "to": "public", "using": "true"}}


def test_every_relation_is_locked_for_its_owner_too() -> None:
    relations = read_inventory()["relations"]
    assert "registry_person" in relations
    unlocked = {
        name: entry["kind"]
        for name, entry in relations.items()
        if entry["row_security"] != "forced" and (entry["kind"], entry["row_security"]) != ("view", "invoker")
    }
    assert unlocked == {}


def test_everybody_is_nobody() -> None:
    for name, entry in read_inventory()["relations"].items():
        assert "public" not in entry["rights"], name
        assert all("public" not in named(policy["to"]) for policy in entry["policies"].values()), name
        assert set(entry["rights"]) <= {*SCOPED, "rongjun_login"}, name


def test_a_right_without_a_policy_or_a_policy_without_a_right_is_a_slip() -> None:
    for name, entry in read_inventory()["relations"].items():
        told = {role for policy in entry["policies"].values() for role in named(policy["to"])}
        assert told == set(entry["rights"]), name


def is_bound(text: str, column: str) -> bool:
    """Whether a policy's text lets through nothing outside the scope, by this column."""
    low, high = f"({column} >= ", f"({column} <= "
    return low in text and high in text and "'app.lo'" in text and "'app.hi'" in text


def is_in_hand(policy: Mapping[str, str], side: str) -> bool:
    """Whether a citizen's policy lets through nothing but the files in hand, or what is their own."""
    text = policy[side]
    # What a citizen sees of the cards is their own cards, by the policy of that table.
    of_cards = "(card = ANY (( SELECT array_agg(cards_carrier.reference) AS array_agg FROM cards_carrier)"
    return policy["to"] == "app_citizen" and (
        text == "false"
        or text.startswith(of_cards)
        or "FROM benefits_use u WHERE" in text
        or any(held in text for held in ("registry_files_in_hand()", "registry_own_files()"))
        or any(own in text for own in ("'app.account'", "'app.actor'"))
    )


def test_whoever_reads_a_table_by_division_reads_their_division() -> None:
    for name, entry in read_inventory()["relations"].items():
        if not entry["by_division"] or name in OTHERWISE:
            continue
        opening = {role: set[str]() for role in SCOPED}
        for policy in entry["policies"].values():
            if policy.get("restrictive"):
                continue
            for role in named(policy["to"]) & SCOPED:
                opening[role].add(policy["for"])
            for side in ("using", "check"):
                is_held = side not in policy or is_bound(policy[side], "division") or is_in_hand(policy, side)
                assert is_held, (name, side)
            assert {"using", "check"} & set(policy), name
        # What only narrows opens nothing: whoever has rights has a policy that binds them.
        assert all(opening[role] for role in set(entry["rights"]) & SCOPED), name
    assert set(OTHERWISE) <= set(read_inventory()["relations"])


def test_what_only_narrows_binds_a_second_division_for_staff_and_jobs_in_every_command() -> None:
    found = set()
    for name, entry in read_inventory()["relations"].items():
        narrowing = {each: policy for each, policy in entry["policies"].items() if policy.get("restrictive")}
        for each, policy in narrowing.items():
            column = each.partition("_also_")[2]
            assert column, f"{name}.{each}: the only narrowing policy there is is `also_within`"
            assert policy["for"] == "all", (name, each)
            assert is_bound(policy["using"], column), (name, each)
            assert is_bound(policy["check"], column), (name, each)
            found.add((name, column))
        told = {role for policy in narrowing.values() for role in named(policy["to"])}
        assert not narrowing or told == set(entry["rights"]), (name, "whoever has rights is narrowed")
    assert found == {("registry_duplicatecandidate", "division_b")}


def test_a_function_with_its_owners_rights_is_called_by_named_roles_in_a_fixed_path() -> None:
    functions = read_inventory()["security_definer_functions"]
    assert functions
    for name, entry in functions.items():
        assert "search_path=" in entry["settings"], name
        assert named(entry["execute"]) <= SCOPED, name


# --- the roles ----------------------------------------------------------------------------------------------


def test_no_role_of_the_application_is_above_the_lock() -> None:
    found = rows(
        "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit"
        " from pg_roles where rolname = 'rongjun_login' or rolname like 'app\\_%%'",
        [],
    )
    assert {row[0] for row in found} == {*SCOPED, "rongjun_login"}
    for name, *powers, inherits in found:
        assert not any(powers), name
        assert not inherits or name in SCOPED, "the login role has what a scope gives only inside a scope"


def test_no_role_of_the_application_owns_anything() -> None:
    owned = """
        select relname::text, relowner::regrole::text from pg_class where relowner in ({ours})
        union all select proname::text, proowner::regrole::text from pg_proc where proowner in ({ours})
        union all select nspname::text, nspowner::regrole::text from pg_namespace where nspowner in ({ours})
        union all select datname::text, datdba::regrole::text from pg_database where datdba in ({ours})
    """
    ours = "select oid from pg_roles where rolname = 'rongjun_login' or rolname like 'app\\_%'"
    assert rows(owned.format(ours=ours)) == []


def test_the_login_role_may_become_scoped_roles_and_nothing_else() -> None:
    member = (
        "select roleid::regrole::text, admin_option from pg_auth_members"
        " where member = 'rongjun_login'::regrole and roleid <> 'rongjun_owner'::regrole"
    )
    assert set(rows(member)) == {(role, False) for role in SCOPED}
    scoped = "select oid from pg_roles where rolname like 'app\\_%'"
    assert rows(f"select 1 from pg_auth_members where member in ({scoped})") == []


def test_nobody_of_the_application_makes_tables() -> None:
    for role in (*SCOPED, "rongjun_login"):
        assert rows("select has_schema_privilege(%s, 'public', 'create')", [role]) == [(False,)]


# --- no officer reads another division's people (AC-02) -----------------------------------------------------

COUNTIES = [370202000000, 370203000000, 370211000000, 370281000000]
STATIONS = [county + street * 1000 for county in COUNTIES for street in (1, 2, 901)]
PEOPLE = 60


def actor(division: int, role: str = "district-officer") -> Actor:
    known = ROLES[role]
    return Actor(uuid4(), "probe", "测试", "staff", role, known.label, division, "测试", scope_of(division),
                 known.permissions)  # fmt: skip


def person(number: int) -> dict[str, str]:
    born = date(1950 + number % 40, 1 + number % 12, 1 + number % 28)
    identity = IdentityNumber.invented(born=born, sequence=number, address="990101").number
    return {
        "姓名": f"测试甲{number:03d}",
        "证件号码": identity,
        "人员类别": "退役军人、残疾军人",
        "服务站区划代码": str(STATIONS[number % len(STATIONS)]),
        "入伍日期": f"{born.year + 19}-03-01",
        "退役日期": f"{born.year + 22}-03-01",
        "服役身份": "义务兵",
        "残疾等级": "七级",
        "残疾性质": "因战",
        "户籍区划代码": str(STATIONS[number % len(STATIONS)] // 10**6),
        "户籍类别": "农村",
        "残疾军人证": "有",
        "手机号码": f"100{number:08d}",
    }


def fill() -> None:
    now, today = timezone.now(), timezone.localdate()
    everybody = [person(number) for number in range(PEOPLE)]
    whole = actor(370200000000, "city-officer")
    with acting_as(whole):
        content = registry.roster_workbook(everybody)
        roster = registry.import_roster(
            registry.read_roster(content), file_name="全市.xlsx", file_digest=sha256(content).digest(),
            by=whole, synthetic=True, now=now, today=today,
        )  # fmt: skip
        report = registry.report(roster)
    assert report is not None
    assert report.opened == PEOPLE
    for county in COUNTIES:
        officer = actor(county)
        with acting_as(officer):
            line = registry.find_people("", on=today, known_at=now)[0][0]
            registry.state_fact(
                line.id, fact="in_hardship", value="true", valid_from=today,
                valid_to=today + timedelta(days=1), source="窗口询问", by=officer, now=now,
            )  # fmt: skip


def by_division() -> list[str]:
    """The tables staff read by division."""
    found = read_inventory()["relations"]
    return [
        name
        for name, entry in found.items()
        if entry["by_division"] and name not in OTHERWISE and "app_staff" in entry["rights"]
    ]


divisions = st.one_of(
    st.sampled_from([370000000000, 370200000000, *COUNTIES, *STATIONS]),
    st.builds(lambda county, street: county + street * 1000, st.sampled_from(COUNTIES), st.integers(1, 999)),
)


@pytest.fixture
def city(db: None) -> list[str]:
    fill()
    return by_division()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(division=divisions, where=divisions)
def test_an_officer_of_any_division_reads_and_writes_nothing_outside_it(
    city: list[str], division: int, where: int
) -> None:
    scope = scope_of(division)
    outside = "division not between %s and %s"
    bounds = [scope.lo, scope.hi]
    for table in city:
        with acting_as_job("probe", scope=EVERYWHERE):
            inside = rows(f"select count(*) from {table} where not ({outside})", bounds)
        with acting_as(actor(division)):
            assert rows(f"select count(*) from {table}") == inside, table
            assert rows(f"select 1 from {table} where {outside}", bounds) == [], table
            assert _touches_nobody(f"update {table} set division = division where {outside}", bounds), table
    if not scope.contains(where):
        with acting_as(actor(division)):
            assert _moves_nobody("registry_person", where)


def _touches_nobody(update: str, bounds: list[int]) -> bool:
    """Whether an update reaches no row: there is none to see, or the column may not be written at all."""
    try:
        with transaction.atomic():
            return rows(f"{update} returning 1", bounds) == []
    except DatabaseError as refused:
        return "permission denied" in str(refused)


def _moves_nobody(table: str, where: int) -> bool:
    """Whether moving people out of one's own division fails, or there is nobody to move."""
    try:
        with transaction.atomic():
            return rows(f"update {table} set division = %s returning 1", [where]) == []
    except DatabaseError as refused:
        return "row-level security" in str(refused)


def everybody(division: int) -> list[UUID]:
    """Whom an officer finds, page after page."""
    now, today = timezone.now(), timezone.localdate()
    found: list[UUID] = []
    with acting_as(actor(division)):
        total = 1
        while len(found) < total:
            page, total = registry.find_people("", on=today, known_at=now, first=len(found))
            assert page or not total
            found += [line.id for line in page]
    return found


def test_by_no_door_does_an_officer_meet_somebody_of_another_division(city: list[str]) -> None:
    now, today = timezone.now(), timezone.localdate()
    here, there = COUNTIES[0], COUNTIES[1]
    ours, theirs = everybody(here), everybody(there)
    assert len(ours) == len(theirs) == PEOPLE // len(COUNTIES)
    assert not set(ours) & set(theirs)
    with acting_as(actor(there)):
        files = [registry.file_of(known, on=today, known_at=now) for known in theirs]
    documents = [file.documents[0][0] for file in files if file]
    assert len(documents) == len(theirs)
    with acting_as(actor(here)):
        for known, file, document in zip(theirs, files, documents, strict=True):
            assert registry.file_of(known, on=today, known_at=now) is None
            assert registry.timeline(known, known_at=now) == []
            assert registry.open_covered("document", document) is None
            assert file is not None
            found, _ = registry.find_people(file.line.name, on=today, known_at=now)
            assert known not in {line.id for line in found}
        assert registry.counts()["people"] == len(ours)
