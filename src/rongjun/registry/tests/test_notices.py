"""Notices say all the law asks, purposes name their law; a wrong file is named with its line."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from rongjun.registry.notices import ITEMS, load_notices
from rongjun.registry.rights import covered_name, due_on, is_overdue, may_ask_again
from rongjun.registry.tests.scene import NOW
from rongjun.rules.api import PolicyError

FILE = Path(settings.CONTRACTS_ROOT) / "notices.yaml"
WRITTEN = FILE.read_text("utf-8")
BOOK = load_notices(FILE)


def test_every_wording_has_every_item_of_the_law_for_statutory_work_too() -> None:
    assert {"handler", "contact", "rights", "necessity", "effect", "statutory"} <= set(ITEMS)
    for notice in BOOK.notices.values():
        for wording in notice.wordings:
            assert set(wording.items) == set(ITEMS)
            assert all(len(text) >= 6 for text in wording.items.values()), notice.code


@pytest.mark.parametrize("item", list(ITEMS))
def test_a_wording_that_leaves_an_item_out_is_refused_by_name(tmp_path: Path, item: str) -> None:
    file = tmp_path / "notices.yaml"
    file.write_text(re.sub(rf"\n        {item}: .*", "", WRITTEN, count=1), "utf-8")
    with pytest.raises(PolicyError, match=rf"notices\.yaml 第 \d+ 行：.*缺少“{item}”"):
        load_notices(file)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("recipients: [insurer]", "recipients: [insurers]", "没有“insurers”这个接收方"),
        ("notice: opening-a-file", "notice: opening", "“notice”不能是“opening”"),
        ("《个人信息保护法》第十三条第一款第三项（", "惯例（", "没有写明法律和条款"),
        ("consent: true", "consent: maybe", "应是 true 或 false"),
    ],
)
def test_a_wrong_word_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WRITTEN
    file = tmp_path / "notices.yaml"
    file.write_text(WRITTEN.replace(old, new, 1), "utf-8")
    with pytest.raises(PolicyError, match=said):
        load_notices(file)


def test_another_wording_has_another_digest_and_days_decide_which_is_in_force() -> None:
    notice = BOOK.notices["opening-a-file"]
    wording = notice.wordings[0]
    assert notice.in_force(wording.since) is wording
    assert notice.in_force(wording.since - timedelta(days=1)) is None
    others = [each.wordings[0].digest for each in BOOK.notices.values()]
    assert len(set(others)) == len(others)


def test_what_needs_no_consent_names_a_duty_and_what_does_goes_to_named_recipients_one_by_one() -> None:
    for purpose in BOOK.purposes.values():
        assert purpose.recipients
        assert purpose.fields
        assert ("法定职责" in purpose.basis) != purpose.needs_consent


@given(received=st.dates(date(2000, 1, 1), date(2090, 1, 1)), days=st.integers(1, 90))
def test_an_answer_is_late_from_the_day_after_the_last(received: date, days: int) -> None:
    due = due_on(received, days=days)
    assert not is_overdue(due, today=received + timedelta(days=days))
    assert is_overdue(due, today=received + timedelta(days=days + 1))


@given(passed=st.integers(0, 400))
def test_nobody_who_said_no_is_asked_again_for_ninety_days(passed: int) -> None:
    assert may_ask_again(NOW, now=NOW + timedelta(days=passed), days=90) == (passed >= 90)
    assert may_ask_again(None, now=NOW, days=90)


@given(st.text(min_size=1, max_size=30))
def test_a_covered_name_shows_one_sign(name: str) -> None:
    assert covered_name(name)[0] == name[0]
    assert set(covered_name(name)[1:]) == {"＊"}
