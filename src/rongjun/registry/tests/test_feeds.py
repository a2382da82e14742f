"""Lines of feeds over real tables: candidates with reasons, and nothing happens to anybody by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.partners import api as partners
from rongjun.partners.api import write_file
from rongjun.registry.actions import record_death, retract_death
from rongjun.registry.actions.feeds import (
    confirm_candidate,
    dismiss_candidate,
    match_waiting,
    report_sentence,
)
from rongjun.registry.feed_lines import FEEDS
from rongjun.registry.models import Death, FeedCandidate, Household, Person, Sentence, Statement, Status
from rongjun.registry.queries.feeds import candidate, candidates, feed_balance, sentences_to_report
from rongjun.registry.tests.scene import NOW, actor, open_file, state
from rongjun.registry.tests.strategies import NEXT_DOOR, TODAY, cells, number
from rongjun.registry.tests.test_matching import FIELDS
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
DAY = TODAY - timedelta(days=1)
LATER = NOW + timedelta(hours=1)
SENDERS = {
    "deaths": "civil-affairs",
    "sentences": "justice",
    "moves": "police",
    "pensions": "social-security",
}


def row(sequence: int = 1, feed: str = "deaths", **changed: str) -> list[str]:
    """A line about the nth person, key and columns."""
    said = {
        "name": f"测试张三{sequence:04d}",
        "number": number(sequence),
        "birth_date": "1952-03-08",
        "sex": "",
        **FIELDS[feed],
        **changed,
    }
    return [f"LX-{uuid4().hex[:12]}", *said.values()]


def deliver(rows: Sequence[Sequence[str]], feed: str = "deaths", *, sequence: int = 1) -> UUID:
    """A file of these rows, taken in, not yet compared."""
    known = partners.formats_in(settings.CONTRACTS_ROOT / "files")[f"{feed}/1"]
    sender = SENDERS[feed]
    with acting_as_job("test.deliver"):
        if sequence == 1:
            partners.add_partner(
                sender,
                name="测试来件单位",
                division=370200000000,
                agreed={known.code: ""},
                channels=["file"],
                expected_since=DAY,
                by="operator:test",
                now=NOW,
            )
        content = write_file(known, rows, partner=sender, business_date=DAY, sequence=sequence)
        return partners.receive_file(content, partner=sender, file_name="x.csv", by="operator:test", now=NOW)


def compare(feed: str = "deaths", *, most: int = 500) -> int:
    with acting_as_job("registry.match-feeds"):
        return match_waiting(feed, most=most, synthetic=True, now=NOW, today=TODAY)


def found(feed: str = "deaths", *, by: str = "district") -> list[Any]:
    with acting_as(actor(by)):
        return candidates(feed=feed)[0]


def decide(
    wanted: UUID, decision: Any = confirm_candidate, *, by: str = "district", reason: str = "问过家属"
) -> None:
    officer = actor(by)
    with acting_as(officer):
        decision(wanted, reason=reason, by=officer, now=LATER)


def refusal(wanted: UUID, decision: Any = confirm_candidate, **kept: Any) -> str:
    with pytest.raises(Refused) as refused:
        decide(wanted, decision, **kept)
    return refused.value.code


def written() -> tuple[int, ...]:
    """How many rows every table that says something of people holds."""
    models = (Person, Status, Statement, Household, Death, Sentence)
    with as_owner():
        return tuple(model._default_manager.count() for model in models)


def report(batch: UUID) -> tuple[str, int, int, int]:
    with acting_as_job("test.report"):
        done = partners.batch_report(batch)
    assert done is not None
    return done.state, done.waiting, done.done, done.refused


# --- nobody is stopped by a file ----------------------------------------------------------------------------


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_by_itself_changes_nobodys_file(feed: str) -> None:
    open_file(row=cells(1))
    before = written()
    deliver([row(1, feed)], feed)
    assert compare(feed) == 1
    assert written() == before
    assert len(found(feed)) == 1


def test_a_living_veteran_wrongly_matched_is_never_stopped_without_a_person() -> None:
    person = open_file(row=cells(1, 姓名="测试王建国"))
    state(person, "is_unsupported", "false", valid_from=TODAY)
    dead_namesake = row(7, name="测试王建国", number=number(777))
    deliver([dead_namesake])
    compare()
    (only,) = found()
    assert (only.person, only.score < 50) == (person, True)
    assert any("同名同生日" in text for text in only.against)
    assert any("人可能健在" in text for text in only.against)
    for _ in range(3):
        compare()
    assert written()[4:] == (0, 0)
    decide(only.id, dismiss_candidate, reason="本人来过窗口")
    assert written()[4:] == (0, 0)
    assert found() == []


def test_the_database_itself_lets_no_job_record_what_a_person_decides() -> None:
    open_file(row=cells(1))
    deliver([row(1)])
    compare()
    with acting_as_job("test.forge"), pytest.raises(DatabaseError), transaction.atomic():
        FeedCandidate.objects.update(state="confirmed", decided_by="job:x", decided_at=NOW)


# --- what becomes of a line ---------------------------------------------------------------------------------


def test_every_line_ends_in_something_with_a_reason() -> None:
    open_file(row=cells(1))
    batch = deliver([row(1), row(2), row(3, number="123"), row(4)[:-1]])
    compare()
    assert report(batch) == ("processed", 0, 2, 2)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select state, reason from partners_inbounditem order by line")
        reasons = cursor.fetchall()
    assert [state for state, _ in reasons] == ["done", "done", "refused", "refused"]
    assert "可能是 1 个人" in reasons[0][1]
    assert "没有这个人" in reasons[1][1]
    assert "18 位" in reasons[2][1]


def test_an_old_number_finds_its_person() -> None:
    person = open_file(row=cells(1))
    full = number(1)
    deliver([row(1, number=full[:6] + full[8:17])])
    compare()
    (only,) = found()
    assert (only.person, only.score >= 90) == (person, True)


def test_a_line_without_a_number_finds_by_name_and_birthday() -> None:
    person = open_file(row=cells(1))
    deliver([row(1, number="")])
    compare()
    assert [each.person for each in found()] == [person]


def test_two_namesakes_are_both_asked_about_and_only_one_can_be_confirmed() -> None:
    one, other = (open_file(row=cells(n, 姓名="测试同名")) for n in (1, 2))
    deliver([row(9, name="测试同名", number="")])
    compare()
    first, second = found()
    assert {first.person, second.person} == {one, other}
    decide(first.id)
    assert refusal(second.id) == "registry.line-is-another-person"
    decide(second.id, dismiss_candidate)
    with as_owner():
        assert Death.objects.count() == 1


def test_the_same_death_reported_again_asks_nobody() -> None:
    open_file(row=cells(1))
    deliver([row(1)])
    compare()
    decide(found()[0].id)
    deliver([row(1)], sequence=2)
    compare()
    assert found() == []


def test_a_stopped_pension_changes_nothing() -> None:
    open_file(row=cells(1))
    deliver([row(1, "pensions", state="stopped")], "pensions")
    compare("pensions")
    assert found("pensions") == []


# --- deciding -----------------------------------------------------------------------------------------------


def test_a_confirmed_death_is_recorded_with_its_source_and_can_be_taken_back() -> None:
    person = open_file(row=cells(1))
    deliver([row(1)])
    compare()
    decide(found()[0].id)
    with as_owner():
        death = Death.objects.get(superseded_at=None)
    assert (death.person_id, death.valid_from) == (person, date(2024, 11, 20))
    assert death.source.startswith("部门来件：测试来件单位")
    assert death.evidence.startswith("LX-")
    officer = actor("district")
    with acting_as(officer):
        retract_death(person, source="本人来窗口", by=officer, now=LATER + timedelta(hours=1))
    with as_owner():
        assert not Death.objects.filter(superseded_at=None).exists()


def test_a_confirmed_death_corrects_the_day_of_one_on_file() -> None:
    person, officer = open_file(row=cells(1)), actor("district")
    with acting_as(officer):
        record_death(person, died_on=date(2024, 11, 19), source="窗口", by=officer, now=LATER)
    deliver([row(1)])
    compare()
    decide(found()[0].id)
    with as_owner():
        kept = Death.objects.order_by("id").values_list("valid_from", "superseded_at")
        (first, superseded), (second, still) = kept
    assert (first, second) == (date(2024, 11, 19), date(2024, 11, 20))
    assert superseded is not None
    assert still is None


def test_a_confirmed_move_changes_the_household_from_that_day_on() -> None:
    open_file(row=cells(1), today=date(2024, 1, 1))
    deliver([row(1, "moves")], "moves")
    compare("moves")
    decide(found("moves")[0].id)
    with as_owner():
        homes = Household.objects.filter(superseded_at=None).order_by("valid_from")
        assert list(homes.values_list("county", "valid_from", "valid_to")) == [
            ("370202", date(2024, 1, 1), date(2024, 11, 18)),
            ("370203", date(2024, 11, 18), None),
        ]


def test_a_confirmed_pension_answers_one_question_for_a_year() -> None:
    open_file(row=cells(1))
    deliver([row(1, "pensions")], "pensions")
    compare("pensions")
    decide(found("pensions")[0].id)
    with as_owner():
        said = Statement.objects.get(fact="has_no_income_source")
    assert (said.value, said.valid_from) == ("false", date(2024, 11, 1))
    assert said.valid_to == TODAY + timedelta(days=365)


def test_a_confirmed_sentence_waits_to_be_reported_and_suspends_nobody() -> None:
    person = open_file(row=cells(1))
    deliver([row(1, "sentences")], "sentences")
    compare("sentences")
    statuses = written()[1]
    decide(found("sentences")[0].id)
    assert written()[1] == statuses
    officer = actor("district")
    with acting_as(officer):
        (waiting,) = sentences_to_report()
        assert (waiting.person, waiting.penalty) == (person, "fixed-term")
        report_sentence(waiting.id, document="示例 2024 第 1 号", by=officer, now=LATER)
        assert sentences_to_report() == []
        with pytest.raises(Refused, match="no-such-sentence"):
            report_sentence(waiting.id, document="示例 2024 第 1 号", by=officer, now=LATER)
    with as_owner():
        assert Sentence.objects.count() == 2


def test_deciding_needs_a_reason_and_happens_once() -> None:
    open_file(row=cells(1))
    deliver([row(1)])
    compare()
    (only,) = found()
    assert refusal(only.id, reason=" ") == "registry.decision-unexplained"
    decide(only.id, dismiss_candidate)
    assert refusal(only.id) == "registry.candidate-decided"
    assert written()[4] == 0


def test_a_number_written_into_a_reason_is_not_kept_whole() -> None:
    open_file(row=cells(1))
    deliver([row(1)])
    compare()
    decide(found()[0].id, reason=f"查了{number(1)}")
    with as_owner():
        assert number(1) not in FeedCandidate.objects.get().decision_reason


def test_a_decision_is_in_the_evidence_without_a_number() -> None:
    open_file(row=cells(1))
    deliver([row(1)])
    compare()
    decide(found()[0].id)
    with acting_as(actor("auditor")):
        noted = {e.event for e in audit.events(audit.Filter()) if e.event.startswith("registry.")}
    assert {"registry.feed-matched", "registry.feed-confirmed", "registry.death-recorded"} <= noted


@pytest.mark.parametrize(("by", "sees"), [("clerk", 1), ("next-door", 0), ("neighbour", 0), ("district", 1)])
def test_a_candidate_is_seen_where_the_person_is_served(by: str, sees: int) -> None:
    open_file(row=cells(1))
    deliver([row(1)])
    compare()
    assert len(found(by=by)) == sees
    with as_owner():
        wanted = FeedCandidate.objects.get().id
    with acting_as(actor(by)):
        assert (candidate(wanted, on=TODAY) is not None) == bool(sees)
    if not sees:
        assert refusal(wanted, by=by) == "registry.no-such-candidate"


def test_a_candidate_goes_with_the_person_who_moves() -> None:
    person = open_file(row=cells(1))
    deliver([row(1)])
    compare()
    with as_owner():
        Person.objects.filter(pk=person).update(division=NEXT_DOOR)
    assert len(found(by="next-door")) == 1
    assert found(by="clerk") == []


def test_the_balance_of_candidates_comes_out() -> None:
    for n in (1, 2, 3):
        open_file(row=cells(n))
    deliver([row(n) for n in (1, 2, 3)])
    compare()
    first, second, _ = found()
    decide(first.id)
    decide(second.id, dismiss_candidate)
    with acting_as_job("test.balance"):
        (only,) = feed_balance(since=TODAY, until=TODAY)
    assert (only.channel, only.taken_in, only.done, only.refused, only.waiting) == ("feed:deaths", 3, 1, 1, 1)
    assert only.gap == 0


def test_a_chunk_asks_as_many_questions_as_one_line(django_assert_max_num_queries: Any) -> None:
    for n in range(6):
        open_file(row=cells(n))
    deliver([row(n) for n in range(6)])
    with django_assert_max_num_queries(45):
        assert compare(most=500) == 6
