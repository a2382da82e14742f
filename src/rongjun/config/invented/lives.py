"""One invented life: who, served when, fell ill or not, died or not. Plain values; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from random import Random
from uuid import UUID

from rongjun.config.invented.weights import Era, Weights
from rongjun.kernel.identifiers import IdentityNumber

KIN = ("martyr-kin", "duty-death-kin", "illness-death-kin")
SURNAMES = tuple("王李张刘陈杨赵黄周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡")
_SPELT = (
    "建国 建军 志强 志刚 志明 秀英 秀兰 桂英 玉兰 玉珍 国强 国庆 卫东 卫国 永强 永刚 "
    "海涛 海波 文明 文斌 春梅 春生 丽华 丽娟 淑珍 淑英 晓东 晓明 伟民 伟 敏 军 "
    "强 勇 平 涛 磊 静 红 霞 俊杰 俊峰 德胜 德福 兴华 振华 振国 凤英 "
    "凤兰 福生 长江 长海 立新 立功 光荣 学军 新民 爱民 爱国 宝山 宝成 "
)
GIVEN = tuple(_SPELT.split())
FILES_SINCE = date(2020, 3, 1)
PRE_1954 = date(1954, 11, 1)
REFORM = date(2011, 11, 1)  # 退役士兵安置条例: 自主就业 begins
MONTHLY_PENSION = 2021
_FIRST_ADDRESS = 1000


@dataclass(frozen=True, slots=True)
class Service:
    """One period: its days, the rank at its end and how the person was settled; "" where nobody wrote it."""

    enlisted: date
    discharged: date | None
    rank: str
    mode: str


@dataclass(frozen=True, slots=True)
class Life:
    """Everything true of somebody; what of it stands in a file, and how wrongly, is another question."""

    number: int
    kind: str
    name: str
    sex: str
    born: date
    county: int
    household: str
    rural: bool
    service: Service | None
    traits: frozenset[str]
    grade: int | None
    cause: str
    opened: date
    died: date | None
    death_noticed: date | None
    regular: bool
    key_group: bool

    @property
    def identity(self) -> IdentityNumber:
        """A number no citizen has and no other of nine million invented people."""
        code = 2 * self.number + (self.sex == "male")
        assert code < 9_000_000, "address codes 991000 to 999999 are used up"
        address = f"99{_FIRST_ADDRESS + code // 1000:04d}"
        return IdentityNumber.invented(born=self.born, sequence=code % 1000, address=address)

    @property
    def phone(self) -> str:
        """Eleven digits that reach nobody."""
        return f"100{self.number:08d}"

    def age(self, on: date) -> int:
        """Completed years on a day."""
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))


def file_id(seed: int, number: int, *, copy: bool = False) -> UUID:
    """The same key for the same person of the same city, so that a broken load is seen and continued."""
    drawn = sha256(f"rongjun invented city {seed}:{number}{':copy' if copy else ''}".encode()).digest()
    return UUID(bytes=drawn[:16], version=4)


def live(number: int, *, chance: Random, weights: Weights) -> Life:
    """Draw one life. Who is enlisted is at least fourteen; who is dead was born before; nobody is unborn."""
    kind = weights.kinds.one(chance)
    county = weights.counties.one(chance)
    rural = chance.random() < weights.rural[county]
    served = kind in ("veteran", "military-retiree", "active-soldier")
    era = weights.eras.one(chance)
    sex = "female" if chance.random() < (era.women if served else 0.55) else "male"
    enlisted = _enlisted(era, kind, chance, weights.as_of)
    born = _born_before(enlisted, chance) if served else _born_kin(kind, chance, weights.as_of)
    service = (
        _service(era, kind, enlisted=enlisted, rural=rural, chance=chance, as_of=weights.as_of)
        if served
        else None
    )
    traits = _traits(kind, service, chance, weights)
    grade, cause = _disability(traits, service, chance, weights)
    opened = _day_between(FILES_SINCE, weights.as_of, chance)
    if kind == "veteran" and service and service.discharged:
        opened = max(opened, min(service.discharged + timedelta(days=30), weights.as_of))
    died = _died(born, opened, chance, weights)
    regular, key_group = _rolls(kind, traits, service, born=born, rural=rural, chance=chance, weights=weights)
    household = str(county) if chance.random() >= weights.elsewhere else chance.choice(weights.outside)
    return Life(
        number=number,
        kind=kind,
        name=f"测试{chance.choice(SURNAMES)}{chance.choice(GIVEN)}{number:04d}",
        sex=sex,
        born=born,
        county=county,
        household=household,
        rural=rural,
        service=service,
        traits=traits,
        grade=grade,
        cause=cause,
        opened=opened,
        died=died,
        death_noticed=_noticed(died, chance, weights),
        regular=regular,
        key_group=key_group,
    )


def _day_between(first: date, last: date, chance: Random) -> date:
    return first + timedelta(days=int(chance.random() * max(1, (last - first).days)))


def _enlisted(era: Era, kind: str, chance: Random, as_of: date) -> date:
    year = era.first + int(chance.random() * (era.last - era.first + 1))
    if kind == "active-soldier":
        year = as_of.year - 1 - int(chance.random() * 8)
    elif kind == "military-retiree":
        year = min(year, as_of.year - 31)
    # Conscripts went in winter until 2012, in September until 2020, in March and September since.
    month = 12 if year <= 2012 else 9 if year <= 2020 else chance.choice((3, 9))
    return date(year, month, 1)


def _born_before(enlisted: date, chance: Random) -> date:
    age = 17 + int(chance.random() * 6)
    return date(enlisted.year - age, 1, 1) + timedelta(days=int(chance.random() * 365))


def _born_kin(kind: str, chance: Random, as_of: date) -> date:
    ages = {
        "martyr-kin": (30, 96),
        "duty-death-kin": (12, 90),
        "illness-death-kin": (12, 90),
        "soldier-family": (1, 72),
        "martyr-child": (60, 95),
    }
    youngest, oldest = ages[kind]
    days = int((youngest + chance.random() * (oldest - youngest)) * 365.25) + 1
    return as_of - timedelta(days=days)


def _service(era: Era, kind: str, *, enlisted: date, rural: bool, chance: Random, as_of: date) -> Service:
    if kind == "active-soldier":
        return Service(enlisted, None, chance.choice(("conscript", "nco_junior", "officer")), "")
    rank = "officer" if kind == "military-retiree" else era.ranks.one(chance)
    years = _years(rank, kind, enlisted, chance)
    discharged = enlisted + timedelta(days=int(365.25 * years) + int(chance.random() * 60))
    while discharged >= as_of:  # whoever enlisted lately left after a term of two years
        discharged = max(discharged - timedelta(days=365), enlisted + timedelta(days=365))
        rank = "conscript"
        if discharged == enlisted + timedelta(days=365):
            break
    return Service(
        enlisted,
        discharged,
        rank,
        _mode(rank, kind, enlisted=enlisted, discharged=discharged, rural=rural, chance=chance),
    )


def _years(rank: str, kind: str, enlisted: date, chance: Random) -> int:
    if kind == "military-retiree":
        return 30
    if rank == "conscript":
        return 2 if enlisted.year >= 1999 else 3 + int(chance.random() * 2)
    if rank == "nco_junior":
        return 5 + int(chance.random() * 4)
    return 10 + int(chance.random() ** 2 * 16)


def _mode(rank: str, kind: str, *, enlisted: date, discharged: date, rural: bool, chance: Random) -> str:
    """How somebody of this rank could be settled in that year (退役军人安置条例 第五条 and before it)."""
    if kind == "military-retiree":
        return "retired"
    if enlisted < PRE_1954:
        return "demobilised"
    share = chance.random()
    if rank in ("officer", "nco"):
        usual = "job_arranged" if rank == "nco" else "transferred" if share < 0.85 else "demobilised"
        return "monthly_pension" if discharged.year >= MONTHLY_PENSION and share < 0.45 else usual
    if discharged >= REFORM:
        return "self_employed" if share < 0.93 else "job_arranged"
    # Before 2011 whoever came from a village went back to it: nobody wrote a mode of settlement.
    return "" if rural else "job_arranged"


def _traits(kind: str, service: Service | None, chance: Random, weights: Weights) -> frozenset[str]:
    if kind != "veteran" or service is None or service.discharged is None:
        return frozenset()
    share = weights.among_veterans
    found = set()
    served = range(service.enlisted.year, service.discharged.year + 1)
    if any(1962 <= year <= 1989 for year in served) and chance.random() < share["combat"]:
        found.add("combat")
    elif any(1964 <= year <= 1996 for year in served) and chance.random() < share["nuclear"]:
        found.add("nuclear")
    if chance.random() < share["disabled"] * (4 if "combat" in found else 1):
        found.add("disabled")
    junior = service.rank in ("conscript", "nco_junior")
    if "disabled" not in found and junior and chance.random() < share["sick-returned"]:
        found.add("sick-returned")
    return frozenset(found)


def _disability(
    traits: frozenset[str], service: Service | None, chance: Random, weights: Weights
) -> tuple[int | None, str]:
    """因病 only grades 1 to 6, and only for conscripts and junior sergeants; 因战 for who was in combat."""
    if "disabled" not in traits or service is None:
        return None, ""
    grade, share = weights.grades.one(chance), chance.random()
    if "combat" in traits and share < 0.5:
        return grade, "war"
    if share > 0.7 and grade <= 6 and service.rank in ("conscript", "nco_junior"):
        return grade, "illness"
    return grade, "duty"


def _died(born: date, opened: date, chance: Random, weights: Weights) -> date | None:
    """The day of death between the file's opening and the city's day, if any: year by year."""
    start = opened
    while start < weights.as_of:
        end = min(start + timedelta(days=365), weights.as_of)
        age = (start - born).days // 365
        drawn = chance.random()
        if drawn < weights.yearly_death(age) * (end - start).days / 365:
            return _day_between(start, end, chance)
        start = end
    return None


def _noticed(died: date | None, chance: Random, weights: Weights) -> date | None:
    """When the registry heard of it; None while nobody has told it."""
    if died is None:
        return None
    most = weights.late_days if chance.random() < weights.late else 30
    noticed = died + timedelta(days=1 + int(chance.random() * most))
    return noticed if noticed <= weights.as_of else None


def _rolls(
    kind: str,
    traits: frozenset[str],
    service: Service | None,
    *,
    born: date,
    rural: bool,
    chance: Random,
    weights: Weights,
) -> tuple[bool, bool]:
    """抚恤定补 and 荣军保对象: two rolls; whoever is on the second is on the first."""
    share, drawn = weights.on_subsidy, chance.random()
    fought = bool(traits & {"combat", "nuclear"}) and drawn < share["combat"]
    demobilised = service is not None and kind == "veteran" and service.enlisted < PRE_1954
    key_group = (
        "disabled" in traits
        or "sick-returned" in traits
        or fought
        or demobilised
        or (kind in KIN and drawn < share["kin"])
    )
    is_old = (weights.as_of - born).days >= 60 * 365.25
    conscript = service is not None and service.rank == "conscript" and service.enlisted < REFORM
    on_age = kind == "veteran" and conscript and is_old and rural and drawn < share["rural-conscript"]
    as_child = kind == "martyr-child" and is_old and drawn < share["martyr-child"]
    return key_group or on_age or as_child, key_group
