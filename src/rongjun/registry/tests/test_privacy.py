"""Notices, consents, requests and restrictions: what is done, what is refused, what the database holds to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from rongjun.access.api import ROLES, Actor, acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.facts import SOURCE
from rongjun.registry.models import Assertion, Consent, NoticeReceipt, RightsRequest
from rongjun.registry.models.privacy import AboutPerson
from rongjun.registry.tests.scene import NOW, actor, open_file, relate, state, tell
from rongjun.registry.tests.strategies import TODAY, cells, number

pytestmark = pytest.mark.django_db
DAYS = 30


def a_file(**said: str) -> UUID:
    """Somebody served by the clerk's station."""
    return open_file(row=cells(1), **said)


def a_file_of(place: int) -> UUID:
    """Somebody else of the same station."""
    return open_file(row=cells(place))


def die(person: UUID) -> None:
    with acting_as(actor()):
        registry.record_death(person, died_on=TODAY, source="窗口", by=actor(), now=NOW + timedelta(hours=1))


def officer(login: str = "district") -> Actor:
    return actor(login)


def privacy_officer() -> Actor:
    role = ROLES["privacy-officer"]
    return replace(actor("district"), login="privacy", role=role.code, permissions=role.permissions)


def told(person: UUID, notice: str = "sharing-with-the-insurer", **kept: Any) -> None:
    given = {"how": "window", "by": actor(), "now": NOW, "today": TODAY, **kept}
    with acting_as(given["by"]):
        registry.show_notice(person, notice=notice, **given)


def say(
    person: UUID,
    *,
    given: bool = True,
    purpose: str = "insure",
    recipient: str = "insurer",
    **kept: Any,
) -> None:
    said = {"how": "window", "by": actor(), "now": NOW, "today": TODAY, **kept}
    with acting_as(said["by"]):
        registry.answer_consent(person, purpose=purpose, recipient=recipient, given=given, **said)


def withdraw(person: UUID, *, after: int = 60) -> None:
    with acting_as(actor()):
        registry.withdraw_consent(
            person, purpose="insure", recipient="insurer", how="window", by=actor(),
            now=NOW + timedelta(seconds=after),
        )  # fmt: skip


def may(person: UUID, *, purpose: str = "insure", recipient: str = "insurer", after: int = 0) -> bool:
    with acting_as(actor()):
        at = NOW + timedelta(seconds=after)
        return bool(registry.may_share(person, recipient=recipient, purpose=purpose, at=at))


def share(
    person: UUID, *fields: str, purpose: str = "insure", recipient: str = "insurer", after: int = 0
) -> None:
    with acting_as(actor()):
        registry.record_sharing(
            person, recipient=recipient, purpose=purpose, fields=fields, by=actor().text,
            now=NOW + timedelta(seconds=after),
        )  # fmt: skip


def ask(person: UUID, kind: str = "see", **kept: Any) -> UUID:
    given = {"asked_by": "self", "wish": "请办", "by": actor(), "now": NOW, "today": TODAY, **kept}
    with acting_as(given["by"]):
        return registry.receive_request(person, kind=kind, days=DAYS, **given)


def answer(request: UUID, *, by: Actor | None = None, words: str = "已办妥。") -> None:
    by = by or officer()
    with acting_as(by):
        registry.answer_request(request, answer=words, by=by, now=NOW)


def restrict(person: UUID) -> None:
    answer(ask(person, "restrict"))


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused, transaction.atomic():
        act()
    return refused.value.code


def events(person: UUID) -> list[str]:
    with acting_as_job("test.events"):
        return [record.event for record in audit.events(audit.Filter(about=f"person:{person}"))]


# --- notices and consents (PI-03, PI-04, PI-05) -------------------------------------------------------------


def test_at_first_nothing_is_agreed_and_nothing_optional_is_shared() -> None:
    person = a_file()
    assert not may(person)
    assert refusal(lambda: share(person, "姓名")) == "registry.sharing-refused"
    with acting_as(actor()):
        lines = registry.consents_of(person, now=NOW, on=TODAY, quiet_days=90)
    assert {line.state for line in lines} == {"none"}


def test_nobody_is_asked_before_todays_wording_was_shown() -> None:
    person = a_file()
    assert refusal(lambda: say(person)) == "registry.notice-not-shown"
    told(person, "optional-services")
    assert refusal(lambda: say(person)) == "registry.notice-not-shown"
    told(person)
    say(person)
    assert may(person)


def test_a_receipt_of_another_text_is_none() -> None:
    person = a_file()
    with acting_as(actor()):
        NoticeReceipt.objects.create(
            person_id=person, division=actor().division, notice="sharing-with-the-insurer",
            version=registry.notice_book().notices["sharing-with-the-insurer"].wordings[0].since,
            text_digest=b"another text", how="window", shown_at=NOW, recorded_by="staff:clerk",
        )  # fmt: skip
    assert refusal(lambda: say(person)) == "registry.notice-not-shown"


def test_yes_to_one_purpose_and_recipient_is_no_yes_to_another() -> None:
    person = a_file()
    told(person)
    told(person, "optional-services")
    say(person, purpose="offers", recipient="merchants")
    assert may(person, purpose="offers", recipient="merchants")
    assert not may(person)
    assert not may(person, purpose="invite-volunteers", recipient="volunteers")
    assert not may(person, purpose="offers", recipient="insurer")


@pytest.mark.parametrize("field", ["purpose", "recipient"])
@pytest.mark.parametrize("bundle", ["insure,offers", "insure offers", "*", "all;", "", "insure-"])
def test_the_database_refuses_a_bundled_consent(field: str, bundle: str) -> None:
    person = a_file()
    said = {"purpose": "insure", "recipient": "insurer", field: bundle}
    with (
        acting_as(actor()),
        pytest.raises(IntegrityError, match="consent_is_not_bundled"),
        transaction.atomic(),
    ):
        Consent.objects.create(
            person_id=person, division=actor().division, given=True, answered_at=NOW, how="window",
            recorded_by="staff:clerk", **said,
        )  # fmt: skip


@pytest.mark.parametrize("bundle", ["insure,offers", "*", "pay-allowance"])
def test_no_door_takes_a_bundle_or_a_duty_either(bundle: str) -> None:
    person = a_file()
    told(person)
    assert refusal(lambda: say(person, purpose=bundle)) == "registry.consent-not-asked"


def test_a_withdrawal_holds_from_its_moment_and_breaks_nothing_else() -> None:
    person = a_file()
    told(person)
    say(person)
    share(person, "姓名", "证件号码", after=59)
    withdraw(person, after=60)
    assert may(person, after=59)
    assert not may(person, after=60)
    assert refusal(lambda: share(person, "姓名", after=61)) == "registry.sharing-refused"
    # What the law charges us with goes on, and says by which law.
    share(person, "姓名", "银行账号", purpose="pay-allowance", recipient="bank", after=61)
    with acting_as(actor()):
        paid = registry.may_share(person, recipient="bank", purpose="pay-allowance", at=NOW)
    assert "法定职责" in paid.basis
    assert refusal(lambda: withdraw(person, after=62)) == "registry.no-such-consent"


@pytest.mark.parametrize("first", [True, False])
def test_nobody_is_asked_again_for_ninety_days_after_a_no_or_a_withdrawal(first: bool) -> None:
    person = a_file()
    told(person)
    say(person, given=first)
    if first:
        withdraw(person)

    def asks(days: int) -> bool:
        with acting_as(actor()):
            found = registry.consents_of(person, now=NOW + timedelta(days=days), on=TODAY, quiet_days=90)
        return next(line for line in found if line.purpose == "insure").may_ask

    assert [asks(days) for days in (0, 89, 91)] == [False, False, True]
    say(person, now=NOW + timedelta(days=1))  # the person's own wish waits for nothing
    assert may(person, after=2 * 86400)


def test_saying_yes_twice_is_one_yes_and_no_takes_it_back() -> None:
    person = a_file()
    told(person)
    say(person)
    say(person)
    with acting_as(actor()):
        assert Consent.objects.filter(person_id=person).count() == 1
    say(person, given=False, now=NOW + timedelta(seconds=5))
    assert not may(person, after=5)


def test_only_agreed_fields_are_handed_on_and_each_time_leaves_an_event() -> None:
    person = a_file()
    told(person)
    say(person)
    assert refusal(lambda: share(person, "姓名", "残疾等级")) == "registry.sharing-refused"
    assert refusal(lambda: share(person)) == "registry.sharing-refused"
    share(person, "姓名")
    with acting_as_job("test.reads"):
        (shared,) = [each for each in audit.who_read(f"person:{person}") if each.event.endswith("-shared")]
    assert shared.detail["recipient"] == "insurer"
    assert "第二十三条" in str(shared.detail["basis"])


def test_a_notice_there_is_not_cannot_have_been_shown() -> None:
    person = a_file()
    assert refusal(lambda: told(person, "nothing")) == "registry.no-such-notice"
    assert refusal(lambda: told(person, how="telepathy")) == "registry.no-such-notice"


# --- requests (PI-07, PI-09) --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["see", "copy", "correct", "explain"])
def test_a_station_takes_a_request_in_and_answers_it_with_evidence(kind: str) -> None:
    person = a_file()
    request = ask(person, kind)
    with acting_as(actor()):
        (line,) = registry.requests_of(person, today=TODAY)
        assert line.due_on == TODAY + timedelta(days=DAYS)
        assert [each.id for each in registry.open_requests(today=TODAY)] == [request]
    answer(request, by=actor())
    with acting_as(actor()):
        (line,) = registry.requests_of(person, today=TODAY)
        assert (line.state, line.answer) == ("done", "已办妥。")
        assert registry.open_requests(today=TODAY) == []
    assert {"registry.rights-received", "registry.rights-answered"} <= set(events(person))


def test_an_unanswered_request_is_late_the_day_after_its_last_and_counts_so() -> None:
    ask(a_file())
    with acting_as(actor()):
        last = TODAY + timedelta(days=DAYS)
        assert registry.count_requests(today=last) == (1, 0)
        assert registry.count_requests(today=last + timedelta(days=1)) == (1, 1)
        assert registry.open_requests(today=last + timedelta(days=1))[0].overdue


def test_a_refusal_says_why_and_is_decided_above_the_counter() -> None:
    person = a_file()
    request = ask(person, "correct")

    def refuse(by: Actor, reason: str) -> None:
        with acting_as(by):
            registry.refuse_request(request, reason=reason, by=by, now=NOW)

    assert refusal(lambda: refuse(officer(), " ")) == "registry.rights-no-words"
    assert refusal(lambda: refuse(actor(), "材料对不上")) == "registry.rights-above"
    refuse(officer(), "材料对不上")
    assert refusal(lambda: answer(request)) == "registry.rights-closed"
    with acting_as(actor()):
        assert registry.requests_of(person, today=TODAY)[0].answer == "材料对不上"


def test_the_database_keeps_no_decision_without_words_and_nobody_asks_for_another_without_proof() -> None:
    person = a_file()
    request = ask(person)
    with (
        acting_as(officer()),
        pytest.raises(IntegrityError, match="decided_with_words"),
        transaction.atomic(),
    ):
        RightsRequest.objects.filter(pk=request).update(state="refused", decided_at=NOW, decided_by="staff:x")
    with acting_as(actor()), pytest.raises(IntegrityError, match="with_proof"), transaction.atomic():
        RightsRequest.objects.create(
            person_id=person, division=actor().division, kind="see", asked_by="kin", received_at=NOW,
            received_by="staff:clerk", due_on=TODAY,
        )  # fmt: skip


@pytest.mark.parametrize("who", ["guardian", "proxy"])
def test_helpers_need_proof(who: str) -> None:
    person = a_file()
    assert refusal(lambda: ask(person, asked_by=who)) == "registry.rights-proof-missing"
    ask(person, asked_by=who, proof="委托书（示例）1号")
    with acting_as(actor()):
        (line,) = registry.requests_of(person, today=TODAY)
    assert "委托书" in line.proof


def test_next_of_kin_ask_only_after_a_death_and_only_who_is_on_file() -> None:
    person, widow = a_file(), open_file(row=cells(2))
    relate(widow, dependant_of="veteran", relative=person)

    def kin_asks(kin: str) -> UUID:
        proof = "死亡证明（示例）1号、户口簿亲属关系页"
        return ask(person, asked_by="kin", kin=kin, proof=proof, now=NOW + timedelta(hours=2))

    key = f"person:{widow}"
    assert refusal(lambda: ask(person, asked_by="kin", kin=key)) == "registry.rights-proof-missing"
    assert refusal(lambda: kin_asks(key)) == "registry.rights-not-dead"
    die(person)
    for stranger in ("", f"person:{person}", f"person:{a_file_of(3)}"):
        assert refusal(partial(kin_asks, stranger)) == "registry.rights-no-kin"
    kin_asks(key)
    with acting_as(actor()):
        (line,) = registry.requests_of(person, today=TODAY)
    assert "死亡证明" in line.proof


# --- legal holds --------------------------------------------------------------------------------------------


def test_a_legal_hold_needs_words_and_somebody_above_the_counter_and_ends_with_words() -> None:
    person = a_file()

    def place(by: Actor, *, reason: str = "涉诉", document: str = "示例法院通知1号") -> None:
        with acting_as(by):
            registry.hold_for_law(person, reason=reason, document=document, by=by, now=NOW)

    def lift(by: Actor, reason: str) -> None:
        with acting_as(by):
            registry.lift_legal_hold(person, reason=reason, by=by, now=NOW)

    assert refusal(lambda: place(officer(), document="")) == "registry.rights-no-words"
    assert refusal(lambda: place(actor())) == "registry.rights-above"
    assert refusal(lambda: lift(officer(), "结案")) == "registry.no-legal-hold"
    place(officer())
    assert refusal(lambda: place(officer())) == "registry.legal-hold-stands"
    with acting_as(actor()):
        assert registry.legal_hold_of(person)
        copied = registry.copy_of(person, made_at=NOW)
    assert copied
    assert "示例法院" not in registry.write_copy(copied).decode()
    lift(officer(), "结案")
    with acting_as(actor()):
        assert registry.legal_hold_of(person) is None


def test_a_request_keeps_no_numbers_and_says_what_is_meant() -> None:
    person = a_file()
    assert refusal(lambda: ask(person, "correct", wish="")) == "registry.rights-unclear"
    assert refusal(lambda: ask(person, "dance")) == "registry.rights-unclear"
    assert (
        refusal(lambda: ask(person, "correct", wish="改成 990777196001010042")) == "registry.no-numbers-here"
    )


def test_withdrawing_everything_is_done_at_once() -> None:
    person = a_file()
    told(person)
    told(person, "optional-services")
    say(person)
    say(person, purpose="offers", recipient="merchants")
    ask(person, "withdraw", now=NOW + timedelta(seconds=1))
    assert not may(person, after=1)
    assert not may(person, purpose="offers", recipient="merchants", after=1)
    with acting_as(actor()):
        (line,) = registry.requests_of(person, today=TODAY)
    assert (line.state, line.answer) == ("done", "已撤回 2 项同意，马上生效。")


def test_requests_of_another_division_are_neither_seen_nor_answered() -> None:
    person = a_file()
    request = ask(person)
    other = actor("next-door")
    with acting_as(other):
        assert registry.open_requests(today=TODAY) == []
        assert registry.requests_of(person, today=TODAY) == []
    assert refusal(lambda: answer(request, by=other)) == "registry.rights-closed"
    assert refusal(lambda: ask(person, by=other)) == "registry.no-such-file"


# --- people under 14 (PI-15) --------------------------------------------------------------------------------


def a_child(*, born: date) -> UUID:
    """Somebody whose file says when they were born, and who has been told."""
    person = a_file()
    tell(person, "particulars", said={"birth_date": born.isoformat()}, now=NOW)
    told(person)
    return person


@pytest.mark.parametrize(("born", "speaks"), [(date(2010, 11, 24), True), (date(2010, 11, 25), False)])
def test_only_who_is_fourteen_says_yes_alone(born: date, speaks: bool) -> None:
    person = a_child(born=born)
    if speaks:
        say(person)
    else:
        assert refusal(lambda: say(person)) == "registry.guardian-missing"
    assert may(person) is speaks


def test_for_a_child_a_guardian_on_file_says_yes() -> None:
    person = a_child(born=date(2015, 5, 1))
    tell(person, "payee", said={"kind": "heir"}, now=NOW)
    (heir,) = guardians(person)
    assert refusal(lambda: say(person, guardian=heir)) == "registry.guardian-missing"
    tell(person, "payee", said={"number": number(779)}, now=NOW)
    _, guardian = guardians(person)
    assert refusal(lambda: say(person, guardian="payee:nobody")) == "registry.guardian-missing"
    say(person, guardian=guardian)
    assert may(person)
    with acting_as(actor()):
        assert Consent.objects.get(person_id=person).guardian == guardian


def test_a_parent_on_file_is_a_guardian_while_they_live() -> None:
    person, soldier = a_child(born=date(2015, 5, 1)), a_file_of(2)
    relate(person, dependant_of="active_soldier", relation="child", relative=soldier)
    assert guardians(person) == [f"person:{soldier}"]
    say(person, guardian=f"person:{soldier}")
    assert may(person)
    die(soldier)
    assert guardians(person) == []


def test_a_child_says_no_and_takes_back_without_anybody() -> None:
    person = a_child(born=date(2015, 5, 1))
    tell(person, "payee", now=NOW)
    say(person, given=False)
    (guardian,) = guardians(person)
    say(person, guardian=guardian)
    withdraw(person)
    assert not may(person, after=61)


def test_a_yes_of_somebody_who_turns_out_a_child_no_longer_counts_until_a_guardian_says_it() -> None:
    person = a_child(born=date(2000, 5, 1))
    say(person)
    assert may(person)
    tell(person, "payee", now=NOW)
    tell(person, "particulars", said={"birth_date": "2015-05-01"}, now=NOW)
    assert not may(person)
    (guardian,) = guardians(person)
    say(person, guardian=guardian)
    assert may(person)


def guardians(person: UUID) -> list[str]:
    with acting_as(actor()):
        return [each.key for each in registry.kin_of(person, on=TODAY)]


# --- restriction (PI-08) ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["restrict", "delete"])
def test_granting_a_restriction_or_a_deletion_shuts_the_file_to_business(kind: str) -> None:
    person = a_file()
    request = ask(person, kind)
    assert refusal(lambda: answer(request, by=actor())) == "registry.rights-above"
    answer(request)
    with acting_as(actor()):
        held = registry.restriction_of(person)
        assert held
        assert held.kind == {"restrict": "asked", "delete": "storage-only"}[kind]
        assert registry.is_closed(person)


def test_a_restricted_file_cannot_be_reached_by_any_business_door() -> None:
    person = a_file()
    relate(person)
    with acting_as(actor()):
        before = registry.file_of(person, on=TODAY, known_at=NOW)
    assert before
    document = before.documents[0][0]
    restrict(person)
    later = NOW + timedelta(hours=1)
    for login in ("clerk", "district", "city"):
        with acting_as(actor(login)):
            file = registry.file_of(person, on=TODAY, known_at=later)
            assert file
            assert file.line.restricted
            assert (file.documents, file.phone_mask, file.household_county) == ((), "", "")
            listed, total = registry.find_people(before.line.name, on=TODAY, known_at=later)
            assert total == 1
            for line in (*listed, *registry.lines_of([person], on=TODAY, known_at=later), file.line):
                assert line.name == before.line.name[0] + "＊" * (len(before.line.name) - 1)
                assert (line.number_mask, line.birth_date, line.sex, line.categories) == ("", None, None, ())
            assert registry.timeline(person, known_at=later) == []
            assert registry.relations_held(person, on=TODAY, known_at=later) == []
            assert refusal(lambda: registry.open_covered("document", document)) == "registry.restricted"
    for write in (lambda: state(person, "in_hardship", "true"), lambda: relate(person, now=later)):
        assert refusal(write) == "registry.restricted"


def test_the_named_permission_reads_on_and_what_the_law_pays_goes_on() -> None:
    person = a_file()
    restrict(person)
    with acting_as(privacy_officer()):
        file = registry.file_of(person, on=TODAY, known_at=NOW)
        assert file
        assert file.documents
    with acting_as_job("allowances.pay"):
        assert not registry.is_closed(person)
        told_rules = SOURCE.frame(["is_veteran", "birth_date"], on=TODAY, known_at=NOW, person=person)
    assert len(told_rules) == 1
    assert told_rules["birth_date"][0] is not None


def test_a_restriction_is_lifted_with_a_reason_and_the_file_is_as_before() -> None:
    person = a_file()
    restrict(person)

    def lift(by: Actor, reason: str) -> None:
        with acting_as(by):
            registry.lift_restriction(person, reason=reason, by=by, now=NOW)

    assert refusal(lambda: lift(officer(), "")) == "registry.rights-no-words"
    assert refusal(lambda: lift(actor(), "本人要求")) == "registry.rights-above"
    lift(officer(), "本人要求")
    assert refusal(lambda: lift(officer(), "本人要求")) == "registry.not-restricted"
    with acting_as(actor()):
        file = registry.file_of(person, on=TODAY, known_at=NOW)
        assert file
        assert file.documents
    assert {"registry.person-restricted", "registry.restriction-lifted"} <= set(events(person))


def test_rights_are_exercised_on_a_restricted_file_all_the_same() -> None:
    person = a_file()
    restrict(person)
    answer(ask(person, "see"), by=actor())
    told(person)
    say(person)
    assert may(person)


# --- the copy (PI-07) ---------------------------------------------------------------------------------------


def test_a_copy_reads_back_equal_and_holds_every_assertion_with_both_times() -> None:
    person = a_file(手机号码="10000000007")
    state(person, "in_hardship", "true")
    state(person, "in_hardship", "false", now=NOW + timedelta(hours=1))
    relate(person)
    told(person)
    say(person)
    ask(person, "copy")
    with acting_as(actor()):
        copied = registry.copy_of(
            person, made_at=NOW, decisions=[{"code": "a.b", "on": "2024-01-01"}], reads=[{"who": "测试"}]
        )
        rows = [row for model in (*Assertion.__subclasses__(), *AboutPerson.__subclasses__())
                for row in model._default_manager.filter(person_id=person)]  # fmt: skip
    assert copied
    content = registry.write_copy(copied)
    assert registry.read_copy(content) == copied
    assert len(copied.records) == len(rows)
    stated = [
        each.said
        for each in copied.records
        if each.kind == "Statement" and each.said["fact"] == "in_hardship"
    ]
    assert {said["value"] for said in stated} == {"true", "false"}
    assert any(said["superseded_at"] for said in stated)
    times = {"valid_from", "valid_to", "recorded_at", "superseded_at", "source"}
    said_of = {each.kind: each.said for each in copied.records}
    assert times <= set(said_of["Particulars"])
    assert said_of["Contact"]["number"] == "+8610000000007"
    assert len(str(said_of["IdentityDocument"]["number"])) == 18
    assert json.loads(content)["format"] == "rongjun-copy/1"


def test_a_copy_of_somebody_elses_division_is_none_and_another_file_is_no_copy() -> None:
    person = a_file()
    with acting_as(actor("next-door")):
        assert registry.copy_of(person, made_at=NOW) is None
    with pytest.raises(ValueError, match="rongjun-copy"):
        registry.read_copy(b'{"format": "else"}')
