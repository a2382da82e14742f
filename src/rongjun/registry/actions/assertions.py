"""Telling something of a person, telling it anew, and ending it: the same three for every kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor
from rongjun.kernel.errors import Refused
from rongjun.registry.actions.naming import rewrite_terms
from rongjun.registry.actions.saying import days_of, hold, note, say, say_again, take_out
from rongjun.registry.actions.telling import Columns, Telling, read_told, telling_of
from rongjun.registry.logic import Period
from rongjun.registry.logic.deciding import death_objection
from rongjun.registry.models import Particulars, Person
from rongjun.registry.queries.merged import all_files_of

# What is recorded by an action of its own; corrected and ended here like the rest.
_BY_THEIR_OWN = frozenset({"death", "statement", "relation"})


class _AsBefore:
    """The day stays as it was."""


AS_BEFORE: Final = _AsBefore()


def record(
    person: UUID,
    *,
    kind: str,
    said: Mapping[str, object],
    valid_from: date,
    valid_to: date | None = None,
    source: str,
    evidence: str = "",
    by: Actor,
    now: datetime,
    synthetic: bool,
) -> UUID | None:
    """Record that something is so of a person, from `valid_from` until before `valid_to`.

    Of what a person has one at a time, it takes the place of what was said for these days. Returns the key of
    a payee, by which accounts belong to one; None otherwise. Refused("registry.no-such-file") outside the
    scope, "registry.unknown-kind", "registry.unfit-assertion", "registry.number-taken",
    "registry.assertion-dates", "registry.evidence-missing"; "registry.needs-checker" for categories and
    grades, which are proposed.
    """
    telling, period = _told_freely(kind), _days(valid_from, valid_to)
    if kind in _BY_THEIR_OWN:
        raise Refused("registry.unknown-kind")
    series = uuid4() if kind == "payee" else None
    with transaction.atomic():
        row = hold(person)
        columns = read_told(telling, row, said, synthetic=synthetic)
        _refuse_unproven(kind, source, evidence)
        _make_room(telling, row, period, columns, now=now)
        if series:
            columns["series"] = series
        _write_once(telling, row, period, columns | {"evidence": evidence}, source=source, by=by, now=now)
        _rename(row, kind)
        note("registry.assertion-recorded", row, by=by, now=now, detail={"kind": kind})
    return series


def correct(
    person: UUID,
    *,
    kind: str,
    assertion: int,
    changed: Mapping[str, object],
    source: str,
    evidence: str = "",
    valid_from: date | _AsBefore = AS_BEFORE,
    valid_to: date | _AsBefore | None = AS_BEFORE,
    by: Actor,
    now: datetime,
    synthetic: bool,
) -> None:
    """Take back what was said and say it anew with what has changed; what was known before stays known so.

    Refused as `record`, and "registry.no-such-assertion" when it is not there or was taken back before.
    """
    telling = _told_freely(kind)
    with transaction.atomic():
        row = hold(person)
        old = assertion_of(telling, row, assertion)
        period = _days(
            old.valid_from if isinstance(valid_from, _AsBefore) else valid_from,
            old.valid_to if isinstance(valid_to, _AsBefore) else valid_to,
        )
        if kind == "death":
            refuse_impossible_death(row, period.start, now=now)
        # It stays with the file it was said of; numbers are sealed for that one.
        columns = read_told(telling, old.person, changed, synthetic=synthetic, old=old)
        proof = evidence or old.evidence
        _refuse_unproven(kind, source, proof)
        say_anew(
            telling,
            old,
            period,
            columns,
            source=source,
            evidence=proof,
            by=by,
            now=now,
        )
        _rename(old.person, kind)
        detail = {"kind": kind, "assertion": str(assertion), "changed": "、".join(sorted(changed))}
        note("registry.assertion-corrected", row, by=by, now=now, detail=detail)


def end(
    person: UUID,
    *,
    kind: str,
    assertion: int,
    valid_to: date,
    source: str,
    by: Actor,
    now: datetime,
) -> None:
    """Record that something no longer is so from `valid_to` on; what it was before stands.

    Refused("registry.no-such-file") outside the scope, "registry.no-such-assertion",
    "registry.needs-checker"; "registry.assertion-dates" when it had not begun by then or had ended before.
    """
    telling = _told_freely(kind)
    with transaction.atomic():
        row = hold(person)
        close(telling, row, assertion, valid_to=valid_to, source=source, by=by, now=now)
        note(
            "registry.assertion-ended",
            row,
            by=by,
            now=now,
            detail={"kind": kind, "assertion": str(assertion)},
        )


# --- what proposals do too ----------------------------------------------------------------------------------


def assertion_of(telling: Telling, person: Person, assertion: int) -> Any:
    """What was said of the person, on any of their files, and not taken back.

    Refused("registry.no-such-assertion").
    """
    found = telling.model._default_manager.filter(
        pk=assertion, person_id__in=all_files_of(person.pk), superseded_at=None
    ).first()
    if found is None:
        raise Refused("registry.no-such-assertion")
    return found


def say_anew(
    telling: Telling,
    old: Any,
    period: Period,
    columns: Columns,
    *,
    source: str,
    evidence: str,
    by: Actor,
    now: datetime,
) -> None:
    """Close `old` and write it again with other columns, for other days."""
    telling.model._default_manager.filter(pk=old.pk).update(superseded_at=now)
    _make_room(telling, old.person, period, _slot(telling, old) | columns, now=now)
    with _one_file_a_number():
        say_again(old, period, now=now, source=source, evidence=evidence, recorded_by=by.text, **columns)


def close(
    telling: Telling,
    person: Person,
    assertion: int,
    *,
    valid_to: date,
    source: str,
    by: Actor,
    now: datetime,
) -> None:
    """End what was said at a day. Refused("registry.assertion-dates") when that changes nothing."""
    old, gone = assertion_of(telling, person, assertion), Period(valid_to, None)
    if old.valid_from >= valid_to or not days_of(old).shared(gone):
        raise Refused("registry.assertion-dates")
    take_out(old, gone, now=now, source=source, recorded_by=by.text)


def refuse_impossible_death(person: Person, died_on: date, *, now: datetime) -> None:
    """Refused("registry.death-dates") for a day on which nobody, or not this person, can have died."""
    held = Particulars.objects.filter(person=person, superseded_at=None).order_by("-valid_from", "-id")
    born = next((told.birth_date for told in held if told.birth_date), None)
    objection = death_objection(died_on, born=born, today=localtime(now).date())
    if objection:
        raise Refused("registry.death-dates", fault=objection)


# --- the parts ----------------------------------------------------------------------------------------------


def _told_freely(kind: str) -> Telling:
    telling = telling_of(kind)
    if telling.is_checked:
        raise Refused("registry.needs-checker", what=telling.label)
    return telling


def _days(start: date, end: date | None) -> Period:
    period = Period(start, end)
    if not period.has_days:
        raise Refused("registry.assertion-dates")
    return period


def _refuse_unproven(kind: str, source: str, evidence: str) -> None:
    """Whoever takes another's money needs a paper that says so."""
    if not source.strip() or (kind == "payee" and not evidence.strip()):
        raise Refused("registry.evidence-missing")


def _slot(telling: Telling, said: Any) -> Columns:
    return {name: getattr(said, name) for name in telling.slot or ()}


def _make_room(
    telling: Telling, person: Person, period: Period, columns: Mapping[str, object], *, now: datetime
) -> None:
    """Of what a person has one at a time, take back what was said of these days."""
    if telling.slot is None:
        return
    taken = {name: columns[name] for name in telling.slot}
    for old in telling.model._default_manager.filter(person=person, superseded_at=None, **taken):
        take_out(old, period, now=now)


def _write_once(
    telling: Telling,
    person: Person,
    period: Period,
    columns: Columns,
    *,
    source: str,
    by: Actor,
    now: datetime,
) -> None:
    with _one_file_a_number():
        say(telling.model, person, period, source=source, by=by, now=now, **columns)


@contextmanager
def _one_file_a_number() -> Iterator[None]:
    """Whoever took the number at the same moment has committed by now: the database says so."""
    try:
        yield
    except IntegrityError as error:
        if "identity_number_once" not in str(error):
            raise
        raise Refused("registry.number-taken") from error


def _rename(person: Person, kind: str) -> None:
    """Lists order and search by the newest name."""
    if kind != "particulars":
        return
    held = Particulars.objects.filter(person=person, superseded_at=None).order_by("-valid_from", "-id")
    newest = held.values_list("name", flat=True).first()
    if newest and newest != person.name:
        Person.objects.filter(pk=person.pk).update(name=newest)
        rewrite_terms(person, newest)
