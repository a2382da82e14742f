"""A statement's road: three people, figures that stand, disputes, differences; what the database refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.benefits import api as benefits
from rongjun.benefits.actions import operator_statements as acting
from rongjun.benefits.api import Month
from rongjun.benefits.logic.operator_statements import FISCAL, RELEASED, Cell, Sums
from rongjun.benefits.models import OperatorStatement
from rongjun.benefits.tests.test_queries import officer
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC), date(2026, 11, 24)
DAY = timedelta(days=1)
CITY, HOME = 370200000000, 370202000000
BUS = Cell("bus", HOME, 0, 0, date(2023, 1, 1), FISCAL)
METRO = Cell("metro", HOME, 2, 0, date(2023, 1, 1), FISCAL)
OWN = Cell("ferry", HOME, 0, 0, date(2023, 1, 1), "operator")
SEEN = {BUS: Sums(1000, 100_000, 0), METRO: Sums(10, 3_000, 0), OWN: Sums(1, 700, 200)}

MAKER = replace(officer(), login="maker")
CHECKER = replace(officer(), login="checker")
RELEASER = replace(officer("bureau-leader"), login="releaser")


def month(cells: Mapping[Cell, Sums] = SEEN, **kept: Any) -> Month:
    given: dict[str, Any] = {
        "operator": "transit",
        "operator_name": "示范公交",
        "division": CITY,
        "month": 202610,
        "known_at": NOW,
        "cells": cells,
        "refused": {"card-not-usable": 3},
        "coverage": {"delivered": ["2026-10-01"], "missing": ["2026-10-02"]},
    }
    return Month(**given | kept)


def drafted(cells: Mapping[Cell, Sums] = SEEN, by: Actor = MAKER, **kept: Any) -> UUID:
    with acting_as(by):
        return benefits.draft_statement(month(cells, **kept), by=by, now=NOW, today=TODAY)


def checked(statement: UUID, by: Actor = CHECKER) -> UUID:
    with acting_as(by):
        benefits.check_statement(statement, by=by, now=NOW, today=TODAY)
    return statement


def released(statement: UUID, by: Actor = RELEASER, *, after: int = 6) -> int:
    with acting_as(by):
        return benefits.release_statement(statement, by=by, now=NOW + after * DAY, today=TODAY + after * DAY)


def disputed(statement: UUID, claimed: str = "") -> UUID:
    with acting_as(MAKER):
        return benefits.dispute_statement(statement, said="少计了一天", claimed=claimed, by=MAKER, now=NOW)


def answered(dispute: UUID, outcome: str, by: Actor = CHECKER) -> None:
    with acting_as(by):
        benefits.answer_dispute(dispute, outcome=outcome, answer="核对过明细", by=by, now=NOW)


def file(statement: UUID) -> benefits.StatementFile:
    with acting_as(MAKER):
        found = benefits.statement_file(statement)
    assert found
    return found


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.code


def test_three_people_bring_a_statement_to_its_payment() -> None:
    statement = drafted()
    assert released(checked(statement)) == 103_000
    found = file(statement)
    assert (found.head.state, found.head.count, found.head.savings) == (RELEASED, 1011, 103_500)
    assert [step for step, _, _ in found.signed] == ["made", "checked", "released"]
    assert {line.cell: line.sums for line in found.lines} == SEEN
    assert found.digest_holds


def test_the_payment_counts_on_the_budget_line_of_its_year(settings: Any) -> None:
    fund: str = settings.SETTLEMENT_FUND
    told: dict[str, Any] = {"by": "operator:test", "now": NOW}
    with acting_as_job("test.fund"):
        ledger.open_account(fund, kind="fund", division=CITY, title="测试资金", floor=Fen(0), **told)
        ledger.add_budget_line(
            "budget.test", fund=fund, year=2026, fen=Fen(200_000), title="指标", basis="测试批复", **told
        )
    statement = drafted()
    released(checked(statement))
    with acting_as(MAKER):
        payee = benefits.name_payee(
            "transit", division=CITY, payee="测试公交公司", account="9999990000000888", bank="",
            by=MAKER, now=NOW,
        )  # fmt: skip
    with acting_as(CHECKER):
        benefits.confirm_payee(payee, by=CHECKER, now=NOW)
    with acting_as(MAKER):
        batch = benefits.pay_statement(statement, pay_on=TODAY + DAY, by=MAKER, now=NOW)
    with acting_as_job("test.batch"), connection.cursor() as cursor:
        cursor.execute("select budgets::text from ledger_paymentbatch where id = %s", [batch])
        assert cursor.fetchall() == [(f'{{"{fund}": "budget.test"}}',)]


def test_nobody_signs_twice() -> None:
    statement = drafted()
    assert refusal(lambda: checked(statement, by=MAKER)) == "settlement.check-by-two"
    checked(statement)
    both = replace(RELEASER, login=CHECKER.login)
    assert refusal(lambda: released(statement, by=both)) == "settlement.release-by-three"
    assert (
        refusal(lambda: released(statement, by=replace(both, login="maker"))) == "settlement.release-by-three"
    )


@pytest.mark.parametrize(
    ("column", "name"),
    [("checked_by", MAKER.text), ("released_by", MAKER.text), ("released_by", CHECKER.text)],
)
def test_nor_does_the_database_let_them(column: str, name: str) -> None:
    statement = drafted()
    if column == "released_by":
        checked(statement)
    state = "checked" if column == "checked_by" else "released"
    with pytest.raises(IntegrityError, match="by_three"), acting_as(MAKER):
        OperatorStatement.objects.filter(pk=statement).update(state=state, **{column: name})


def test_the_next_statement_of_a_month_settles_the_difference() -> None:
    released(checked(drafted()))
    later = dict(SEEN) | {BUS: Sums(1_005, 100_500, 0), METRO: Sums(9, 2_700, 0)}
    second = drafted(later)
    told = file(second)
    assert {line.cell: line.sums for line in told.lines} == {BUS: Sums(5, 500, 0), METRO: Sums(-1, -300, 0)}
    assert (told.head.number, told.head.payment) == (2, 200)


def test_what_an_operator_owes_back_is_carried_in_sight() -> None:
    released(checked(drafted()))
    assert released(checked(drafted({**SEEN, BUS: Sums(900, 90_000, 0)}))) == 0
    told = file(drafted({BUS: Sums(300, 30_000, 0)}, month=202609))
    assert (told.head.payable, told.carried, told.head.payment) == (30_000, -10_000, 20_000)


def test_a_month_that_is_settled_gives_nothing_new() -> None:
    released(checked(drafted()))
    assert refusal(drafted) == "settlement.nothing-new"


def test_an_operator_has_one_open_statement() -> None:
    statement = drafted()
    assert refusal(lambda: drafted(month=202609)) == "settlement.statement-open"
    with acting_as(MAKER):
        benefits.withdraw_statement(statement, why="漏了一个文件", by=MAKER, now=NOW)
    assert file(drafted()).head.number == 2


def test_a_month_is_settled_when_it_is_over() -> None:
    assert refusal(lambda: drafted(month=202611)) == "settlement.month-not-over"


def test_the_operator_has_its_days_unless_it_agrees() -> None:
    statement = checked(drafted())
    assert refusal(lambda: released(statement, after=5)) == "settlement.operator-has-days"
    with acting_as(MAKER):
        benefits.agree_to_statement(statement, by=MAKER, now=NOW)
    assert released(statement, after=0) == 103_000


def test_a_dispute_stops_the_release_until_another_has_answered() -> None:
    statement = checked(drafted())
    said = disputed(statement, claimed="1,040.00")
    assert refusal(lambda: released(statement)) == "settlement.disputed"
    assert refusal(lambda: answered(said, "rejected", by=MAKER)) == "settlement.check-by-two"
    answered(said, "rejected")
    assert released(statement) == 103_000
    assert [(each.claimed, each.outcome) for each in file(statement).disputes] == [(104_000, "rejected")]


def test_a_dispute_that_is_right_ends_the_statement() -> None:
    statement = checked(drafted())
    answered(disputed(statement), "upheld")
    assert file(statement).head.state == "withdrawn"
    assert refusal(lambda: released(statement)) == "settlement.step-not-now"


def test_an_amount_that_is_none_is_refused_and_nothing_kept() -> None:
    statement = checked(drafted())
    with pytest.raises(Unfit):
        disputed(statement, claimed="一千")
    assert file(statement).disputes == []


@pytest.mark.parametrize(
    ("work", "by", "code"),
    [
        (lambda by, _: drafted(by=by, month=202609), RELEASER, "settlement.may-not-make"),
        (lambda by, statement: checked(statement, by=by), RELEASER, "settlement.may-not-check"),
        (lambda by, statement: released(checked(statement), by=by), MAKER, "settlement.may-not-release"),
    ],
)
def test_each_step_asks_for_its_permission(
    work: Callable[[Actor, UUID], object], by: Actor, code: str
) -> None:
    statement = drafted()
    assert refusal(lambda: work(by, statement)) == code


def raw(statement: str) -> None:
    """Said by the owner of the tables, whom no right stops."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        with transaction.atomic():
            cursor.execute(statement)


@pytest.mark.parametrize("column", ["count", "ordinary", "payable", "payment", "month"])
def test_figures_stand_whoever_writes(column: str) -> None:
    drafted()
    with pytest.raises(IntegrityError, match="figures of a statement stand"):
        raw(f"update benefits_operatorstatement set {column} = {column} + 1")


def test_a_released_statement_stands_whoever_writes() -> None:
    released(checked(drafted()))
    with pytest.raises(IntegrityError, match="stands"):
        raw("update benefits_operatorstatement set state = 'withdrawn', withdrawn_by = 'x'")


@pytest.mark.parametrize("statement", ["update {} set count = 0", "delete from {}", "truncate {}"])
def test_lines_stand_whoever_writes(statement: str) -> None:
    drafted()
    with pytest.raises(IntegrityError, match="stand"):
        raw(statement.format("benefits_operatorstatementline"))


def test_a_statement_that_is_not_its_lines_is_not_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "_line", lambda row, cell, sums: LINE(row, cell, sums + Sums(1, 0, 0)))
    statement = drafted()
    with pytest.raises(IntegrityError, match="sum of its lines"):
        checked(statement)


LINE = acting._line


def test_another_county_sees_no_statement() -> None:
    statement = drafted()
    elsewhere = replace(officer("city-officer", 370300000000), login="elsewhere")
    with acting_as(elsewhere):
        assert benefits.statement_file(statement) is None


def test_staff_cannot_remove_a_statement() -> None:
    drafted()
    with pytest.raises(ProgrammingError), acting_as(MAKER), connection.cursor() as cursor:
        cursor.execute("delete from benefits_operatorstatement")
