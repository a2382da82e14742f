"""One rate order, one file: its rows as rates with source, confidence and what of it was inferred."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from rongjun.allowances.grounds import CAUSES, SLUG, read_numbers
from rongjun.allowances.logic.rates import (
    CONFIDENCES,
    INFERRED,
    KINDS,
    PAYERS,
    PERIODS,
    UNITS,
    Key,
    Rate,
    RateOrder,
)
from rongjun.kernel.money import Fen
from rongjun.rules.api import Confirmation, Fields, digest_of

_HOUSEHOLDS: Final = ("rural", "urban")


def order_digest(node: object) -> str:
    """The digest a confirmation of one rate order names."""
    return digest_of(node)


@dataclass(frozen=True, slots=True)
class _OrderHead:
    order: str
    title: str
    start: date | None
    announced: date | None
    region: tuple[int | None, str]
    fictional: bool
    confirmed: bool
    digest: str


@dataclass(frozen=True, slots=True)
class _Source:
    source: str
    confidence: str
    inferred: tuple[str, ...]
    why: str | None


@dataclass(slots=True)
class OrderReader:
    """Reads orders; `series` are those a row may name, `regions` gathers the divisions they speak of."""

    series: Collection[str]
    regions: dict[int, str]
    confirmations: frozenset[Confirmation]
    orders: list[RateOrder] = field(default_factory=list)

    def read(self, opened: Fields, name: str, *, fictional: bool, content: object) -> list[Rate]:
        """The rows of one order, which is kept in `orders`."""
        order = opened.matching("order", SLUG, "national-2021-08-01")
        if f"/{order}.yaml" not in name:
            opened.fault("order", "order 与文件名不一致", "让两者一致")
        if opened.has("fictional") and opened.truth("fictional") is not fictional:
            opened.fault("fictional", "虚构标准只放在 fictional 文件夹", "移动文件")
        if fictional and not opened.has("fictional"):
            opened.fault("order", "fictional 文件夹里的文件要写 fictional: true", "补上")
        start, digest = opened.day_or_none("from"), order_digest(content)
        head = _OrderHead(
            order=order,
            title=opened.text("title"),
            start=start,
            announced=opened.day_or_none("announced"),
            region=self._region(opened),
            fictional=fictional,
            confirmed=self._is_confirmed(order, digest),
            digest=digest,
        )
        rates: list[Rate] = []
        for source in opened.maps("sources", "来源"):
            told = _Source(
                source.text("source"),
                source.one_of("confidence", list(CONFIDENCES)),
                _marks(source),
                source.text_or_none("why"),
            )
            for row in source.maps("rows", "标准"):
                rates.append(self._rate(row, head, told, len(rates) + 1))
            source.done()
        opened.text_or_none("note")
        opened.done()
        self.orders.append(_seen(head, rates))
        return rates

    def _is_confirmed(self, order: str, digest: str) -> bool:
        """The digest is of the whole file, its day included."""
        return any((c.code, c.digest) == (f"allowances.{order}", digest) for c in self.confirmations)

    def _region(self, fields: Fields) -> tuple[int | None, str]:
        region = fields.map("region", "地区")
        title = region.text("title")
        code = region.number("code") if region.has("code") else None
        region.done()
        if code is not None:
            if code and not 11 * 10**10 <= code < 10**12:
                region.fault("code", "区划代码不对", "写 12 位代码，全国写 0")
            self.regions.setdefault(code, title)
        return code, title

    def _rate(self, row: Fields, head: _OrderHead, told: _Source, number: int) -> Rate:
        code, title = self._region(row) if row.has("region") else head.region
        series = row.text("series")
        if series not in self.series:
            row.fault("series", f"没有名为“{series}”的序列", "看 series.yaml")
        fen = row.number("fen")
        if fen <= 0:
            row.fault("fen", "金额应大于 0", "以分为单位写整数")
        rate = Rate(
            ref=f"{head.order}#{number}",
            order=head.title,
            series=series,
            key=Key(
                row.text_or_none("category"),
                row.number("grade") if row.has("grade") else None,
                row.one_of("cause", CAUSES) if row.has("cause") else None,
            ),
            fen=Fen(fen),
            unit=row.one_of("unit", list(UNITS)) if row.has("unit") else "person",
            period=row.one_of("period", list(PERIODS)),
            start=row.day("from") if row.has("from") else head.start,
            until=row.day_or_none("until"),
            announced=head.announced,
            region=code,
            region_title=title,
            source=told.source,
            confidence=told.confidence,
            kind=row.one_of("kind", list(KINDS)) if row.has("kind") else "standard",
            household=row.one_of("household", _HOUSEHOLDS) if row.has("household") else None,
            inferred=told.inferred,
            why=told.why,
            shares=self._shares(row, fen),
            label=row.text_or_none("label"),
            fictional=head.fictional,
            confirmed=head.confirmed,
        )
        row.done()
        return rate

    def _shares(self, row: Fields, fen: int) -> dict[str, Fen]:
        if not row.has("shares"):
            return {}
        found = read_numbers(row, "shares", "分担")
        unknown = found.keys() - PAYERS.keys()
        if unknown or sum(found.values()) != fen:
            row.fault("shares", "分担各方之和应等于标准，只写 central、province、city、county", "改正")
        return {payer: Fen(part) for payer, part in found.items()}


def _seen(head: _OrderHead, rates: Sequence[Rate]) -> RateOrder:
    sure = sum(1 for rate in rates if not replace(rate, confirmed=True).obstacles)
    return RateOrder(
        code=head.order,
        title=head.title,
        region=head.region[1],
        start=head.start,
        announced=head.announced,
        digest=head.digest,
        rows=len(rates),
        sure=sure,
        fictional=head.fictional,
        confirmed=head.confirmed,
    )


def _marks(source: Fields) -> tuple[str, ...]:
    marks = source.texts("inferred", required=False)
    for mark in marks:
        if mark not in INFERRED:
            source.fault("inferred", f"没有“{mark}”这种推断", f"从这些里选：{'、'.join(INFERRED)}")
    return marks
