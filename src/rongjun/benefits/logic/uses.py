"""Which rows of a batch are uses, and why the others are not. Columns in, columns out; no clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final, Protocol, TypeAlias

from rongjun.kernel.words import Words

BEIJING: Final = timezone(timedelta(hours=8))
MOST_PAID: Final = 1_000_000  # fen; nobody pays 10,000 yuan at a gate
MOST_BAND: Final = 9999
_LARGEST_CARD: Final = 2**53 - 1  # what a JSON number carries exactly
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,31}", re.ASCII)
# A partner's reference must be nobody's number: it stands in lists and logs.
_PERSONAL = re.compile(r"\d{15}|\d{17}[\dXx]|1\d{10}", re.ASCII)

Span: TypeAlias = tuple[datetime, datetime | None]

REASONS: Words[dict[str, tuple[str, str]]] = {
    "source": ("没有约定每日文件", "先与市局约定这个单位以每日文件为准，再重发。"),
    "reference": ("业务编号不合要求", "用字母、数字和 ._:/-，最多 32 位，不能像证件号码或电话；改正后重发。"),
    "card": ("名单编号不是数字", "照免费名单上的名单编号填写，改正后重发。"),
    "moment": ("使用时刻读不出来", "写成 2026-11-30T08:00:00+08:00，必须带时区；改正后重发。"),
    "band": ("档位不合要求", "档位是 0 到 9999 的整数；改正后重发。"),
    "paid": ("实付金额不合要求", "实付以分为单位，是 0 到 1000000 的整数；改正后重发。"),
    "programme": ("没有约定这个项目", "核对项目代码；是新项目的，先与市局约定。"),
    "place": ("没有登记这个点位", "把新线路、新站点报给市局登记，登记后系统会自己补收。"),
    "future": ("使用时刻在将来", "核对设备时钟，改正后重发。"),
    "too-late": ("来得太晚", "超过了约定的补报天数；确需补报的，先与市局约定。"),
    "month-not-open": ("这个月份还没有开账", "市局开账后系统会自己补收。"),
    "card-unknown": ("名单上没有这个编号", "核对名单编号；卡刚办的，名单同步后系统会自己补收。"),
    "card-not-usable": ("当时这张卡不能用", "卡已挂失、注销或停用；有异议的，请市局核对卡的状态和时刻。"),
    "month-twice": ("同一编号在两个月份各有一条", "请运营单位说明是不是同一次；说明之前两条都计数。"),
    "conflict": ("同一编号，内容不同", "先收的有效；请运营单位说明哪一条是真的。"),
}  # fmt: skip
VOIDS: Words[dict[str, str]] = {
    "card-not-usable": "后来查明当时卡不能用",
    "card-usable": "后来查明当时卡能用",
    "month-twice": "同一编号在两个月份各有一条",
    "conflict": "同一编号两种内容，两人定了这一条不算",
}
# Refusals that may come out otherwise later without the operator doing anything.
RETRIED: Final = ("card-unknown", "card-not-usable", "place", "month-not-open")


class Carrier(Protocol):
    """What is asked of a carrier: the county it counts for and the spans in which it could be used."""

    @property
    def division(self) -> int:
        """The county, 12 digits."""

    @property
    def spans(self) -> Sequence[Span]:
        """Half open, an open end is None."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch as it came, column by column, all of one length; nothing about the values is known yet."""

    reference: Sequence[object]
    card: Sequence[object]
    used_at: Sequence[object]
    programme: Sequence[object]
    place: Sequence[object]
    band: Sequence[object]
    paid: Sequence[object]

    def __len__(self) -> int:
        return len(self.reference)

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The same, row by row."""
        return zip(
            self.reference, self.card, self.used_at, self.programme, self.place, self.band, self.paid,
            strict=True,
        )  # fmt: skip

    def row(self, line: int) -> dict[str, object]:
        """One row as it came, by name."""
        return {name: getattr(self, name)[line] for name in NAMES}


NAMES: Final = ("reference", "card", "used_at", "programme", "place", "band", "paid")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a batch is judged against: codes, the months that are open, and the moment it is."""

    programmes: Mapping[str, int]
    places: Mapping[str, int]
    newest_month: int
    earliest: datetime
    latest: datetime


@dataclass(slots=True)
class Judged:
    """The rows that are uses, column by column (`line` is where each stood), and what the others lack."""

    line: list[int] = field(default_factory=list)
    month: list[int] = field(default_factory=list)
    reference: list[str] = field(default_factory=list)
    card: list[int] = field(default_factory=list)
    used_at: list[str] = field(default_factory=list)
    day: list[str] = field(default_factory=list)
    programme: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    band: list[int] = field(default_factory=list)
    paid: list[int] = field(default_factory=list)
    division: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    # A row of this batch that says otherwise than an earlier one: its line and that of the earlier one.
    conflicts: list[tuple[int, int]] = field(default_factory=list)


def judge(columns: Columns, setting: Setting, carriers: Mapping[int, Carrier]) -> Judged:
    """Each row is a use, a repetition within the batch, a conflict within it, or refused for one reason."""
    judged = Judged()
    seen: dict[tuple[int, str], int] = {}
    programmes, places = setting.programmes, setting.places
    for line, row in enumerate(columns.rows()):
        reference, card, used_at, programme, place, band, paid = row
        reason = fault_of_shape(reference, card, band, paid)
        moment = None if reason else read_moment(used_at)
        if moment is None:
            judged.refused.append((line, reason or "moment"))
            continue
        at, day, month, written = moment
        assert isinstance(reference, str)
        earlier = seen.get((month, reference))
        if earlier is not None:
            _compare(judged, columns, line=line, earlier=earlier)
            continue
        reason = (
            ("programme" if type(programme) is not str or programme not in programmes else "")
            or ("place" if type(place) is not str or place not in places else "")
            or fault_of_moment(at, month, setting)
            or fault_of_card(carriers.get(card), at)  # type: ignore[call-overload]
        )
        if reason:
            judged.refused.append((line, reason))
            continue
        seen[month, reference] = line
        judged.line.append(line)
        judged.month.append(month)
        judged.reference.append(reference)
        judged.card.append(card)  # type: ignore[arg-type]
        judged.used_at.append(written)
        judged.day.append(day)
        judged.programme.append(programmes[programme])  # type: ignore[index]
        judged.place.append(places[place])  # type: ignore[index]
        judged.band.append(band)  # type: ignore[arg-type]
        judged.paid.append(paid)  # type: ignore[arg-type]
        judged.division.append(carriers[card].division)  # type: ignore[index]
    return judged


_PLAIN_KINDS: Final = [{str}, {int}, {str}, {str}, {str}, {int}, {int}]
_PLAIN_REFERENCE = re.compile(rf"(?!(?:{_PERSONAL.pattern})\Z)(?:{_REFERENCE.pattern})", re.ASCII)
_PLAIN_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", re.ASCII)


@dataclass(frozen=True, slots=True)
class Plain:
    """A batch all of whose rows are uses if their cards could be used between two moments, both included.

    `judged` still lacks the divisions.
    """

    judged: Judged
    first: datetime
    last: datetime


def judge_plainly(columns: Columns, setting: Setting) -> Plain | None:
    """What `judge` finds of a batch in which nothing is odd, a column at a time; None for any other batch.

    Nearly all are such, and row by row they take five times as long. Odd is also what only might be: a
    reference that comes twice, a moment in another zone.
    """
    said: Any = columns
    kinds = [set(map(type, getattr(said, name))) for name in NAMES]
    if kinds != _PLAIN_KINDS or not _is_plain(said, setting):
        return None
    if not (all(map(_PLAIN_REFERENCE.fullmatch, said.reference)) and len({*said.reference}) == len(said)):
        return None
    try:
        for _ in map(datetime.fromisoformat, said.used_at):
            pass
    except ValueError:
        return None
    # All are spelled alike, so that their order as texts is that of the moments.
    first, last = datetime.fromisoformat(min(said.used_at)), datetime.fromisoformat(max(said.used_at))
    days = [text[:10] for text in said.used_at]
    months = {day: int(day[:4]) * 100 + int(day[5:7]) for day in {*days}}
    if first < setting.earliest or last > setting.latest or max(months.values()) > setting.newest_month:
        return None
    judged = Judged(
        line=list(range(len(said))),
        month=[months[day] for day in days],
        reference=said.reference,
        card=said.card,
        used_at=said.used_at,
        day=days,
        programme=[setting.programmes[code] for code in said.programme],
        place=[setting.places[code] for code in said.place],
        band=said.band,
        paid=said.paid,
    )
    return Plain(judged, first, last)


def _is_plain(said: Any, setting: Setting) -> bool:
    """Whether numbers lie within their bounds, codes are known and moments spelled as nearly all are."""
    return (
        min(said.card) > 0
        and max(said.card) <= _LARGEST_CARD
        and min(said.band) >= 0
        and max(said.band) <= MOST_BAND
        and min(said.paid) >= 0
        and max(said.paid) <= MOST_PAID
        and {*said.programme} <= setting.programmes.keys()
        and {*said.place} <= setting.places.keys()
        and all(map(_PLAIN_MOMENT.fullmatch, said.used_at))
    )


def _compare(judged: Judged, columns: Columns, *, line: int, earlier: int) -> None:
    if same_use(columns.row(line), columns.row(earlier)):
        judged.repeated.append(line)
    else:
        judged.conflicts.append((line, earlier))


def same_use(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two rows say the same; a moment may be written in another zone."""
    plain = all(one[name] == other[name] for name in NAMES if name != "used_at")
    return plain and _instant(one["used_at"]) == _instant(other["used_at"])


def _instant(text: object) -> datetime | None:
    moment = read_moment(text)
    return moment[0] if moment else None


def fault_of_shape(reference: object, card: object, band: object, paid: object) -> str:
    """The first column that cannot be what it should be; "" when all can. True is no number here."""
    if type(reference) is not str or not is_fit_reference(reference):
        return "reference"
    if type(card) is not int or not 0 < card <= _LARGEST_CARD:
        return "card"
    if type(band) is not int or not 0 <= band <= MOST_BAND:
        return "band"
    if type(paid) is not int or not 0 <= paid <= MOST_PAID:
        return "paid"
    return ""


def is_fit_reference(text: str) -> bool:
    """Whether this can stand for a use in lists and logs."""
    return _REFERENCE.fullmatch(text) is not None and not (text[0].isdigit() and _PERSONAL.fullmatch(text))


def said_of(reason: str) -> str:
    """What a reason says to the operator, and what it may do."""
    what, todo = REASONS[reason]
    return f"{what}。{todo}"


def read_moment(text: object) -> tuple[datetime, str, int, str] | None:
    """A moment with its day and month (yyyymm) in Beijing and its one spelling; None when it is none.

    Without an offset it is none: a local time says which moment only to who knows the clock.
    """
    if type(text) is not str:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    # As nearly all are written: nothing else that was read is so long, so ended and no day of a week.
    if len(text) == 25 and text.endswith("+08:00") and text[10] == "T" and text[5] != "W":
        return at, text[:10], int(text[:4]) * 100 + int(text[5:7]), text
    local = at.astimezone(BEIJING)
    return at, local.date().isoformat(), local.year * 100 + local.month, local.isoformat()


def fault_of_moment(at: datetime, month: int, setting: Setting) -> str:
    """Whether a use of this moment may come in now."""
    if at > setting.latest:
        return "future"
    if at < setting.earliest:
        return "too-late"
    return "month-not-open" if month > setting.newest_month else ""


def fault_of_card(carrier: Carrier | None, at: datetime) -> str:
    """Whether the carrier could be used at that moment, as is known now."""
    if carrier is None:
        return "card-unknown"
    return "" if is_usable(carrier.spans, at) else "card-not-usable"


def is_usable(spans: Sequence[Span], at: datetime) -> bool:
    """Whether a moment lies in one of the spans; a span holds its start and not its end."""
    for start, end in spans:  # noqa: SIM110 - asked of every use: a generator would cost as much again
        if start <= at and (end is None or at < end):
            return True
    return False


_DIGITS = re.compile(r"0|[1-9]\d{0,15}", re.ASCII)


def from_text(fields: Mapping[str, str], reference: str) -> tuple[object, ...]:
    """A row of a file in the order of NAMES; what is no number stays text, and is refused as that."""
    said = {"reference": reference, **fields}
    return tuple(
        int(said[name])
        if name in {"card", "band", "paid"} and _DIGITS.fullmatch(said.get(name, ""))
        else said.get(name, "")
        for name in NAMES
    )


def as_columns(rows: Sequence[Sequence[object]]) -> Columns:
    """Rows in the order of NAMES, column by column."""
    return Columns(*zip(*rows, strict=True)) if rows else Columns(*([],) * len(NAMES))


def difference(*, usable: bool, standing: int, voided_for: str | None) -> int:
    """What judging a use again changes: -1, +1 or 0. `standing` is the sum of its difference rows.

    What was voided for another reason than its card does not come back by it.
    """
    if standing == 0:
        return 0 if usable else -1
    return 1 if usable and voided_for == "card-not-usable" else 0


# --- conflicts ----------------------------------------------------------------------------------------------

CONFLICTS: Final = ("conflict", "month-twice")
OUTCOMES: Words[dict[str, str]] = {
    "first": "先收的那条是真的",
    "second": "后来的那条是真的",
    "neither": "两条都不算",
    "both": "是两次使用，两条都算",
}
# Of a conflict only the first was taken in; of a key in two months both were.
_VOIDED: Final = {
    "conflict": {"first": (), "second": ("first",), "neither": ("first",)},
    "month-twice": {"first": ("second",), "second": ("first",), "neither": ("first", "second"), "both": ()},
}


def outcomes_of(reason: str) -> list[str]:
    """How a refusal of this reason can be decided; nothing for one that is no conflict."""
    return list(_VOIDED.get(reason, ()))


def sides_voided(reason: str, outcome: str) -> tuple[str, ...]:
    """Which sides stop counting: "first" is what was taken in first, "second" the row that came later."""
    return _VOIDED[reason][outcome]


def uses_added(reason: str, outcome: str) -> int:
    """How many uses begin to count."""
    return int(reason == "conflict" and outcome == "second")


def key_of_decided(refusal: int) -> str:
    """The key of a use that was taken in by decision: no operator can write one that begins so."""
    return f"~{refusal}"


def is_month_closed(month: int, today: date, *, closes_on: int) -> bool:
    """Whether a month is closed: from that day of the next month on."""
    year, number = divmod(month, 100)
    following = date(year + number // 12, number % 12 + 1, closes_on)
    return today >= following


def months_around(today: date, *, back: int, ahead: int) -> list[int]:
    """The months from so many before today's to so many after it, as yyyymm."""
    this = today.year * 12 + today.month - 1
    return [n // 12 * 100 + n % 12 + 1 for n in range(this - back, this + ahead + 1)]
