"""A small invented city with its staff, and somebody of its cast standing before an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from rongjun.access.api import (
    Actor,
    acting_as,
    acting_as_citizen,
    acting_as_job,
    actor_named,
    create_account,
    enrol_totp,
    grant_role,
)
from rongjun.access.models import Account
from rongjun.access.queries import citizen_by
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.benefits.models import Enrolment
from rongjun.cards import api as cards
from rongjun.config import demo
from rongjun.files.models import Upload
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.ledger.models import Account as LedgerAccount
from rongjun.registry import api as registry

STRANGER = "stranger"
NEWCOMER = "newcomer"  # a clerk who has been given an account and has not yet enrolled a second factor
CITIZEN = "citizen"  # a person of the clerk's station who came by the provincial single sign-on
HALFWAY = "halfway"  # the clerk after the password and before the second factor
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True, slots=True)
class Scene:
    """What addresses need to name: a person of the clerk's station, their document, a workbook, a paper, a
    proposal about them, a file of the old system, the newest event of the evidence chain.

    `division` is that station's. Two more of it may be one: a pair, and a proposal to merge them. `task` is a
    task of supervision in that station's county, `ledger_account` and `transfer` money that moved there.
    """

    person: UUID
    document: int
    roster: UUID
    division: int
    upload: UUID
    proposal: UUID
    cutover: UUID
    pair: int
    merge: UUID
    mandate: UUID
    event: int
    task: UUID
    ledger_account: int
    transfer: UUID
    card: int


def set_scene() -> Scene:
    """Thirty invented people all over the city, and the sample roster handed in by the clerk."""
    demo.fill_city()
    _open_newcomer()
    roster = hand_in("clerk", demo.sample_roster())
    now, today, clerk = timezone.now(), timezone.localdate(), actor_of("clerk")
    with acting_as(clerk):
        done = registry.report(roster)
        assert done is not None
        person = next(person for _, outcome, person, _, _ in done.rows if outcome == "opened" and person)
        file = registry.file_of(person, on=today, known_at=now)
        assert file is not None
        proposal = registry.propose(
            person,
            kind="status",
            content={"category": "martyr-kin"},
            authority="county",
            document="虚构字1号",
            valid_from=today,
            by=clerk,
            now=now,
        )
    pair, merge = _propose_merge(now)
    ledger_account, transfer = _pay(now)
    return Scene(
        person=person,
        document=file.documents[0][0],
        roster=roster,
        division=file.line.division,
        upload=_paper_in("clerk"),
        proposal=proposal,
        cutover=_take_over(),
        pair=pair,
        merge=merge,
        mandate=_ask_to_act(person, file.line, now),
        event=_newest_event(),
        task=_supervise(now),
        ledger_account=ledger_account,
        transfer=transfer,
        card=_card_of(person, file.line.division, now),
    )


def _pay(now: datetime) -> tuple[int, UUID]:
    """Money that moved between two accounts of the station's county."""
    told: dict[str, Any] = {"by": "operator:test", "now": now}
    for code, kind in (("bank.scene", "bank"), ("payable.scene", "payable")):
        division = actor_of("district").division
        ledger.open_account(code, kind=kind, division=division, title="测试账户", **told)
    legs = ledger.between("bank.scene", "payable.scene", Fen(1234))
    booked = ledger.post(ledger.Transfer(uuid4(), legs, timezone.localdate()), **told)
    with acting_as_job("test.scene"):
        return LedgerAccount.objects.get(code="payable.scene").id, booked.id


def _card_of(person: UUID, division: int, now: datetime) -> int:
    """A 荣军卡 that the person has had for a year."""
    city = actor_of("city")
    begun = cards.Happened("take-over", now - timedelta(days=365))
    taken = cards.TakenOver(person, division, "rongjun", "rongjun", (begun,))
    with acting_as(city):
        (reference,) = cards.take_over([taken], source="测试", by=city.text, now=now)
    return reference


def _newest_event() -> int:
    with acting_as_job("test.scene"):
        return audit.events(limit=1)[0].id


def _paper_in(who: str) -> UUID:
    """A paper one of the cast took in, still to be scanned; nobody asks for its content."""
    actor, now = actor_of(who), timezone.now()
    with acting_as(actor):
        paper = Upload.objects.create(
            division=actor.division,
            kind="household",
            file_name="户口簿.png",
            media_type="image/png",
            size=2048,
            digest=sha256(b"").digest(),
            state="waiting-for-scan",
            uploaded_at=now,
            uploaded_by=actor.text,
            scan_after=now,
        )
    return paper.id


def _ask_to_act(person: UUID, line: registry.PersonLine, now: datetime) -> UUID:
    """The citizen has come for the first time, and asks to act for the person of the scene."""
    row = bare_row("clerk", 905)
    hand_in("clerk", [row])
    account = registry.account_of_number(IdentityNumber.from_text(row["证件号码"]), now=now)
    Account.objects.filter(pk=account).update(username=CITIZEN)
    actor = citizen_by(Account.objects.get(pk=account))
    with acting_as_citizen(actor):
        own = registry.file_in_hand()
        assert own is not None
        relative = registry.InHand(person, line.name, line.division)
        return registry.ask_for_mandate(
            relative, helper=own.id, relation="child", proof=uuid4(), by=actor, now=now
        )


def _supervise(now: datetime) -> UUID:
    city, today = actor_of("city"), timezone.localdate()
    with acting_as(city):
        county, _name = demo.counties()[0]
        benefits.open_round(
            {"eldercare.collective-support"},
            {county},
            book=benefits.book(),
            title="示范督导",
            reason="年度督导计划",
            report_by=today + timedelta(days=10),
            by=city,
            now=now,
            today=today,
        )
        (item,) = benefits.items(
            benefits.book(), counties=[county], on=today, codes={"eldercare.collective-support"}
        )
    assert item.task
    return item.task


def _propose_merge(now: datetime) -> tuple[int, UUID]:
    clerk, today = actor_of("clerk"), timezone.localdate()
    alike = {
        "姓名": "测试重复建档",
        "手机号码": "10000000009",
        "户籍区划代码": "370202",
        "退役日期": "1990-12-01",
    }
    twice = [{**bare_row("clerk", number), **alike, "入伍日期": "1986-12-01"} for number in (901, 903)]
    roster = hand_in("clerk", twice)
    registry.find_duplicates(by="test:scene", on=today, now=timezone.now())
    with acting_as(clerk):
        done = registry.report(roster)
        assert done is not None
        one, other = (row.person for row in done.rows if row.person)
        merge = registry.propose_merge(one, other, reason="建了两次档", by=clerk, now=now)
        (candidate,) = (line.id for line in registry.duplicate_pairs()[0] if {one, other} == set(line.people))
    return candidate, merge


def judge_and_offer() -> None:
    """A night: everybody judged, and what follows from it offered."""
    benefits.entitle(on=timezone.localdate(), by="operator:test", now=timezone.now())
    offer_and_count()


def offer_and_count() -> None:
    """What is left to do by the newest judgement."""
    while benefits.offer_next(by="operator:test", now=timezone.now()):
        pass


def no_longer_entitled(person: UUID) -> UUID:
    """What a sweep does to the enrolment of somebody who is entitled no more."""
    with acting_as_job("test.sweep"):
        row = Enrolment.objects.get(person_id=person, ended_at=None)
        Enrolment.objects.filter(pk=row.pk).update(not_entitled_since=timezone.localdate())
    return row.id


def hand_in(who: str, rows: Sequence[Mapping[str, str]]) -> UUID:
    """A workbook with these rows, imported by one of the cast."""
    content, actor = registry.roster_workbook(list(rows)), actor_of(who)
    with acting_as(actor):
        return registry.import_roster(
            registry.read_roster(content),
            file_name="花名册.xlsx",
            file_digest=sha256(content).digest(),
            by=actor,
            synthetic=True,
            now=timezone.now(),
            today=timezone.localdate(),
        )


def _take_over() -> UUID:
    """A file of the old system with one row nobody is on file for, handed in by the city officer."""
    number = IdentityNumber.invented(born=date(1960, 1, 1), sequence=1, address="990778").number
    content = f"总行数,1,总金额,12.30\n证件号码,项目代码,已发月份,已发金额\n{number},示例补助,2026-08,12.30\n"
    actor = actor_of("city")
    with acting_as(actor):
        return registry.import_cutover(
            registry.read_cutover(content.encode(), synthetic=True),
            file_name="已发.csv",
            file_digest=sha256(content.encode()).digest(),
            by=actor,
            now=timezone.now(),
        )


def bare_row(who: str, sequence: int) -> dict[str, str]:
    """A row that says no more than it must, of somebody served where one of the cast works."""
    number = IdentityNumber.invented(born=date(1960, 1, 1), sequence=sequence, address="990777").number
    division = str(actor_of(who).division)
    return {
        "姓名": f"测试白纸{sequence:03d}",
        "证件号码": number,
        "人员类别": "退役军人",
        "服务站区划代码": division,
    }


def judge_everybody() -> None:
    """What the worker does within ten minutes."""
    benefits.entitle(on=timezone.localdate(), by="operator:test", now=timezone.now())


def visitor(who: str) -> Client:
    """A browser in which one of the cast has signed in, with both factors unless they are halfway or new."""
    client = Client()
    if who == STRANGER:
        return client
    account = Account.objects.get(username="clerk" if who == HALFWAY else who)
    request = HttpRequest()
    request.session = client.session
    request.now = timezone.localtime()  # type: ignore[attr-defined]  # as the middleware of access would
    login(request, account, backend=BACKEND)
    record_authentication(request, account, method="password", username=account.username)
    if who not in {HALFWAY, NEWCOMER, CITIZEN}:
        record_authentication(request, account, method="mfa", type="totp", id=1)
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    return client


def _open_newcomer() -> None:
    like = actor_of("clerk")
    hire(NEWCOMER, name="测试新人", role=like.role, division=like.division, is_enrolled=False)


def hire(login: str, *, name: str, role: str, division: int, is_enrolled: bool = True) -> None:
    """Open an account for somebody in this role, who works in this division."""
    now = timezone.now()
    account = create_account(
        login, name=name, kind="staff", password=demo.PASSWORD, by="operator:test", now=now
    )
    grant_role(
        account,
        role=role,
        division=division,
        division_label="示范",
        valid_from=timezone.localdate(),
        by="operator:test",
        now=now,
    )
    if is_enrolled:
        enrol_totp(account, secret="MFRGGZDFMZTWQ2LK", by="operator:test", now=now)


def actor_of(who: str) -> Actor:
    """Somebody who has an account, as they act today."""
    actor = actor_named(who, on=timezone.localdate())
    assert actor is not None
    return actor
