"""Top-ups outside the city's rule are put before somebody; they stop no card and cost nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from rongjun.access.api import acting_as_job
from rongjun.benefits.actions import top_ups, use_signals
from rongjun.benefits.logic.top_ups import TopUpRule, read_row, read_rules, rule_on
from rongjun.benefits.models import UsePlace, UseSource
from rongjun.benefits.queries.top_ups import top_up_rules
from rongjun.benefits.tests.uses_scene import NOW, OTHER, USABLE, rows_of, set_network
from rongjun.kernel.errors import Unfit
from rongjun.partners import api as partners
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 29)
RULE = TopUpRule(date(2021, 3, 1), 5_000, 20_000, "示例")


@pytest.fixture
def network(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    set_network(monkeypatch)
    with acting_as_job("test.agree"):
        partners.add_partner(
            "qd-transit", name="测试公交", division=990200000000, agreed={"top-ups/1": ""}, channels=["file"],
            expected_since=DAY, public_key=partners.signer_of("qd-transit").public_key, by="operator:test",
            now=NOW,
        )  # fmt: skip


def send(*rows: tuple[str, int, int, int], sequence: int = 1) -> None:
    """Key, card, what was left and what was put on; all at nine in the morning."""
    known = partners.formats_in(settings.CONTRACTS_ROOT / "files")["top-ups/1"]
    written = [
        [key, f"{card}", f"{DAY}T09:00:00+08:00", f"{before}", f"{amount}"]
        for key, card, before, amount in rows
    ]
    content = partners.write_file(known, written, partner="qd-transit", business_date=DAY, sequence=sequence)
    with acting_as_job("test.receive"):
        partners.receive_file(
            content, partner="qd-transit", file_name="t.csv", by="operator:test", now=NOW,
            signature=partners.signer_of("qd-transit").sign(content).hex(),
        )  # fmt: skip
        while top_ups.load_top_ups(now=NOW):
            pass


def found() -> int:
    with acting_as_job("test.signals"):
        return use_signals.find_signals(DAY, now=NOW)


@pytest.mark.usefixtures("network")
def test_one_above_the_rule_is_a_signal_and_stops_nothing() -> None:
    send(("C1", USABLE, 3_000, 17_000), ("C2", OTHER, 6_000, 14_000), ("C3", USABLE, 4_999, 15_001))
    assert found() == 1
    ((kind, card, told),) = rows_of("select kind, card, evidence->0 from benefits_use_signal")
    assert (kind, card) == ("top-up", OTHER)
    assert '"before": 6000' in told
    assert found() == 0
    assert rows_of("select count(*) from benefits_use_void") == [(0,)]


@pytest.mark.usefixtures("network")
def test_one_that_goes_up_too_far_is_a_signal() -> None:
    send(("C1", USABLE, 4_000, 16_001))
    assert found() == 1


@pytest.mark.usefixtures("network")
def test_the_same_file_content_under_another_number_is_kept_once() -> None:
    send(("C1", USABLE, 3_000, 17_000))
    send(("C1", USABLE, 3_000, 17_000), ("C2", USABLE, 2_000, 18_000), sequence=2)
    assert rows_of("select count(*) from benefits_top_up") == [(2,)]
    assert rows_of(
        "select done_count, repeated_count, refused_count from partners_inboundbatch order by sequence"
    ) == [(1, 0, 0), (1, 1, 0)]


@pytest.mark.usefixtures("network")
def test_a_row_that_cannot_be_one_is_refused_and_the_rest_is_kept() -> None:
    send(("C1", USABLE, 3_000, 0), ("C2", USABLE, 2_000, 18_000))
    assert rows_of("select reference from benefits_top_up") == [("C2",)]


def test_the_citys_rule_is_the_one_of_the_public_notices() -> None:
    rule = rule_on(top_up_rules(), DAY)
    assert rule
    assert (rule.below_fen, rule.up_to_fen) == (5_000, 20_000)
    assert rule_on(top_up_rules(), date(2020, 1, 1)) is None


def test_a_newer_rule_is_in_force_from_its_day() -> None:
    newer = TopUpRule(date(2026, 12, 1), 3_000, 10_000, "示例")
    assert rule_on((RULE, newer), date(2026, 11, 30)) == RULE
    assert rule_on((RULE, newer), date(2026, 12, 1)) == newer


def whole(**other: Any) -> dict[str, Any]:
    rule = {
        "from": date(2021, 3, 1), "since": "observed", "below_fen": 5000, "up_to_fen": 20000, "basis": "示例",
        "confidence": "assumed", "source_grade": "none", **other,
    }  # fmt: skip
    return {"checked": DAY, "confirmed": False, "rules": [rule]}


@pytest.mark.parametrize(
    "other", [{"below_fen": 50.0}, {"up_to_fen": 5000}, {"from": "2021"}, {"more": 1}, {"below_fen": True}]
)
def test_a_rule_of_another_shape_is_not_read(other: dict[str, Any]) -> None:
    assert read_rules(whole())
    with pytest.raises(Unfit):
        read_rules(whole(**other))


@given(before=st.integers(0, 30_000), amount=st.integers(1, 30_000))
def test_below_fifty_and_up_to_two_hundred_is_within_the_rule(before: int, amount: int) -> None:
    assert RULE.breaks(before=before, amount=amount) is not (before < 5_000 and before + amount <= 20_000)


@given(st.text(max_size=12), st.text(max_size=12))
def test_whatever_stands_in_a_row_is_kept_or_refused(amount: str, before: str) -> None:
    said = {"card": "7001", "topped_at": "2026-11-29T09:00:00+08:00", "before": before, "amount": amount}
    row = read_row(said, "C1")
    assert isinstance(row, str) or (row.amount > 0 and row.before >= 0)


def test_sources_are_agreed_on_once_and_get_the_places_they_lack(db: None) -> None:
    from rongjun.benefits.actions.use_network import Place, agree_on_source

    def agree(*codes: str) -> int:
        with acting_as_job("test.agree"):
            return agree_on_source(
                "bus-daily", title="测试", partner="transit", record="file", seat=990200000000,
                expected_since=DAY, places=[Place(code, code, 990202000000) for code in codes],
                by="operator:test", now=datetime(2026, 11, 30, tzinfo=UTC),
            )  # fmt: skip

    assert (agree("1", "2"), agree("2", "3"), agree("1")) == (2, 1, 0)
    with as_owner():
        assert (UseSource.objects.count(), UsePlace.objects.count()) == (1, 3)
