"""Everything done for a person with two files: it is one person, whichever file something was said on."""

from __future__ import annotations

import json
from datetime import date, timedelta
from uuid import UUID

import pytest

from rongjun.access.api import acting_as
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.actions.feeds import confirm_candidate
from rongjun.registry.facts import PERSON, SOURCE
from rongjun.registry.models import BankAccount, Contact, Death, DisabilityRating, NameTerm, Residence
from rongjun.registry.tests.scene import CARD, NOW, actor, open_file, tell
from rongjun.registry.tests.strategies import HOME, NEXT_DOOR, TODAY, cells
from rongjun.registry.tests.test_feeds import compare, deliver, found, row
from rongjun.registry.tests.test_merges import merged, part
from rongjun.registry.tests.test_privacy import may, restrict, say, share, told, withdraw
from rongjun.registry.tests.test_proposals import decided
from rongjun.registry.tests.test_standing import correct, die, move, paper_of, standing
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = NOW + 2 * HOUR
DIED = date(2024, 5, 1)


@pytest.fixture
def kept() -> UUID:
    """The file that will be the person's."""
    return open_file(row=cells(1, 手机号码="10000000001"))


@pytest.fixture
def other() -> UUID:
    """The second file of the same person."""
    return open_file(row=cells(3, 姓名="测试张三0003", 手机号码="10000000003"))


def test_a_death_on_the_other_file_is_the_persons(kept: UUID, other: UUID) -> None:
    die(other, DIED, now=NOW)
    merged(kept, other)
    with pytest.raises(Refused, match=r"registry\.death-on-file"):
        die(kept, DIED, now=LATER)
    with acting_as(actor()):
        registry.retract_death(kept, source="本人到场", by=actor(), now=LATER)
        assert registry.died_on([kept], known_at=LATER) == {}


@pytest.mark.parametrize("where", ["kept", "other"])
def test_the_dead_are_judged_when_asked_for_and_reached_by_nothing(
    kept: UUID, other: UUID, where: str
) -> None:
    die(kept if where == "kept" else other, DIED, now=NOW)
    alive = open_file(row=cells(5, 姓名="测试李四0005"))
    merged(kept, other)
    with acting_as(actor()):
        for day, reached in ((DIED - timedelta(days=1), {kept, alive}), (TODAY, {alive})):
            frame = SOURCE.frame(["is_veteran"], on=day, known_at=LATER)
            assert {UUID(person) for person in frame[PERSON]} == reached
        assert SOURCE.frame(["is_veteran"], on=TODAY, known_at=LATER, person=kept).height == 1


def test_a_feed_corrects_the_death_wherever_it_stands(kept: UUID, other: UUID) -> None:
    die(other, DIED, now=NOW)
    merged(kept, other)
    deliver([row(3, died_on="2024-05-09")])
    assert compare() == 1
    (line,) = found()
    assert line.person == kept, "whoever has two files is meant once"
    with acting_as(actor("district")):
        confirm_candidate(line.id, reason="问过家属", by=actor("district"), now=LATER)
    assert [each.valid_from for each in standing(Death, other)] == [date(2024, 5, 9)]
    assert standing(Death, kept) == []


def test_a_line_with_the_other_files_number_and_nothing_new_asks_nobody(kept: UUID, other: UUID) -> None:
    merged(kept, other)
    die(kept, DIED, now=LATER)
    deliver([row(3, died_on=DIED.isoformat())])
    compare()
    assert found() == [] or found()[0].person == kept


def test_a_consent_is_taken_back_on_whichever_file_it_was_given(kept: UUID, other: UUID) -> None:
    told(other)
    say(other)
    merged(kept, other)
    assert may(kept, after=7200)
    assert may(other, after=7200)
    withdraw(kept, after=7300)
    for file in (kept, other):
        assert not may(file, after=7400)
        with pytest.raises(Refused, match=r"registry\.sharing-refused"):
            share(file, "name", after=7400)


def test_a_restriction_shuts_every_file_of_the_person(kept: UUID, other: UUID) -> None:
    tell(other, "account")
    tell(other, "residence")
    merged(kept, other)
    restrict(kept)
    account, phone = standing(BankAccount, other)[0], standing(Contact, other)[0]
    with acting_as(actor()):
        assert registry.is_closed(other)
        for file in (kept, other):
            assert registry.assertions_held(file, on=TODAY, known_at=LATER) == []
            assert registry.accounts_held(file, on=TODAY, known_at=LATER) == []
        with pytest.raises(Refused, match=r"registry\.restricted"):
            registry.open_covered("account", account.pk)
    with pytest.raises(Refused, match=r"registry\.restricted"):
        correct(kept, "contact", phone.pk, changed={"number": "10000000008"})
    with acting_as(actor("district")):
        registry.lift_restriction(other, reason="本人申请", by=actor("district"), now=LATER)
    with acting_as(actor()):
        assert not registry.is_closed(kept)


def test_what_the_other_file_says_is_corrected_there_and_sealed_for_it(kept: UUID, other: UUID) -> None:
    tell(other, "account")
    merged(kept, other)
    phone = standing(Contact, other)[0]
    correct(kept, "contact", phone.pk, changed={"number": "10000000008"}, now=LATER)
    assert len(standing(Contact, other)) == 1
    with acting_as(actor()):
        copied = registry.copy_of(other, made_at=LATER)
        (account,) = registry.accounts_held(kept, on=TODAY, known_at=LATER)
    assert copied
    assert copied.person == str(kept)
    whole = json.dumps([each.said for each in copied.records], ensure_ascii=False)
    assert "10000000008" in whole
    assert CARD in whole
    assert account.payee is None, "it is the person's own"


def test_a_name_corrected_on_the_other_file_is_what_finds_that_file(kept: UUID, other: UUID) -> None:
    merged(kept, other)
    tell(kept, "particulars")
    with as_owner():
        terms = set(NameTerm.objects.filter(person=kept).values_list("term", flat=True))
        untouched = set(NameTerm.objects.filter(person=other).values_list("term", flat=True))
    assert any("测试改名" in term for term in terms)
    assert not any("张三" in term for term in terms)
    assert any("张三" in term for term in untouched)


def test_a_new_grade_ends_the_one_on_the_other_file(kept: UUID, other: UUID) -> None:
    rated = {"grade": 5, "cause": "duty", "category": "disabled-soldier"}
    decided(other, "rating", rated, valid_from=date(2024, 1, 1))
    merged(kept, other, at=NOW + 3 * HOUR)
    decided(kept, "rating", rated | {"grade": 8}, valid_from=date(2024, 6, 1))
    assert [(each.grade, each.valid_to) for each in standing(DisabilityRating, other)] == [
        (5, date(2024, 6, 1))
    ]


def test_papers_go_with_the_file_they_are_on(kept: UUID) -> None:
    other = open_file(row=cells(5, 服务站区划代码=str(NEXT_DOOR)), by="next-door")
    paper = paper_of(other)

    def division() -> int:
        with as_owner():
            paper.refresh_from_db()
            return int(paper.division)

    merge = merged(kept, other, by="city")
    assert division() == HOME
    move(kept, NEXT_DOOR)
    assert division() == NEXT_DOOR
    move(kept, HOME)
    part(merge, at=NOW + 9 * HOUR)
    assert division() == NEXT_DOOR, "back with the file it is on"


def test_an_account_and_an_address_handed_over_open_for_their_new_owner(kept: UUID, other: UUID) -> None:
    merge = merged(kept, other)
    tell(kept, "account", now=LATER)
    tell(kept, "residence", now=LATER)
    with acting_as(actor("district")):
        said = [each.name for each in registry.later_said_of(merge)]
    part(merge, at=LATER + HOUR, theirs=said)
    (account,), (home,) = standing(BankAccount, other), standing(Residence, other)
    assert account.belongs_to == other
    with acting_as(actor()):
        assert registry.open_covered("account", account.pk) == CARD
        assert registry.open_covered("residence", home.pk) == "测试路 1 号"
