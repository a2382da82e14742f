"""Merging two files of one person, and taking a merge back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.files import api as papers
from rongjun.kernel.errors import Refused
from rongjun.registry.actions.saying import days_of, lock_files, note, say_again, take_out
from rongjun.registry.logic import fit_to_show
from rongjun.registry.models import (
    Assertion,
    BankAccount,
    DuplicateCandidate,
    Merge,
    Person,
    Residence,
    Statement,
)
from rongjun.registry.queries.covered import COVERED, SEAL, opened, sealed_place
from rongjun.registry.queries.merged import LATEST, kept_file, merged_into
from rongjun.registry.queries.pairs import later_said


def propose_merge(kept: UUID, other: UUID, *, reason: str, by: Actor, now: datetime) -> UUID:
    """Propose that `other` is a second file of the person of `kept`; another officer approves it.

    Refused("registry.no-such-file") unless both are in scope, "registry.merge-needs-two",
    "registry.merge-reason", "registry.merge-pending" when one waits for the other file,
    "registry.already-merged" when either is merged into another.
    """
    if kept == other:
        raise Refused("registry.merge-needs-two")
    why = _reason(reason)
    with transaction.atomic():
        rows = lock_files([kept, other])
        _refuse_merged(kept, other)
        if Merge.objects.filter(other_id=other, ended_at=None).exists():
            raise Refused("registry.merge-pending")
        merge = Merge.objects.create(
            kept=rows[kept],
            other=rows[other],
            division=rows[kept].division,
            other_division=rows[other].division,
            reason=why,
            merged_by=by.text,
            proposed_at=now,
        )
        _note_both("registry.merge-proposed", merge, by=by, now=now)
    return merge.id


def approve_merge(merge: UUID, *, by: Actor, now: datetime) -> None:
    """Let the other file point to the kept one from `now` on; it comes into the kept file's division.

    Refused("registry.no-such-merge") out of scope or no longer waiting, "registry.may-not-approve",
    "registry.merge-by-two" for whoever proposed it, "registry.already-merged" when either file was merged
    into another since.
    """
    _require(by)
    with transaction.atomic():
        row = _waiting(merge)
        if row.merged_by == by.text:
            raise Refused("registry.merge-by-two")
        files = lock_files([row.kept_id, row.other_id])
        _refuse_merged(row.kept_id, row.other_id)
        Merge.objects.filter(pk=row.pk).update(approved_by=by.text, at=now)
        _move(row.other_id, files[row.kept_id].division, by=by, now=now)
        _decide(row, "merged", from_state="open", reason=row.reason, by=by, now=now)
        _note_both("registry.files-merged", row, by=by, now=now)


def decline_merge(merge: UUID, *, reason: str, by: Actor, now: datetime) -> None:
    """Turn a proposal down.

    Refused("registry.no-such-merge") when none waits, "registry.may-not-approve", "registry.merge-reason".
    """
    _require(by)
    why = _reason(reason)
    with transaction.atomic():
        row = _waiting(merge)
        Merge.objects.filter(pk=row.pk).update(ended_at=now, ended_by=by.text, ended_reason=why)
        _note_both("registry.merge-declined", row, by=by, now=now)


def unmerge(merge: UUID, *, reason: str, theirs: Collection[str] = (), by: Actor, now: datetime) -> None:
    """End the pointer from `now` on: two people again, and the other file back in its own division.

    What was said since stays with the file it was said of, but for `theirs` (names given by `later_said`),
    which is said again of the other file. What was known before stays as it was known.
    Refused("registry.no-such-merge") when it does not hold, "registry.may-not-approve",
    "registry.merge-reason", "registry.merge-out-of-reach" when the other division is outside the scope.
    """
    _require(by)
    why = _reason(reason)
    with transaction.atomic():
        row = Merge.objects.select_for_update().filter(pk=merge, at__isnull=False, ended_at=None).first()
        if row is None:
            raise Refused("registry.no-such-merge")
        if not by.scope.contains(row.other_division):
            raise Refused("registry.merge-out-of-reach")
        lock_files([row.kept_id, row.other_id])
        Merge.objects.filter(pk=row.pk).update(ended_at=now, ended_by=by.text, ended_reason=why)
        _move(row.other_id, row.other_division, by=by, now=now)
        _decide(row, "different", from_state="merged", reason=why, by=by, now=now)
        _note_both("registry.merge-ended", row, by=by, now=now)
        row.refresh_from_db()
        _hand_over(row, theirs, by=by, now=now)


def hand_over(merge: UUID, theirs: Collection[str], *, by: Actor, now: datetime) -> int:
    """After an unmerge: of what was said while the files were one, say these again of the other file.

    Returns how many. Refused("registry.no-such-merge") unless it has ended, "registry.may-not-approve",
    "registry.merge-out-of-reach".
    """
    _require(by)
    with transaction.atomic():
        row = (
            Merge.objects.select_for_update()
            .filter(pk=merge, at__isnull=False, ended_at__isnull=False)
            .first()
        )
        if row is None:
            raise Refused("registry.no-such-merge")
        if not by.scope.contains(row.other_division):
            raise Refused("registry.merge-out-of-reach")
        lock_files([row.kept_id, row.other_id])
        return _hand_over(row, theirs, by=by, now=now)


def tell_apart(candidate: int, *, reason: str, by: Actor, now: datetime) -> None:
    """The two files are of two people: the pair is not proposed again unless something new speaks for it.

    Refused("registry.no-such-pair") out of scope or decided, "registry.merge-reason".
    """
    why = _reason(reason)
    with transaction.atomic():
        row = DuplicateCandidate.objects.select_for_update().filter(pk=candidate, state="open").first()
        if row is None:
            raise Refused("registry.no-such-pair")
        said = {"state": "different", "decided_by": by.text, "decided_at": now, "reason": why}
        DuplicateCandidate.objects.filter(pk=row.pk).update(**said)
        for person in (row.person_a, row.person_b):
            detail = {"candidate": str(row.pk)}
            note("registry.files-told-apart", person, by=by, now=now, detail=detail)


# --- what they are made of ----------------------------------------------------------------------------------


def _require(by: Actor) -> None:
    if not by.may("registry.approve-merge"):
        raise Refused("registry.may-not-approve")


def _reason(text: str) -> str:
    words = fit_to_show(" ".join(text.split()))
    if not 2 <= len(words) <= 200:
        raise Refused("registry.merge-reason")
    return words


def _waiting(merge: UUID) -> Merge:
    row = Merge.objects.select_for_update().filter(pk=merge, at=None, ended_at=None).first()
    if row is None:
        raise Refused("registry.no-such-merge")
    return row


def _refuse_merged(*files: UUID) -> None:
    """Both are held: whoever points from one of them has been seen, so no ring of pointers can close."""
    if any(kept_file(file) != file for file in files):
        raise Refused("registry.already-merged")


def _move(file: UUID, division: int, *, by: Actor, now: datetime) -> None:
    """The file, those merged into it (by a trigger), and their papers."""
    Person.objects.filter(pk=file).exclude(division=division).update(division=division)
    for each in (file, *merged_into([file], known_at=LATEST)):
        papers.move_uploads(f"person:{each}", division=division, by=by, now=now)


def _decide(merge: Merge, state: str, *, from_state: str, reason: str, by: Actor, now: datetime) -> None:
    first, second = sorted((merge.kept_id, merge.other_id))
    pair = DuplicateCandidate.objects.filter(person_a_id=first, person_b_id=second, state=from_state)
    pair.update(state=state, decided_by=by.text, decided_at=now, reason=reason)


def _note_both(event: str, merge: Merge, *, by: Actor, now: datetime) -> None:
    for person in (merge.kept, merge.other):
        note(event, person, by=by, now=now, detail={"merge": str(merge.pk)})


# --- whose it is --------------------------------------------------------------------------------------------


def _hand_over(merge: Merge, theirs: Collection[str], *, by: Actor, now: datetime) -> int:
    """Say these again of the other file; what is not among `later_said` is somebody else's and refused."""
    later = {each.name: each for each in later_said(merge)}
    if not set(theirs) <= set(later):
        raise Refused("registry.not-said-since")
    other = Person.objects.get(pk=merge.other_id)
    moved = [row for name in sorted(theirs) for row in later[name].rows]
    for row in moved:
        _say_of(other, row, merge, by=by, now=now)
    if moved:
        detail = {"merge": str(merge.pk), "assertions": ", ".join(sorted(theirs))}
        for person in (merge.kept, other):
            note("registry.assertions-handed-over", person, by=by, now=now, detail=detail)
    return len(moved)


def _say_of(person: Person, row: Assertion, merge: Merge, *, by: Actor, now: datetime) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(superseded_at=now)
    if isinstance(row, Statement):
        for old in Statement.objects.filter(person=person, fact=row.fact, superseded_at=None):
            take_out(old, days_of(row), now=now)
    said: dict[str, object] = {
        "person_id": person.id,
        "division": person.division,
        "recorded_by": by.text,
        "evidence": row.evidence or f"merge:{merge.pk}",
        **dict(_sealed_for(person, row)),
    }
    say_again(row, days_of(row), now=now, **said)


def _sealed_for(person: Person, row: Assertion) -> Iterable[tuple[str, object]]:
    """What is sealed for one person is sealed anew for another; their own account becomes the other's own."""
    if not isinstance(row, tuple(COVERED.values())):
        return
    sealed = opened(row).encode()
    column = "address_sealed" if isinstance(row, Residence) else "number_sealed"
    if sealed:
        yield column, audit.keys().seal(SEAL, sealed, sealed_place(row, person.id))
    if isinstance(row, BankAccount) and row.belongs_to == row.person_id:
        yield "belongs_to", person.id
