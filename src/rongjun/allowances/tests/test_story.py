"""Seventeen months of a city, played on the pages: August 2022 to December 2023.

A raise is announced late, twice; somebody dies and nobody says so for months; a grade changes; the bank
answers with a wrong total and turns payments back; what was paid too much comes home. At the end the books
balance, and what was paid is what is owed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rongjun.access.api import acting_as, acting_as_job
from rongjun.allowances.actions import runs
from rongjun.allowances.book import book_in_force, paying_book
from rongjun.allowances.jobs import draw_up_runs
from rongjun.allowances.logic.months import month_at
from rongjun.allowances.logic.running import from_floors
from rongjun.allowances.models import PayLine, PayOrder, PayRun, Receivable, ReceivableStep
from rongjun.allowances.queries import standing
from rongjun.allowances.queries.histories import owed
from rongjun.allowances.tests import scene
from rongjun.ledger import api as ledger
from rongjun.registry import api as registry
from tests.cluster import as_owner
from tests.house.scene import hire, visitor

pytestmark = pytest.mark.django_db
BEGIN = datetime(2022, 9, 1, 1, 0, tzinfo=UTC)
JANUARY = month_at(2022, 1)  # the first month anything is paid for


@dataclass
class Clock:
    """The day it is, for pages and jobs alike."""

    at: datetime = BEGIN

    def now(self) -> datetime:
        return self.at

    def is_on(self, year: int, month: int, day: int) -> None:
        """It is that day, ten in the morning."""
        self.at = datetime(year, month, day, 2, 0, tzinfo=UTC)


@pytest.fixture
def clock(db: None, monkeypatch: pytest.MonkeyPatch) -> Clock:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    monkeypatch.setattr(scene, "NOW", BEGIN)
    monkeypatch.setattr(scene, "TODAY", BEGIN.date())
    # Nobody had worded a message of those years.
    monkeypatch.setattr(runs, "tell_of_arrival", lambda arrived, *, now: None)
    scene.agree()
    for login, role in {
        "maker": "city-officer",
        "checker": "city-officer",
        "releaser": "bureau-leader",
        "policy": "policy-officer",
    }.items():
        hire(login, name=f"测试{login}", role=role, division=scene.CITY)
    return clock


@dataclass
class City:
    """The people and the four desks; every step is a page or a job."""

    clock: Clock

    def desk(self, who: str) -> Client:
        """A browser in which they have signed in today, with a password that is not too old."""
        with as_owner():
            get_user_model().objects.filter(username=who).update(password_changed_at=self.clock.at)
        return visitor(who)

    def does(self, who: str, url: str, **told: str) -> str:
        """They send a form; where it leads."""
        answer = self.desk(who).post(url, told)
        assert answer.status_code == 302, answer.content.decode()[:3000]
        return str(answer.headers["Location"])

    def reads(self, who: str, url: str) -> str:
        """What a page shows them."""
        answer = self.desk(who).get(url)
        assert answer.status_code == 200, url
        return answer.content.decode()

    def confirms(self, order: str) -> None:
        """Two people of the bureau confirm a rate order."""
        digest = next(each.digest for each in book_in_force().orders if each.code == order)
        url = reverse("allowances:rate-order", args=[order])
        self.does("policy", f"{url}propose/", digest=digest, document="示例〔2026〕1号")
        waiting = self.reads("checker", url).split('name="confirmation" value="')[1].split('"')[0]
        self.does("checker", f"{url}confirm/", confirmation=waiting)

    def grants(self, person: UUID, **award: str) -> None:
        """One proposes on the person's page, another grants."""
        url = self.does("maker", f"/allowances/people/{person}/propose/", **award)
        self.does("checker", f"{url}grant/")

    def runs(self, month: str, *mischief: str) -> PayRun:
        """A run through three browsers; the worker draws it up, the bank answers it."""
        day = self.clock.at.date().isoformat()
        url = self.does("maker", "/allowances/runs/ask/", month=month, pay_on=day)
        with acting_as_job("test.draw-up"):
            assert draw_up_runs() == 1
            run = PayRun.objects.get(pk=url.split("/")[-2])
        if run.state == "empty":
            return run
        assert run.state == "draft", run.failure
        self.does("checker", f"{url}check/")
        self.does("releaser", f"{url}release/")
        if run.batch:
            ledger.rehearse_bank(run.batch, *mischief, now=self.clock.at)
        scene.follow(now=self.clock.at)
        return scene.look(run.id)

    def writes_back(self) -> int:
        """Payments the bank turned back go back on the page of failures; they are owed again."""
        with acting_as(scene.CHECKER):
            failed = [each.id for each in ledger.failures()[0]]
        for line in failed:
            url = reverse("ledger:payment-mend", args=[line])
            self.does("checker", url, verdict="write-back", reason="账户已销，冲回")
        scene.follow(now=self.clock.at)
        return len(failed)


def told(run: PayRun, person: UUID) -> Counter[str]:
    """What a run did for a person: fen by kind."""
    found: Counter[str] = Counter()
    for line in scene.lines(run, person_id=person):
        found[line.kind] += line.fen
    return found


@dataclass(frozen=True)
class People:
    """Three who fought, one of whom dies, and one who is disabled."""

    steady: UUID
    dying: UUID
    third: UUID
    disabled: UUID


def test_seventeen_months_are_played_and_the_books_balance(clock: Clock) -> None:
    city = City(clock)
    people = granted(city)
    a_raise_is_announced_late(city, people)
    a_death_is_told_late_and_the_money_comes_home(city, people)
    a_grade_changes_and_a_raise_comes_between(city, people)
    clock.is_on(2023, 12, 15)
    assert told(city.runs("2023-12"), people.steady) == {"regular": 84_000}
    assert city.runs("2023-12").state == "empty", "a run again pays nothing"
    for person in (people.steady, people.dying, people.third, people.disabled):
        is_conserved(person, now=clock.at)
    books_balance(now=clock.at)


def granted(city: City) -> People:
    """On file, and granted by two on the page of each."""
    on_file = partial(scene.veteran, opened=BEGIN, by=scene.MAKER)
    steady, dying, third = (on_file(grade=0, traits=("combat",)) for _ in range(3))
    disabled = on_file(grade=8)
    combat = {"approved_on": "2015-03-02", "document": "示例批准 1 号", "pays_from": "2022-08"}
    for person in (steady, dying, third):
        city.grants(person, scheme="combat-allowance/combat", **combat)
    pension = {"approved_on": "2020-03-01", "document": "示例评残 1 号", "pays_from": "2022-01"}
    city.grants(disabled, scheme="disability-pension/soldier", **pension)
    return People(steady, dying, third, disabled)


def a_raise_is_announced_late(city: City, people: People) -> None:
    """The order of August 2022 came at the end of October; it pays once two have confirmed it."""
    city.clock.is_on(2022, 11, 10)
    assert city.runs("2022-11").state == "empty", "nothing pays by an order nobody confirmed"
    city.confirms("qingdao-2022-10")
    city.confirms("national-2021-08-01")
    city.clock.is_on(2022, 11, 16)
    run = city.runs("2022-11", "wrong-total", "failures")
    assert told(run, people.steady) == {"back-pay": 240_000, "regular": 80_000}
    assert told(run, people.disabled)["back-pay"] > 0, "January to July, by the rates of then"
    assert "补发" in city.reads("checker", f"/allowances/runs/{run.id}/")
    assert city.writes_back() > 0, "the bank turned some back"
    back = sum(order.fen for order in scene.orders(run) if order.state == "returned")
    city.clock.is_on(2022, 12, 15)
    run = city.runs("2022-12")
    assert run.total == 3 * 80_000 + back, "what came back is paid again, with the month"


def a_death_is_told_late_and_the_money_comes_home(city: City, people: People) -> None:
    """Somebody died in January; we hear of it in April, and claim what was paid after the month of death."""
    city.clock.is_on(2023, 3, 16)
    city.runs("2023-03")
    city.clock.is_on(2023, 4, 10)
    with acting_as(scene.MAKER):
        registry.record_death(
            people.dying, died_on=date(2023, 1, 20), source="死亡证明", by=scene.MAKER, now=city.clock.at
        )
    run = city.runs("2023-04")
    assert told(run, people.dying)["recovery"] == -160_000, "February and March"
    with acting_as_job("test"):
        (claim,) = Receivable.objects.all()
    url = f"/allowances/recoveries/{claim.id}/"
    assert "1,600.00" in city.reads("checker", url)
    city.does("maker", f"{url}repay/", fen="1000", on="2023-04-10", document="收据 1 号")
    city.does("maker", f"{url}propose-write-off/", fen="600", document="示例批复 1 号")
    with acting_as_job("test"):
        step = ReceivableStep.objects.get(kind="written-off")
    city.does("checker", f"{url}write-off/", written=str(step.id))


def a_grade_changes_and_a_raise_comes_between(city: City, people: People) -> None:
    """A grade from March 2022 is decided in November 2023, as a raise is announced."""
    city.clock.is_on(2023, 10, 16)
    city.runs("2023-10")
    city.clock.is_on(2023, 11, 2)
    with acting_as(scene.MAKER):
        proposal = registry.propose(
            people.disabled, kind="rating", content={"grade": "6", "cause": "war"}, authority="province",
            document="示例评残 9 号", valid_from=date(2022, 3, 10), by=scene.MAKER, now=city.clock.at,
        )  # fmt: skip
    with acting_as(scene.CHECKER):
        registry.approve(proposal, by=scene.CHECKER, now=city.clock.at)
    city.clock.is_on(2023, 11, 20)
    city.confirms("qingdao-2023-11")
    run = city.runs("2023-11")
    assert told(run, people.steady) == {"back-pay": 3 * 84_000, "regular": 84_000}
    assert told(run, people.disabled)["back-pay"] > 0
    assert {line.cause for line in scene.lines(run, person_id=people.disabled)} == {"award"}, "not the rate"


def is_conserved(person: UUID, *, now: datetime) -> None:
    """Month by month, what live lines come to is what is owed as known now; the dead may still be owed."""
    last = month_at(2023, 12)
    with acting_as_job("test"):
        floors = standing.floors_of([person], known_at=now)[person]
        lines = from_floors(
            owed(person, first=JANUARY, last=last, known_at=now), floors, book=paying_book()
        ).lines
        paid: Counter[tuple[str, int]] = Counter()
        for code, month, fen in PayLine.objects.filter(person_id=person, live=True).values_list(
            "code", "month", "fen"
        ):
            paid[code, month] += fen
        is_dead = bool(registry.died_on([person], known_at=now))
    due = {
        (line.code, month): int(fen) for line in lines if line.is_payable for month, fen in line.by_month()
    }
    for place in due.keys() | paid.keys():
        assert due.get(place, 0) == paid[place] or (is_dead and due.get(place, 0) > paid[place]), place


def books_balance(*, now: datetime) -> None:
    """The ledger's own check finds nothing; payments, lines and claims foot."""
    with acting_as_job("test"):
        lines = sum(PayLine.objects.filter(live=True).values_list("fen", flat=True))
        orders = sum(PayOrder.objects.exclude(state="returned").values_list("fen", flat=True))
        (claim,) = Receivable.objects.all()
        assert lines == orders - claim.fen
        assert (claim.fen, claim.remaining) == (160_000, 0)
        assert int(ledger.standing(claim.account).posted) == 0
        assert ledger.faults(now=now) == []
