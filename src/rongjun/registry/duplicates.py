"""Whether two files may be one person's: reasons for and against, and who points to whom. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

RESIDENT = "111"  # 居民身份证 (GA/T 2000.156)
PROPOSED_FROM = 40  # 待局方确认: from this score on a pair is put before an officer
_NEXT_TO = 4  # registrars count on between two babies of one day; twins stand this close together


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for (points above 0) or against two files being one person's."""

    code: str
    points: int
    text: str


# The weights are ours until measured on files that were really merged: 待局方确认.
REASONS: Mapping[str, Reason] = {
    each.code: each
    for each in (
        Reason("same-number-two-forms", 60, "15 位旧号码和 18 位号码是同一个号码"),
        Reason("same-name-and-birth", 40, "姓名、出生日期都相同"),
        Reason("near-name-and-birth", 25, "出生日期相同，姓名只差一个字"),
        Reason("turned-name-and-birth", 30, "出生日期相同，姓名的字相同、次序不同"),
        Reason("same-name", 10, "姓名相同"),
        Reason("same-phone", 25, "登记的手机号码相同"),
        Reason("same-service", 20, "入伍、退役日期都相同"),
        Reason("same-county", 10, "户籍在同一个区县"),
        Reason("two-resident-numbers", -50, "两份档案各有一个有效的居民身份证号码，号码不同"),
        Reason("twins", -40, "出生日期相同、名字相近、号码挨着，可能是双胞胎"),
        Reason("other-birth", -30, "出生日期不同"),
        Reason("other-sex", -30, "性别不同"),
    )
}


@dataclass(frozen=True, slots=True)
class Trait:
    """What is compared of a file: nothing sealed is opened for it.

    `numbers` are (document type, covered number); `phones` keyed digests.
    """

    name: str
    sex: str = ""
    birth_date: date | None = None
    county: str = ""
    numbers: frozenset[tuple[str, str]] = frozenset()
    phones: frozenset[bytes] = frozenset()
    services: frozenset[tuple[date, date]] = frozenset()


def weigh(one: Trait, other: Trait) -> tuple[Reason, ...]:
    """Every reason that holds, the heaviest first; the same whichever file is named first."""
    held = {*_of_name(one, other), *_of_numbers(one, other), *_of_the_rest(one, other)}
    return tuple(sorted((REASONS[code] for code in held), key=lambda each: (-abs(each.points), each.code)))


def score(reasons: Sequence[Reason]) -> int:
    """The points together, from 0 to 100."""
    return max(0, min(100, sum(each.points for each in reasons)))


def _of_name(one: Trait, other: Trait) -> list[str]:
    if one.birth_date is None or one.birth_date != other.birth_date:
        return ["same-name"] if one.name == other.name else []
    if one.name == other.name:
        return ["same-name-and-birth"]
    if sorted(one.name) == sorted(other.name):
        return ["turned-name-and-birth"]
    return ["near-name-and-birth"] if differ_by_one(one.name, other.name) else []


def differ_by_one(one: str, other: str) -> bool:
    """Whether two names of one length differ in exactly one character."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _of_numbers(one: Trait, other: Trait) -> list[str]:
    residents = [[number for kind, number in each.numbers if kind == RESIDENT] for each in (one, other)]
    pairs = [(a, b) for a in residents[0] for b in residents[1]]
    if any(same_in_two_forms(a, b) for a, b in pairs):
        return ["same-number-two-forms"]
    if not pairs or any(a == b for a, b in pairs):
        return []
    same_day = one.birth_date is not None and one.birth_date == other.birth_date
    siblings = same_day and one.name != other.name and one.name[:1] == other.name[:1]
    if siblings and any(stand_together(a, b) for a, b in pairs):
        return ["two-resident-numbers", "twins"]
    return ["two-resident-numbers"]


def same_in_two_forms(one: str, other: str) -> bool:
    """Whether a covered number of 15 digits and one of 18 may be one number: same place, same sequence.

    The short form lacks the century and the check digit, so its last three digits stand before the long
    form's last one.
    """
    short, long = sorted((one, other), key=len)
    return (len(short), len(long)) == (15, 18) and short[:6] == long[:6] and short[-3:] == long[-4:-1]


def stand_together(one: str, other: str) -> bool:
    """Whether two covered numbers of 18 signs are of one place and numbered next to each other."""
    tails = one[-4:-1], other[-4:-1]
    if len(one) != 18 or len(other) != 18 or one[:6] != other[:6] or not all(map(str.isdecimal, tails)):
        return False
    return 0 < abs(int(tails[0]) - int(tails[1])) <= _NEXT_TO


def _of_the_rest(one: Trait, other: Trait) -> list[str]:
    births, sexes = {one.birth_date, other.birth_date}, {one.sex, other.sex}
    found = {
        "same-phone": bool(one.phones & other.phones),
        "same-service": bool(one.services & other.services),
        "same-county": bool(one.county) and one.county == other.county,
        "other-birth": None not in births and len(births) == 2,
        "other-sex": "" not in sexes and len(sexes) == 2,
    }
    return [code for code, holds in found.items() if holds]


def is_news(codes: Sequence[str], *, weighed: Sequence[Sequence[str]]) -> bool:
    """Whether a pair once told apart comes back: something speaks for it that was not weighed then."""
    speak_for = {code for code in codes if REASONS[code].points > 0}
    return not any(speak_for <= set(earlier) for earlier in weighed)


# --- pointers -----------------------------------------------------------------------------------------------


def roots_of(pointers: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """For each file that points to another, the file at the end of its chain. No chain may be a ring."""
    roots: dict[UUID, UUID] = {}
    for start in pointers:
        passed, at = [], start
        while at in pointers and at not in roots:
            passed.append(at)
            assert len(passed) <= len(pointers), "a ring of pointers"
            at = pointers[at]
        root = roots.get(at, at)
        roots.update(dict.fromkeys(passed, root))
    return roots
