"""Merging two files and taking it back: what is known of whom, before, meanwhile and after."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.registry.facts import PERSON, SOURCE
from rongjun.registry.models import Assertion, Contact, DuplicateCandidate, Merge, Person, Statement
from rongjun.registry.queries.covered import PHONE_INDEX, SEAL, phone_place
from rongjun.registry.queries.merged import merged_into
from rongjun.registry.queries.pairs import pair
from rongjun.registry.tests.scene import NOW, actor, hand_in, open_file, relate, report_of, state
from rongjun.registry.tests.strategies import ELSEWHERE, HOME, NEXT_DOOR, TODAY, cells
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PHONE = {"手机号码": "10000000001"}


def propose(kept: UUID, other: UUID, *, by: str = "clerk", at: datetime = NOW + HOUR) -> UUID:
    officer = actor(by)
    with acting_as(officer):
        return registry.propose_merge(kept, other, reason="同一个人建了两次档", by=officer, now=at)


def approve(merge: UUID, *, by: str = "district", at: datetime = NOW + HOUR) -> None:
    officer = actor(by)
    with acting_as(officer):
        registry.approve_merge(merge, by=officer, now=at)


def merged(kept: UUID, other: UUID, *, at: datetime = NOW + HOUR, by: str = "district") -> UUID:
    """Two files merged, with both officers."""
    merge = propose(kept, other, by="colleague" if by == "district" else "district", at=at)
    approve(merge, by=by, at=at)
    return merge


def part(merge: UUID, *, at: datetime, theirs: Collection[str] = (), by: str = "district") -> None:
    officer = actor(by)
    with acting_as(officer):
        registry.unmerge(merge, reason="核对后是两个人", theirs=theirs, by=officer, now=at)


def facts(known_at: datetime, *names: str, on: date = TODAY, by: str = "city") -> dict[UUID, dict[str, Any]]:
    """Facts of everybody, and each person asked alone must say the same."""
    asked = names or ("is_veteran", "service_years", "is_unsupported")
    with acting_as(actor(by)):
        frame = SOURCE.frame(asked, on=on, known_at=known_at)
        rows = {UUID(row.pop(PERSON)): row for row in frame.to_dicts()}
        for person, row in rows.items():
            (alone,) = SOURCE.frame(asked, on=on, known_at=known_at, person=person).to_dicts()
            assert UUID(alone.pop(PERSON)) == person
            assert alone == row
    return rows


def relations(known_at: datetime, *, by: str = "city") -> list[UUID]:
    with acting_as(actor(by)):
        frame = SOURCE.relations(["relation"], on=TODAY, known_at=known_at)
        alone = [
            UUID(row)
            for person in sorted({UUID(row) for row in frame[PERSON]})
            for row in SOURCE.relations(["relation"], on=TODAY, known_at=known_at, person=person)[PERSON]
        ]
    found = [UUID(row) for row in frame[PERSON]]
    assert alone == found
    return found


@pytest.fixture
def two() -> tuple[UUID, UUID]:
    """Two files of what may be one person, opened by one clerk."""
    return open_file(row=cells(1, **PHONE)), open_file(row=cells(3, 姓名="测试张三0001", **PHONE))


# --- who may, and what is refused ---------------------------------------------------------------------------


def test_whoever_proposed_cannot_approve(two: tuple[UUID, UUID]) -> None:
    merge = propose(*two, by="district")
    with pytest.raises(Refused, match=r"registry\.merge-by-two"):
        approve(merge, by="district")
    with pytest.raises(Refused, match=r"registry\.may-not-approve"):
        approve(merge, by="clerk")
    approve(merge, by="city")


def test_the_database_refuses_one_officer_in_both_places(two: tuple[UUID, UUID]) -> None:
    merge = propose(*two)
    with pytest.raises(DatabaseError, match="merge_two_officers"), transaction.atomic(), as_owner():
        Merge.objects.filter(pk=merge).update(approved_by="staff:clerk", at=NOW)


def test_files_out_of_scope_are_not_merged(two: tuple[UUID, UUID]) -> None:
    beyond = open_file(row=cells(5, 服务站区划代码=str(NEXT_DOOR)), by="next-door")
    with pytest.raises(Refused, match=r"registry\.no-such-file"):
        propose(two[0], beyond)
    merge = propose(*two)
    with pytest.raises(Refused, match=r"registry\.no-such-merge"):
        approve(merge, by="neighbour")


@pytest.mark.parametrize("again", [(0, 1), (1, 0)])
def test_a_file_already_merged_is_not_merged_again(two: tuple[UUID, UUID], again: tuple[int, int]) -> None:
    merged(*two)
    with pytest.raises(Refused, match=r"registry\.already-merged"):
        propose(two[again[0]], two[again[1]])


def test_two_proposals_the_opposite_way_do_not_make_a_ring(two: tuple[UUID, UUID]) -> None:
    first, second = propose(*two), propose(two[1], two[0])
    approve(first)
    with pytest.raises(Refused, match=r"registry\.already-merged"):
        approve(second)


def test_one_proposal_waits_at_a_time_and_a_declined_one_is_out_of_the_way(two: tuple[UUID, UUID]) -> None:
    merge, officer = propose(*two), actor("district")
    with pytest.raises(Refused, match=r"registry\.merge-pending"):
        propose(*two)
    with acting_as(officer):
        registry.decline_merge(merge, reason="是两个人", by=officer, now=NOW + HOUR)
    with pytest.raises(Refused, match=r"registry\.no-such-merge"):
        approve(merge)
    propose(*two)
    assert set(facts(NOW + HOUR)) == set(two)


@pytest.mark.parametrize("reason", ["", " ", "是", "是" * 201])
def test_a_merge_without_a_reason_is_refused(two: tuple[UUID, UUID], reason: str) -> None:
    officer = actor()
    with acting_as(officer), pytest.raises(Refused, match=r"registry\.merge-reason"):
        registry.propose_merge(*two, reason=reason, by=officer, now=NOW)


def test_a_file_is_not_merged_into_itself(two: tuple[UUID, UUID]) -> None:
    with pytest.raises(Refused, match=r"registry\.merge-needs-two"):
        propose(two[0], two[0])


# --- one person ---------------------------------------------------------------------------------------------


def test_before_meanwhile_and_after_each_say_what_was_known_then(two: tuple[UUID, UUID]) -> None:
    kept, other = two
    state(other, "is_unsupported", "true")
    before, during, after = NOW + HOUR / 2, NOW + 3 * HOUR, NOW + 5 * HOUR
    merge = merged(kept, other, at=NOW + HOUR)
    state(other, "cannot_care_for_self", "true", now=NOW + 2 * HOUR)  # said at the merged file's address
    relate(kept, now=NOW + 2 * HOUR)
    part(merge, at=NOW + 4 * HOUR)

    names = ("is_unsupported", "cannot_care_for_self")
    apart = {kept: dict.fromkeys(names), other: {"is_unsupported": True, "cannot_care_for_self": None}}
    assert facts(before, *names) == apart
    assert facts(during, *names) == {kept: {"is_unsupported": True, "cannot_care_for_self": True}}
    assert facts(after, *names) == {
        kept: {"is_unsupported": None, "cannot_care_for_self": True},
        other: {"is_unsupported": True, "cannot_care_for_self": None},
    }
    assert (relations(before), relations(during), relations(after)) == ([], [kept], [kept])


def test_a_term_of_service_told_by_both_files_is_served_once(two: tuple[UUID, UUID]) -> None:
    years = facts(NOW)[two[0]]["service_years"]
    merged(*two)
    assert facts(NOW + 2 * HOUR) == {
        two[0]: {"is_veteran": True, "service_years": years, "is_unsupported": None}
    }


def test_terms_of_service_that_overlap_are_not_added_up() -> None:
    kept = open_file(row=cells(1, 入伍日期="1970-01-01", 退役日期="1976-01-01"))
    other = open_file(row=cells(3, 入伍日期="1974-01-01", 退役日期="1980-01-01"))
    merged(kept, other)
    assert facts(NOW + 2 * HOUR, "service_years") == {kept: {"service_years": 10}}


def test_the_kept_files_own_particulars_come_first() -> None:
    kept = open_file(row=cells(1, 性别="男"))
    other = open_file(row=cells(2, 姓名="测试李四"))
    with as_owner():
        born = dict(Person.objects.values_list("id", "particulars__birth_date"))
    merged(kept, other)
    assert facts(NOW + 2 * HOUR, "birth_date") == {kept: {"birth_date": born[kept]}}


def test_what_is_said_after_a_merge_goes_to_the_kept_file(two: tuple[UUID, UUID]) -> None:
    merged(*two)
    state(two[1], "is_unsupported", "true", now=NOW + 2 * HOUR)
    relate(two[1], now=NOW + 2 * HOUR)
    with as_owner():
        assert set(Statement.objects.filter(fact="is_unsupported").values_list("person_id", flat=True)) == {
            two[0]
        }


def test_a_relation_of_the_merged_file_is_ended_where_it_stands(two: tuple[UUID, UUID]) -> None:
    relation = relate(two[1], valid_from=date(2020, 1, 1))
    merge = merged(*two)
    officer = actor()
    with acting_as(officer):
        registry.end_relation(
            two[0], relation, valid_to=date(2024, 1, 1), source="离婚证", by=officer, now=NOW + 2 * HOUR
        )
        assert registry.relations_held(two[0], on=TODAY, known_at=NOW + 3 * HOUR) == []
    part(merge, at=NOW + 4 * HOUR)
    assert relations(NOW + 5 * HOUR) == []
    with acting_as(officer):
        (held,) = registry.relations_held(two[1], on=date(2023, 1, 1), known_at=NOW + 5 * HOUR)
    assert held.until == date(2024, 1, 1)


def test_pages_read_all_files_of_a_person(two: tuple[UUID, UUID]) -> None:
    kept, other = two
    merged(kept, other)
    later = NOW + 2 * HOUR
    with acting_as(actor()):
        file = registry.file_of(other, on=TODAY, known_at=later)
        assert file is not None
        assert (file.line.id, len(file.documents)) == (kept, 2)
        assert len([each for each in registry.timeline(kept, known_at=later) if each.what == "入伍"]) == 2
        lines, total = registry.find_people("", on=TODAY, known_at=later)
        assert ([line.id for line in lines], total) == ([kept], 1)
        found, _ = registry.find_people(cells(3)["证件号码"], on=TODAY, known_at=later)
        assert [line.id for line in found] == [kept]
        assert registry.counts()["people"] == 1
        assert [each.other for each in registry.merges_of(kept)] == [other]
        then = registry.file_of(other, on=TODAY, known_at=NOW)
        assert then is not None
        assert (then.line.id, len(then.documents)) == (other, 1)


def test_a_merged_file_is_not_judged_alone(two: tuple[UUID, UUID]) -> None:
    merged(*two)
    with acting_as(actor("city")):
        assert SOURCE.frame(["is_veteran"], on=TODAY, known_at=NOW + 2 * HOUR, person=two[1]).is_empty()


# --- two divisions ------------------------------------------------------------------------------------------


def test_a_file_from_another_division_comes_along_and_goes_back() -> None:
    kept = open_file(row=cells(1))
    other = open_file(row=cells(2, 服务站区划代码=str(NEXT_DOOR)), by="next-door")
    third = open_file(row=cells(3, 服务站区划代码=str(NEXT_DOOR)), by="next-door")
    merged(other, third, by="city")
    merge = merged(kept, other, by="city", at=NOW + 2 * HOUR)
    with acting_as(actor("next-door")):
        assert registry.file_of(other, on=TODAY, known_at=NOW + 3 * HOUR) is None
    assert set(facts(NOW + 3 * HOUR, by="clerk")) == {kept}
    with acting_as(actor("clerk")), pytest.raises(Refused, match=r"registry\.may-not-approve"):
        registry.unmerge(merge, reason="是两个人", by=actor("clerk"), now=NOW + 3 * HOUR)
    part(merge, at=NOW + 4 * HOUR)
    assert set(facts(NOW + 5 * HOUR, by="next-door")) == {other}
    with as_owner():
        assert dict(Person.objects.values_list("id", "division")) == {
            kept: HOME,
            other: NEXT_DOOR,
            third: NEXT_DOOR,
        }


def test_a_merged_file_follows_the_kept_one(two: tuple[UUID, UUID]) -> None:
    merged(*two)
    with acting_as(actor("district")):
        Person.objects.filter(pk=two[0]).update(division=NEXT_DOOR)
    assert set(facts(NOW + 2 * HOUR, by="next-door")) == {two[0]}
    assert facts(NOW + 2 * HOUR, by="clerk") == {}


def test_a_merge_is_not_taken_back_over_a_border_out_of_reach() -> None:
    kept = open_file(row=cells(1))
    other = open_file(row=cells(2, 服务站区划代码=str(ELSEWHERE)), by="neighbour")
    merge, officer = merged_by_city(kept, other), actor("district")
    with acting_as(officer), pytest.raises(Refused, match=r"registry\.merge-out-of-reach"):
        registry.unmerge(merge, reason="是两个人", by=officer, now=NOW + 3 * HOUR)


def merged_by_city(kept: UUID, other: UUID) -> UUID:
    """Proposed by one officer of the city, approved by another."""
    one = actor("city")
    with acting_as(one):
        merge = registry.propose_merge(kept, other, reason="同一个人", by=one, now=NOW + HOUR)
    with as_owner():
        Merge.objects.filter(pk=merge).update(merged_by="staff:city-2")
    approve(merge, by="city")
    return merge


def test_nobody_writes_or_reads_a_candidate_or_a_merge_beyond_the_border(two: tuple[UUID, UUID]) -> None:
    beyond = open_file(row=cells(5, 服务站区划代码=str(NEXT_DOOR)), by="next-door")
    merge = propose(*two)
    first, second = sorted((two[0], beyond))
    divisions = [HOME if file == two[0] else NEXT_DOOR for file in (first, second)]
    candidate = DuplicateCandidate(
        person_a_id=first, person_b_id=second, score=50, reasons=[], found_at=NOW,
        division=divisions[0], division_b=divisions[1],
    )  # fmt: skip
    pointer = Merge(
        kept_id=beyond, other_id=two[0], division=NEXT_DOOR, other_division=HOME,
        reason="x", merged_by="staff:clerk", proposed_at=NOW,
    )  # fmt: skip
    for row in (candidate, pointer):
        for login in ("clerk", "neighbour"):
            with (
                pytest.raises(DatabaseError, match="row-level security"),
                transaction.atomic(),
                acting_as(actor(login)),
            ):
                row.save(force_insert=True)
    with acting_as(actor("district")):
        candidate.save(force_insert=True)
    for login, seen in {
        "clerk": (0, 1),
        "district": (1, 1),
        "next-door": (0, 0),
        "neighbour": (0, 0),
    }.items():
        with acting_as(actor(login)):
            assert (DuplicateCandidate.objects.count(), Merge.objects.filter(pk=merge).count()) == seen


# --- whose it is --------------------------------------------------------------------------------------------


def test_what_was_said_meanwhile_can_be_the_other_persons(two: tuple[UUID, UUID]) -> None:
    kept, other = two
    state(other, "is_unsupported", "false")
    merge = merged(kept, other)
    state(kept, "is_unsupported", "true", now=NOW + 2 * HOUR)
    state(kept, "has_employer", "true", now=NOW + 2 * HOUR)
    relation = relate(kept, now=NOW + 3 * HOUR)
    with acting_as(actor("district")):
        later = {each.what: each.name for each in registry.later_said_of(merge)}
    assert len(later) == 3
    theirs = [later["补充情况：is_unsupported = true"], f"relation:{relation}"]
    part(merge, at=NOW + 4 * HOUR, theirs=theirs)
    names = ("is_unsupported", "has_employer")
    assert facts(NOW + 5 * HOUR, *names) == {
        kept: {"is_unsupported": None, "has_employer": True},
        other: {"is_unsupported": True, "has_employer": None},
    }
    assert facts(NOW + 3 * HOUR, *names) == {kept: {"is_unsupported": True, "has_employer": True}}
    assert (relations(NOW + 3 * HOUR), relations(NOW + 5 * HOUR)) == ([kept], [other])
    with as_owner():
        again = Statement.objects.get(person_id=other, fact="is_unsupported", superseded_at=None)
        assert again.evidence == f"merge:{merge}"


def test_it_can_still_be_said_after_the_unmerge_whose_it_was(two: tuple[UUID, UUID]) -> None:
    merge, officer = merged(*two), actor("district")
    state(two[0], "is_unsupported", "true", now=NOW + 2 * HOUR)
    part(merge, at=NOW + 3 * HOUR)
    state(two[0], "has_employer", "true", now=NOW + 4 * HOUR)  # no longer a matter of the merge
    with acting_as(officer):
        (said,) = registry.later_said_of(merge)
        assert registry.hand_over(merge, [said.name], by=officer, now=NOW + 5 * HOUR) == 1
        with pytest.raises(Refused, match=r"registry\.not-said-since"):
            registry.hand_over(merge, [said.name], by=officer, now=NOW + 6 * HOUR)
    assert facts(NOW + 7 * HOUR, "is_unsupported")[two[1]] == {"is_unsupported": True}


def test_a_number_handed_over_is_sealed_for_its_new_owner(two: tuple[UUID, UUID]) -> None:
    kept, other = two
    merge, number = merged(kept, other), b"10000000042"
    with acting_as(actor()):
        Contact.objects.create(
            person_id=kept,
            division=HOME,
            valid_from=TODAY,
            recorded_at=NOW + 2 * HOUR,
            source="窗口",
            recorded_by="staff:clerk",
            number_sealed=audit.keys().seal(SEAL, number, phone_place(kept)),
            number_index=audit.keys().index(PHONE_INDEX, number),
            number_mask="100****0042",
        )
    with acting_as(actor("district")):
        (said,) = registry.later_said_of(merge)
    part(merge, at=NOW + 3 * HOUR, theirs=[said.name])
    with acting_as(actor()):
        moved = Contact.objects.get(person_id=other, number_mask="100****0042", superseded_at=None)
    assert audit.keys().open(SEAL, bytes(moved.number_sealed), phone_place(other)) == number


def test_every_step_is_in_the_evidence_of_both_files(two: tuple[UUID, UUID]) -> None:
    part(merged(*two), at=NOW + 4 * HOUR)
    with acting_as(actor("auditor")):
        for event in ("registry.merge-proposed", "registry.files-merged", "registry.merge-ended"):
            about = {subject for each in audit.events(audit.Filter(event=event)) for subject in each.about}
            assert about == {f"person:{file}" for file in two}


# --- finding them -------------------------------------------------------------------------------------------


def search(*, now: datetime = NOW + HOUR) -> registry.FoundPairs:
    return registry.find_duplicates(by="test:search", on=TODAY, now=now)


def candidates(*, by: str = "city") -> list[registry.CandidateLine]:
    with acting_as(actor(by)):
        return registry.duplicate_pairs()[0]


def test_two_files_alike_are_found_once_with_their_reasons(two: tuple[UUID, UUID]) -> None:
    assert search().proposed == 1
    assert search().proposed == 0
    (line,) = candidates()
    assert set(line.people) == set(two)
    assert {reason.code for reason in line.reasons} >= {"same-name-and-birth", "same-phone"}
    assert "two-resident-numbers" in {reason.code for reason in line.reasons}
    with acting_as(actor("city")):
        beside = pair(line.id, on=TODAY, known_at=NOW + HOUR)
    assert beside is not None
    assert {file.line.id for file in beside.files} == set(two)


def test_a_pair_over_a_border_is_seen_by_who_sees_both() -> None:
    open_file(row=cells(1, **PHONE))
    other = cells(3, 姓名="测试张三0001", 服务站区划代码=str(NEXT_DOOR), **PHONE)
    open_file(row=other, by="next-door")
    assert search().proposed == 1
    assert {
        login: len(candidates(by=login)) for login in ("clerk", "next-door", "district", "city", "neighbour")
    } == {
        "clerk": 0,
        "next-door": 0,
        "district": 1,
        "city": 1,
        "neighbour": 0,
    }


def test_a_pair_told_apart_comes_back_only_for_something_new(two: tuple[UUID, UUID]) -> None:
    search()
    (line,) = candidates()
    officer = actor()
    with acting_as(officer):
        registry.tell_apart(line.id, reason="打过电话，是两个人", by=officer, now=NOW + HOUR)
        with pytest.raises(Refused, match=r"registry\.no-such-pair"):
            registry.tell_apart(line.id, reason="再说一次", by=officer, now=NOW + HOUR)
    assert (search().proposed, candidates()) == (0, [])
    with as_owner():
        DuplicateCandidate.objects.update(reasons=["same-name-and-birth"])
    assert search().proposed == 1


def test_a_merged_pair_is_done_and_an_unmerged_one_is_told_apart(two: tuple[UUID, UUID]) -> None:
    search()
    merge = merged(*two)
    assert (candidates(), search(now=NOW + 2 * HOUR).proposed) == ([], 0)
    part(merge, at=NOW + 3 * HOUR)
    assert search(now=NOW + 4 * HOUR).proposed == 0
    with as_owner():
        assert DuplicateCandidate.objects.get().state == "different"


def test_a_third_file_is_compared_with_the_kept_one_only(two: tuple[UUID, UUID]) -> None:
    third = open_file(row=cells(5, 姓名="测试张三0001", **PHONE))
    assert search().proposed == 3
    merge = merged(*two)
    assert [set(line.people) for line in candidates()] == [{two[0], third}]
    part(merge, at=NOW + 3 * HOUR)
    assert len(candidates()) == 2


def test_people_with_one_telephone_of_a_village_are_not_proposed() -> None:
    hand_in([cells(n, **PHONE) for n in range(1, 20)])
    assert search().proposed == 0


# --- any order of merges and unmerges -----------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.integers(0, 5), st.integers(0, 5)),
        st.tuples(st.just("part"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("say"), st.integers(0, 5), st.just(0)),
    ),
    min_size=1,
    max_size=10,
)


def _step(files: list[UUID], kind: str, one: int, other: int, *, at: datetime) -> None:
    if kind == "merge":
        merged(files[one], files[other], at=at)
    elif kind == "say":
        state(files[one], "is_unsupported", "true", now=at)
    else:
        with as_owner():
            held = Merge.objects.filter(other_id=files[one], at__isnull=False, ended_at=None).first()
        if held:
            part(held.pk, at=at)


def _tried(files: list[UUID], kind: str, one: int, other: int, *, at: datetime) -> str:
    """The code of the refusal, "" when the step was taken."""
    try:
        with transaction.atomic():
            _step(files, kind, one, other, at=at)
    except Refused as refused:
        return refused.code
    return ""


def _readers(files: list[UUID], known_at: datetime) -> dict[UUID, set[UUID]]:
    """For each person who is somebody at a moment, the files read for them."""
    with acting_as(actor("city")):
        roots = {file: registry.kept_file(file, known_at=known_at) for file in files}
        people = {UUID(each) for each in SOURCE.frame(["is_veteran"], on=TODAY, known_at=known_at)[PERSON]}
        into = merged_into(list(people), known_at=known_at)
    assert people == {root for file, root in roots.items() if file == root}
    assert into == {file: root for file, root in roots.items() if file != root}
    return {person: {person, *(file for file in into if into[file] == person)} for person in people}


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_after_any_steps_every_file_is_read_for_exactly_one_person_at_every_moment(
    db: None, steps: list[tuple[str, int, int]]
) -> None:
    with transaction.atomic():
        rows = report_of(hand_in([cells(n) for n in range(1, 7)])).rows
        files = [row.person for row in rows if row.person]
        for place, (kind, one, other) in enumerate(steps, start=1):
            refused = _tried(files, kind, one, other, at=NOW + place * HOUR)
            assert refused in {"", "registry.already-merged", "registry.merge-needs-two"}
        for moment in range(len(steps) + 2):
            read = [file for held in _readers(files, NOW + moment * HOUR).values() for file in held]
            assert sorted(read) == sorted(files)
        transaction.set_rollback(True)


def test_the_tables_of_assertions_are_all_looked_through_after_an_unmerge() -> None:
    assert len(Assertion.__subclasses__()) >= 9
