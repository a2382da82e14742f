"""The cast and what they do, for the registry's database tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth import login as sign_in
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from rongjun.access.api import (
    ROLES,
    Actor,
    acting_as,
    acting_as_job,
    create_account,
    enrol_totp,
    grant_role,
    scope_of,
)
from rongjun.places.api import add_divisions
from rongjun.registry import api as registry
from rongjun.registry.actions.saying import hold, say
from rongjun.registry.api import RawRow, RosterReport
from rongjun.registry.logic import Period
from rongjun.registry.models import Sentence, Servicing
from rongjun.registry.tests.strategies import ELSEWHERE, HOME, NEXT_DOOR, TODAY, number
from tests.cluster import as_owner

NOW = datetime(2024, 11, 24, 2, 0, tzinfo=UTC)
CARD = "9999990000000000014"
# What can be told of a person, by kind.
SAID: dict[str, dict[str, object]] = {
    "particulars": {"name": "测试改名", "sex": "male", "birth_date": "1952-03-08"},
    "document": {"kind": "111", "number": number(777)},
    "contact": {"number": "10000000009"},
    "service": {"enlisted_on": "1970-12-01", "discharged_on": "1976-03-15", "rank_group": "conscript"},
    "household": {"county": "370203", "kind": "urban"},
    "residence": {"county": "370203", "address": "测试路 1 号"},
    "merit": {"rank": 3, "title": "二等功"},
    "account": {
        "kind": "card",
        "number": CARD,
        "purpose": "allowance",
        "bank": "测试银行",
        "holder": "测试张三",
    },
    "payee": {"kind": "guardian", "name": "测试李四", "document_kind": "111", "number": number(778)},
}
CAST = {
    "clerk": ("station-clerk", HOME),
    "colleague": ("station-clerk", HOME),
    "next-door": ("station-clerk", NEXT_DOOR),
    "district": ("district-officer", 370202000000),
    "neighbour": ("district-officer", 370203000000),
    "city": ("city-officer", 370200000000),
    "system": ("system-admin", 370200000000),
    "security": ("security-admin", 370200000000),
    "auditor": ("audit-admin", 370200000000),
}


def actor(login: str = "clerk") -> Actor:
    """One of the cast, without an account."""
    role, division = CAST[login]
    return Actor(
        account=uuid4(),
        login=login,
        name=f"测试{login}",
        kind="staff",
        role=role,
        role_label=ROLES[role].label,
        division=division,
        division_label="示范一街道",
        scope=scope_of(division),
        permissions=ROLES[role].permissions,
    )


def hand_in(
    rows: Iterable[Mapping[str, str]],
    *,
    by: str = "clerk",
    name: str = "花名册.xlsx",
    now: datetime = NOW,
    today: date = TODAY,
) -> UUID:
    """A roster handed in by one of the cast; equal rows are the same file."""
    raws = [RawRow(number, values) for number, values in enumerate(rows, start=2)]
    officer = actor(by)
    with acting_as(officer):
        return registry.import_roster(
            raws,
            file_name=name,
            file_digest=sha256(repr(raws).encode()).digest(),
            by=officer,
            synthetic=True,
            now=now,
            today=today,
        )


def report_of(roster: UUID, *, seen_by: str = "clerk") -> RosterReport:
    """The report, which must be in sight."""
    with acting_as(actor(seen_by)):
        found = registry.report(roster)
    assert found is not None
    return found


def open_file(*, by: str = "clerk", **kept: Any) -> UUID:
    """One person's file, from a roster of one row."""
    changed = {key: value for key, value in kept.items() if key not in {"now", "today", "row"}}
    times = {key: kept[key] for key in ("now", "today") if key in kept}
    (row,) = report_of(hand_in([{**kept.get("row", {}), **changed}], by=by, **times), seen_by=by).rows
    assert row.person, row.faults
    return row.person


def state(person: UUID, fact: str, value: str, *, by: str = "clerk", **kept: Any) -> None:
    """An answer given at the counter."""
    given = {"valid_from": TODAY, "valid_to": None, "source": "窗口询问", "now": NOW, **kept}
    officer = actor(by)
    with acting_as(officer):
        registry.state_fact(person, fact=fact, value=value, by=officer, **given)


def relate(person: UUID, *, by: str = "clerk", **kept: Any) -> UUID:
    """A relation recorded at the counter: the spouse of a martyr, unless said otherwise."""
    tie = {"dependant_of": "martyr", "relation": "spouse", "deceased_kind": "none", "stated": {}}
    given = {"valid_from": TODAY, "source": "烈士证明书", "now": NOW, **tie, **kept}
    officer = actor(by)
    with acting_as(officer):
        return registry.record_relation(person, by=officer, **given)


def unrelate(person: UUID, relation: UUID, valid_to: date, *, by: str = "clerk", **kept: Any) -> None:
    """The same relation at its end."""
    given = {"source": "离婚证", "now": NOW + timedelta(hours=1), **kept}
    officer = actor(by)
    with acting_as(officer):
        registry.end_relation(person, relation, valid_to=valid_to, by=officer, **given)


def tell(person: UUID, kind: str, *, by: str = "clerk", **kept: Any) -> UUID | None:
    """Something told at the counter an hour later, as `SAID` unless said otherwise."""
    said = {**SAID[kind], **kept.pop("said", {})}
    given = {
        "valid_from": date(2024, 5, 1),
        "source": "窗口",
        "evidence": "测试材料",
        "now": NOW + timedelta(hours=1),
        "synthetic": True,
        **kept,
    }
    with acting_as(actor(by)):
        return registry.record(person, kind=kind, said=said, by=actor(by), **given)


def tell_the_rest(person: UUID) -> None:
    """One row in each table that no roster fills."""
    clerk, day = actor(), date(2024, 5, 1)
    for kind in ("residence", "merit", "account", "payee"):
        tell(person, kind)
    said: dict[str, Any] = {"source": "虚构", "by": clerk, "now": NOW}
    with acting_as(clerk):
        registry.record_death(person, died_on=day, **said)
        say(Sentence, hold(person), Period(day, None), **said, penalty="control")
        registry.propose(
            person,
            kind="status",
            content={"category": "martyr-kin"},
            authority="county",
            document="虚构字1号",
            valid_from=day,
            by=clerk,
            now=NOW,
        )
    with as_owner():
        Servicing.objects.create(
            person_id=person,
            division=HOME,
            station=HOME,
            came_from=NEXT_DOOR,
            valid_from=day,
            recorded_at=NOW,
            source="虚构",
            recorded_by="staff:clerk",
        )


def exercise_rights(person: UUID) -> None:
    """One row in every table of rights, none of them open: nothing is restricted or agreed afterwards."""
    clerk, district = actor(), actor("district")
    told: dict[str, Any] = {"how": "window", "now": NOW}
    insured: dict[str, Any] = {"purpose": "insure", "recipient": "insurer"}
    with acting_as(clerk):
        registry.show_notice(person, notice="sharing-with-the-insurer", by=clerk, today=TODAY, **told)
        registry.answer_consent(person, **insured, given=True, by=clerk, today=TODAY, **told)
        registry.withdraw_consent(person, **insured, by=clerk, **told)
        request = registry.receive_request(
            person, kind="restrict", asked_by="self", wish="请限制", days=30, by=clerk, now=NOW, today=TODAY
        )
        registry.request_export("", reason="走访慰问核对", by=clerk, now=NOW)
    with acting_as(district):
        registry.answer_request(request, answer="照办。", by=district, now=NOW)
        registry.lift_restriction(person, reason="本人要求", by=district, now=NOW)
        registry.hold_for_law(person, reason="案件需要", document="示范〔2026〕1号", by=district, now=NOW)
        registry.lift_legal_hold(person, reason="案件办结", by=district, now=NOW)


def add_places() -> None:
    """Two districts with their streets."""
    listed = [
        (370202000000, "市南区", "county"),
        (HOME, "示范一街道", "township"),
        (NEXT_DOOR, "示范二街道", "township"),
        (370203000000, "市北区", "county"),
        (ELSEWHERE, "示范一街道", "township"),
    ]
    with acting_as_job("test.add-places"):
        add_divisions(listed, valid_from=date(2020, 1, 1), source="虚构")


def visitor(login: str) -> Client:
    """A browser in which one of the cast has just signed in with both factors; a stranger has not."""
    client = Client()
    if login == "stranger":
        return client
    account, request = _account(login), HttpRequest()
    request.session = client.session
    request.now = timezone.localtime()  # type: ignore[attr-defined]  # as the middleware of access would
    sign_in(request, account, backend="allauth.account.auth_backends.AuthenticationBackend")
    record_authentication(request, account, method="password", username=login)
    record_authentication(request, account, method="mfa", type="totp", id=1)
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    return client


def _account(login: str) -> Any:
    """The account of one of the cast, opened at the first visit."""
    found = get_user_model().objects.filter(username=login).first()
    if found is None:
        role, division = CAST[login]
        given: dict[str, Any] = {"by": "test:scene", "now": timezone.localtime()}
        account = create_account(
            login, name=f"测试{login}", kind="staff", password="Rongjun-2026-test", **given
        )
        label, since = "示范一街道", date(2020, 1, 1)
        grant_role(account, role=role, division=division, division_label=label, valid_from=since, **given)
        enrol_totp(account, secret="JBSWY3DPEHPK3PXP", **given)
        found = get_user_model().objects.get(pk=account)
    return found
