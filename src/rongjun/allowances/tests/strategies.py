"""Invented histories: awards, deaths, suspensions and moves, told and corrected at random moments."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from rongjun.allowances.logic.history import (
    Asserted,
    Award,
    Cancellation,
    Confirmation,
    Death,
    Event,
    Fact,
    Handover,
    Residence,
    Ruling,
    Suspension,
)
from rongjun.allowances.logic.months import month_at
from rongjun.allowances.logic.service import Service
from rongjun.rules.api import Value

FIRST, LAST = month_at(2021, 1), month_at(2024, 12)
TOLD_FROM = datetime(2021, 1, 1, tzinfo=UTC)

days = st.dates(date(2019, 1, 1), date(2024, 12, 31))
moments = st.integers(0, 4 * 365).map(lambda day: TOLD_FROM + timedelta(days=day))


def _rating(day: date, grade: int, cause: str) -> Award:
    details: dict[str, Value] = {
        "disability_grade": grade,
        "disability_cause": cause,
        "approved_by": "province",
    }
    return Award(f"评残 {day}", "disability-pension", "soldier", day, details)


ratings = st.builds(_rating, days, st.integers(1, 10), st.sampled_from(["war", "duty"]))
combat = days.map(lambda day: Award(f"参战 {day}", "combat-allowance", "combat", day))
rural = days.map(
    lambda day: Award(
        f"农村籍 {day}",
        "rural-conscript-allowance",
        "rural-conscript",
        day,
        {"was_rural_at_discharge": True, "enlisted_on": date(1976, 3, 10)},
    )
)
kin = days.map(lambda day: Award(f"三属 {day}", "kin-pension", "martyr-kin", day, {"relation": "spouse"}))
facts = st.one_of(
    st.builds(lambda day, kind: Fact("household_kind", kind, day), days, st.sampled_from(["rural", "urban"])),
    st.builds(lambda day, yes: Fact("has_employee_pension", yes, day), days, st.booleans()),
    st.dates(date(1955, 1, 1), date(1964, 12, 31)).map(lambda day: Fact("birth_date", day, date(1955, 1, 1))),
)
suspensions = st.builds(
    lambda day, months, document: Suspension(
        day, "判处有期徒刑", document, None if months is None else day + timedelta(days=31 * months)
    ),
    days,
    st.none() | st.integers(0, 30),
    st.none() | st.just("示例省决〔2022〕1号"),
)
events: st.SearchStrategy[Event] = st.one_of(
    ratings,
    ratings,
    combat,
    rural,
    kin,
    facts,
    suspensions,
    st.builds(Death, days, st.sampled_from(["illness", "old-wound", "other"])),
    st.builds(Confirmation, days, st.none() | days),
    st.builds(
        Residence, st.sampled_from([370202000000, 370211000000, 510100000000]), st.dates(date(2010, 1, 1))
    ).filter(lambda r: r.since.year < 2025),
    st.builds(Handover, days),
    st.builds(lambda day: Cancellation(day, "取消残疾等级", "disability-pension"), days),
    st.just(Service(date(1976, 3, 10), date(1979, 3, 11))),
    st.builds(
        lambda day, rule: Ruling(
            frozenset({"disability-pension", "combat-allowance"}), rule, "示例裁定〔2022〕1号", day
        ),
        days,
        st.sampled_from(["stack", "highest", "drop:combat-allowance"]),
    ),
)


@st.composite
def told(draw: st.DrawFn) -> Asserted:
    """An event with the moment it was told, and perhaps the moment it turned out wrong."""
    asserted = Asserted(draw(events), draw(st.none() | moments))
    if draw(st.integers(0, 3)) == 0:
        return replace(asserted, superseded_at=draw(moments))
    return asserted


@st.composite
def corrected(draw: st.DrawFn) -> list[Asserted]:
    """An event, and the one put in its place at a later moment."""
    kinds: list[st.SearchStrategy[Event]] = [ratings, ratings, combat, rural, kin, st.builds(Death, days)]
    kind = draw(st.sampled_from(kinds))
    at = draw(moments)
    return [Asserted(draw(kind), None, at), Asserted(draw(kind), at)]


SETTLED: list[Asserted] = [
    Asserted(Fact("has_employee_pension", value=False, since=date(1955, 1, 1))),
    Asserted(Fact("birth_date", date(1958, 8, 1), date(1955, 1, 1))),
    Asserted(Fact("household_kind", "rural", date(1955, 1, 1))),
    Asserted(Service(date(1976, 3, 10), date(1979, 3, 11))),
]
histories = st.builds(
    lambda known, single, pairs: (*known, *single, *(one for pair in pairs for one in pair)),
    st.sampled_from([SETTLED, SETTLED, []]),
    st.lists(told(), max_size=5),
    st.lists(corrected(), min_size=1, max_size=3),
)
