"""What is told of a person, corrected and ended: every kind, with two times, sealed where it has a number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.actions.telling import KINDS
from rongjun.registry.facts import SOURCE
from rongjun.registry.models import (
    BankAccount,
    Death,
    Household,
    IdentityDocument,
    Particulars,
    Payee,
    Person,
    Residence,
    Servicing,
)
from rongjun.registry.tests.scene import CARD, NOW, SAID, actor, hand_in, open_file, report_of, tell
from rongjun.registry.tests.strategies import ELSEWHERE, HOME, NEXT_DOOR, TODAY, cells, number
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
LATER, LAST = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
SINCE = date(2024, 5, 1)
OTHER_CARD, PASSBOOK = "9999990000000000022", "9999991234"


def correct(person: UUID, kind: str, assertion: int, *, by: str = "clerk", **kept: Any) -> None:
    given = {"source": "更正", "now": LAST, "synthetic": True, "changed": {}, **kept}
    with acting_as(actor(by)):
        registry.correct(person, kind=kind, assertion=assertion, by=actor(by), **given)


def end(person: UUID, kind: str, assertion: int, valid_to: date, *, by: str = "clerk") -> None:
    with acting_as(actor(by)):
        registry.end(
            person, kind=kind, assertion=assertion, valid_to=valid_to, source="材料", by=actor(by), now=LAST
        )


def standing(model: Any, person: UUID) -> list[Any]:
    with as_owner():
        return list(model.objects.filter(person=person, superseded_at=None).order_by("valid_from", "id"))


def fact(name: str, person: UUID, *, on: date = TODAY, known_at: Any = LAST) -> object:
    with acting_as(actor()):
        return SOURCE.frame([name], on=on, known_at=known_at, person=person)[name][0]


def events(name: str) -> list[audit.Record]:
    with acting_as(actor("auditor")):
        return audit.events(audit.Filter(event=name))


@pytest.fixture
def person() -> UUID:
    return open_file(row=cells(1))


# --- every kind ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SAID)
def test_every_kind_is_told_corrected_and_ended(person: UUID, kind: str) -> None:
    model, earlier = KINDS[kind].model, SINCE - timedelta(days=30)
    tell(person, kind)
    (told,) = [each for each in standing(model, person) if each.valid_from == SINCE]
    assert (told.source, told.evidence, told.recorded_at) == ("窗口", "测试材料", LATER)
    correct(person, kind, told.pk, changed=SAID[kind], valid_from=earlier)
    (again,) = [each for each in standing(model, person) if each.valid_from == earlier]
    assert (again.source, again.recorded_at) == ("更正", LAST)
    end(person, kind, again.pk, TODAY)
    with as_owner():
        assert model._default_manager.get(pk=told.pk).superseded_at == LAST
        assert model._default_manager.filter(person=person, valid_to=TODAY, superseded_at=None).exists()
    for event in ("recorded", "corrected", "ended"):
        assert len(events(f"registry.assertion-{event}")) == 1


@pytest.mark.parametrize("kind", SAID)
def test_nobody_tells_of_a_person_out_of_their_scope(person: UUID, kind: str) -> None:
    with pytest.raises(Refused, match=r"registry\.no-such-file"):
        tell(person, kind, by="next-door")


@pytest.mark.parametrize("kind", ["status", "rating"])
def test_categories_and_grades_are_not_told_by_one_alone(person: UUID, kind: str) -> None:
    held = standing(KINDS["status"].model, person)[0]
    attempts: tuple[Callable[[], None], ...] = (
        lambda: _record_raw(person, kind),
        lambda: correct(person, kind, held.pk),
        lambda: end(person, kind, held.pk, TODAY),
    )
    for attempt in attempts:
        with pytest.raises(Refused, match=r"registry\.needs-checker"):
            attempt()


def _record_raw(person: UUID, kind: str) -> None:
    with acting_as(actor()):
        registry.record(
            person, kind=kind, said={}, valid_from=SINCE, source="窗口", by=actor(), now=LATER, synthetic=True
        )


@pytest.mark.parametrize("kind", ["death", "relation", "statement", "no-such-kind"])
def test_what_has_an_action_of_its_own_is_not_told_here(person: UUID, kind: str) -> None:
    with pytest.raises(Refused, match=r"registry\.unknown-kind"):
        _record_raw(person, kind)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("particulars", {"name": " "}),
        ("particulars", {"birth_date": "1952-02-30"}),
        ("document", {"kind": "999"}),
        ("document", {"number": "123"}),
        ("contact", {"number": "05321234567"}),
        ("service", {"discharged_on": "1969-01-01"}),
        ("service", {"rank_group": "general"}),
        ("household", {"county": "市南"}),
        ("merit", {"rank": 7}),
        ("account", {"number": "9999990000000000015"}),
        ("account", {"purpose": "gift"}),
        ("account", {"belongs_to": str(uuid4())}),
        ("account", {"bank": ""}),
        ("payee", {"kind": "friend"}),
        ("payee", {"number": ""}),
    ],
)
def test_what_does_not_fit_is_refused_in_words_without_the_number(
    person: UUID, kind: str, said: dict[str, object]
) -> None:
    with pytest.raises(Refused, match=r"registry\.unfit-assertion") as refusal:
        tell(person, kind, said=said)
    fault = str(refusal.value.params["fault"])
    assert fault.endswith("。")
    assert not any(str(value) in fault for value in said.values() if len(str(value)) > 4)


def test_what_ends_before_it_begins_is_refused(person: UUID) -> None:
    with pytest.raises(Refused, match=r"registry\.assertion-dates"):
        tell(person, "household", valid_to=SINCE)
    held = standing(Household, person)[0]
    with pytest.raises(Refused, match=r"registry\.assertion-dates"):
        end(person, "household", held.pk, held.valid_from)


def test_what_was_taken_back_is_not_corrected_twice(person: UUID) -> None:
    tell(person, "merit")
    (told,) = standing(KINDS["merit"].model, person)
    correct(person, "merit", told.pk, changed={"rank": 4})
    with pytest.raises(Refused, match=r"registry\.no-such-assertion"):
        correct(person, "merit", told.pk, changed={"rank": 5})


def test_another_persons_assertion_is_not_there(person: UUID) -> None:
    other = open_file(row=cells(2))
    tell(other, "merit")
    (told,) = standing(KINDS["merit"].model, other)
    with pytest.raises(Refused, match=r"registry\.no-such-assertion"):
        correct(person, "merit", told.pk, changed={"rank": 4})


# --- what they mean -----------------------------------------------------------------------------------------


def test_a_household_that_moved_is_where_it_was_on_every_day(person: UUID) -> None:
    officer = actor()
    with acting_as(officer):
        registry.move_household(
            person, county="330106", kind="urban", valid_from=TODAY + timedelta(days=10),
            source="户籍交换", by=officer, now=LATER,
        )  # fmt: skip
    days = [TODAY, TODAY + timedelta(days=9), TODAY + timedelta(days=10)]
    assert [fact("household_city", person, on=day) for day in days] == [
        370200000000,
        370200000000,
        330100000000,
    ]


def test_what_we_knew_before_a_correction_is_still_known_so(person: UUID) -> None:
    tell(person, "merit")
    (told,) = standing(KINDS["merit"].model, person)
    correct(person, "merit", told.pk, changed={"rank": 5})
    assert fact("merit_rank", person, known_at=LATER) == 3
    assert fact("merit_rank", person, known_at=LAST) == 5


def test_the_highest_merit_counts_and_only_from_its_day(person: UUID) -> None:
    tell(person, "merit", said={"rank": 2})
    tell(person, "merit", said={"rank": 4}, valid_from=TODAY)
    assert fact("merit_rank", person) == 4
    assert fact("merit_rank", person, on=TODAY - timedelta(days=1)) == 2


def test_the_register_speaks_of_the_residence_before_what_was_answered(person: UUID) -> None:
    tell(person, "residence", said={"county": "330106"})
    assert fact("residence_city", person) == 330100000000
    assert fact("residence_province", person) == 330000000000


def test_a_new_name_is_the_one_the_list_finds(person: UUID) -> None:
    tell(person, "particulars")
    with acting_as(actor()):
        (line,), _total = registry.find_people("测试改名", on=TODAY, known_at=LAST)
    assert line.id == person
    assert len(standing(Particulars, person)) == 2


def test_a_replaced_document_ends_and_still_finds_the_file(person: UUID) -> None:
    old = standing(IdentityDocument, person)[0]
    tell(person, "document", valid_from=TODAY)
    end(person, "document", old.pk, TODAY + timedelta(days=1))
    with acting_as(actor()):
        for known in (number(1), number(777)):
            (line,), _total = registry.find_people(known, on=TODAY, known_at=LAST)
            assert line.id == person
        file = registry.file_of(person, on=TODAY + timedelta(days=1), known_at=LAST)
    assert file
    assert len(file.documents) == 1


@pytest.mark.parametrize("where", [HOME, ELSEWHERE])
def test_a_number_that_has_a_file_is_not_given_to_another(person: UUID, where: int) -> None:
    by = "clerk" if where == HOME else "neighbour"
    hand_in([cells(777, 服务站区划代码=str(where))], by=by)
    with pytest.raises(Refused, match=r"registry\.number-taken"):
        tell(person, "document")


# --- accounts and payees ------------------------------------------------------------------------------------


def test_an_account_is_sealed_masked_and_opened_only_in_its_place(person: UUID) -> None:
    tell(person, "account")
    (row,) = standing(BankAccount, person)
    assert CARD.encode() not in bytes(row.number_sealed)
    assert row.number_mask.endswith("0014")
    assert CARD not in row.number_mask
    with acting_as(actor()):
        assert registry.open_covered("account", row.pk) == CARD
        (held,) = registry.accounts_held(person, on=TODAY, known_at=LAST)
    assert (held.payee, held.purpose, held.bank, held.holder) == (None, "allowance", "测试银行", "测试张三")
    with acting_as(actor("next-door")):
        assert registry.open_covered("account", row.pk) is None


def test_an_old_passbook_needs_no_check_digit_and_a_card_does(person: UUID) -> None:
    tell(person, "account", said={"kind": "passbook", "number": PASSBOOK})
    with pytest.raises(Refused, match=r"registry\.unfit-assertion"):
        tell(person, "account", said={"kind": "card", "number": PASSBOOK})


@pytest.mark.parametrize(("synthetic", "refused"), [(True, False), (False, True)])
def test_an_invented_account_is_taken_only_where_people_are_invented(
    person: UUID, synthetic: bool, refused: bool
) -> None:
    if refused:
        with pytest.raises(Refused, match=r"registry\.unfit-assertion"):
            tell(person, "account", synthetic=synthetic)
    else:
        tell(person, "account", synthetic=synthetic)


def test_a_new_account_takes_the_place_of_the_old_from_its_day(person: UUID) -> None:
    tell(person, "account")
    tell(person, "account", said={"number": OTHER_CARD}, valid_from=TODAY)
    with acting_as(actor()):
        for day, tail in ((TODAY - timedelta(days=1), "0014"), (TODAY, "0022")):
            (held,) = registry.accounts_held(person, on=day, known_at=LAST)
            assert held.number_mask.endswith(tail)


def test_two_accounts_for_one_purpose_on_one_day_are_refused_by_the_database(person: UUID) -> None:
    tell(person, "account")
    (row,) = standing(BankAccount, person)
    row.pk = None
    with pytest.raises(IntegrityError, match="bankaccount_one_a_day"), as_owner():
        row.save(force_insert=True)


def test_a_payee_named_by_document_has_an_account_of_their_own(person: UUID) -> None:
    tell(person, "account")
    series = tell(person, "payee")
    assert series
    tell(person, "account", said={"belongs_to": series, "number": OTHER_CARD, "holder": "测试李四"})
    with acting_as(actor()):
        (payee,) = registry.payees_held(person, on=TODAY, known_at=LAST)
        held = registry.accounts_held(person, on=TODAY, known_at=LAST)
    assert (payee.id, payee.kind, payee.name, payee.person) == (series, "guardian", "测试李四", None)
    assert number(778) not in payee.number_mask
    assert [each.payee for each in held] == [None, series]


def test_a_payee_may_be_on_file_but_not_the_person_nor_out_of_scope(person: UUID) -> None:
    other = open_file(row=cells(2))
    tell(person, "payee", said={"payee_id": other})
    with acting_as(actor()):
        (payee,) = registry.payees_held(person, on=TODAY, known_at=LAST)
    assert (payee.person, payee.name) == (other, "测试张三0002")
    with pytest.raises(Refused, match=r"registry\.unfit-assertion"):
        tell(person, "payee", said={"payee_id": person})
    hand_in([cells(3, 服务站区划代码=str(ELSEWHERE))], by="neighbour")
    with as_owner():
        beyond = Person.objects.get(division=ELSEWHERE).pk
    with pytest.raises(Refused, match=r"registry\.no-such-file"):
        tell(person, "payee", said={"payee_id": beyond})


def test_nobody_is_paid_for_another_without_a_paper(person: UUID) -> None:
    with pytest.raises(Refused, match=r"registry\.evidence-missing"):
        tell(person, "payee", evidence="")
    tell(person, "payee")
    (row,) = standing(Payee, person)
    row.pk, row.series, row.evidence = None, uuid4(), ""
    with pytest.raises(IntegrityError, match="payee_has_evidence"), as_owner():
        row.save(force_insert=True)


def test_an_address_is_sealed(person: UUID) -> None:
    tell(person, "residence")
    (row,) = standing(Residence, person)
    assert "测试路".encode() not in bytes(row.address_sealed)
    with acting_as(actor()):
        assert registry.open_covered("residence", row.pk) == "测试路 1 号"


# --- deaths -------------------------------------------------------------------------------------------------


def die(person: UUID, on: date, *, by: str = "clerk", **kept: Any) -> None:
    with acting_as(actor(by)):
        registry.record_death(person, died_on=on, source="死亡证明", by=actor(by), **{"now": LATER, **kept})


def test_a_late_notice_of_death_is_told_from_its_day_but_known_only_now(person: UUID) -> None:
    die(person, SINCE)
    with acting_as(actor()):
        assert registry.died_on([person], known_at=NOW) == {}
        assert registry.died_on([person], known_at=LATER) == {person: SINCE}
        file = registry.file_of(person, on=TODAY, known_at=LATER)
        told = registry.timeline(person, known_at=LATER)
    assert file
    assert file.died_on == SINCE
    assert (SINCE, "去世") in {(moment.on, moment.what) for moment in told}
    assert len(events("registry.death-recorded")) == 1


def test_nobody_dies_tomorrow_before_birth_or_twice(person: UUID) -> None:
    for day in (TODAY + timedelta(days=2), date(1940, 1, 1)):
        with pytest.raises(Refused, match=r"registry\.death-dates"):
            die(person, day)
    die(person, SINCE)
    with pytest.raises(Refused, match=r"registry\.death-on-file"):
        die(person, SINCE)


def test_a_wrong_day_of_death_is_corrected(person: UUID) -> None:
    die(person, SINCE)
    (row,) = standing(Death, person)
    correct(person, "death", row.pk, valid_from=SINCE + timedelta(days=1))
    with pytest.raises(Refused, match=r"registry\.death-dates"):
        correct(person, "death", standing(Death, person)[0].pk, valid_from=TODAY + timedelta(days=9))
    with acting_as(actor()):
        assert registry.died_on([person], known_at=LATER) == {person: SINCE}
        assert registry.died_on([person], known_at=LAST) == {person: SINCE + timedelta(days=1)}


def test_who_was_taken_for_dead_lives_again(person: UUID) -> None:
    die(person, SINCE)
    with acting_as(actor()):
        registry.retract_death(person, source="撤销宣告死亡判决", by=actor(), now=LAST)
        assert registry.died_on([person], known_at=LATER) == {person: SINCE}
        assert registry.died_on([person], known_at=LAST) == {}
        with pytest.raises(Refused, match=r"registry\.no-such-assertion"):
            registry.retract_death(person, source="再一次", by=actor(), now=LAST)
    assert len(events("registry.death-retracted")) == 1


# --- moving a file ------------------------------------------------------------------------------------------


def paper_of(person: UUID) -> Any:
    """A paper on file for the person, as another app keeps it."""
    with acting_as(actor("clerk")):
        return apps.get_model("files", "Upload")._default_manager.create(
            division=HOME,
            kind="household",
            file_name="户口簿.png",
            media_type="image/png",
            size=1,
            digest=b"",
            state="waiting-for-scan",
            linked_to=f"person:{person}",
            linked_at=LATER,
            uploaded_at=LATER,
            uploaded_by="staff:clerk",
            scan_after=LATER,
        )


def test_a_moved_file_takes_its_papers_along(person: UUID) -> None:
    paper = paper_of(person)
    move(person, NEXT_DOOR)
    with as_owner():
        paper.refresh_from_db()
    assert paper.division == NEXT_DOOR


def move(person: UUID, station: int, *, by: str = "district") -> None:
    with acting_as(actor(by)):
        registry.move_file(
            person, station=station, valid_from=TODAY, source="户籍迁移", by=actor(by), now=LATER
        )


def test_a_moved_file_is_seen_by_the_new_station_with_all_its_rows(person: UUID) -> None:
    for kind in SAID:
        tell(person, kind)
    move(person, NEXT_DOOR)
    with acting_as(actor("clerk")):
        assert registry.file_of(person, on=TODAY, known_at=LAST) is None
        assert registry.accounts_held(person, on=TODAY, known_at=LAST) == []
    with acting_as(actor("next-door")):
        assert registry.file_of(person, on=TODAY, known_at=LAST)
        assert len(registry.accounts_held(person, on=TODAY, known_at=LAST)) == 1
    with as_owner():
        rows = {
            row.division
            for each in KINDS.values()
            for row in each.model._default_manager.filter(person=person)
        }
    assert rows == {NEXT_DOOR}
    (moved,) = standing(Servicing, person)
    assert (moved.came_from, moved.station, moved.valid_from) == (HOME, NEXT_DOOR, TODAY)
    assert [record.detail for record in events("registry.file-moved")] == [
        {"from": str(HOME), "to": str(NEXT_DOOR)}
    ]


@pytest.mark.parametrize(
    ("by", "station", "code"),
    [
        ("clerk", NEXT_DOOR, "registry.station-outside"),
        ("district", ELSEWHERE, "registry.station-outside"),
        ("district", 7, "registry.station-outside"),
        ("district", HOME, "registry.station-same"),
        ("neighbour", ELSEWHERE, "registry.no-such-file"),
    ],
)
def test_a_file_is_moved_only_between_stations_one_is_over(
    person: UUID, by: str, station: int, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        move(person, station, by=by)


def test_the_city_moves_a_file_between_districts(person: UUID) -> None:
    move(person, ELSEWHERE, by="city")
    with acting_as(actor("neighbour")):
        assert registry.file_of(person, on=TODAY, known_at=LAST)


def test_no_number_is_in_what_the_evidence_keeps(person: UUID) -> None:
    for kind in SAID:
        tell(person, kind)
    with connection.cursor() as cursor, as_owner():
        cursor.execute("select coalesce(string_agg(detail::text, ' '), '') from audit_event")
        kept = cursor.fetchone()[0]
    assert not any(secret in kept for secret in (CARD, number(777), number(778), "10000000009", "测试路"))


def test_the_roster_report_still_leads_to_the_person(person: UUID) -> None:
    again = report_of(hand_in([cells(1)]))
    assert [row.person for row in again.rows] == [person]
