"""外地证件登记（C 级）: what is kept of somebody from out of town who is let in by a certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from rongjun.benefits.logic.savings import PriceLine
from rongjun.kernel.words import Words

# What is accepted at a gate from people of other places (领域手册 1.7；待局方确认).
CERTIFICATES: Words[Mapping[str, str]] = {
    "pref-veteran": "退役军人优待证",
    "pref-kin": "“三属”优待证",
    "serving": "现役军人有效证件",
}
PROVINCES: Words[Mapping[str, str]] = {
    "11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古", "21": "辽宁", "22": "吉林",
    "23": "黑龙江", "31": "上海", "32": "江苏", "33": "浙江", "34": "安徽", "35": "福建", "36": "江西",
    "37": "山东", "41": "河南", "42": "湖北", "43": "湖南", "44": "广东", "45": "广西", "46": "海南",
    "50": "重庆", "51": "四川", "52": "贵州", "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃",
    "63": "青海", "64": "宁夏", "65": "新疆", "71": "台湾", "81": "香港", "82": "澳门",
}  # fmt: skip
MOST_PEOPLE: Final = 60
LONGEST_AGO: Final = timedelta(days=31)
SLACK: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Said:
    """What a clerk writes down; `band` is that of the fare, `name` of one of those who came together."""

    place: int
    programme: str
    band: int
    people: int
    used_at: datetime | None
    name: str
    certificate: str
    province: str


def faults_of(said: Said, *, now: datetime) -> list[str]:
    """Everything that is missing or cannot be, in sentences; nothing when it can be kept."""
    found = []
    if not 1 <= len(said.name.strip()) <= 40:
        found.append("没有写姓名")
    if not 1 <= said.people <= MOST_PEOPLE:
        found.append(f"人数不在 1 到 {MOST_PEOPLE} 之间")
    if said.certificate not in CERTIFICATES:
        found.append("没有选证件种类")
    if said.province not in PROVINCES:
        found.append("没有选发证省份")
    if said.used_at is None or said.used_at > now + SLACK:
        found.append("时间没有写，或者在将来")
    elif said.used_at < now - LONGEST_AGO:
        found.append(f"时间在 {LONGEST_AGO.days} 天以前")
    return found


@dataclass(frozen=True, slots=True)
class Counted:
    """So many people on a day by one programme and band."""

    programme: int
    band: int
    day: date
    people: int


@dataclass(frozen=True, slots=True)
class Manual:
    """What was let in by hand of one programme: people, and what they would have paid, whole fen.

    Those of a day without a fare are in `unpriced`, at the highest price of the programme: it is only ever
    added to an upper bound.
    """

    programme: int
    people: int
    ordinary_fen: int
    unpriced: int


def manual_of(counted: Iterable[Counted], prices: Sequence[PriceLine]) -> tuple[Manual, ...]:
    """The counts by programme, each at the price of its day."""
    found: dict[int, Manual] = {}
    for each in counted:
        before = found.get(each.programme, Manual(each.programme, 0, 0, 0))
        fen = _price(each, prices)
        highest = max((p.fen or 0 for p in prices if p.programme == each.programme), default=0)
        found[each.programme] = Manual(
            each.programme,
            before.people + each.people,
            before.ordinary_fen + each.people * (highest if fen is None else fen),
            before.unpriced + (each.people if fen is None else 0),
        )
    return tuple(found[programme] for programme in sorted(found))


def _price(each: Counted, prices: Sequence[PriceLine]) -> int | None:
    for price in prices:
        if (price.programme, price.band) == (each.programme, each.band) and (
            price.span <= each.day <= price.last_day
        ):
            return price.fen
    return None
