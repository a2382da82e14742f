"""What an ordinary adult pays: dated fares of a city, and who bears what a card holder does not pay.

A fare is found for a day *as known at* another: a version announced later does not change what was known
before, and a corrected version of the same day replaces the one announced earlier. Amounts are whole fen.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words
from rongjun.rules.book import GRADES, Basis, digest_of
from rongjun.rules.errors import Problem
from rongjun.rules.reading import Fields, Node, Sheet, closest, plain

PAYERS: Final[Words[Mapping[str, str]]] = {
    "operator": "运营企业",
    "fiscal": "财政",
    "merchant": "商户、场所",
    "carrier": "通信企业",
    "charity": "慈善捐赠",
}
FARE_UNITS: Final[Words[Mapping[str, str]]] = {"ride": "人次", "ticket": "张票", "month": "户月"}
FARE_CONFIDENCES: Final[Words[Mapping[str, str]]] = {
    "official": "局方或主管部门的文件",
    "sourced": "已读到来源，不是官方文件",
    "assumed": "没有查到来源，推定",
}
LAST_DAY: Final = date(2999, 12, 31)
MOST_BAND: Final = 9_999
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BENEFIT = re.compile(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*")


class NoFareError(LookupError):
    """There is no fare for this programme, band and day as known then; the sentence names the gap."""

    def __init__(self, programme: str, *, band: int, day: date, why: str) -> None:
        self.programme, self.band, self.day = programme, band, day
        super().__init__(f"{programme} 第 {band} 档在 {day.isoformat()} 没有票价：{why}")


@dataclass(frozen=True, slots=True)
class Band:
    """One step of a fare: the number operators report, its name, and how far it reaches in metres."""

    band: int
    title: str
    fen: Fen
    up_to_metres: int | None


@dataclass(frozen=True, slots=True)
class FareExample:
    """One price a person checked by hand: by band, or by distance."""

    name: str
    date: date
    band: int | None
    metres: int | None
    fen: Fen
    line: int


@dataclass(frozen=True, slots=True)
class FareVersion:
    """One dated fare. In force from `start` to `until` (included) or to the next version's eve.

    With `is_observed` no document was found that says since when: `start` is the day it was noted.
    """

    start: date
    is_observed: bool
    until: date | None
    announced: date | None
    basis: tuple[Basis, ...]
    confidence: str
    source_grade: str
    payer: str
    payer_note: str | None
    note: str | None
    bands: tuple[Band, ...]
    examples: tuple[FareExample, ...]
    digest: str
    line: int

    @property
    def known_from(self) -> date:
        """Since when anybody could know it: the day it was announced, or its first day."""
        return self.announced or self.start

    @property
    def is_official(self) -> bool:
        """Whether it needs no confirmation; everything else is shown as 待局方确认."""
        return self.confidence == "official"


@dataclass(frozen=True, slots=True)
class Fare:
    """One file: the fares of one programme with all versions, in order of their days and announcements."""

    code: str
    title: str
    title_en: str
    unit: str
    benefits: tuple[str, ...]
    owner: str
    checked: date
    file: str
    versions: tuple[FareVersion, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """What an ordinary adult pays for one use, who bears it, and which version says so."""

    fen: Fen
    payer: str
    version: FareVersion


@dataclass(frozen=True, slots=True)
class Period:
    """A run of days, both ends included, with the version in force on all of them."""

    start: date
    end: date
    version: FareVersion


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of the price list an engine joins: days both included, no two rows of a band overlap."""

    programme: str
    band: int
    start: date
    end: date
    fen: int
    payer: str
    version: date


@dataclass(frozen=True, slots=True)
class FareBook:
    """All fares of a city by programme; two with one digest are the same."""

    fares: Mapping[str, Fare]

    @property
    def digest(self) -> str:
        """Over the content of every version, so that a figure can name the fares behind it."""
        return digest_of({code: [v.digest for v in fare.versions] for code, fare in self.fares.items()})

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Programmes with a fare that no office has confirmed (待局方确认)."""
        return tuple(c for c, fare in self.fares.items() if not all(v.is_official for v in fare.versions))


NO_FARES: Final = FareBook({})


def ordinary_price(fares: FareBook, programme: str, *, band: int, day: date, known_at: date) -> Price:
    """What an ordinary adult would have paid for a use on a day, by the fares announced until `known_at`.

    Raises `NoFareError`, which names the gap: no such programme, no version in force, no such band.
    """
    fare = fares.fares.get(programme)
    if fare is None:
        raise NoFareError(programme, band=band, day=day, why="没有这个项目的票价文件")
    version = version_in_force(fare, day=day, known_at=known_at)
    if version is None:
        raise NoFareError(programme, band=band, day=day, why=f"{fare.file} 里没有那天施行的版本")
    for each in version.bands:
        if each.band == band:
            return Price(each.fen, version.payer, version)
    why = f"{fare.file} 里 {version.start.isoformat()} 起的版本没有这一档"
    raise NoFareError(programme, band=band, day=day, why=why)


def version_in_force(fare: Fare, *, day: date, known_at: date) -> FareVersion | None:
    """The version of a day as known then: the latest start wins, then the latest announcement."""
    covering = [
        version
        for version in fare.versions
        if version.start <= day <= (version.until or LAST_DAY) and version.known_from <= known_at
    ]
    return max(covering, key=lambda version: (version.start, version.known_from), default=None)


def band_at(version: FareVersion, *, metres: int) -> int | None:
    """The band of a ride of this length, or None when the table is not by distance or ends before it."""
    reached = [b for b in version.bands if b.up_to_metres is not None and metres <= b.up_to_metres]
    return reached[0].band if reached and metres >= 0 else None


def periods(fare: Fare, *, known_at: date) -> tuple[Period, ...]:
    """The days of a programme cut into runs with one version each; gaps are left out."""
    cuts = {version.start for version in fare.versions}
    cuts |= {version.until + timedelta(days=1) for version in fare.versions if version.until}
    ordered = [*sorted(cuts), LAST_DAY + timedelta(days=1)]
    found: list[Period] = []
    for start, after in pairwise(ordered):
        version = version_in_force(fare, day=start, known_at=known_at)
        end = after - timedelta(days=1)
        if version is None:
            continue
        if found and found[-1].version is version and found[-1].end + timedelta(days=1) == start:
            found[-1] = Period(found[-1].start, end, version)
        else:
            found.append(Period(start, end, version))
    return tuple(found)


def price_rows(fares: FareBook, *, known_at: date) -> tuple[PriceRow, ...]:
    """Every price with its days, as an engine joins it; says what `ordinary_price` says, day by day."""
    return tuple(
        PriceRow(code, band.band, run.start, run.end, int(band.fen), run.version.payer, run.version.start)
        for code, fare in sorted(fares.fares.items())
        for run in periods(fare, known_at=known_at)
        for band in run.version.bands
    )


def span_start(fares: FareBook, programme: str, *, day: date, known_at: date) -> date:
    """The first day of the fare version's part of this day's month: what monthly tallies are kept by."""
    first = day.replace(day=1)
    fare = fares.fares.get(programme)
    starts = [run.start for run in periods(fare, known_at=known_at)] if fare else []
    return max([first, *(start for start in starts if start <= day)])


def breaks_within(fares: FareBook, programme: str, *, first: date, last: date) -> tuple[date, ...]:
    """Days after `first` until `last` on which any version ever announced begins or has just ended.

    Between two of them the price of a band cannot change, whatever was known when.
    """
    fare = fares.fares.get(programme)
    if fare is None:
        return ()
    days = {version.start for version in fare.versions}
    days |= {version.until + timedelta(days=1) for version in fare.versions if version.until}
    return tuple(sorted(day for day in days if first < day <= last))


# the file


def read_fare(fields: Fields, *, sheet: Sheet, basis: Callable[[Fields], tuple[Basis, ...]]) -> Fare:
    """One file `fares/<programme>.yaml`; faults are noted on the sheet."""
    code = fields.matching("code", _CODE, "metro")
    if sheet.file.rpartition("/")[2] != f"{code}.yaml":
        fields.fault("code", f"代码 {code} 与文件名不一致", "让两者一致")
    nodes = fields.items("versions")
    versions = tuple(_version(node, sheet=sheet, code=code, basis=basis) for node in nodes)
    for earlier, later in pairwise(versions):
        if (later.start, later.known_from) <= (earlier.start, earlier.known_from):
            fix = "旧版本在前；更正同一天的票价时，新版本写较晚的公布日"
            sheet.fault(later.line, "版本没有按施行日、公布日从早到晚排列", fix)
    for name in (benefits := fields.texts("benefits")):
        if not _BENEFIT.fullmatch(name):
            fields.fault("benefits", f"“{name}”不像优待代码", "写成 transport.half-fare 这样")
    fare = Fare(
        code=code,
        title=fields.text("title"),
        title_en=fields.text("title_en"),
        unit=fields.one_of("unit", list(FARE_UNITS)),
        benefits=benefits,
        owner=fields.text("owner"),
        checked=fields.day("checked"),
        file=sheet.file,
        versions=versions,
    )
    fields.done()
    return fare


def _version(
    node: Node, *, sheet: Sheet, code: str, basis: Callable[[Fields], tuple[Basis, ...]]
) -> FareVersion:
    fields = Fields(node, sheet=sheet, what="版本")
    version = FareVersion(
        start=_day(fields, "from"),
        is_observed=fields.has("since") and fields.one_of("since", ["stated", "observed"]) == "observed",
        until=_day(fields, "until") if fields.has("until") else None,
        announced=fields.day_or_none("announced"),
        basis=basis(fields),
        confidence=fields.one_of("confidence", list(FARE_CONFIDENCES)),
        source_grade=fields.one_of("source_grade", list(GRADES)),
        payer=fields.one_of("payer", list(PAYERS)),
        payer_note=fields.text_or_none("payer_note"),
        note=fields.text_or_none("note"),
        bands=tuple(_band(each) for each in fields.maps("bands", "档")),
        examples=tuple(_example(each) for each in fields.maps("examples", "例子")),
        digest=digest_of({"code": code, "version": plain(node)}),
        line=node.line,
    )
    if version.until and version.until < version.start:
        fields.fault("until", "until 早于 from", "改正日期")
    if version.is_official and version.source_grade not in {"law_text", "government_page", "seed"}:
        fields.fault("confidence", "写了 official，来源却不是官方文件", "改成 sourced，或补上官方来源")
    _check_bands(version, fields)
    fields.done()
    return version


def _day(fields: Fields, key: str) -> date:
    day = fields.day(key)
    if not date(1950, 1, 1) <= day <= LAST_DAY:
        fields.fault(key, f"{day.isoformat()} 不在 1950 到 {LAST_DAY.year} 年之间", "改正日期")
        return date(2000, 1, 1)
    return day


def _band(fields: Fields) -> Band:
    band = Band(
        band=fields.number("band"),
        title=fields.text("title"),
        fen=Fen(fields.number("fen")),
        up_to_metres=fields.number("up_to_metres") if fields.has("up_to_metres") else None,
    )
    if not 0 <= band.band <= MOST_BAND:
        fields.fault("band", f"档的编号不在 0 到 {MOST_BAND} 之间", "改正编号")
    if not 0 <= band.fen <= 10_000_000:
        fields.fault("fen", "票价不在 0 到 10 万元之间", "以分为单位写整数")
    if band.up_to_metres is not None and band.up_to_metres <= 0:
        fields.fault("up_to_metres", "距离应大于 0", "以米为单位写整数")
    fields.done()
    return band


def _check_bands(version: FareVersion, fields: Fields) -> None:
    if any(later.band <= earlier.band for earlier, later in pairwise(version.bands)):
        fields.fault("bands", "各档没有按编号从小到大排列", "按编号排列，每个编号只写一次")
    reaches = [band.up_to_metres for band in version.bands if band.up_to_metres is not None]
    if reaches and len(reaches) != len(version.bands):
        fields.fault("bands", "有的档写了距离，有的没有", "每档都写 up_to_metres，或都不写")
    if any(later <= earlier for earlier, later in pairwise(reaches)):
        fields.fault("bands", "距离没有从近到远排列", "改正 up_to_metres")
    if reaches and any(later.fen < earlier.fen for earlier, later in pairwise(version.bands)):
        fields.fault("bands", "远的反而比近的便宜", "核对票价")


def _example(fields: Fields) -> FareExample:
    example = FareExample(
        name=fields.text("name"),
        date=_day(fields, "date"),
        band=fields.number("band") if fields.has("band") else None,
        metres=fields.number("metres") if fields.has("metres") else None,
        fen=Fen(fields.number("fen")),
        line=fields.line,
    )
    if (example.band is None) == (example.metres is None):
        fields.fault("band", "例子要写 band 或 metres，只写一个", "留下一个")
    fields.done()
    return example


def fare_problems(fares: FareBook, *, benefits: Collection[str]) -> Iterator[Problem]:
    """Examples that do not come out or speak of another version's day; benefits that the book has not."""
    for fare in fares.fares.values():
        for code in fare.benefits:
            if code not in benefits:
                guess = closest(code, benefits)
                fix = f"看看是否想写 {guess}" if guess else "写政策册里有的优待代码"
                yield Problem(fare.file, 1, f"没有名为 {code} 的优待", fix)
        for version in fare.versions:
            for example in version.examples:
                yield from _example_problem(fare, version, example)


def _example_problem(fare: Fare, version: FareVersion, example: FareExample) -> Iterator[Problem]:
    found = version_in_force(fare, day=example.date, known_at=max(example.date, version.known_from))
    if found is not version:
        what = f"例子“{example.name}”的日期不在本版本的施行期内"
        yield Problem(fare.file, example.line, what, "改日期或移到对的版本")
        return
    band = example.band if example.metres is None else band_at(version, metres=example.metres)
    prices = {each.band: each.fen for each in version.bands}
    if band is None or prices.get(band) != example.fen:
        got = prices.get(band) if band is not None else None
        said = f"算出来是 {int(got):d} 分" if got is not None else "没有这一档"
        yield Problem(fare.file, example.line, f"例子“{example.name}”不成立：{said}", "改票价或改例子")
