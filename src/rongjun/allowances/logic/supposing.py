"""What a draft rate order would change for one person: a month, those before it, and who bears it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Final

from rongjun.allowances.logic.history import Asserted
from rongjun.allowances.logic.lines import Line, Owed
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.running import from_floors
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.kernel.money import Fen, round_half_up, split

UNSAID: Final = ""  # nobody said who bears it
MONTHS_A_YEAR: Final = 12
_NOTHING: Final = Fraction(0)
NO_FLOORS: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Effect:
    """One scheme of one person. Fen.

    `before` and `after` are owed for the month asked about; `year` is twelve such months more, reckoned from
    the exact standard; `back` is for the months before it, the draft less the book. `payers` says who bears
    the year, `back_payers` the back pay, by the shares of the draft.
    `was_gap`: the book never had a rate, so all of `after` is new on paper.
    """

    code: str
    title: str
    before: int
    after: int
    year: int
    back: int
    payers: Mapping[str, int]
    back_payers: Mapping[str, int]
    was_gap: bool

    @property
    def more(self) -> int:
        """Fen more in the month; less is negative."""
        return self.after - self.before

    @property
    def changes(self) -> bool:
        """Whether anything is otherwise."""
        return bool(self.year or self.back)


def suppose(
    history: Sequence[Asserted],
    *,
    first: int,
    month: int,
    known_at: datetime,
    before: AllowanceBook,
    after: AllowanceBook,
    floors: Mapping[str, int] = NO_FLOORS,
) -> tuple[Effect, ...]:
    """What the book `after` changes against `before` for one person, scheme by scheme.

    `month` is the first month that would be paid by it; from `first` to the month before is back pay. Months
    before a scheme's floor are another's to pay.
    """

    def months(book: AllowanceBook) -> dict[str, _Months]:
        owed = months_owed(history, first=min(first, month), last=month, known_at=known_at, book=book)
        return _months(from_floors(owed, floors, book=book))

    old, new = months(before), months(after)
    return tuple(
        effect
        for code in sorted(old.keys() | new.keys())
        if (effect := _effect(code, old.get(code), new.get(code), month)).changes
    )


@dataclass(slots=True)
class _Months:
    """One scheme's fen by month, with the lines they stand in."""

    title: str
    fen: Counter[int] = field(default_factory=Counter)
    exact: dict[int, Fraction] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    gaps: set[int] = field(default_factory=set)


def _months(owed: Owed) -> dict[str, _Months]:
    found: dict[str, _Months] = {}
    for line in owed.lines:
        if line.is_once:
            continue
        mine = found.setdefault(line.code, _Months(line.title))
        if line.state == "gap":
            mine.gaps.update(range(line.first, line.last + 1))
        if line.state != "owed":
            continue
        for month, fen in line.by_month():
            mine.fen[month] += int(fen)
            mine.exact[month] = mine.exact.get(month, _NOTHING) + line.monthly
            mine.lines[month] = line
    return found


def _effect(code: str, old: _Months | None, new: _Months | None, month: int) -> Effect:
    title = (new or old or _Months(code)).title
    old, new = old or _Months(title), new or _Months(title)
    back: Counter[str] = Counter()
    for each in (old.fen.keys() | new.fen.keys()) - {month}:
        back.update(_shared(new.fen[each] - old.fen[each], new.lines.get(each) or old.lines.get(each)))
    year = round_half_up((new.exact.get(month, _NOTHING) - old.exact.get(month, _NOTHING)) * MONTHS_A_YEAR)
    return Effect(
        code=code,
        title=title,
        before=old.fen[month],
        after=new.fen[month],
        year=year,
        back=sum(back.values()),
        payers=_shared(year, new.lines.get(month) or old.lines.get(month)),
        back_payers=dict(back),
        was_gap=month in old.gaps,
    )


def _shared(fen: int, line: Line | None) -> dict[str, int]:
    """Who bears an amount, by the shares of the rate it stands in."""
    shares = line.rate.shares if line is not None and line.rate is not None else {}
    if not shares or not fen:
        return {UNSAID: fen} if fen else {}
    sign = 1 if fen > 0 else -1
    parts = split(Fen(abs(fen)), [int(part) for part in shares.values()])
    return {payer: sign * int(part) for payer, part in zip(shares, parts, strict=True) if part}


# --- many people --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """People, fen more a year and back pay of one group."""

    people: int = 0
    year: int = 0
    back: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """One person whose month changes: for the list of the biggest changes."""

    person: str
    before: int
    after: int
    year: int
    back: int


@dataclass(slots=True)
class Supposed:
    """What a draft would do to a city, summed; people are added one by one."""

    most: int = 20
    people: int = 0
    looked_at: int = 0
    raised: int = 0
    lowered: int = 0
    filled: int = 0
    whole: Tally = field(default_factory=Tally)
    districts: dict[int, Tally] = field(default_factory=dict)
    schemes: dict[str, Tally] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    payers: dict[str, Tally] = field(default_factory=dict)
    amounts: Counter[tuple[str, int, int, int]] = field(default_factory=Counter)
    biggest: list[Changed] = field(default_factory=list)

    def add(self, person: str, *, district: int, effects: Iterable[Effect]) -> None:
        """Take in one person who was looked at."""
        self.looked_at += 1
        found = [effect for effect in effects if effect.changes]
        if not found:
            return
        year, back = sum(each.year for each in found), sum(each.back for each in found)
        self.people += 1
        self.raised += year > 0
        self.lowered += year < 0
        self.filled += any(each.was_gap for each in found)
        _count(self.whole, year, back)
        _count(self.districts.setdefault(district, Tally()), year, back)
        for each in found:
            self.titles[each.code] = each.title
            _count(self.schemes.setdefault(each.code, Tally()), each.year, each.back)
            self.amounts[each.code, each.before, each.after, each.year] += 1
        self._bear(found)
        self._keep(Changed(person, sum(e.before for e in found), sum(e.after for e in found), year, back))

    def _bear(self, effects: Sequence[Effect]) -> None:
        borne: dict[str, list[int]] = {}
        for each in effects:
            for payer, fen in each.payers.items():
                borne.setdefault(payer, [0, 0])[0] += fen
            for payer, fen in each.back_payers.items():
                borne.setdefault(payer, [0, 0])[1] += fen
        for payer, (year, back) in borne.items():
            _count(self.payers.setdefault(payer, Tally()), year, back)

    def _keep(self, changed: Changed) -> None:
        self.biggest.append(changed)
        if len(self.biggest) > 50 * self.most:
            self.settle()

    def settle(self) -> None:
        """Only the biggest changes are kept, in their order; equal ones by file, always the same."""
        self.biggest.sort(key=lambda each: (-abs(each.year), -abs(each.back), each.person))
        del self.biggest[self.most :]


def _count(tally: Tally, year: int, back: int) -> None:
    tally.people += 1
    tally.year += year
    tally.back += back
