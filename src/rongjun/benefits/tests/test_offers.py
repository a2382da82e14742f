"""Offers made by the kept judgement: once, again after a stop, taken back, and counted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.benefits import jobs
from rongjun.benefits.actions import offers as offering
from rongjun.benefits.models import Enrolment, Offer, OfferRound, SweptPart
from rongjun.benefits.tests.test_editions import adopt
from rongjun.benefits.tests.test_queries import HOME, NEXT_DOOR, NOW, TODAY, officer, people, rows_of
from rongjun.registry import api as registry
from rongjun.rules.api import read_folder

pytestmark = pytest.mark.django_db
AID, CHECK = "living.hardship-care-aid", "medical.regular-check-ups-martyrs-kin"
OTHER_COUNTY = 370203901000
DAY = timedelta(days=1)
_FREE = """    enrolment:
      from: 2024-10-01
      basis:
        - {document: 局发〔示例〕2号}
      gives: 由服务站上门看望。
      answer_days: 30
    examples:
"""


@cache
def files() -> Mapping[str, bytes]:
    """Two benefits without a form: one follows from an answer that can change, one from the roster."""
    every = read_folder(Path(settings.POLICY_ROOT))
    left_out = re.compile(r"/(benefits|fares)/|reference/")  # a fare names the benefits it is of
    kept = {name: raw for name, raw in every.items() if not left_out.search(name)}
    aid, check = (
        next(name for name in every if name.endswith(f"/{code.split('.')[1]}.yaml")) for code in (AID, CHECK)
    )
    return {
        **kept,
        aid: every[aid].decode().replace("    examples:\n", _FREE).encode(),
        check: re.sub(r"from: 202[56]-..-..", "from: 2024-10-01", every[check].decode()).encode(),
    }


def person(number: int = 0, *, hardship: bool | None = True, station: int = HOME) -> UUID:
    """One veteran, with what was answered about hardship."""
    by = officer()
    row = rows_of(number + 1, seed=3, station=station)[number]
    cells = {
        **row.values,
        "人员类别": "退役军人",
        "残疾等级": "",
        "残疾性质": "",
        "抚恤定补": "",
        "残疾军人证": "",
    }
    with acting_as(by):
        roster = registry.import_roster(
            [registry.RawRow(2, cells)], file_name="y.xlsx", file_digest=b"%d-%d" % (number, station), by=by,
            synthetic=True, now=NOW, today=TODAY,
        )  # fmt: skip
        report = registry.report(roster)
        assert report
        (opened,) = [row.person for row in report.rows]
    assert opened
    if hardship is not None:
        say(opened, hardship, at=NOW)
    return opened


def say(who: UUID, hardship: bool, *, at: datetime) -> None:
    by = officer()
    with acting_as(by):
        registry.state_fact(
            who,
            fact="in_hardship",
            value=str(hardship).lower(),
            valid_from=date(2024, 1, 1),
            valid_to=date(2026, 1, 1),
            source="x",
            by=by,
            now=at,
        )


def night(number: int = 0) -> list[benefits.OfferStep]:
    """Judge everybody on the night of a day and make the offers that follow."""
    at = NOW + number * DAY
    benefits.entitle(on=TODAY + number * DAY, by="operator:test", now=at)
    return list(steps(at))


def steps(at: datetime = NOW) -> Iterator[benefits.OfferStep]:
    while step := benefits.offer_next(by="operator:test", now=at):
        yield step


def made(done: list[benefits.OfferStep]) -> int:
    return sum(sum(step.made.values()) for step in done)


@contextmanager
def looking() -> Iterator[None]:
    with acting_as_job("test.look"):
        yield


def states() -> dict[tuple[UUID, str], str]:
    with looking():
        return {(row.person_id, row.code): row.state for row in Offer.objects.order_by("made_at")}


def accept(who: UUID, *, at: datetime = NOW) -> UUID:
    with acting_as(officer()):
        (offer,) = [each for each in benefits.offers_of([who]) if each.is_current]
        return benefits.accept_offer(
            offer.id, channel="counter", by=officer("district-officer"), now=at, today=at.date()
        )


def test_whoever_is_entitled_is_offered_it_once() -> None:
    adopt(files())
    entitled, refused, unknown = person(0), person(1, hardship=False), person(2, hardship=None)
    first, again = night(), list(steps(NOW + DAY))
    assert made(first) == 1
    assert states() == {(entitled, AID): "offered"}
    assert {refused, unknown}.isdisjoint(who for who, _ in states())
    assert again == [], "the same judgement leads to nothing more"
    assert made(night(1)) == 0, "and neither does another that says the same"


def test_an_offer_is_exactly_what_the_sweep_granted() -> None:
    adopt(files())
    people(40)
    people(8, seed=5, station=OTHER_COUNTY)
    night()
    with acting_as(officer()):
        for code in (AID, CHECK):
            granted = set(benefits.people_with(code, "granted", on=TODAY, known_at=NOW))
            assert {who for who, offered in states() if offered == code} == granted
    assert {code for _, code in states()} == {AID, CHECK}


def test_the_reasons_of_an_offer_can_be_told_again_from_what_it_keeps() -> None:
    adopt(files())
    everybody = people(40)
    night()
    with acting_as(officer()):
        for who in everybody:
            for offer in benefits.offers_of([who]):
                told = benefits.why_offered(offer.id)
                alone = benefits.decision_on(who, offer.code, on=TODAY, known_at=NOW)
                assert told.verdict == "granted"
                assert alone is not None
                assert told.reasons == alone.reasons
    with looking():
        kept = json.loads(Offer.objects.filter(code=AID).values_list("facts", flat=True)[0])
        assert kept["facts"]["in_hardship"] is True
        assert "sex" not in kept["facts"], "only what the condition reads is kept"


def test_a_stop_in_the_middle_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    adopt(files())
    person(0)
    person(1, station=OTHER_COUNTY)
    benefits.entitle(on=TODAY, by="operator:test", now=NOW)
    count, counted = offering._count, list[int]()

    def killed_in_the_second(part: SweptPart, *given: object, **named: object) -> None:
        if counted:
            raise KeyboardInterrupt
        counted.append(part.division)
        count(part, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(offering, "_count", killed_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        list(steps())
    assert len(states()) == 1, "the first county is done, nothing of the second is left behind"
    monkeypatch.setattr(offering, "_count", count)
    assert made(list(steps())) == 1
    assert len(states()) == 2
    with looking():
        assert OfferRound.objects.get().finished_at == NOW


def test_who_is_not_entitled_any_more_keeps_no_open_offer_and_may_get_a_new_one_later() -> None:
    adopt(files())
    who = person()
    night()
    say(who, False, at=NOW + DAY)
    (step, _) = night(1)
    assert step.withdrawn == 1
    assert states() == {(who, AID): "withdrawn"}
    assert made(night(2)) == 0
    say(who, True, at=NOW + 3 * DAY)
    assert made(night(3)) == 1
    with looking():
        assert sorted(Offer.objects.values_list("state", flat=True)) == ["offered", "withdrawn"]


def test_who_declined_is_not_asked_again_while_entitled() -> None:
    adopt(files())
    who = person()
    night()
    with acting_as(officer()):
        (offer,) = benefits.offers_of([who])
        by = officer("station-clerk")
        benefits.decline_offer(offer.id, channel="phone", words="现在用不着", by=by, now=NOW)
    assert made(night(1)) == 0
    assert states() == {(who, AID): "declined"}


def test_no_job_ends_an_enrolment_it_only_puts_it_on_a_list() -> None:
    adopt(files())
    who = person()
    night()
    accept(who)
    say(who, False, at=NOW + DAY)
    (step, _) = night(1)
    assert (step.withdrawn, step.to_look_at) == (0, 1)
    with acting_as(officer()):
        (listed,) = benefits.to_look_at(today=TODAY + DAY)
        assert (listed.person, listed.not_entitled_since, listed.ended_at) == (who, TODAY + DAY, None)
        assert benefits.count_to_look_at(today=TODAY + DAY) == 1
    assert [step.to_look_at for step in night(2)] == [0, 0], "it is put there once"
    say(who, True, at=NOW + 3 * DAY)
    assert made(night(3)) == 0, "who has it is not offered it"
    with acting_as(officer()):
        assert benefits.to_look_at(today=TODAY + 3 * DAY) == []


def test_the_dead_are_offered_nothing_more_and_their_enrolments_are_looked_at() -> None:
    adopt(files())
    waiting, enrolled = person(0), person(1)
    night()
    accept(enrolled)
    by = officer("district-officer")
    with acting_as(by):
        for who in (waiting, enrolled):
            registry.record_death(who, died_on=TODAY, source="x", evidence="证明", by=by, now=NOW + DAY)
    steps_done = night(1)
    assert [(step.withdrawn, step.to_look_at) for step in steps_done][-1] == (1, 1)
    assert states()[waiting, AID] == "withdrawn"
    with acting_as(officer()):
        assert [line.person for line in benefits.to_look_at(today=TODAY + DAY)] == [enrolled]


def test_a_silence_is_noted_and_held_against_nobody() -> None:
    adopt(files())
    who = person()
    night()
    with looking():
        assert Offer.objects.get().answer_by == TODAY + 30 * DAY
    assert benefits.lapse_offers(by="operator:test", now=NOW + 30 * DAY) == 0
    assert benefits.lapse_offers(by="operator:test", now=NOW + 31 * DAY) == 1
    assert states() == {(who, AID): "lapsed"}
    assert accept(who, at=NOW + 40 * DAY)


def test_under_a_new_book_the_old_judgement_leads_to_nothing() -> None:
    adopt(files())
    person()
    benefits.entitle(on=TODAY, by="operator:test", now=NOW)
    changed = {
        name: raw.replace("由服务站上门看望".encode(), "由服务站看望".encode())
        for name, raw in files().items()
    }
    adopt(changed)
    assert list(steps()) == []
    assert made(night()) == 1


def test_a_person_with_two_files_is_offered_it_once_and_a_restricted_file_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adopt(files())
    kept, other, shut = person(0), person(1), person(2)
    night()
    monkeypatch.setattr(registry, "merged_files", lambda: {other: kept})
    with looking():
        Offer.objects.filter(person_id__in=[kept, shut]).update(state="withdrawn", entitled_to=TODAY)
    monkeypatch.setattr(registry, "restricted_people", lambda: {shut})
    night(1)
    with looking():
        current = Offer.objects.filter(entitled_to=None).values_list("person_id", flat=True)
        assert list(current) == [other], "one of the files has the offer, the other gets no second"
    say(kept, False, at=NOW + 2 * DAY)
    monkeypatch.setattr("rongjun.benefits.actions.offers._finish", lambda *_given, **_named: None)
    assert night(2)[0].withdrawn == 1
    with looking():
        over = Offer.objects.filter(person_id=other, state="withdrawn", entitled_to=TODAY + 2 * DAY)
        assert over.exists(), "the kept file speaks for both"


def test_the_figures_of_each_county_add_up_and_follow_the_answers() -> None:
    adopt(files())
    everybody = [person(number) for number in range(4)]
    person(5, station=OTHER_COUNTY)
    night()
    accept(everybody[0], at=NOW + timedelta(hours=1))
    with acting_as(officer()):
        offer = benefits.offers_of([everybody[1]])[0].id
        benefits.decline_offer(offer, channel="visit", words="", by=officer(), now=NOW + timedelta(hours=1))
    counted = list(steps(NOW + timedelta(hours=2)))
    assert [step.division for step in counted] == [HOME // 10**6 * 10**6], "only where somebody answered"
    with acting_as(officer()):
        lines = {line.division: line for line in benefits.take_up() if line.code == AID}
        home, there = lines[HOME // 10**6 * 10**6], lines[OTHER_COUNTY // 10**6 * 10**6]
        whole = {line.code: line for line in benefits.all_together(benefits.take_up(), division=370200000000)}
    assert (home.entitled, home.accepted, home.declined, home.waiting, home.not_reached) == (4, 1, 1, 2, 0)
    assert (home.offered, home.gap) == (4, 3)
    assert (there.entitled, there.waiting) == (1, 1)
    assert (whole[AID].entitled, whole[AID].gap) == (5, 4)


def test_behind_each_figure_stand_its_people() -> None:
    adopt(files())
    everybody = [person(number) for number in range(3)]
    night()
    accept(everybody[0])
    new = person(4)
    benefits.entitle(on=TODAY, by="operator:test", now=NOW + timedelta(hours=1))
    by = officer()
    with acting_as(by):
        behind = {
            figure: benefits.people_of_figure(AID, figure, scope=by.scope, on=TODAY, known_at=NOW)
            for figure in ("entitled", "accepted", "waiting", "declined", "not-reached")
        }
    assert set(behind["entitled"]) == {*everybody, new}
    assert behind["accepted"] == everybody[:1]
    assert set(behind["waiting"]) == set(everybody[1:])
    assert behind["declined"] == []
    assert behind["not-reached"] == [new]


def test_below_a_county_the_figures_are_counted_from_the_files() -> None:
    adopt(files())
    person(0)
    person(1, station=NEXT_DOOR)
    night()
    by = officer("station-clerk", division=HOME)
    with acting_as(by):
        assert benefits.take_up() == []
        book = benefits.book()
        lines = benefits.take_up_here(by.scope, division=HOME, by_book=book, on=TODAY, known_at=NOW)
    assert {line.code: (line.entitled, line.waiting) for line in lines} == {AID: (1, 1), CHECK: (0, 0)}


def test_the_job_makes_one_county_at_a_time_and_what_it_did_is_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adopt(files())
    person(0)
    person(1, station=OTHER_COUNTY)
    benefits.entitle(on=TODAY, by="operator:test", now=NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    for offered in (1, 2, 2, 2):
        with acting_as_job("benefits.make-offers"):
            jobs.make_offers()
        assert len(states()) == offered
    with acting_as_job("test.look"):
        told = [event for event in audit.events(audit.Filter(), limit=50) if "offer" in event.event]
    assert [event.event for event in told][::-1] == [
        "benefits.offers-made",
        "benefits.offers-made",
        "benefits.offer-round-finished",
    ]


def test_enrolments_are_nobodys_but_the_scopes() -> None:
    adopt(files())
    who = person()
    night()
    accept(who)
    with acting_as(officer(division=OTHER_COUNTY // 10**6 * 10**6)):
        assert benefits.offers_of([who]) == []
        assert benefits.enrolments_of([who]) == []
    with looking():
        assert Enrolment.objects.count() == 1
