"""A batch goes through three people's hands to the bank and back; nothing is paid twice, nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import actions as books
from rongjun.ledger.payments import actions, queries
from rongjun.ledger.payments.bank_simulator import BANK, Bank, Said, Sent
from rongjun.ledger.payments.layouts import layouts_in
from rongjun.ledger.payments.logic.layouts import BankFile, read_bank_file
from rongjun.ledger.payments.models import PaymentBatch, PaymentLine
from rongjun.ledger.payments.tests.scene import (
    ACCOUNTS,
    CHECKER,
    CITY,
    FIXED,
    MAKER,
    NOW,
    RELEASER,
    SEPARATED,
    TODAY,
    agree_with_bank,
    answered_by,
    balances,
    bank,
    checked,
    drafted,
    file_of,
    new_lines,
    on_books,
    person,
    released,
    report_of,
    sent,
    states_of,
    take,
)
from rongjun.ledger.queries import standing
from rongjun.partners import api as partners
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def agreed(db: None) -> None:
    agree_with_bank()


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}$")


def line_ids(batch: UUID) -> list[int]:
    with acting_as_job("test.lines"):
        return list(PaymentLine.objects.filter(batch=batch).order_by("line").values_list("id", flat=True))


def failures() -> list[queries.LineReport]:
    with acting_as_job("test.failures"):
        return queries.failures()[0]


# --- three people -------------------------------------------------------------------------------------------


def test_a_batch_goes_through_three_hands_and_comes_back_paid() -> None:
    batch = sent()
    assert report_of(batch).state == "sent"
    assert answered_by(bank(), batch) == ["accepted"]
    report = report_of(batch)
    assert (report.state, report.counted("paid"), int(report.total)) == ("closed", 3, 30003)
    with acting_as(MAKER):
        paid = queries.paid("allowance:p0001:care:2026-10")
    assert paid
    assert (paid.fen, paid.reference.endswith("-000002")) == (10001, True)
    assert balances()


@pytest.mark.parametrize(("by", "says"), [(MAKER, "ledger.payment-same-person"), (CHECKER, "")])
def test_who_makes_a_batch_does_not_check_it(by: Actor, says: str) -> None:
    batch = drafted()
    if says:
        with refused(says):
            checked(batch, by=by)
    else:
        checked(batch, by=by)
    assert report_of(batch).state == ("draft" if says else "checked")


@pytest.mark.parametrize("by", [MAKER, CHECKER])
def test_who_made_or_checked_a_batch_does_not_release_it(by: Actor) -> None:
    batch = checked(drafted())
    with refused("ledger.payment-same-person"):
        released(batch, by=by)
    assert report_of(batch).state == "checked"


@pytest.mark.parametrize(
    ("state", "column", "login"),
    [
        ("checked", "checked_by", "staff:maker"),
        ("released", "released_by", "staff:maker"),
        ("released", "released_by", "staff:checker"),
    ],
)
def test_the_database_keeps_three_people_apart_whatever_the_application_says(
    state: str, column: str, login: str
) -> None:
    batch = drafted() if state == "checked" else checked(drafted())
    amounts = {"count": 3, "total": 30003} if state == "checked" else {}
    at = {column.replace("_by", "_at"): NOW}
    with pytest.raises(DatabaseError), as_owner(), transaction.atomic():
        PaymentBatch.objects.filter(pk=batch).update(state=state, **{column: login}, **at, **amounts)
    with as_owner(), transaction.atomic():
        PaymentBatch.objects.filter(pk=batch).update(state=state, **{column: "staff:third"}, **at, **amounts)


@pytest.mark.parametrize("name", ["staff:third", "staff:other"])
def test_the_database_lets_nobody_check_in_the_name_of_another(name: str) -> None:
    batch, third = drafted(), person("third")
    said: dict[str, Any] = {
        "state": "checked",
        "checked_by": name,
        "checked_at": NOW,
        "count": 3,
        "total": 30003,
    }
    if name == third.text:
        with acting_as(third):
            PaymentBatch.objects.filter(pk=batch).update(**said)
    else:
        with pytest.raises(DatabaseError, match="in the name of another"), acting_as(third):
            PaymentBatch.objects.filter(pk=batch).update(**said)


def test_a_job_checks_and_releases_nothing() -> None:
    batch = drafted()
    with pytest.raises(DatabaseError, match="permission denied"), acting_as_job("test.job"):
        PaymentBatch.objects.filter(pk=batch).update(
            state="checked", checked_by="job:x", checked_at=NOW, count=3
        )


def test_who_adds_a_line_is_who_makes_the_batch() -> None:
    batch = drafted([])
    with refused("ledger.payment-not-maker"), acting_as(CHECKER):
        actions.add_lines(batch, new_lines(1), by=CHECKER.text, now=NOW)
    with pytest.raises(DatabaseError, match="only who makes a batch"), acting_as(CHECKER):
        actions.add_lines(batch, new_lines(1), by=MAKER.text, now=NOW)
    with acting_as_job("test.prepare"):
        assert actions.add_lines(batch, new_lines(1), by="job:test.prepare", now=NOW) == 1


# --- frozen -------------------------------------------------------------------------------------------------


def test_after_the_check_no_line_is_added_and_none_changes() -> None:
    batch = checked(drafted())
    with refused("ledger.payment-not-draft"), acting_as(MAKER):
        actions.add_lines(batch, new_lines(1, month="2026-11"), by=MAKER.text, now=NOW)
    for changed in ({"fen": 1}, {"payee": "测试别人"}, {"account_sealed": b"x"}, {"key": "another"}):
        with pytest.raises(DatabaseError, match="stays as it was added"), as_owner(), transaction.atomic():
            PaymentLine.objects.filter(batch=batch).update(**changed)


def test_a_total_that_is_not_that_of_the_lines_is_refused_by_the_database() -> None:
    batch = drafted()
    for wrong in ({"count": 3, "total": 30004}, {"count": 2, "total": 30003}):
        with pytest.raises(DatabaseError, match="the lines are 3 with 30003 fen"), acting_as(CHECKER):
            PaymentBatch.objects.filter(pk=batch).update(
                state="checked", checked_by=CHECKER.text, checked_at=NOW, **wrong
            )


@pytest.mark.parametrize("table", ["ledger_paymentbatch", "ledger_paymentline"])
def test_nothing_of_a_payment_is_deleted(table: str) -> None:
    sent()
    with (
        pytest.raises(DatabaseError, match=r"never deleted|foreign key"),
        as_owner(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"delete from {table}")


def test_what_was_sent_and_answered_is_never_changed() -> None:
    batch = sent()
    answered_by(bank(), batch)
    for sql in (
        "update ledger_paymentfile set content_sealed = ''",
        "update ledger_paymentfile set name = 'other'",
        "update ledger_paymentanswer set code = 'RJCT'",
        "delete from ledger_paymentanswer",
    ):
        with (
            pytest.raises(DatabaseError, match="never changed"),
            as_owner(),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


# --- once ---------------------------------------------------------------------------------------------------


def test_nothing_is_paid_twice_whatever_is_run_again() -> None:
    first = drafted()
    with refused("ledger.payment-key-living"):
        drafted()
    checked(first)
    released(first)
    with refused("ledger.payment-key-living"):
        drafted()
    with acting_as_job("test.send"):
        actions.send_released(by="job:test.send", now=NOW)
    answered_by(bank(), first)
    with refused("ledger.payment-key-living"):
        drafted()
    with acting_as(MAKER):
        assert queries.living(["allowance:p0000:care:2026-10", "allowance:other"]) == {
            "allowance:p0000:care:2026-10": "paid"
        }


def test_the_same_key_twice_in_one_batch_is_refused_and_nothing_is_added() -> None:
    batch = drafted([])
    with refused("ledger.payment-key-living"), acting_as(MAKER):
        actions.add_lines(batch, new_lines(2, key="allowance:one"), by=MAKER.text, now=NOW)
    assert states_of(batch) == []


def test_a_key_alive_in_another_division_is_alive_here() -> None:
    drafted()
    other = person("district", role="district-officer", division=370203000000)
    with acting_as(other):
        batch = actions.draft_batch(
            division=other.division, purpose="allowance", title="区里", fund="f", partner=BANK,
            layout=SEPARATED, pay_on=TODAY, by=other.text, now=NOW,
        )  # fmt: skip
    with refused("ledger.payment-key-living"), acting_as(other):
        actions.add_lines(batch, new_lines(1, division=other.division), by=other.text, now=NOW)


def test_a_withdrawn_batch_frees_its_keys_and_one_that_was_sent_stays() -> None:
    batch = released(checked(drafted()))
    with acting_as(MAKER):
        actions.withdraw_batch(batch, reason="名单有误", by=MAKER, now=NOW)
    assert (report_of(batch).state, states_of(batch)) == ("withdrawn", ["withdrawn"] * 3)
    again = sent()
    with refused("ledger.payment-sent"), acting_as(MAKER):
        actions.withdraw_batch(again, reason="名单有误", by=MAKER, now=NOW)


def test_the_same_draft_asked_for_twice_is_one() -> None:
    known = uuid4()
    with acting_as(MAKER):
        made = {
            actions.draft_batch(
                division=CITY, purpose="allowance", title="一", fund="f", partner=BANK, layout=SEPARATED,
                pay_on=TODAY, by=MAKER.text, now=NOW, known_as=known,
            )
            for _ in range(2)
        }  # fmt: skip
    assert made == {known}


# --- what cannot be paid ------------------------------------------------------------------------------------


def test_a_line_the_banks_file_cannot_hold_is_refused_before_the_check() -> None:
    rare = new_lines(1, payee="测试𠮷")
    with refused("ledger.payment-line-unfit"):
        drafted(rare, layout=FIXED)
    assert actions.misfit_lines(SEPARATED, rare) == {}
    faults = actions.misfit_lines(FIXED, [*rare, *new_lines(2)[1:]])
    assert [(key, len(said)) for key, said in faults.items()] == [(rare[0].key, 1)]


def test_an_empty_batch_and_an_unknown_layout_are_refused() -> None:
    with refused("ledger.payment-empty"):
        checked(drafted([]))
    with refused("ledger.payment-layout-unknown"):
        drafted(layout="other/1")


# --- the file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [SEPARATED, FIXED])
def test_the_file_says_what_was_released_and_is_signed(layout: str, settings: Any) -> None:
    batch = sent(layout=layout)
    known = layouts_in(settings.CONTRACTS_ROOT / "bank-files")[layout]
    file = file_of(batch)
    read = read_bank_file(known, file.content)
    assert isinstance(read, BankFile)
    assert (read.head.count, read.head.total, read.head.on) == (3, 30003, TODAY)
    assert [row.account for row in read.rows] == ACCOUNTS[:3]
    assert [row.key for row in read.rows] == [line.key for line in new_lines()]
    assert isinstance(bank().take(file.content, signature=file.signature), list)
    assert not isinstance(bank().take(file.content + b"x", signature=file.signature), list)
    assert not isinstance(bank().take(file.content, signature=""), list)


def test_the_file_is_put_into_the_banks_folder_once_with_its_signature(settings: Any, tmp_path: Any) -> None:
    settings.OUT_FOLDER = tmp_path
    batch = sent()
    with acting_as_job("test.deliver"):
        assert actions.deliver_files(now=NOW) == 1
        assert actions.deliver_files(now=NOW) == 0
    file = file_of(batch)
    put = tmp_path / BANK / file.name
    assert put.read_bytes() == file.content
    assert put.with_name(f"{file.name}.sig").read_text() == file.signature


def test_a_file_that_does_not_get_there_says_why_and_is_tried_again(settings: Any, tmp_path: Any) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    settings.OUT_FOLDER = tmp_path / "taken"
    batch = sent()
    with acting_as_job("test.deliver"):
        assert actions.deliver_files(now=NOW) == 0
    assert (report_of(batch).is_delivered, "写不进" in report_of(batch).failure) == (False, True)
    settings.OUT_FOLDER = tmp_path
    with acting_as_job("test.deliver"):
        assert actions.deliver_files(now=NOW) == 1
    assert (report_of(batch).is_delivered, report_of(batch).failure) == (True, "")


def test_a_bank_that_does_not_answer_in_time_shows_as_late() -> None:
    batch = sent()
    assert not report_of(batch).is_overdue(NOW + queries.ANSWERED_WITHIN)
    assert report_of(batch).is_overdue(NOW + queries.ANSWERED_WITHIN + timedelta(seconds=1))
    answered_by(bank(), batch)
    assert not report_of(batch).is_overdue(NOW + timedelta(days=30))


def test_no_account_stands_in_clear_in_any_table() -> None:
    batch = sent()
    with as_owner(), connection.cursor() as cursor:
        for table in ("ledger_paymentline", "ledger_paymentfile", "ledger_paymentbatch", "audit_event"):
            cursor.execute(f"select t::text from {table} t")
            assert not any(account in row for (row,) in cursor.fetchall() for account in ACCOUNTS[:3])
    assert report_of(batch).counted("ready") == 3


# --- answers ------------------------------------------------------------------------------------------------


def test_failed_payments_wait_for_their_owner_with_a_reason_in_words() -> None:
    batch = sent(new_lines(9))
    answered_by(bank("failures"), batch)
    report = report_of(batch)
    assert (report.state, report.counted("paid"), report.counted("failed")) == ("closed", 6, 3)
    assert [(line.code, line.owner, line.reason) for line in failures()] == [
        ("AC01", MAKER.text, "账号不对（账号不存在）"),
        ("AC04", MAKER.text, "账户已销户（已销户）"),
        ("AC06", MAKER.text, "账户被冻结或止付（只收不付）"),
    ]
    assert all(line.todo and "*" in line.account for line in failures())
    assert balances()


def test_a_part_and_then_the_rest() -> None:
    batch, one = sent(new_lines(4)), bank("partial")
    answered_by(one, batch)
    assert (report_of(batch).state, states_of(batch)) == ("answered", ["paid", "paid", "ready", "ready"])
    one.misbehave = frozenset()
    answered_by(one)
    assert (report_of(batch).state, set(states_of(batch))) == ("closed", {"paid"})


def test_late_pending_and_twice_pay_once() -> None:
    batch, one = sent(), bank("late", "pending", "twice")
    assert answered_by(one, batch) == []
    assert report_of(batch).state == "sent"
    one.misbehave = frozenset({"pending", "twice"})
    assert set(answered_by(one)) <= {"accepted", "processed"}
    assert (report_of(batch).state, set(states_of(batch))) == ("closed", {"paid"})
    assert one.memory.paid == 30003
    assert balances()


def test_a_wrong_total_is_quarantined_with_its_equation_and_put_right() -> None:
    batch = sent()
    assert answered_by(bank("wrong-total"), batch) == ["total", "accepted"]
    assert report_of(batch).state == "closed"
    assert balances()


def test_an_answer_to_what_we_never_sent_goes_back() -> None:
    batch, waiting = sent(), checked(drafted(new_lines(1, month="2026-11")))
    one = bank("unknown")
    answered_by(one, batch)
    number = report_of(waiting).number
    for each in one.answer([Said(f"{number}-000001", 10000, "ACSC")], day=TODAY):
        with acting_as_job("test.receive"):
            receive(each)
    done = take()
    assert done.refused == 2  # P999999, and ours that is not sent
    assert states_of(waiting) == ["ready"]
    assert balances()


def receive(each: Sent) -> None:
    partners.receive_file(
        each.content,
        partner=BANK,
        file_name=each.name,
        signature=each.signature,
        by="operator:test",
        now=NOW,
    )


def test_the_banks_own_codes_are_understood() -> None:
    batch = sent(new_lines(3), layout=FIXED)
    answered_by(bank("bank-codes", "failures"), batch)
    assert states_of(batch) == ["paid", "failed", "paid"]
    assert [line.code for line in failures()] == ["AC01"]


# --- mending ------------------------------------------------------------------------------------------------


def with_a_failure(one: Bank | None = None) -> tuple[UUID, int]:
    batch, one = sent(), one or bank()
    one.misbehave = frozenset({"failures"})
    answered_by(one, batch)
    one.misbehave = frozenset()
    return batch, line_ids(batch)[1]


def test_a_failed_payment_is_paid_again_under_the_same_key_with_another_account() -> None:
    one = bank()
    first, line = with_a_failure(one)
    again = drafted([])
    with acting_as(MAKER):
        actions.requeue_payment(
            line, into=again, account=ACCOUNTS[50], reason="本人更正账号", by=MAKER, now=NOW
        )
    assert states_of(first) == ["paid", "requeued", "paid"]
    assert failures() == []
    with refused("ledger.payment-not-failed"), acting_as(MAKER):
        actions.requeue_payment(line, into=again, reason="再来一次", by=MAKER, now=NOW)
    released(checked(again))
    with acting_as_job("test.send"):
        actions.send_released(by="job:test.send", now=NOW)
    with acting_as(CHECKER):
        ((odd, _why),) = [each for each in queries.exceptions_of(again) if "重新发" in each[1]]
    assert (odd.key, odd.account[-4:]) == ("allowance:p0001:care:2026-10", "0050")
    answered_by(one, again)
    with acting_as(MAKER):
        paid = queries.paid("allowance:p0001:care:2026-10")
    assert paid
    assert paid.fen == 10001


def test_a_repeated_payment_counts_on_the_budget_line_of_the_first() -> None:
    told = {"year": TODAY.year, "fen": Fen(1_000_000), "title": "指标", "basis": "测试批复", "now": NOW}
    books.add_budget_line("budget.test", fund="central-allowance", by="operator:test", **told)  # type: ignore[arg-type]
    with acting_as(MAKER):
        batch = actions.draft_batch(
            division=CITY, purpose="allowance", title="护理费", fund="central-allowance", partner=BANK,
            layout=SEPARATED, pay_on=TODAY, counter="paid.elsewhere",
            budgets={"central-allowance": "budget.test"}, by=MAKER.text, now=NOW,
        )  # fmt: skip
        actions.add_lines(batch, new_lines(2), by=MAKER.text, now=NOW)
    released(checked(batch))
    with acting_as_job("test.send"):
        actions.send_released(by="job:test.send", now=NOW)
    answered_by(bank("failures"), batch)
    with acting_as(MAKER):
        again = actions.draft_for_repeat(line_ids(batch)[1], by=MAKER, now=NOW)
        assert actions.draft_for_repeat(line_ids(batch)[1], by=MAKER, now=NOW) == again
        kept = PaymentBatch.objects.values_list("budgets", "counter").get(pk=again)
    assert kept == ({"central-allowance": "budget.test"}, "paid.elsewhere")


def test_a_failed_payment_is_written_back_and_its_key_is_free() -> None:
    _, line = with_a_failure()
    with acting_as(MAKER):
        actions.write_back_payment(line, reason="本人去世，停发", by=MAKER, now=NOW)
        assert queries.paid("allowance:p0001:care:2026-10") is None
        assert queries.living(["allowance:p0001:care:2026-10"]) == {}


def test_what_the_bank_says_is_a_duplicate_is_not_paid_again_before_it_was_asked() -> None:
    batch, one = sent(new_lines(1)), bank()
    one.memory.keys["allowance:p0000:care:2026-10"] = "P000000-000001"
    answered_by(one, batch)
    (line,), again = line_ids(batch), drafted([])
    with refused("ledger.payment-bank-not-asked"), acting_as(MAKER):
        actions.requeue_payment(line, into=again, reason="再发", by=MAKER, now=NOW)
    with acting_as(MAKER):
        actions.requeue_payment(
            line, into=again, reason="工行李经理11月17日答复原笔未入账", by=MAKER, now=NOW
        )
    assert states_of(again) == ["draft"]


def test_two_answers_that_contradict_each_other_are_for_a_person() -> None:
    batch = sent()
    answered_by(bank("contradict"), batch)
    (line,) = failures()
    assert (line.state, line.owner, "退回" in line.dispute) == ("paid", MAKER.text, True)
    with acting_as(MAKER):
        actions.settle_dispute(line.id, has_arrived=False, reason="银行确认已退回", by=MAKER, now=NOW)
    assert [(each.state, each.dispute) for each in failures()] == [("failed", "")]


def test_money_that_arrived_after_all_stops_the_second_payment() -> None:
    batch, line = with_a_failure()
    again = drafted([])
    with acting_as(MAKER):
        actions.requeue_payment(line, into=again, reason="本人更正账号", by=MAKER, now=NOW)
    number, one = report_of(batch).number, bank()
    one.memory.sequence = 1
    for each in one.answer([Said(f"{number}-000002", 10001, "ACSC")], day=TODAY):
        with acting_as_job("test.receive"):
            receive(each)
    assert take().disputed == 1
    with refused("ledger.payment-paid-again"), acting_as(MAKER):
        actions.settle_dispute(line, has_arrived=True, reason="银行确认已入账", by=MAKER, now=NOW)
    with acting_as(MAKER):
        actions.withdraw_batch(again, reason="原笔已到账", by=MAKER, now=NOW)
        actions.settle_dispute(line, has_arrived=True, reason="银行确认已入账", by=MAKER, now=NOW)
        paid = queries.paid("allowance:p0001:care:2026-10")
    assert failures() == []
    assert paid
    assert paid.reference == f"{number}-000002"
    assert on_books() == (10_000_000 - 30003, 0, 30003)
    with refused("ledger.payment-key-living"):
        drafted()


def test_what_was_paid_twice_after_all_is_said_and_booked() -> None:
    one = bank()
    batch, line = with_a_failure(one)
    again = drafted([])
    with acting_as(MAKER):
        actions.requeue_payment(line, into=again, reason="本人更正账号", by=MAKER, now=NOW)
    released(checked(again))
    with acting_as_job("test.send"):
        actions.send_released(by="job:test.send", now=NOW)
    answered_by(one, again)
    for each in one.answer([Said(f"{report_of(batch).number}-000002", 10001, "ACSC")], day=TODAY):
        with acting_as_job("test.receive"):
            receive(each)
    assert take().disputed == 1
    with acting_as(MAKER):
        actions.settle_dispute(line, has_arrived=True, reason="银行确认两笔都入账", by=MAKER, now=NOW)
    assert states_of(batch)[1] == "requeued"
    assert on_books() == (10_000_000 - 30003 - 10001, 0, 40004)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select count(*) from audit_event where event = 'ledger.payment-paid-twice'")
        assert cursor.fetchone() == (1,)


def test_another_takes_a_failure_over() -> None:
    _, line = with_a_failure()
    with acting_as(CHECKER):
        actions.take_over(line, by=CHECKER, now=NOW)
    assert [each.owner for each in failures()] == [CHECKER.text]


# --- the balance --------------------------------------------------------------------------------------------


def test_every_released_payment_is_paid_not_paid_or_waiting_and_a_lost_one_is_a_gap() -> None:
    batch = sent(new_lines(4))
    answered_by(bank("failures", "partial"), batch)
    with acting_as_job("test.balance"):
        (told,) = queries.payment_balance(since=TODAY, until=TODAY)
    assert (told.channel, told.taken_in, told.done, told.refused, told.waiting, told.gap) == (
        "bank:paying-bank:allowance", 4, 1, 1, 2, 0,
    )  # fmt: skip
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table ledger_paymentline disable trigger user")
        cursor.execute("delete from ledger_paymentline where state = 'ready' and line = 4")
    with acting_as_job("test.balance"):
        assert [each.gap for each in queries.payment_balance(since=TODAY, until=TODAY)] == [1]


# --- the books ----------------------------------------------------------------------------------------------


def test_money_is_held_at_the_release_moves_as_it_arrives_and_is_free_where_it_fails() -> None:
    whole = 10_000_000
    batch = checked(drafted(new_lines(4)))
    released(batch)
    assert on_books() == (whole, 40006, 0)
    with acting_as_job("test.send"):
        actions.send_released(by="job:test.send", now=NOW)
    one = bank("failures", "partial")
    answered_by(one, batch)  # the first arrived, the second failed
    assert states_of(batch) == ["paid", "failed", "ready", "ready"]
    assert on_books() == (whole - 10000, 10002 + 10003, 10000)
    one.misbehave = frozenset()
    answered_by(one)
    assert on_books() == (whole - 30005, 0, 30005)


def test_a_fund_that_cannot_bear_it_lets_nothing_go() -> None:
    batch = checked(drafted(new_lines(1, fen=10_000_001)))
    with refused("ledger.limit-exceeded"):
        released(batch)
    assert report_of(batch).state == "checked"


def test_what_a_withdrawn_batch_held_is_free_again() -> None:
    batch = released(checked(drafted()))
    assert on_books()[1] == 30003
    with acting_as(MAKER):
        actions.withdraw_batch(batch, reason="名单有误", by=MAKER, now=NOW)
    assert on_books() == (10_000_000, 0, 0)


def test_each_fund_bears_its_share() -> None:
    batch = sent(new_lines(2, shares={"central": 7000, "city": 3000}, fen=10000))
    answered_by(bank(), batch)
    with acting_as_job("test.books"):
        left = [int(standing(fund).posted) for fund in ("central", "city")]
    assert left == [10_000_000 - 14000, 10_000_000 - 6000]


def test_money_that_came_back_after_all_is_on_the_fund_again() -> None:
    batch = sent()
    answered_by(bank("contradict"), batch)
    assert on_books() == (10_000_000 - 30003, 0, 30003)
    (line,) = failures()
    with acting_as(MAKER):
        actions.settle_dispute(line.id, has_arrived=False, reason="银行确认已退回", by=MAKER, now=NOW)
    assert on_books() == (10_000_000 - 20003, 0, 20003)


# --- scope --------------------------------------------------------------------------------------------------


def test_an_officer_of_a_district_sees_no_batch_of_the_city(settings: Any) -> None:
    batch = drafted()
    other = person("district", role="district-officer", division=370203000000)
    with acting_as(other):
        assert queries.batch_report(batch) is None
        assert queries.batches() == ([], 0)
        assert queries.lines_of(batch) == []
    with acting_as(RELEASER):
        assert queries.batch_report(batch)


def test_totals_by_fund_and_county_add_up_to_the_whole() -> None:
    shared = new_lines(1, shares={"central": 6000, "city": 4000}, fen=10000)
    elsewhere = new_lines(2, division=370203000000)[1:]
    batch = checked(drafted([*shared, *elsewhere]))
    with acting_as(MAKER):
        funds, counties = queries.totals_by_fund(batch), queries.totals_by_county(batch)
    assert [(each.what, int(each.total)) for each in funds] == [
        ("central", 6000),
        ("central-allowance", 10001),
        ("city", 4000),
    ]
    assert [(each.what, each.count) for each in counties] == [("370202000000", 1), ("370203000000", 1)]
    assert sum(each.total for each in counties) == sum(each.total for each in funds) == 20001
