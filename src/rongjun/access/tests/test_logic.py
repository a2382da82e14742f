from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access import logic
from rongjun.access.logic import Actor, CitizenPolicy, SessionLimit, StaffPolicy, scope_of
from rongjun.kernel.errors import Unfit

NOON = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
LIMIT = SessionLimit(idle=timedelta(minutes=15), absolute=timedelta(hours=12))
SECOND = timedelta(seconds=1)
POLICY = StaffPolicy()


@pytest.mark.parametrize(
    ("division", "hi"),
    [(370000000000, 379999999999), (370200000000, 370299999999), (370202000000, 370202999999),
     (370202901000, 370202901999), (370202901001, 370202901001)],
)  # fmt: skip
def test_a_division_spans_what_lies_below_it(division: int, hi: int) -> None:
    scope = scope_of(division)
    assert (scope.lo, scope.hi) == (division, hi)
    assert scope.contains(division)
    assert scope.contains(hi)
    assert not scope.contains(division - 1)
    assert not scope.contains(hi + 1)


def test_a_number_that_is_no_division_has_no_scope() -> None:
    with pytest.raises(Unfit):
        scope_of(37)


def test_a_role_may_only_what_it_lists() -> None:
    role = logic.ROLES["station-clerk"]
    actor = Actor(UUID(int=1), "clerk", "测试", "staff", role.code, role.label, 370202000000, "测试区",
                  scope_of(370202000000), role.permissions)  # fmt: skip
    assert actor.may("registry.read-person")
    assert not actor.may("registry.read")
    assert not actor.may("audit.read")
    assert not actor.may("")


def test_no_administrator_reads_business_data_by_role_alone() -> None:
    administrators = [role for role in logic.ROLES.values() if role.family != logic.BUSINESS]
    assert {role.family for role in administrators} == {"system", "security", "audit"}
    for role in administrators:
        assert not {p for p in role.permissions if p.startswith("registry.")}
    for role in logic.ROLES.values():
        managed = {"system.configure", "access.manage-accounts", "audit.verify"} & role.permissions
        assert len(managed) == (role.family != logic.BUSINESS)


@pytest.mark.parametrize(
    ("rested", "lived", "why"),
    [
        (LIMIT.idle, LIMIT.idle, None),
        (LIMIT.idle - SECOND, LIMIT.idle, None),
        (LIMIT.idle + SECOND, LIMIT.absolute, "idle"),
        (SECOND, LIMIT.absolute, None),
        (SECOND, LIMIT.absolute - SECOND, None),
        (SECOND, LIMIT.absolute + SECOND, "too-long"),
    ],
)
def test_a_session_holds_up_to_its_limits(rested: timedelta, lived: timedelta, why: str | None) -> None:
    assert logic.session_end(started=NOON - lived, seen=NOON - rested, now=NOON, limit=LIMIT) == why


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("Ganlan-Shu-2026", ()),
        ("Ganlan-Shu-2", ()),
        ("Ganlan-Shu2", ("12 位",)),
        ("ganlanshu2026", ("3 种",)),
        ("ganlan-shu-26", ()),
        ("GANLANSHU2026", ("3 种",)),
        ("橄榄树橄榄树橄榄树橄榄树", ("3 种",)),
        ("Ganlan", ("12 位", "3 种")),
        ("My-clerk-2026", ("登录名",)),
        ("MY-CLERK-2026x", ("登录名",)),
        ("Used-before-2026", ("最近 5 次",)),
    ],
)
def test_a_staff_password_is_long_mixed_and_new(password: str, said: tuple[str, ...]) -> None:
    used = {"Used-before-2026"}
    faults = logic.staff_password_faults(
        password, policy=POLICY, login="clerk", was_used=lambda text: text in used
    )
    assert len(faults) == len(said)
    assert all(part in fault for part, fault in zip(said, faults, strict=True))


def test_the_numbers_of_the_staff_policy_are_settings() -> None:
    def faults(policy: StaffPolicy) -> list[str]:
        return logic.staff_password_faults("Ganlan-26", policy=policy, login="", was_used=lambda _: False)

    assert faults(POLICY)
    assert not faults(StaffPolicy(shortest=8))
    assert faults(StaffPolicy(shortest=8, classes=4)) == []
    assert faults(StaffPolicy(shortest=10))


def citizen_faults(password: str) -> list[str]:
    common, context = {"password", "1q2w3e4r"}, {"rongjun", "lucheng"}
    return logic.citizen_password_faults(password, policy=CitizenPolicy(), common=common, context=context)


@pytest.mark.parametrize(
    "password", ["password", "PassWord2026!", "lucheng123", "Rongjun.", "1q2w3e4r", "海滩"]
)
def test_a_citizen_password_that_many_have_is_refused(password: str) -> None:
    assert citizen_faults(password)


@pytest.mark.parametrize("password", ["我家门口有两棵橄榄树呀", " 12 lines of sand", "x" * 64, "y" * 256])
def test_a_citizen_may_use_a_phrase(password: str) -> None:
    assert citizen_faults(password) == []


def test_a_citizen_password_has_an_end() -> None:
    assert citizen_faults("z" * 257)


@given(st.text(min_size=8, max_size=64))
def test_length_is_all_a_citizen_is_asked_for(password: str) -> None:
    shown = logic.citizen_password_faults(password, policy=CitizenPolicy(), common=(), context=())
    assert shown == []


@pytest.mark.parametrize(
    ("age", "temporary", "passkey", "must"),
    [
        (timedelta(days=90), False, False, False),
        (timedelta(days=90) + SECOND, False, False, True),
        (timedelta(days=400), False, True, False),
        (timedelta(0), True, False, True),
        (timedelta(0), True, True, True),
    ],
)
def test_an_old_or_borrowed_password_is_changed_first(
    age: timedelta, temporary: bool, passkey: bool, must: bool
) -> None:
    assert must == logic.must_change_password(
        changed_at=NOON - age, is_temporary=temporary, now=NOON, policy=POLICY, has_stronger_factor=passkey
    )


@pytest.mark.parametrize("name", ["clerk", "li.wei-2", "0532_a"])
def test_a_login_name_is_plain(name: str) -> None:
    assert logic.is_login_name(name)


@pytest.mark.parametrize("name", ["", "Clerk", "李伟", ".x", "a b", "clerk\n", "a" * 65, "ſ"])
def test_any_other_login_name_is_refused(name: str) -> None:
    assert not logic.is_login_name(name)


@given(st.text())
def test_a_login_name_has_one_spelling(typed: str) -> None:
    name = logic.login_name(typed)
    if logic.is_login_name(name):
        assert logic.login_name(name) == logic.login_name(f" {name.upper()} ") == name
