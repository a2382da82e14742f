"""Whatever happens to people between runs: paid is owed as known, a run again is empty, the books foot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rongjun.access.api import acting_as, acting_as_job
from rongjun.allowances import actions
from rongjun.allowances.actions.runs import asked_of
from rongjun.allowances.book import book_in_force
from rongjun.allowances.logic.running import from_floors, reckon
from rongjun.allowances.models import PayLine, PayOrder, PayRun, Receivable, ReceivableStep
from rongjun.allowances.queries import standing
from rongjun.allowances.queries.histories import owed
from rongjun.allowances.queries.looking import Look
from rongjun.allowances.tests import scene
from rongjun.kernel.errors import Refused
from rongjun.ledger import api as ledger
from rongjun.registry import api as registry

pytestmark = pytest.mark.django_db
EVENTS = (
    "die",
    "live-again",
    "regrade",
    "merge",
    "unmerge",
    "annul",
    "new-award",
    "run",
    "run",
    "month",
    "bank",
)
FEN_OF_A_YEAR = 12  # a year is rounded as a whole: so far a month may be from its own rounding
events = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 1), st.integers(1, 10)), max_size=9)


@pytest.fixture(autouse=True)
def in_a_demo(db: None) -> Iterator[None]:
    with scene.paying():
        yield


@dataclass
class City:
    """Two people, a clock that goes on with whatever happens, and the month that is run."""

    people: list[UUID]
    awards: list[UUID]
    now: datetime = scene.NOW
    month: int = scene.NOVEMBER
    merges: list[UUID] = field(default_factory=list)

    def happens(self, what: str, who: int, number: int) -> None:
        """One event, at its own moment; what is refused does not happen."""
        self.now += timedelta(hours=7)
        with suppress(Refused), transaction.atomic():
            getattr(self, what.replace("-", "_"))(self.people[who], who, number)

    def die(self, person: UUID, who: int, number: int) -> None:
        with acting_as(scene.MAKER):
            day = date(2026, 11, 1) - timedelta(days=20 * number)
            registry.record_death(person, died_on=day, source="死亡证明", by=scene.MAKER, now=self.now)

    def live_again(self, person: UUID, who: int, number: int) -> None:
        with acting_as(scene.MAKER):
            registry.retract_death(person, source="本人到场", by=scene.MAKER, now=self.now)

    def regrade(self, person: UUID, who: int, number: int) -> None:
        day = date(2026, 11, 1) - timedelta(days=25 * number)
        with acting_as(scene.MAKER):
            proposal = registry.propose(
                person, kind="rating", content={"grade": str(number), "cause": "war"}, authority="province",
                document="示例评残 9 号", valid_from=day, by=scene.MAKER, now=self.now,
            )  # fmt: skip
        with acting_as(scene.CHECKER):
            registry.approve(proposal, by=scene.CHECKER, now=self.now)

    def merge(self, person: UUID, who: int, number: int) -> None:
        with acting_as(scene.MAKER):
            found = registry.propose_merge(
                person, self.people[1 - who], reason="同一个人的两份档案", by=scene.MAKER, now=self.now
            )
        with acting_as(scene.CHECKER):
            registry.approve_merge(found, by=scene.CHECKER, now=self.now)
        self.merges.append(found)

    def unmerge(self, person: UUID, who: int, number: int) -> None:
        if self.merges:
            with acting_as(scene.CHECKER):
                registry.unmerge(self.merges[-1], reason="原来是两个人", by=scene.CHECKER, now=self.now)

    def annul(self, person: UUID, who: int, number: int) -> None:
        with acting_as(scene.MAKER):
            actions.propose_annulment(self.awards[who], why="材料不实，不该批", by=scene.MAKER, now=self.now)
        with acting_as(scene.CHECKER):
            actions.annul_award(self.awards[who], by=scene.CHECKER, now=self.now)

    def new_award(self, person: UUID, who: int, number: int) -> None:
        day = date(2026, 10, 1) - timedelta(days=number)
        self.awards[who] = scene.granted(
            person, approved_on=day, pays_from=scene.NOVEMBER - number, now=self.now
        )

    def month_(self, person: UUID, who: int, number: int) -> None:
        self.month += 1

    def bank(self, person: UUID, who: int, number: int) -> None:
        """The newest released run goes to the bank, which may refuse some; a refused one is written back."""
        with acting_as_job("test"):
            run = PayRun.objects.filter(state="released", batch__isnull=False).order_by("-number").first()
            report = ledger.batch_report(run.batch) if run and run.batch else None
        if run is None or report is None or report.state != "released":
            return
        scene.paid(run, *(("failures",) if number > 5 else ()), now=self.now)
        with acting_as(scene.CHECKER):
            for failed in ledger.failures()[0]:
                ledger.write_back_payment(failed.id, reason="账户已销，冲回", by=scene.CHECKER, now=self.now)
        scene.follow(now=self.now)

    def run(self, person: UUID, who: int, number: int) -> None:
        run = scene.run_of(self.month, now=self.now)
        if run.state == "draft":
            scene.released(run, now=self.now)
            assert self.again().state == "empty", "a run again pays nothing"
        self.holds()

    def again(self) -> PayRun:
        self.now += timedelta(minutes=1)
        return scene.run_of(self.month, now=self.now)

    def holds(self) -> None:
        """Owed as known is what live lines come to, year by year; looked at from the beginning, too."""
        with acting_as_job("test"):
            row = PayRun(division=scene.CITY, month=self.month, known_at=self.now)
            people = standing.recipients(scene.CITY_SCOPE, known_at=self.now)
            for asked in asked_of(people, row=row, look=Look()):
                found = reckon(asked, month=self.month, known_at=self.now, book=book_in_force())
                if not [each for each in found.aside if each.kind == "no-account"]:
                    payable = [line for line in found.lines if not (line.is_paid and found.is_dead)]
                    assert payable == [], "the narrow look and the whole one agree"
                self._is_owed(UUID(asked.person), asked.first)
        self._foots()

    def _is_owed(self, person: UUID, first: int) -> None:
        told = owed(person, first=first, last=self.month, known_at=self.now)
        floors = standing.floors_of([person], known_at=self.now)[person]
        due: Counter[tuple[str, int]] = Counter()
        frozen = set()
        for line in from_floors(told, floors, book=book_in_force()).lines:
            for month, fen in line.by_month():
                if line.state in {"held", "gap"}:
                    frozen.add((line.code, month))
                elif line.state == "owed":
                    due[line.code, month] += int(fen)
        paid: Counter[tuple[str, int]] = Counter()
        rows = PayLine.objects.filter(
            person_id__in=registry.file_ids_of(person), live=True, month__lte=self.month
        )
        for code, month, amount in rows.values_list("code", "month", "fen"):
            paid[code, month] += amount
        due, paid = self._without(frozen, due), self._without(frozen, paid)
        # A month paid by a standard that still holds keeps its fen; the rest of a year falls on the others.
        # A dead person without heirs on file is set aside, as far as something is still to be paid.
        dead = self._is_dead(person)
        for key in due.keys() | paid.keys():
            apart = due[key] - paid[key]
            assert abs(apart) <= FEN_OF_A_YEAR or (dead and apart > 0), key
        for code, year in {(code, month // 12) for code, month in due.keys() | paid.keys()}:
            apart = self._of(due, code, year) - self._of(paid, code, year)
            assert apart == 0 or (dead and apart > 0), (code, year)

    def _without(
        self, frozen: set[tuple[str, int]], fen: Counter[tuple[str, int]]
    ) -> Counter[tuple[str, int]]:
        return Counter({key: amount for key, amount in fen.items() if key not in frozen})

    def _of(self, fen: Counter[tuple[str, int]], code: str, year: int) -> int:
        return sum(amount for (mine, month), amount in fen.items() if mine == code and month // 12 == year)

    def _is_dead(self, person: UUID) -> bool:
        return bool(registry.died_on([person], known_at=self.now))

    def _foots(self) -> None:
        """Live lines are payments less what is claimed and not lifted; receivables are as in the ledger."""
        with acting_as_job("test"):
            lines: int = int(PayLine.objects.filter(live=True).aggregate(fen=Sum("fen"))["fen"] or 0)
            orders = int(PayOrder.objects.exclude(state="returned").aggregate(fen=Sum("fen"))["fen"] or 0)
            claimed = Receivable.objects.aggregate(fen=Sum("fen"))["fen"] or 0
            lifted = ReceivableStep.objects.filter(kind="lifted").aggregate(fen=Sum("fen"))["fen"] or 0
            assert int(lines) == int(orders) - int(claimed) + int(lifted)
            for row in Receivable.objects.all():
                assert row.remaining == int(ledger.standing(row.account).posted)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events)
@example([("regrade", 0, 6), ("new-award", 0, 5)])  # the month before those paid gets the fen they left
def test_paid_is_owed_whatever_happens_between_runs(happening: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        scene.agree()
        people = [scene.veteran(grade=6), scene.veteran(grade=8)]
        awards = [scene.granted(person, pays_from=scene.NOVEMBER - 4) for person in people]
        city = City(people, awards)
        city.happens("run", 0, 1)
        for what, who, number in happening:
            city.happens("month_" if what == "month" else what, who, number)
        city.happens("run", 0, 1)
        transaction.set_rollback(True)


def test_a_change_nobody_ran_yet_is_seen() -> None:
    """Canary: what the test above asserts fails when something is owed that no run has paid."""
    scene.agree()
    city = City([scene.veteran(grade=6)], [])
    city.awards = [scene.granted(city.people[0], pays_from=scene.NOVEMBER - 4)]
    with pytest.raises(AssertionError):
        city.holds()
