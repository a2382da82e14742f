"""Who may do what with a batch, what an answer changes, what a checker sees first; no database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.ledger.payments.logic.batches import (
    NewLine,
    People,
    Seen,
    exceptions,
    line_faults,
    may_check,
    may_release,
    read_reference,
    reference_of,
)
from rongjun.ledger.payments.logic.reasons import (
    CHANGE,
    DISPUTE,
    FAILED,
    PAID,
    PENDING,
    READY,
    REASONS,
    REFUSE,
    REQUEUED,
    SAME,
    WITHDRAWN,
    WRITTEN_BACK,
    Answer,
    judge_answer,
)

LINE = NewLine("allowance:a:b:2026-11", 370202000000, "测试张三", "9999991234", 90000, "11月抚恤")
STATES = [READY, PAID, FAILED, REQUEUED, WRITTEN_BACK, WITHDRAWN]


@given(st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from("abc"))
def test_only_three_different_people_get_a_batch_out(maker: str, checker: str, releaser: str) -> None:
    goes_out = may_check(People(maker), checker) and may_release(People(maker, checker), releaser)
    assert goes_out == (len({maker, checker, releaser}) == 3)


def test_nobody_releases_what_nobody_checked() -> None:
    assert not may_release(People("a"), "c")


@given(st.integers(1, 10**11), st.integers(1, 999999))
def test_a_reference_reads_back(batch: int, line: int) -> None:
    assert read_reference(reference_of(batch, line)) == (batch, line)


@pytest.mark.parametrize("text", ["", "P12-1", "P000001-0000001", "Ｐ000001-000001", "P000001-000001\n"])
def test_what_is_no_reference_of_ours_is_none(text: str) -> None:
    assert read_reference(text) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"fen": 0},
        {"fen": -1},
        {"payee": " "},
        {"account": "1"},
        {"account": "九九九九九"},
        {"bank": "12"},
        {"purpose": ""},
        {"purpose": "字" * 21},
        {"key": "a b"},
        {"shares": {"a": 1}},
        {"shares": {"a": 90001, "b": -1}},
    ],
)
def test_a_line_that_cannot_be_paid_says_why(changed: dict[str, Any]) -> None:
    assert line_faults(LINE) == []
    assert len(line_faults(replace(LINE, **changed))) == 1


# --- answers ------------------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(REASONS)), st.sampled_from(STATES))
def test_every_answer_to_every_payment_has_one_outcome(code: str, state: str) -> None:
    verdict = judge_answer(Answer(code, 100), state=state, fen=100)
    assert verdict.words
    assert (verdict.kind == CHANGE) == (state == READY and REASONS[code].outcome != PENDING)
    assert (verdict.state in {PAID, FAILED}) == (verdict.kind == CHANGE)


@given(st.lists(st.sampled_from(sorted(REASONS)), min_size=1, max_size=6))
def test_an_answer_that_comes_again_changes_nothing(codes: list[str]) -> None:
    state = READY
    for code in codes:
        verdict = judge_answer(Answer(code, 100), state=state, fen=100)
        state = verdict.state or state
        again = judge_answer(Answer(code, 100), state=state, fen=100)
        assert again.kind in {SAME, DISPUTE}
        assert again.kind == SAME or REASONS[code].outcome != state


@pytest.mark.parametrize(
    ("answer", "state", "kind"),
    [
        (Answer("XX99", 100), READY, REFUSE),
        (Answer("ACSC", 99), READY, REFUSE),
        (Answer("ACSC", 100), WITHDRAWN, REFUSE),
        (Answer("PDNG", 100), WITHDRAWN, REFUSE),
        (Answer("RJCT", 100), PAID, DISPUTE),
        (Answer("ACSC", 100), FAILED, DISPUTE),
        (Answer("ACSC", 100), REQUEUED, DISPUTE),
        (Answer("AC04", 100), REQUEUED, SAME),
    ],
)
def test_what_contradicts_or_was_never_sent_changes_nothing(answer: Answer, state: str, kind: str) -> None:
    verdict = judge_answer(answer, state=state, fen=100)
    assert (verdict.kind, verdict.state) == (kind, "")


def test_every_failure_says_what_to_do() -> None:
    assert all(reason.todo for reason in REASONS.values() if reason.outcome == FAILED)


# --- exceptions ---------------------------------------------------------------------------------------------


def test_what_is_usual_is_no_exception() -> None:
    assert (
        exceptions([Seen(1, "甲", b"1", 1, "", is_again=False), Seen(2, "乙", b"2", 1, "", is_again=False)])
        == []
    )


def test_one_account_for_two_names_shows_at_both() -> None:
    seen = [Seen(1, "甲", b"1", 1, "", is_again=False), Seen(2, "乙", b"1", 1, "", is_again=True)]
    assert [line for line, _ in exceptions(seen)] == [1, 2, 2]
