"""测算, acted: a draft is handed in and read at once; the worker reckons it over everybody."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.timezone import localtime

from rongjun.access.api import Actor, scope_of
from rongjun.allowances.actions.common import note, require
from rongjun.allowances.book import draft_over_book
from rongjun.allowances.drafts import DraftBook
from rongjun.allowances.logic.months import month_of, read_month
from rongjun.allowances.models import Simulation
from rongjun.allowances.queries.supposing import as_kept, suppose_everybody
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.heap import uncollected
from rongjun.rules.api import PolicyError

SIMULATE, JOB = "allowances.simulate", "allowances.draw-up-simulations"
ASKED, DONE, FAILED = "asked", "done", "failed"
_TOLD = 12  # faults a page shows


def month_asked_for(text: str, *, draft: DraftBook, today: date) -> int:
    """The first month paid by the draft: as asked, else this one, or the draft's own where it begins later.

    Refused("allowances.month-missing") for what is no month or lies before the draft.
    """
    if not text:
        return int(max(month_of(today), draft.first))
    try:
        month = int(read_month(text))
    except ValueError:
        raise Refused("allowances.month-missing") from None
    if month < draft.first:
        raise Refused("allowances.month-missing")
    return month


def ask_simulation(text: str, *, month: str, by: Actor, now: datetime) -> UUID:
    """Hand in a draft for everybody of one's division; the worker reckons it.

    Refused("allowances.may-not"), ("allowances.draft-unfit") with its faults, ("allowances.month-missing").
    """
    require(by, SIMULATE)
    today = localtime(now).date()
    try:
        draft = draft_over_book(text, known_on=today)
    except PolicyError as error:
        faults = " ".join(str(each) for each in error.problems[:_TOLD])
        raise Refused("allowances.draft-unfit", faults=faults.rstrip("。")) from None
    with transaction.atomic():
        row = Simulation.objects.create(
            id=uuid4(), division=by.division, order=draft.order.code, title=draft.order.title[:200],
            text=text, month=month_asked_for(month, draft=draft, today=today), made_by=by.text, made_at=now,
        )  # fmt: skip
        note("allowances.simulation-asked", f"simulation:{row.id}", row.division, by=by, now=now)
    return row.id


def draw_up_simulations(*, now: datetime) -> int:
    """Reckon the oldest that is asked for; returns how many were. A job's scope, one transaction."""
    with transaction.atomic():
        row = Simulation.objects.select_for_update(skip_locked=True).filter(state=ASKED).first()
        if row is None:
            return 0
        try:
            draft = draft_over_book(row.text, known_on=localtime(row.made_at).date())
        except PolicyError as error:
            said = str(error.problems[0])[:300]
            Simulation.objects.filter(pk=row.pk).update(state=FAILED, failure=said, done_at=now)
            return 1
        with uncollected():
            found = suppose_everybody(
                draft, scope=scope_of(row.division), month=row.month, known_at=row.made_at
            )
        Simulation.objects.filter(pk=row.pk).update(
            state=DONE, book=draft.before.digest, result=as_kept(found), done_at=now
        )
        audit.note(
            "allowances.simulation-drawn-up",
            by=f"job:{JOB}",
            about=f"simulation:{row.id}",
            division=row.division,
            detail={"order": row.order, "people": found.people, "year": found.whole.year},
            at=now,
        )
    return 1
