"""割接: what the old system paid counts as paid once two people took it over; before, it only is compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as conf
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongjun.access.api import acting_as, acting_as_job
from rongjun.allowances import actions
from rongjun.allowances.book import paying_book
from rongjun.allowances.logic.running import from_floors
from rongjun.allowances.models import OldPayment, PayLine, Takeover
from rongjun.allowances.queries import standing
from rongjun.allowances.queries import takeovers as queries
from rongjun.allowances.queries.histories import owed
from rongjun.allowances.tests import scene
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.registry import api as registry
from tests.cluster import as_owner
from tests.house.scene import hire, visitor

pytestmark = pytest.mark.django_db
PENSION = "disability-pension"
OCTOBER, JULY = scene.NOVEMBER - 1, scene.NOVEMBER - 4
MAKER, CHECKER = scene.MAKER, scene.CHECKER


@pytest.fixture(autouse=True)
def in_a_demo(db: None) -> Iterator[None]:
    with scene.paying():
        scene.agree()
        yield


def someone(*, grade: int = 6, since: int = JULY) -> tuple[UUID, str]:
    """Somebody granted a pension from a month on, and their number."""
    record = scene.veteran_record(grade=grade)
    (person,) = scene.on_file([record])
    scene.granted(person, pays_from=since)
    return person, record.documents[0].number.number


def due(person: UUID, *, first: int = JULY, last: int = OCTOBER) -> dict[int, int]:
    with acting_as_job("test.due"):
        told = owed(person, first=first, last=last, known_at=scene.NOW)
    return {month: int(fen) for line in told.lines if line.state == "owed" for month, fen in line.by_month()}


def month(number: int) -> str:
    return f"{number // 12}-{number % 12 + 1:02d}"


def file_of(*rows: tuple[str, str, int, int]) -> bytes:
    total = Fen(sum(fen for *_rest, fen in rows))
    told = [f"{who},{code},{month(when)},{Fen(fen).text.replace(',', '')}" for who, code, when, fen in rows]
    head = [
        f"总行数,{len(rows)},总金额（元）,{total.text.replace(',', '')}",
        "证件号码,项目代码,已发月份,已发金额",
    ]
    return "\n".join([*head, *told]).encode()


def through(*rows: tuple[str, str, int]) -> bytes:
    told = [f"{who},{code},{month(when)}" for who, code, when in rows]
    return "\n".join([f"总行数,{len(rows)}", "证件号码,项目代码,已发至", *told]).encode()


def handed_in(content: bytes) -> UUID:
    with acting_as(MAKER):
        return registry.import_cutover(
            registry.read_cutover(content, synthetic=True), file_name="已发.csv",
            file_digest=registry.digest_of(content), by=MAKER, now=scene.NOW,
        )  # fmt: skip


def proposed(content: bytes) -> UUID:
    source = handed_in(content)
    with acting_as(MAKER):
        return actions.propose_takeover(source, by=MAKER, now=scene.NOW, today=scene.TODAY)


def adopted(content: bytes) -> UUID:
    key = proposed(content)
    with acting_as(CHECKER):
        actions.adopt_takeover(key, by=CHECKER, now=scene.NOW)
    return key


def look(key: UUID) -> Takeover:
    with acting_as(CHECKER):
        return Takeover.objects.get(pk=key)


def faults(key: UUID) -> list[tuple[int, str]]:
    return [(each["row"], each["fault"]) for each in look(key).faults]


def months_of(run: Any) -> list[int]:
    return [line.month for line in scene.lines(run)]


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


# --- counts as paid -----------------------------------------------------------------------------------------


def test_the_first_run_pays_only_what_the_old_system_did_not() -> None:
    person, number = someone()
    adopted(file_of(*((number, PENSION, when, fen) for when, fen in due(person).items())))
    run = scene.run_of()
    assert months_of(run) == [scene.NOVEMBER]
    scene.released(run)
    assert scene.run_of(now=scene.NOW + timedelta(minutes=1)).state == "empty"


def test_without_a_takeover_the_same_run_pays_every_month_anew() -> None:
    """Canary of the one above."""
    someone()
    assert months_of(scene.run_of()) == [JULY, JULY + 1, JULY + 2, OCTOBER, scene.NOVEMBER]


def test_what_only_one_has_proposed_does_not_count() -> None:
    person, number = someone()
    proposed(file_of(*((number, PENSION, when, fen) for when, fen in due(person).items())))
    assert len(months_of(scene.run_of())) == 5


def test_paid_through_a_month_counts_at_the_standard_of_then() -> None:
    person, number = someone()
    key = adopted(through((number, PENSION, OCTOBER)))
    assert (look(key).months, look(key).total) == (4, sum(due(person).values()))
    assert months_of(scene.run_of()) == [scene.NOVEMBER]


def test_what_is_known_later_of_months_the_old_system_paid_is_back_pay_of_the_difference() -> None:
    person, number = someone(grade=6)
    adopted(through((number, PENSION, OCTOBER)))
    scene.released(scene.run_of())
    later = scene.NOW + timedelta(days=1)
    with acting_as(MAKER):
        proposal = registry.propose(
            person, kind="rating", content={"grade": "5", "cause": "war"}, authority="province",
            document="示例评残 9 号", valid_from=date(2026, 8, 20), by=MAKER, now=later,
        )  # fmt: skip
    with acting_as(CHECKER):
        registry.approve(proposal, by=CHECKER, now=later)
    run = scene.run_of(now=later + timedelta(hours=1))
    told = {line.month: (line.kind, line.cause, line.before) for line in scene.lines(run)}
    assert {kind for kind, *_ in told.values()} == {"back-pay"}
    assert OCTOBER in told
    assert told[OCTOBER][2] == due(person)[OCTOBER], "as known before, the old system paid what was owed"
    assert _fen(run, OCTOBER) > 0


def _fen(run: Any, month: int) -> int:
    return sum(line.fen for line in scene.lines(run) if line.month == month)


def test_an_amount_that_differs_is_settled_and_named() -> None:
    person, number = someone()
    told = due(person)
    adopted(file_of(*((number, PENSION, when, fen - 1000) for when, fen in told.items())))
    run = scene.run_of()
    assert _fen(run, OCTOBER) == 1000
    assert {line.cause for line in scene.lines(run) if line.month == OCTOBER} == {"other"}


def test_what_was_paid_before_we_pay_or_for_what_nobody_is_granted_is_not_claimed_back() -> None:
    _person, number = someone(since=scene.NOVEMBER)
    adopted(file_of((number, PENSION, OCTOBER, 50_000), (number, "combat-allowance", scene.NOVEMBER, 84_000)))
    run = scene.run_of()
    assert run.recover == 0
    assert months_of(run) == [scene.NOVEMBER]


# --- read strictly, twice the same --------------------------------------------------------------------------


def test_rows_that_cannot_be_payments_are_left_out_line_by_line() -> None:
    person, number = someone()
    fen = due(person)[OCTOBER]
    key = proposed(
        file_of(
            (number, PENSION, OCTOBER, fen),
            (number, "no-such-scheme", OCTOBER, 100),
            (number, PENSION, scene.NOVEMBER + 1, 100),
            (number, PENSION, OCTOBER - 1, 0),
        )
    )
    row = look(key)
    assert (row.rows, row.taken, row.left_out, row.total) == (4, 1, 3, fen)
    assert [fault for _row, fault in faults(key)] == ["scheme", "future", "amount"]


def test_a_month_we_paid_ourselves_or_another_file_said_is_not_taken_again() -> None:
    person, number = someone()
    scene.released(scene.run_of())
    with refused("allowances.takeover-nothing"):
        proposed(file_of((number, PENSION, OCTOBER, due(person)[OCTOBER])))
    other, its = someone()
    adopted(through((its, PENSION, OCTOBER - 1)))
    key = proposed(file_of((its, PENSION, OCTOBER - 1, 100), (its, PENSION, OCTOBER, due(other)[OCTOBER])))
    assert [fault for _row, fault in faults(key)] == ["taken"]


def test_the_same_file_again_is_the_same_takeover() -> None:
    person, number = someone()
    content = file_of((number, PENSION, OCTOBER, due(person)[OCTOBER]))
    assert proposed(content) == proposed(content)
    with acting_as(CHECKER):
        assert OldPayment.objects.count() == 1


def test_paid_through_where_nothing_can_be_reckoned_is_left_out() -> None:
    (person,) = scene.on_file([record := scene.veteran_record()])
    assert person
    with refused("allowances.takeover-nothing"):
        proposed(through((record.documents[0].number.number, PENSION, OCTOBER)))


def test_withdrawn_it_can_be_proposed_anew_and_adopted_it_stands() -> None:
    _person, number = someone()
    content = through((number, PENSION, OCTOBER))
    first = proposed(content)
    with acting_as(MAKER):
        actions.withdraw_takeover(first, why="月份写错了", by=MAKER, now=scene.NOW)
    second = adopted(content)
    assert second != first
    with acting_as(MAKER), refused("allowances.step-not-now"):
        actions.withdraw_takeover(second, why="月份写错了", by=MAKER, now=scene.NOW)


# --- two people, and nothing behind a run's back ------------------------------------------------------------


def test_whoever_proposed_cannot_adopt_and_a_clerk_does_neither() -> None:
    _person, number = someone()
    key = proposed(through((number, PENSION, OCTOBER)))
    with acting_as(MAKER), refused("allowances.by-two"):
        actions.adopt_takeover(key, by=MAKER, now=scene.NOW)
    clerk = scene.person("clerk", role="district-officer")
    with acting_as(clerk), refused("allowances.may-not"):
        actions.adopt_takeover(key, by=clerk, now=scene.NOW)


def test_the_database_lets_nobody_sign_for_another_or_for_themselves() -> None:
    _person, number = someone()
    key = proposed(through((number, PENSION, OCTOBER)))
    for by in (MAKER.text, "staff:somebody-else"):
        with acting_as(MAKER), pytest.raises(DatabaseError), transaction.atomic():
            Takeover.objects.filter(pk=key).update(checked_by=by, checked_at=scene.NOW)
    run_sql("alter table allowances_takeover disable trigger allowances_takeover_stands")
    with pytest.raises(IntegrityError, match="takeover_by_two"):
        run_sql("update allowances_takeover set checked_by = made_by, checked_at = made_at")


def test_what_was_taken_over_stands() -> None:
    _person, number = someone()
    key = adopted(through((number, PENSION, OCTOBER)))
    for rows, changed in (
        (Takeover.objects.filter(pk=key), {"total": 1}),
        (OldPayment.objects.filter(takeover=key), {"fen": 1}),
        (OldPayment.objects.filter(takeover=key), {"live": False}),
    ):
        with as_owner(), pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**changed)
    with as_owner(), pytest.raises(DatabaseError), transaction.atomic():
        OldPayment.objects.filter(takeover=key).delete()
    with as_owner():
        one = OldPayment.objects.filter(takeover=key).latest("id")
    one.pk, one.month = None, one.month + 1
    with as_owner(), pytest.raises(DatabaseError, match="while a takeover is proposed"), transaction.atomic():
        OldPayment.objects.bulk_create([one])


def test_the_database_adopts_only_the_sum_of_the_payments() -> None:
    _person, number = someone()
    key = proposed(through((number, PENSION, OCTOBER)))
    run_sql(f"update allowances_oldpayment set live = false where month = {JULY}")
    with acting_as(CHECKER), pytest.raises(DatabaseError, match="sum of its payments"), transaction.atomic():
        actions.adopt_takeover(key, by=CHECKER, now=scene.NOW)


def test_it_is_not_adopted_while_a_run_is_under_way_nor_after_one_paid_it() -> None:
    _person, number = someone()
    key = proposed(through((number, PENSION, OCTOBER)))
    run = scene.run_of()
    with acting_as(CHECKER), refused("allowances.run-open"):
        actions.adopt_takeover(key, by=CHECKER, now=scene.NOW)
    scene.released(run)
    with acting_as(CHECKER), refused("allowances.takeover-overtaken"):
        actions.adopt_takeover(key, by=CHECKER, now=scene.NOW)


def run_sql(sql: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)


# --- side by side -------------------------------------------------------------------------------------------


def test_the_parallel_run_lists_every_difference_with_its_cause_and_writes_no_run() -> None:
    alike, number = someone()
    less, its = someone(grade=7)
    ours_only, _ = someone(grade=8)
    fen = due(alike)[OCTOBER]
    key = proposed(
        file_of(
            (number, PENSION, OCTOBER, fen),
            (its, PENSION, OCTOBER, due(less)[OCTOBER] - 500),
            (number, "combat-allowance", OCTOBER, 84_000),
        )
    )
    with acting_as(CHECKER):
        found = queries.parallel_run(Takeover.objects.get(pk=key), month=OCTOBER, known_at=scene.NOW)
        assert not PayLine.objects.exists()
    told = {(each.person, each.code): (each.cause, each.ours, each.theirs) for each in found.differences}
    assert told == {
        (str(less), PENSION): ("与已发数不符", due(less)[OCTOBER], due(less)[OCTOBER] - 500),
        (str(ours_only), PENSION): ("以前没有发", due(ours_only)[OCTOBER], 0),
        (str(alike), "combat-allowance"): ("没有有效的批准", 0, 84_000),
    }
    assert (found.people, found.equal) == (3, 1)
    assert int(found.ours - found.theirs) == sum((each.ours or 0) - each.theirs for each in found.differences)


def test_the_pages_take_a_file_from_handed_in_to_adopted() -> None:
    # Where nothing is collected, WhiteNoise warns.
    Path(conf.STATIC_ROOT).mkdir(exist_ok=True)
    person, number = someone()
    source = handed_in(file_of((number, PENSION, OCTOBER, due(person)[OCTOBER] - 700)))
    hire("maker", name="测试经办", role="city-officer", division=scene.CITY)
    hire("checker", name="测试复核", role="city-officer", division=scene.CITY)
    maker, checker = visitor("maker"), visitor("checker")
    assert "已发.csv" in maker.get(reverse("allowances:takeovers")).content.decode()
    answer = maker.post(reverse("allowances:takeover-propose"), {"source": str(source)})
    url = answer.headers["Location"]
    assert "等另一位同事核对" in maker.get(url).content.decode()
    beside = checker.get(f"{url}parallel/").content.decode()
    assert "7.00" in beside
    book = checker.post(f"{url}parallel/workbook/", {"month": month(OCTOBER)})
    assert book.status_code == 200
    assert book.content.startswith(b"PK")
    checker.post(f"{url}adopt/")
    assert "已接过来" in checker.get(url).content.decode()
    assert checker.post(f"{url}adopt/").status_code == 422
    assert maker.post(reverse("allowances:takeover-propose"), {"source": "x"}).status_code == 422


# --- conserved ----------------------------------------------------------------------------------------------


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(st.integers(JULY - 2, OCTOBER), st.integers(-2_000, 2_000), max_size=6),
    st.integers(JULY - 3, OCTOBER),
    st.booleans(),
)
def test_paid_by_both_systems_is_what_is_owed(off: dict[int, int], until: int, is_late: bool) -> None:
    """Old + ours − claimed back = owed, month by month, whatever the old system paid; then a run is empty."""
    with transaction.atomic():
        person, number = someone()
        told = {when: due(person).get(when, 70_000) + more for when, more in off.items()}
        if told:
            adopted(file_of(*((number, PENSION, when, fen) for when, fen in told.items())))
        if until >= JULY and any(when not in told for when in range(JULY, until + 1)):
            adopted(through((number, PENSION, until)))
        now = scene.NOW
        if is_late:
            now += timedelta(hours=1)
            with acting_as(MAKER):
                registry.record_death(person, died_on=date(2026, 9, 3), source="死亡证明", by=MAKER, now=now)
        run = scene.run_of(now=now)
        if run.state == "draft":
            scene.released(run, now=now)
        assert scene.run_of(now=now + timedelta(minutes=1)).state == "empty"
        conserved(person, now=now)
        transaction.set_rollback(True)


def conserved(person: UUID, *, now: Any) -> None:
    with acting_as_job("test.conserved"):
        told = owed(person, first=JULY, last=scene.NOVEMBER, known_at=now)
        floors = standing.floors_of([person], known_at=now)[person]
        told = from_floors(told, floors, book=paying_book())
        due_by = {
            (line.code, when): int(fen) if line.state == "owed" else 0
            for line in told.lines
            for when, fen in line.by_month()
        }
        paid: dict[tuple[str, int], int] = {}
        for rows in (
            OldPayment.objects.filter(takeover__checked_at__isnull=False, month__gte=JULY),
            PayLine.objects.all(),
        ):
            mine = rows.filter(person_id=person, live=True).values_list("code", "month")
            for code, when, fen in mine.annotate(sum=Sum("fen")):
                paid[code, when] = paid.get((code, when), 0) + fen
        # Of somebody who has died without heirs on file, what is still to be paid is set aside.
        is_dead = bool(registry.died_on([person], known_at=now))
        for place in paid.keys() | due_by.keys():
            owes, had = due_by.get(place, 0), paid.get(place, 0)
            assert owes == had or (is_dead and owes > had), place
