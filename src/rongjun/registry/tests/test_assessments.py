"""What is of high risk is assessed first; a wrong file is named with its line (PI-11)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from rongjun.access.api import acting_as
from rongjun.registry import api as registry
from rongjun.registry.assessments import Processing, load_assessments
from rongjun.registry.queries import privacy
from rongjun.registry.tests.scene import NOW, actor, open_file
from rongjun.registry.tests.strategies import cells
from rongjun.rules.api import PolicyError

FILE = Path(settings.CONTRACTS_ROOT) / "assessments.yaml"
WRITTEN = FILE.read_text("utf-8")
BOOK = load_assessments(FILE)


def test_what_is_used_is_assessed_and_says_everything() -> None:
    for processing in BOOK.values():
        assert processing.assessments or not processing.used
        for each in processing.assessments:
            assert each.risks
            assert each.measures


def test_before_its_day_there_is_none_and_after_its_review_somebody_is_told() -> None:
    processing = BOOK["keeping-files"]
    (first,) = processing.assessments
    assert processing.in_force(first.since - timedelta(days=1)) is None
    assert processing.needs_somebody(first.since - timedelta(days=1))
    assert processing.in_force(first.since) is first
    assert not processing.needs_somebody(first.review_by)
    assert processing.needs_somebody(first.review_by + timedelta(days=1))
    assert not BOOK["publishing"].needs_somebody(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("why: [sensitive]", "why: [secret]", "没有“secret”这个评估理由"),
        ("review_by: 2027-01-01", "review_by: 2023-01-01", "复核日期不在评估日期之后"),
        ("        necessity: 证件号码", "        need: 证件号码", "缺少“necessity”"),
    ],
)
def test_a_wrong_word_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WRITTEN
    file = tmp_path / "assessments.yaml"
    file.write_text(WRITTEN.replace(old, new, 1), "utf-8")
    with pytest.raises(PolicyError, match=said):
        load_assessments(file)


@pytest.mark.django_db
@pytest.mark.parametrize("is_assessed", [True, False])
def test_nothing_is_shared_before_it_was_assessed(monkeypatch: pytest.MonkeyPatch, is_assessed: bool) -> None:
    person = open_file(row=cells(1))
    told = BOOK if is_assessed else {"sharing-with-partners": Processing("x", "x", ("sharing",), True, ())}
    monkeypatch.setattr(privacy, "processings", lambda: told)
    with acting_as(actor()):
        shared = registry.may_share(person, recipient="bank", purpose="pay-allowance", at=NOW)
    assert bool(shared) is is_assessed
