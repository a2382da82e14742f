"""What pages of allowances show: awards, runs, recoveries, a person's money; frozen values, no rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum

from rongjun.allowances.book import book_in_force
from rongjun.allowances.logic.lines import Reason
from rongjun.allowances.logic.running import AFTER_DEATH
from rongjun.allowances.models import (
    Award,
    Finding,
    Objection,
    PayChange,
    PayException,
    PayLine,
    PayOrder,
    PayRun,
    Receivable,
    ReceivableStep,
)
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.registry import api as registry

MOST = 200


def title_of(code: str) -> str:
    """A scheme as people call it; what follows a death is the scheme's funeral payment."""
    scheme = book_in_force().schemes.get(code.removesuffix(AFTER_DEATH))
    title = scheme.title if scheme else code
    return f"{title}（丧葬补助）" if code.endswith(AFTER_DEATH) else title


def category_title(scheme: str, category: str) -> str:
    """A category of a scheme as people call it."""
    known = book_in_force().schemes.get(scheme)
    return known.categories.get(category, category) if known else category


# --- awards -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AwardHead:
    """An award in a list."""

    id: UUID
    number: str
    person: UUID
    scheme: str
    title: str
    category: str
    approved_on: date
    first_month: int
    state: str
    made_at: datetime
    is_ended: bool
    is_annulled: bool


@dataclass(frozen=True, slots=True)
class AwardFile:
    """An award with what it rests on, who signed it, and what was said against it."""

    head: AwardHead
    division: int
    document: str
    facts: dict[str, Any]
    book: str
    verdict: str
    reasons: tuple[Reason, ...]
    made_by: str
    public_from: date | None
    public_to: date | None
    decided_by: str
    decided_at: datetime | None
    decided_why: str
    ended_on: date | None
    ended_why: str
    ended_by: str
    ended_checked_by: str
    ended_at: datetime | None
    annulled_why: str
    annulled_by: str
    annulled_at: datetime | None
    objections: tuple[Objection, ...] = ()


def awards(*, state: str = "", first: int = 0, limit: int = 50) -> tuple[list[AwardHead], int]:
    """Awards in scope, newest first, and how many; of one state when one is named."""
    rows = Award.objects.filter(**({"state": state} if state else {}))
    return [_head(row) for row in rows.order_by("-made_at", "id")[first : first + limit]], rows.count()


def are_there() -> bool:
    """Whether there is any award in scope."""
    return Award.objects.exists()


def awards_of(person: UUID) -> list[AwardHead]:
    """A person's awards, newest first, whichever of their files they were granted to."""
    rows = Award.objects.filter(person_id__in=registry.file_ids_of(person)).order_by("-made_at", "id")
    return [_head(row) for row in rows]


def award_file(award: UUID) -> AwardFile | None:
    """One award; None out of scope."""
    row = Award.objects.filter(pk=award).first()
    if row is None:
        return None
    return AwardFile(
        head=_head(row),
        division=row.division,
        document=row.document,
        facts=row.facts,
        book=row.book,
        verdict=row.verdict,
        reasons=tuple(Reason(*reason) for reason in row.reasons),
        made_by=row.made_by,
        public_from=row.public_from,
        public_to=row.public_to,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decided_why=row.decided_why,
        ended_on=row.ended_on,
        ended_why=row.ended_why,
        ended_by=row.ended_by,
        ended_checked_by=row.ended_checked_by,
        ended_at=row.ended_at,
        annulled_why=row.annulled_why,
        annulled_by=row.annulled_by,
        annulled_at=row.annulled_at,
        objections=tuple(Objection.objects.filter(award=row).order_by("id")),
    )


def _head(row: Award) -> AwardHead:
    return AwardHead(
        id=row.id,
        number=str(row),
        person=row.person_id,
        scheme=row.scheme,
        title=title_of(row.scheme),
        category=category_title(row.scheme, row.category),
        approved_on=row.approved_on,
        first_month=row.first_month,
        state=row.state,
        made_at=row.made_at,
        is_ended=row.ended_at is not None,
        is_annulled=row.annulled_at is not None,
    )


def findings_of(person: UUID) -> list[Finding]:
    """What was found of a person and still stands or waits for its second officer, newest first."""
    rows = Finding.objects.filter(person_id__in=registry.file_ids_of(person), superseded_at=None)
    return list(rows.order_by("-made_at"))


# --- runs ---------------------------------------------------------------------------------------------------


def runs(*, first: int = 0, limit: int = 50) -> tuple[list[PayRun], int]:
    """Runs in scope, newest first, and how many."""
    rows = PayRun.objects.order_by("-made_at", "id")
    return list(rows[first : first + limit]), rows.count()


@dataclass(frozen=True, slots=True)
class Totalled:
    """So many lines of one kind and what they come to."""

    what: str
    count: int
    fen: Fen


@dataclass(frozen=True, slots=True)
class RunFile:
    """A run with its totals, what is set aside, what has changed, and what became of its payments."""

    run: PayRun
    by_kind: tuple[Totalled, ...]
    by_scheme: tuple[Totalled, ...]
    by_fund: tuple[tuple[Totalled, Fen | None], ...]
    by_county: tuple[Totalled, ...]
    aside: tuple[tuple[str, int, Fen], ...]
    exceptions: tuple[PayException, ...]
    changes: tuple[PayChange, ...]
    changed: int
    orders: dict[str, tuple[int, Fen]] = field(default_factory=dict)
    batch: str = ""


_BY = {
    "kind": """
        select kind, count(*), sum(fen)::bigint from allowances_payline
        where run_id = %s group by 1 order by 1
    """,
    "scheme": """
        select code, count(distinct person_id), sum(fen)::bigint from allowances_payline
        where run_id = %s and fen > 0 and kind <> 'recovery-lifted' group by 1 order by 3 desc
    """,
    "fund": """
        select share.key, count(*), sum(share.value::bigint)::bigint
        from allowances_payline, jsonb_each_text(shares) share where run_id = %s group by 1 order by 1
    """,
    "county": """
        select (division / 1000000 * 1000000)::text, count(*), sum(fen)::bigint from allowances_payorder
        where run_id = %s group by 1 order by 1
    """,
}


def _totals(by: str, run: UUID) -> tuple[Totalled, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_BY[by], [run])
        return tuple(Totalled(what, count, Fen(fen)) for what, count, fen in cursor.fetchall())


def run_file(run: UUID) -> RunFile | None:
    """One run; None out of scope."""
    row = PayRun.objects.filter(pk=run).first()
    if row is None:
        return None
    budgets = {line.fund: line.left for line in ledger.budgets(year=row.pay_on.year)}
    aside = PayException.objects.filter(run=row)
    by_kind = aside.values_list("kind").annotate(count=Count("id"), fen=Sum("fen")).order_by("kind")
    changes = PayChange.objects.filter(run=row)
    orders = PayOrder.objects.filter(run=row).values_list("state").annotate(n=Count("id"), fen=Sum("fen"))
    report = ledger.batch_report(row.batch) if row.batch else None
    return RunFile(
        run=row,
        by_kind=_totals("kind", row.id),
        by_scheme=_totals("scheme", row.id),
        by_fund=tuple((each, budgets.get(each.what)) for each in _totals("fund", row.id)),
        by_county=_totals("county", row.id),
        aside=tuple((kind, count, Fen(fen)) for kind, count, fen in by_kind),
        exceptions=tuple(aside.order_by("kind", "id")[:MOST]),
        changes=tuple(changes.order_by("id")[:MOST]),
        changed=changes.count(),
        orders={state: (count, Fen(fen)) for state, count, fen in orders.order_by("state")},
        batch=report.number if report else "",
    )


# --- one person ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Received:
    """What came, or is on its way, for one run: lines with their causes, and the payments that carry them."""

    run: UUID
    month: int
    pay_on: date
    state: str
    fen: Fen
    account: str
    reason: str
    lines: tuple[PayLine, ...]


def received_by(people: Sequence[UUID], *, most: int = 24) -> list[Received]:
    """What released runs paid to these files, newest first; one entry a payment."""
    orders = PayOrder.objects.filter(person_id__in=list(people), released_at__isnull=False)
    found = list(orders.order_by("-month", "-id")[:most])
    runs_of = {order.run_id for order in found}
    rows = PayLine.objects.filter(person_id__in=list(people), run_id__in=runs_of, live=True)
    lines: dict[UUID, list[PayLine]] = {}
    for row in rows.order_by("code", "month", "turn"):
        lines.setdefault(row.run_id, []).append(row)
    return [
        Received(
            run=order.run_id,
            month=order.month,
            pay_on=order.pay_on,
            state=order.state,
            fen=Fen(order.fen),
            account=order.account_mask,
            reason=order.reason,
            lines=tuple(line for line in lines.get(order.run_id, ()) if line.fen > 0),
        )
        for order in found
    ]


def next_pay_day(people: Sequence[UUID], *, today: date) -> date | None:
    """The day of a payment that is let go and has not arrived; None where none is on its way."""
    rows = PayOrder.objects.filter(person_id__in=list(people), state="ordered", released_at__isnull=False)
    days = [day for day in rows.values_list("pay_on", flat=True) if day >= today]
    return min(days, default=None)


# --- recoveries ---------------------------------------------------------------------------------------------


def receivables(*, state: str = "", first: int = 0, limit: int = 50) -> tuple[list[Receivable], int]:
    """Recoveries in scope, newest first, and how many; of one state when one is named."""
    rows = Receivable.objects.filter(**({"state": state} if state else {}))
    return list(rows.order_by("-made_at", "id")[first : first + limit]), rows.count()


def receivables_of(people: Sequence[UUID]) -> list[Receivable]:
    """What these files owe back, newest first."""
    return list(Receivable.objects.filter(person_id__in=list(people)).order_by("-number"))


@dataclass(frozen=True, slots=True)
class ReceivableFile:
    """A recovery with the lines it is for and what happened since."""

    row: Receivable
    lines: tuple[PayLine, ...]
    steps: tuple[ReceivableStep, ...]


def receivable_file(receivable: UUID) -> ReceivableFile | None:
    """One recovery; None out of scope."""
    row = Receivable.objects.select_related("run").filter(pk=receivable).first()
    if row is None:
        return None
    lines = PayLine.objects.filter(run=row.run_id, person=row.person_id, kind="recovery")
    steps = ReceivableStep.objects.filter(receivable=row).order_by("id")
    return ReceivableFile(row, tuple(lines.order_by("code", "month")), tuple(steps))


def monthly_of(person: UUID) -> Fen:
    """What a person was paid for the newest month anything regular was paid for."""
    rows = PayLine.objects.filter(person=person, live=True, kind="regular")
    newest = rows.order_by("-month").values_list("month", flat=True).first()
    if newest is None:
        return Fen()
    return Fen(rows.filter(month=newest).aggregate(fen=Sum("fen"))["fen"] or 0)
