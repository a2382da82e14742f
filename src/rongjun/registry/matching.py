"""Whether a line of a feed is about somebody on file: reasons for and against, and a score. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rongjun.kernel.words import translatable, worded
from rongjun.registry.feed_lines import DEATHS, MOVES, PENSIONS, FeedLine
from rongjun.registry.logic import sought_name


@dataclass(frozen=True, slots=True)
class LifeSign:
    """Something recorded of a person that only the living do: the day it was recorded, and what."""

    on: date
    what: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the file says of one person a line may be about."""

    person: UUID
    division: int
    name: str
    sex: str
    birth_date: date | None
    number_mask: str
    has_this_number: bool
    household: tuple[str, str] = ("", "")
    died_on: date | None = None
    has_income: bool = False
    last_sign: LifeSign | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: whether it speaks for the two being one person, how much it weighs, and its words."""

    speaks_for: bool
    weight: int
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """A line and a person who may be meant, 0 (surely not) to 100 (nothing speaks against it)."""

    known: Known
    score: int
    reasons: tuple[Reason, ...]


def may_be(line: FeedLine, known: Known) -> bool:
    """Whether somebody has to look: the same number, or the same birth date and (nearly) the same name."""
    if known.has_this_number:
        return True
    if known.birth_date is None or known.birth_date != line.birth_date:
        return False
    if sought_name(line.name) == sought_name(known.name):
        return True
    return are_similar(line.name, known.name) and _number_is_near(line, known)


def matches(line: FeedLine, found: Iterable[Known]) -> list[Match]:
    """Everybody the line may be about, the likeliest first."""
    possible = [known for known in found if may_be(line, known)]
    # Number, name and birth date all agree: nobody else is asked about.
    sure = [known for known in possible if known.has_this_number and _same_name(line, known)]
    possible = sure or possible
    judged = [_match(line, known, others=len(possible) - 1) for known in possible]
    return sorted(judged, key=lambda match: (-match.score, str(match.known.person)))


def already_so(line: FeedLine, known: Known) -> bool:
    """Whether the file of the very person says all this already, so that nothing would change."""
    if not (known.has_this_number and _same_name(line, known)):
        return False
    if line.feed == DEATHS:
        return known.died_on == line.on
    if line.feed == MOVES:
        county, kind = line.change["county"], line.change["household_kind"]
        return known.household[0] == county and kind in {"", known.household[1]}
    return line.feed == PENSIONS and known.has_income


def says_nothing_new(line: FeedLine) -> str:
    """A sentence when no line like this changes a file, whoever it is about; else ""."""
    if line.feed == PENSIONS and line.change["state"] == "stopped":
        return translatable("停发养老待遇不改变任何情况，只留存这一条。")
    return ""


def are_similar(one: str, other: str) -> bool:
    """Whether two names differ in at most one character: changed, missing or added."""
    a, b = sorted((sought_name(one), sought_name(other)), key=len)
    if len(b) - len(a) > 1 or len(a) < 2:
        return False
    start = next((i for i in range(len(a)) if a[i] != b[i]), len(a))
    return a[start + (len(a) == len(b)) :] == b[start + 1 :]


def _same_name(line: FeedLine, known: Known) -> bool:
    return sought_name(line.name) == sought_name(known.name)


def _number_is_near(line: FeedLine, known: Known) -> bool:
    """No number at all, or one that ends as the one on file does."""
    return line.number is None or not known.number_mask or line.number.masked[-4:] == known.number_mask[-4:]


def _match(line: FeedLine, known: Known, *, others: int) -> Match:
    reasons = (
        *_of_number(line, known),
        *_of_name(line, known),
        *_of_birth(line, known),
        *_of_sex(line, known),
        *_of_life(line, known),
        *_of_others(others),
    )
    total = sum(reason.weight if reason.speaks_for else -reason.weight for reason in reasons)
    return Match(known, max(0, min(100, total)), reasons)


def _of_number(line: FeedLine, known: Known) -> Iterable[Reason]:
    if known.has_this_number:
        yield Reason(True, 60, "证件号码相同")
        if line.was_legacy:
            yield Reason(False, 5, "来文是 15 位旧号码，按规则补全后才相同")
    elif line.number is None:
        yield Reason(False, 10, "来文没有证件号码")
    elif known.number_mask:
        yield Reason(False, 40, "证件号码不同，可能只是同名同生日的另一个人")


def _of_name(line: FeedLine, known: Known) -> Iterable[Reason]:
    if _same_name(line, known):
        yield Reason(True, 25, "姓名相同")
    elif are_similar(line.name, known.name):
        yield Reason(False, 10, "姓名差一个字")
    else:
        yield Reason(False, 40, "姓名不同")


def _of_birth(line: FeedLine, known: Known) -> Iterable[Reason]:
    if line.birth_date is None or known.birth_date is None:
        return
    if line.birth_date == known.birth_date:
        yield Reason(True, 25 if not known.has_this_number else 10, "出生日期相同")
    else:
        yield Reason(False, 20, "出生日期不同")


def _of_sex(line: FeedLine, known: Known) -> Iterable[Reason]:
    if line.sex and known.sex:
        same = line.sex == known.sex
        yield Reason(same, 5 if same else 25, "性别相同" if same else "性别不同")


def _of_life(line: FeedLine, known: Known) -> Iterable[Reason]:
    sign = known.last_sign
    if line.feed == DEATHS and sign is not None and sign.on > line.on:
        yield Reason(False, 50, worded("去世日期之后，{on} 还{what}，人可能健在", on=sign.on, what=sign.what))
    if line.feed == DEATHS and known.died_on not in {None, line.on}:
        yield Reason(False, 30, worded("档案里登记的去世日期是 {died_on}，与来文不同", died_on=known.died_on))
    if line.feed != DEATHS and known.died_on is not None and line.on >= known.died_on:
        yield Reason(False, 50, worded("档案里已登记 {died_on} 去世", died_on=known.died_on))


def _of_others(others: int) -> Iterable[Reason]:
    if others:
        yield Reason(False, 20, worded("还有另外 {others} 个人也可能是", others=others))
