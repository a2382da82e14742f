"""What invented operators delivered in the last weeks: daily files with what goes wrong in real ones. Pure.

The same cards, day and seed give the same files, to the byte. A file is put in the month's order: what was
late got its number when it was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from rongjun.config.invented.people import CHINA

Row = tuple[str, str, str, str, str, str, str]  # the key, then the columns of uses/1
DAY = timedelta(days=1)
# Programme: places, bands, and what is paid in fen by band; nothing where it is free.
PLACES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "transit": (("bus", 400), ("metro", 160), ("ferry", 4)),
    "scenic": (("scenic", 66),),
    "telecom": (("telecom", 1),),
}
_BANDS = {"bus": (30, 70), "metro": (22, 30, 24, 14, 7, 3), "ferry": (1,), "scenic": (30, 35, 25, 10)}
_PHONES = ((55, 2900), (25, 6900), (20, 0))  # of a hundred households, and what they pay
_A_DAY = {"transit": 130, "scenic": 16, "telecom": 14}


@dataclass(frozen=True, slots=True)
class Holder:
    """An invented card and when it opened a gate; `until` is None for one that still does."""

    card: int
    since: datetime
    until: datetime | None

    def is_usable(self, at: datetime) -> bool:
        """Whether it opened a gate at that moment."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Sent:
    """One file: about which day, when it came, its number; `total` where it says a wrong one on purpose."""

    operator: str
    day: date
    at: datetime
    sequence: int
    rows: tuple[Row, ...]
    total: int | None = None


def month_to_settle(today: date) -> date:
    """The first day of the newest month whose statement can have been agreed on and paid by today."""
    return (today - 45 * DAY).replace(day=1)


def files(holders: Sequence[Holder], *, today: date) -> list[Sent]:
    """Every file of every operator until yesterday, in the order in which they came."""
    first = month_to_settle(today)
    found: list[Sent] = []
    for operator in PLACES:
        days = [first + n * DAY for n in range((today - first).days)]
        sent = [each for day in days for each in _of_day(operator, day, holders, today=today)]
        found += _numbered(operator, [each for each in sent if each.at.date() <= today])
    return sorted(found, key=lambda each: each.at)


def _numbered(operator: str, sent: Sequence[Sent]) -> Iterator[Sent]:
    """In the order of sending. A wrong total is sent again under its own number."""
    number = 0
    for each in sorted(sent, key=lambda each: each.at):
        yield replace(each, sequence=number + 1)
        number += each.total is None


def _of_day(operator: str, day: date, holders: Sequence[Holder], *, today: date) -> Iterator[Sent]:
    first = month_to_settle(today)
    rows = tuple(rows_of(operator, day, holders))
    at = _at(day + DAY, 6)
    nth = (day - first).days
    if operator == "transit" and day == (first + 31 * DAY).replace(day=3):
        # Under a number of the month before: a key is unique within its month only.
        twice = next(iter(rows_of(operator, first + 20 * DAY, holders)))
        rows = (*rows, (twice[0], *rows[0][1:]))
    if operator == "transit" and day == today - 3 * DAY:
        rows = (*rows, *busy_day(holders[5], day))
    if operator == "scenic" and nth == 13:
        return  # never came: the bounds of the figure say what it may have been
    if operator == "transit" and nth == 9:
        yield Sent(operator, day, at - timedelta(hours=1), 0, rows, total=1)
    late = 3 * DAY if operator == "transit" and nth == 19 else timedelta()
    yield Sent(operator, day, at + late, 0, rows)
    if operator == "transit" and (nth == 5 or day == today - 6 * DAY):
        yield Sent(operator, day, at + timedelta(hours=5), 0, tuple(_said_otherwise(rows)))
    if operator == "transit" and day == late_on(today):
        old = first + 27 * DAY
        late_rows = rows_of(operator, old, holders, seed="found later")
        yield Sent(operator, day, at + timedelta(hours=2), 0, tuple(late_rows)[:25])


def late_on(today: date) -> date:
    """About which day a file brings uses of the month that is settled, when that was closed."""
    return max((month_to_settle(today) + 31 * DAY).replace(day=13), today - 5 * DAY)


def _said_otherwise(rows: Sequence[Row]) -> Iterator[Row]:
    """A correction nobody agreed on: eight rows again, four of them with another band."""
    told = [row for row in rows if row[3] == "metro"][:8]
    for place, row in enumerate(told):
        other = str(int(row[5]) % 6 + 1)
        yield (*row[:5], other, row[6]) if place < 4 else row


def rows_of(operator: str, day: date, holders: Sequence[Holder], *, seed: str = "") -> Iterator[Row]:
    """The uses of one operator on one day; about one in a hundred is of a card on no list of ours."""
    chance = Random(f"{operator} {day} {seed}")  # noqa: S311 - invented
    weekend = day.isoweekday() > 5
    count = _A_DAY[operator] * (2 if weekend and operator == "scenic" else 1) + chance.randint(-4, 4)
    mark = f"{operator[:1].upper()}{'L' if seed else ''}"
    for number in range(1, count + 1):
        at = _moment(day, chance)
        card = _card(holders, at, chance)
        programme, places = _programme(operator, chance)
        band, paid = _band(programme, chance)
        yield (
            f"{mark}-{day:%Y%m%d}-{number:05d}", str(card), at.isoformat(), programme,
            str(chance.randint(1, places)), str(band), str(paid),
        )  # fmt: skip


def top_ups(holders: Sequence[Holder], day: date) -> list[tuple[str, str, str, str, str]]:
    """Twenty top-ups of a day; two of them of a card that had too much left."""
    chance = Random(f"top-ups {day}")  # noqa: S311 - invented
    rows = []
    for number in range(1, 21):
        before = chance.randint(60, 190) * 100 if number in (7, 15) else chance.randint(2, 49) * 100
        at, card = _moment(day, chance), chance.choice(holders).card
        rows.append(
            (
                f"C-{day:%Y%m%d}-{number:05d}",
                f"{card}",
                at.isoformat(),
                f"{before}",
                f"{max(20_000 - before, 5_000)}",
            )
        )
    return rows


def morning_after(day: date) -> datetime:
    """Ten in the morning of the next day."""
    return _at(day + DAY, 10)


# Days before today, programme, band, people and the name of one of them.
BY_HAND = (
    (9, "scenic", 2, 3, "测试来客一"),
    (6, "metro", 1, 1, "测试来客二"),
    (4, "scenic", 4, 2, "测试来客三"),
    (2, "bus", 2, 1, "测试来客四"),
)


def busy_day(holder: Holder, day: date) -> list[Row]:
    """One card at 24 gates of one day: what somebody should look at."""
    return [
        (
            f"T-{day:%Y%m%d}-9{number:04d}", str(holder.card), _at(day, 6, 35 * number).isoformat(), "bus",
            str(100 + number), "2", "0",
        )
        for number in range(24)
    ]  # fmt: skip


def _programme(operator: str, chance: Random) -> tuple[str, int]:
    known = PLACES[operator]
    shares = (52, 46, 2) if operator == "transit" else (1,)
    return chance.choices(known, shares)[0]


def _band(programme: str, chance: Random) -> tuple[int, int]:
    if programme == "telecom":
        at = chance.choices(range(3), [share for share, _paid in _PHONES])[0]
        return at + 1, _PHONES[at][1]
    shares = _BANDS[programme]
    return chance.choices(range(1, len(shares) + 1), shares)[0], 0


def _card(holders: Sequence[Holder], at: datetime, chance: Random) -> int:
    if chance.random() < 0.008:
        return chance.getrandbits(52)
    for _try in range(4):
        holder = chance.choice(holders)
        if holder.is_usable(at):
            break
    return holder.card


def _moment(day: date, chance: Random) -> datetime:
    return _at(day, 6, chance.randrange(16 * 60)) + timedelta(seconds=chance.randrange(60))


def _at(day: date, hour: int, minutes: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=CHINA) + timedelta(minutes=minutes)
