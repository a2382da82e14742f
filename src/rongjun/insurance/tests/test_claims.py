"""A hospital's record from the message to the decision, the money set aside and the words the person gets."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from rongjun.access.api import acting_as_job
from rongjun.insurance import actions
from rongjun.insurance.actions.files import take_lines
from rongjun.insurance.actions.money import fill_short
from rongjun.insurance.contract import file_columns
from rongjun.insurance.hospital import Letter, rows_of
from rongjun.insurance.models import InsuredYear, Member, Payout, RosterSpan, Settlement
from rongjun.insurance.queries.histories import bill_of
from rongjun.insurance.tests import scene
from rongjun.insurance.tests.scene import (
    insured,
    open_reviews,
    payouts,
    refund,
    set_scene,
    settlement,
    states,
    take,
    years,
)
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.partners import api as partners
from tests.house.claims_rooms import HOME, Message, OutboundBatch, number

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scene() -> None:
    set_scene()


def test_three_stays_of_the_veteran_come_out_as_the_article_says() -> None:
    insured()
    first = take(settlement(1, total="80000.00", pooled="40000.00"), place=1)
    second = take(settlement(2, total="93000.00", pooled="43000.00"), place=2)
    third = take(settlement(3, total="66000.00", pooled="30000.00"), place=3)
    assert [each.post for each in (first, second, third)] == [3_500_000, 5_000_000, 3_600_000]
    assert years() == [(12_600_000, 12_100_000, 500_000)]
    assert payouts() == [(3_500_000, "reserved"), (5_000_000, "reserved"), (3_600_000, "reserved")]
    with acting_as_job("test.look"):
        assert -ledger.standing("insurance.fund").held_out == 12_100_000
        assert Message.objects.filter(template="claim-decided").count() == 3
    assert set(states().values()) == {"decided"}
    assert len(scene.decisions()[0].lines) >= 4


def test_the_same_message_again_gets_the_same_answer() -> None:
    insured()
    first = take(settlement(1), place=1)
    assert take(settlement(1), place=1) == first
    assert years() == [(4_000_000, 3_500_000, 500_000)]
    with pytest.raises(Refused, match=r"insurance\.msgid-reused"):
        take(settlement(1, total="80001.00"), place=1)


def test_the_same_settlement_under_another_message_is_a_duplicate() -> None:
    insured()
    take(settlement(1), place=1)
    again = take(settlement(1), place=2)
    assert (again.state, again.post) == ("duplicate", 0)
    assert years() == [(4_000_000, 3_500_000, 500_000)]


def test_another_content_under_a_number_is_set_aside() -> None:
    insured(1)
    insured(2)
    take(settlement(1), place=1)
    other = take(settlement(1, total="90000.00"), place=2)
    whose = take(settlement(1), place=3, sequence=2)
    assert [other.state, whose.state] == ["conflict", "conflict"]
    assert "内容不同" in other.said
    assert "另一个人" in whose.said
    assert sum(payout for _, payout, _ in years()) == 3_500_000


def test_what_does_not_foot_is_quarantined_with_the_equation_and_a_correction_counts() -> None:
    insured()
    wrong = take(settlement(1, psn_cash_pay="39999.00"), place=1)
    assert (wrong.state, wrong.why, wrong.post) == ("mend", "does-not-foot", 0)
    assert "差 1.00 元" in wrong.said
    assert open_reviews() == []
    right = take(settlement(1, version=2), place=2)
    assert (right.state, right.post) == ("decided", 3_500_000)


def test_a_refund_takes_the_year_back_and_the_money_that_was_not_sent() -> None:
    insured()
    take(settlement(1), place=1)
    back = take(refund(1, 2), place=2)
    assert back.state == "review"  # taking money back carries a name
    assert years() == [(0, 0, 0)]
    assert payouts() == [(3_500_000, "cancelled")]
    with acting_as_job("test.look"):
        assert ledger.standing("insurance.fund").held_out == 0


def test_a_refund_that_comes_first_waits_and_meets_its_settlement() -> None:
    insured()
    assert take(refund(1, 1), place=1).state == "waiting"
    late = take(settlement(1), place=2)
    assert (late.state, late.post) == ("decided", 0)
    assert states() == {"0001": "decided", "0002": "decided"}
    assert payouts() == []


def test_somebody_without_a_file_waits_for_it() -> None:
    assert (take(settlement(1), place=1).state, take(settlement(1), place=2).state) == (
        "waiting",
        "duplicate",
    )
    insured()
    with acting_as_job("insurance.match-waiting"):
        assert actions.match_waiting(most=10, by="job:insurance.match-waiting", now=scene.NOW) == 1
    assert years() == [(4_000_000, 3_500_000, 500_000)]


def test_cover_is_judged_on_the_day_of_discharge() -> None:
    insured(until=date(2024, 12, 2))
    inside = take(settlement(1), place=1)
    outside = take(settlement(3), place=2)
    assert (inside.state, outside.state) == ("decided", "review")
    assert outside.why == "not-covered"
    assert years() == [(4_000_000, 3_500_000, 500_000)]


def test_a_fund_that_is_empty_leaves_the_decision_and_pays_later() -> None:
    with acting_as_job("test.look"):
        money = ledger.standing("insurance.fund").posted
    insured()
    ledger.post(
        ledger.Transfer(
            uuid4(), ledger.between("insurance.fund", "insurance.premium", Fen(money)), scene.TODAY
        ),
        by="job:test", now=scene.NOW,
    )  # fmt: skip
    assert take(settlement(1), place=1).post == 3_500_000
    assert payouts() == [(3_500_000, "short")]
    actions.pay_in(Fen(5_000_000), known_as=uuid4(), by="job:test", now=scene.NOW)
    with acting_as_job("insurance.fill-short"):
        assert fill_short(by="job:insurance.fill-short", now=scene.NOW) == 1
    assert payouts() == [(3_500_000, "reserved")]


def test_number_and_diagnosis_are_sealed() -> None:
    insured()
    take(settlement(1, dise_codg="I21.900"), place=1)
    with acting_as_job("test.look"):
        row = Settlement.objects.get()
    kept = repr([getattr(row, field.attname) for field in row._meta.fields])
    assert number(1) not in kept
    assert "I21.900" not in kept
    assert row.diagnosis_mask == "I＊＊"
    assert bill_of(row).diagnosis == "I21.900"


def test_a_late_registration_decides_what_was_held_by_itself() -> None:
    person = insured(until=date(2024, 12, 2))
    take(settlement(3), place=1)
    by = "job:insurance.look-again"
    with acting_as_job("insurance.look-again"):
        assert actions.look_again(most=10, by=by, now=scene.NOW) == 0
    scene.cover(person, division=HOME, since=date(2024, 12, 2))
    with acting_as_job("insurance.look-again"):
        assert actions.look_again(most=10, by=by, now=scene.NOW) == 1
        assert actions.look_again(most=10, by=by, now=scene.NOW) == 0
    assert (years(), open_reviews()) == ([(4_000_000, 3_500_000, 500_000)], [])
    assert payouts() == [(3_500_000, "reserved")]


def test_any_order_of_the_same_records_ends_in_the_same_year_and_the_same_money() -> None:
    """Corrections, refunds and plain stays in eight orders, each of another person."""
    dice, ends = random.Random(20261130), set()
    for each in range(1, 9):
        insured(each)
        sent = [
            settlement(1), settlement(2, total="93000.00", pooled="43000.00"),
            settlement(2, total="99000.00", pooled="43000.00", version=2),
            settlement(3, total="66000.00", pooled="30000.00"), refund(1, 1),
        ]  # fmt: skip
        for record in sent:
            record["setl_id"] += f"-{each}"
            if "init_setl_id" in record:
                record["init_setl_id"] += f"-{each}"
        dice.shuffle(sent)
        for place, record in enumerate(sent, start=each * 10):
            take(record, place=place, sequence=each)
    with acting_as_job("test.look"):
        for member in Member.objects.all():
            (year,) = InsuredYear.objects.filter(member=member)
            held = Payout.objects.filter(member=member, state="reserved").values_list("fen", flat=True)
            ends.add((year.inside, year.payout, year.own, sum(held)))
    assert ends == {(9_200_000, 8_700_000, 500_000, 8_700_000)}


def test_the_daily_file_is_taken_line_by_line_like_calls() -> None:
    insured()
    with acting_as_job("test.agree"):
        partners.add_partner(
            "hospital", name="测试医院", division=370200000000, agreed={"settlements/1": ""},
            channels=["file"], expected_since=scene.TODAY, by="job:test", now=scene.NOW,
        )  # fmt: skip
    letters = [
        Letter("plain", {"msgid": scene.msgid(1), "certno": number(1), "settlement": settlement(1)}),
        Letter(
            "plain",
            {"msgid": scene.msgid(2), "certno": number(1), "settlement": settlement(2, medfee_sumamt="x")},
        ),
        Letter("plain", {"msgid": scene.msgid(3), "certno": number(1), "refund": refund(1, 3)}),
    ]
    columns = [name for name, _title, _required in file_columns()]
    known = partners.formats_in(Path(settings.CONTRACTS_ROOT) / "files")["settlements/1"]
    content = partners.write_file(
        known, rows_of(letters, columns=columns, day=scene.TODAY), partner="hospital",
        business_date=scene.TODAY, sequence=1,
    )  # fmt: skip
    with acting_as_job("test.file"):
        came = partners.receive_file(
            content, partner="hospital", file_name="s.csv", by="job:test", now=scene.NOW
        )
        assert take_lines(most=10, by="job:test", now=scene.NOW) == 3
        report = partners.batch_report(came)
    assert report
    assert (report.done, report.refused, report.waiting) == (2, 1, 0)
    assert states() == {"0001": "decided", "0003": "review"}


def test_the_roster_follows_the_registry_and_the_insurer_is_told_once() -> None:
    insured(1)
    insured(2, until=date(2026, 11, 15))
    with acting_as_job("test.agree"):
        partners.add_partner(
            "insurer", name="测试承保公司", division=370200000000, agreed={}, channels=["file"],
            takes={"insured-roster/1": "file"}, expected_since=scene.TODAY, by="job:test", now=scene.NOW,
            daily_sends=9,
        )  # fmt: skip
    told = []
    for on in (date(2026, 11, 14), date(2026, 11, 14), date(2026, 11, 15)):
        with acting_as_job("insurance.renew-roster"):
            told.append(actions.renew_roster(on=on, by="job:insurance.renew-roster", now=scene.NOW))
    assert [(each.begun, each.ended, each.insured) for each in told] == [(2, 0, 2), (0, 0, 2), (0, 1, 1)]
    with acting_as_job("test.look"):
        (ended,) = RosterSpan.objects.exclude(ends_on=None)
        assert (ended.ends_on, ended.ended_why) == (date(2026, 11, 14), "不再符合参保条件")
        assert OutboundBatch.objects.filter(format="insured-roster/1").count() == 2
