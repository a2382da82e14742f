"""What the screen counts, gathered from the doors of those who know. Reads no person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rongjun.access.api import Actor, Scope, scope_of
from rongjun.benefits import api as benefits
from rongjun.files import api as files
from rongjun.insight.logic import summed
from rongjun.insurance import api as insurance
from rongjun.kernel.balance import Balance
from rongjun.ledger import api as ledger
from rongjun.notices import api as notices
from rongjun.partners import api as partners
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import Book, readers_of

DAYS = 7
PAPERS, MISSING_FILES, REFUSED_ROWS = "papers", "missing-files", "refused-rows"
Verdicts = tuple[int, int, int]  # granted, unknown, not granted


@dataclass(frozen=True, slots=True)
class Swept:
    """The kept sweep in the visitor's scope, or in one county of it. `hidden` facts are told of nobody."""

    kept: benefits.KeptSweep
    book: Book
    counties: Sequence[benefits.CountyFigures]
    names: Mapping[int, str]
    county: int | None
    hidden: frozenset[str]
    telling: frozenset[str]  # benefits that ask for a hidden fact
    verdicts: Mapping[str, Verdicts]
    reached: Sequence[benefits.TakeUpLine]  # of what is offered without a form, each county

    @property
    def chosen(self) -> list[benefits.CountyFigures]:
        """The counties counted: the one asked for, or all in scope."""
        return [each for each in self.counties if self.county in (None, each.county)]

    @property
    def people(self) -> int:
        """Everybody who was judged."""
        return sum(each.people for each in self.chosen)

    def group(self, name: str) -> dict[str, int]:
        """The figures of one kind of group."""
        return summed([each.groups.get(name, {}) for each in self.chosen])

    def shows(self, code: str) -> bool:
        """Whether a benefit may be told of; one that asks for a hidden fact would tell it."""
        return code in self.book.benefits and code not in self.telling


def _added(counts: Sequence[Mapping[str, Sequence[int]]], but: frozenset[str]) -> dict[str, Verdicts]:
    """The three counts of each benefit over several counties."""
    added: dict[str, Verdicts] = {}
    for each in counts:
        for code, (granted, unknown, refused) in each.items():
            if code not in but:
                before = added.get(code, (0, 0, 0))
                added[code] = (before[0] + granted, before[1] + unknown, before[2] + refused)
    return added


def hidden_from(actor: Actor) -> frozenset[str]:
    """The facts this actor may not learn of anybody."""
    return frozenset() if actor.may("registry.read-guarded") else registry.GUARDED


def swept(actor: Actor, *, county: int | None, on: date) -> Swept | None:
    """The newest sweep; None before the first, or where the visitor's scope holds no whole county of it."""
    kept = benefits.kept_sweep()
    counties = benefits.kept_figures(kept.id) if kept else []
    if kept is None or not counties:
        return None
    called = places.names_of([each.county for each in counties], on=on)
    names = {each.county: called.get(each.county, str(each.county)) for each in counties}
    book, hidden = benefits.book_of_sweep(kept), hidden_from(actor)
    readers = readers_of(book, on=kept.on) if hidden else {}
    telling = frozenset[str]().union(*(readers.get(name, ()) for name in hidden))
    chosen = [each.counts for each in counties if county in (None, each.county)]
    reached = [
        line
        for line in benefits.take_up()
        if county in (None, line.division) and line.code in book.benefits and line.code not in telling
    ]
    return Swept(kept, book, counties, names, county, hidden, telling, _added(chosen, telling), reached)


@dataclass(frozen=True, slots=True)
class Work:
    """What waits for somebody, in scope or in one county, and where refused rows have their faults."""

    county: int | None
    lists: Mapping[str, registry.Waiting]
    refusals: Sequence[tuple[str, int]]
    missing: Sequence[partners.Missing]
    balances: Sequence[Balance]


def work(actor: Actor, *, county: int | None, now: datetime) -> Work:
    """Every work list in the visitor's scope, or in one county of it."""
    within = range_of(actor, county)
    papers, count = files.work_list(now=now, within=within)
    lists = {
        **registry.waiting(within=within),
        PAPERS: registry.Waiting(count, papers[0].uploaded_at if papers else None),
    }
    today = now.date()
    whole = county is None
    return Work(
        county=county,
        lists=lists,
        refusals=registry.refusals_by_column(within=within),
        missing=partners.missing_files(now=now) if whole else (),
        balances=balances(since=today - timedelta(days=DAYS - 1), until=today) if whole else (),
    )


def range_of(actor: Actor, county: int | None) -> Scope:
    """The divisions asked about."""
    return actor.scope if county is None else scope_of(county)


def balances(*, since: date, until: date) -> list[Balance]:
    """Every day (both ends included) of every channel by which anything comes in; the caller's scope."""
    channels = (
        registry.balance,
        files.balance,
        partners.balance,
        registry.feed_balance,
        ledger.balance,
        ledger.payment_balance,
        notices.balance,
        insurance.balance,
    )
    return sorted(
        (each for told in channels for each in told(since=since, until=until)),
        key=lambda each: (each.day, each.channel),
    )
