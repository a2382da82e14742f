"""专项督导: what may follow what on the road of a task, and the light that its dates and state make.

No Django, no clock. What is ours until the bureau says otherwise (待局方确认): the ladder, what a unit is
expected to show, and that the worst light of its items is a county's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from rongjun.kernel.words import Words

# 《军人抚恤优待条例》 as revised; Article 57 punishes nothing that was done before it came into force.
ARTICLE_57_SINCE: Final = date(2024, 10, 1)

# --- the road -----------------------------------------------------------------------------------------------

TASKED, REPORTED, WANTING, ORDERED = "tasked", "reported", "wanting", "ordered"
CORRECTED, UNMENDED, ESCALATED = "corrected", "unmended", "escalated"
PASSED, WITHDRAWN = "passed", "withdrawn"
STATES: Words[Mapping[str, str]] = {
    TASKED: "待自查",
    REPORTED: "待抽查",
    WANTING: "抽查有问题",
    ORDERED: "整改中",
    CORRECTED: "待复核",
    UNMENDED: "复核没通过",
    ESCALATED: "已升级",
    PASSED: "已落实",
    WITHDRAWN: "已撤回",
}
CLOSED: Final = frozenset({PASSED, WITHDRAWN})
# States in which the unit owes something by a date, and those in which the city does.
OWED_BY_UNIT: Final = frozenset({TASKED, ORDERED, ESCALATED})
OWED_BY_CITY: Final = frozenset({REPORTED, WANTING, CORRECTED, UNMENDED})

REPORT, CHECK, ORDER, ESCALATE = "report", "check", "order", "escalate"
CLUE, WITHDRAW, OPEN = "clue", "withdraw", "open"
STEPS: Words[Mapping[str, str]] = {
    OPEN: "下达任务",
    REPORT: "自查填报",
    CHECK: "抽查",
    ORDER: "责令整改",
    ESCALATE: "升级",
    CLUE: "处罚线索",
    WITHDRAW: "撤回任务",
}
SOUND, FAULTY = "sound", "wanting"
OUTCOMES: Words[Mapping[str, str]] = {SOUND: "落实到位", FAULTY: "有问题"}

# Whom a matter goes to when nothing happens, in order; nobody is skipped. 待局方确认.
LADDER: Words[tuple[tuple[str, str], ...]] = (
    ("督办", "市局分管负责人"),
    ("约谈", "市局主要负责人"),
    ("提请研究", "市级退役军人事务工作领导机构"),
)

_NEXT: Final[Mapping[tuple[str, str, str], str]] = {
    (TASKED, REPORT, ""): REPORTED,
    (ORDERED, REPORT, ""): CORRECTED,
    (ESCALATED, REPORT, ""): CORRECTED,
    (REPORTED, CHECK, SOUND): PASSED,
    (REPORTED, CHECK, FAULTY): WANTING,
    (CORRECTED, CHECK, SOUND): PASSED,
    (CORRECTED, CHECK, FAULTY): UNMENDED,
    (WANTING, ORDER, ""): ORDERED,
    (UNMENDED, ORDER, ""): ORDERED,
    (TASKED, ORDER, ""): ORDERED,
    (UNMENDED, ESCALATE, ""): ESCALATED,
    (TASKED, ESCALATE, ""): ESCALATED,
    (ORDERED, ESCALATE, ""): ESCALATED,
    (ESCALATED, ESCALATE, ""): ESCALATED,
    (TASKED, WITHDRAW, ""): WITHDRAWN,
}
# What the city does to a unit that is still within its days would be no answer to anything.
_ONLY_WHEN_LATE: Final = frozenset(
    {(TASKED, ORDER), (TASKED, ESCALATE), (ORDERED, ESCALATE), (ESCALATED, ESCALATE)}
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands: by when something is owed, how far up it went, whether an order was given.

    `sound_on` is the day of the last check here, by this task or an earlier one, if it found all in place.
    """

    state: str = ""
    due_on: date | None = None
    level: int = 0
    ordered: bool = False
    sound_on: date | None = None

    def is_late(self, *, on: date) -> bool:
        """Whether the day by which something was owed has passed; on that day itself it has not."""
        return self.due_on is not None and self.due_on < on

    def unit_is_late(self, *, on: date) -> bool:
        """Whether it is the unit that is late."""
        return self.state in OWED_BY_UNIT and self.is_late(on=on)


def steps_open(standing: Standing, *, on: date) -> frozenset[str]:
    """The steps that may follow now."""
    late = standing.is_late(on=on)
    found = {
        step
        for state, step, _ in _NEXT
        if state == standing.state and (late or (state, step) not in _ONLY_WHEN_LATE)
    }
    if standing.level >= len(LADDER):
        found.discard(ESCALATE)
    if order_was_ignored(standing, on=on):
        found.add(CLUE)
    return frozenset(found)


def state_after(state: str, step: str, outcome: str = "") -> str:
    """The state a step leads to; a clue changes none."""
    return state if step == CLUE else _NEXT[state, step, outcome]


def order_was_ignored(standing: Standing, *, on: date) -> bool:
    """Whether an order to correct was not followed in its time: Article 57 punishes only that."""
    if not standing.ordered:
        return False
    return standing.state in (UNMENDED, ESCALATED) or (standing.state == ORDERED and standing.is_late(on=on))


# --- the light ----------------------------------------------------------------------------------------------

RED, AMBER, GREEN, NONE = "red", "amber", "green", "none"
LIGHTS: Words[Mapping[str, str]] = {RED: "红灯", AMBER: "黄灯", GREEN: "绿灯", NONE: "未督导"}


@dataclass(frozen=True, slots=True)
class Days:
    """How many days before a date it is soon, and for how many a sound check holds. 待局方确认."""

    soon: int
    fresh: int


def light_of(standing: Standing, *, on: date, days: Days) -> str:
    """The light of one item in one county.

    Red: the unit is late, or what it mended was found wanting again, or the matter went up. Amber: something
    was found and is being mended, a date is near, the city is late with its check, or the last sound check is
    old. Green: found in place. None where nobody has looked yet and nothing is late.
    """
    went_up = standing.level > 0 and standing.state not in CLOSED
    if standing.unit_is_late(on=on) or standing.state == UNMENDED or went_up:
        return RED
    if standing.state in (WANTING, ORDERED, CORRECTED):
        return AMBER
    is_open = standing.state in (TASKED, REPORTED)
    if is_open and standing.due_on is not None and on > standing.due_on - timedelta(days=days.soon):
        return AMBER
    if standing.sound_on is None:
        return NONE
    return GREEN if on <= standing.sound_on + timedelta(days=days.fresh) else AMBER


def worst_light(lights: Iterable[str]) -> str:
    """A county's light: the worst of its items; those nobody has looked at do not count."""
    found = set(lights)
    return next((light for light in (RED, AMBER, GREEN) if light in found), NONE)


@dataclass(frozen=True, slots=True)
class Tally:
    """A county in figures: items by light, how many of those asked after are in place, how many are late."""

    lights: Mapping[str, int]
    in_place: int
    asked: int
    late: int

    @property
    def light(self) -> str:
        """The county's own light."""
        return worst_light(light for light, count in self.lights.items() if count)


def tally(standings: Iterable[Standing], *, on: date, days: Days) -> Tally:
    """The figures of the items of one county."""
    rows = list(standings)
    counted = Counter(light_of(each, on=on, days=days) for each in rows)
    return Tally(
        lights={light: counted[light] for light in LIGHTS},
        in_place=counted[GREEN],
        asked=sum(bool(each.state) or each.sound_on is not None for each in rows),
        late=sum(each.unit_is_late(on=on) for each in rows),
    )


# --- what is expected ---------------------------------------------------------------------------------------

# What a unit shows for a benefit, by how it is granted, until the bureau says so for the item. 待局方确认.
EXPECTED: Words[Mapping[str, str]] = {
    "use": "现场照片（标识、公示）和近期的使用记录",
    "allowance": "发放清单和到账回单",
    "claim": "赔付清单和到账回单",
    "case": "办结清单和抽取的办件材料",
}
