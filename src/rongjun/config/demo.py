"""An invented city: divisions, staff who can sign in, invented people. Nobody in it exists."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rongjun.access.api import (
    acting_as_job,
    actor_named,
    create_account,
    enrol_totp,
    grant_role,
    has_accounts,
)
from rongjun.benefits import api as benefits
from rongjun.config.invented.arrivals import arrivals
from rongjun.config.invented.loading import is_begun, open_people, weights
from rongjun.config.invented.people import life_of, people
from rongjun.kernel.identifiers import DocumentType, IdentityNumber
from rongjun.partners import api as partners
from rongjun.partners.terminal import OPERATORS
from rongjun.places import api as places
from rongjun.rules.api import read_folder

BY = "operator:demo"
PASSWORD = "Rongjun-demo-2026"  # noqa: S105 - printed on the first page of the demo, refused in any other profile
STREETS = ("示范一街道", "示范二街道", "示范三街道")
PEOPLE = 3100  # a hundredth of the card holders of the reference city
SEED = 1
_SINCE = date(2020, 1, 1)
_MIDDLE = (120.38, 36.07)  # the middle of the invented places, degrees
_NAMES = (
    "张三",
    "李四",
    "王五",
    "赵六",
    "孙七",
    "周八",
    "吴九",
    "郑十",
    "陈明",
    "刘建国",
    "杨秀英",
    "黄志强",
)


def fill_city(*, with_people: bool = True) -> None:
    """Fill what is empty; a city that is there stays as it is."""
    assert settings.DEMO or settings.PROFILE == "test"
    is_new = not has_accounts()
    if is_new:
        _add_divisions()
    with transaction.atomic():
        for login, name, role, division, label in cast():
            if is_new or actor_named(login, on=timezone.localdate()) is None:
                open_account(login, name, role, division, label)
    if with_people and (is_new or is_begun(SEED)):  # a first start that was interrupted goes on
        _open_files()


def adopt_first_book() -> str:
    """Put the policy files in force where no book is; what to tell about files that have changed since."""
    files = read_folder(settings.POLICY_ROOT)
    with acting_as_job("demo.look-at-book"):
        kept = benefits.files_in_force()
    if kept is None:
        benefits.put_in_force(files, document="演示：随安装采用", by=BY, now=timezone.now())
        return ""
    if all(files.get(name) == raw for name, raw in kept.items()):
        return ""
    return "  政策文件有改动，还没有采用。看改了什么：rongjun policy diff；采用：rongjun policy adopt\n"


def counties() -> list[tuple[int, str]]:
    """Twelve-digit code and name of each county."""
    return [(row.code, row.name) for row in places.city().counties]


def cast() -> list[tuple[str, str, str, int, str]]:
    """(login, name, role, division, label): the people every test and every tour meets."""
    (home, home_name), (other, other_name) = counties()[0], counties()[1]
    whole, whole_name = places.city().code, places.city().name
    return [
        ("clerk", "测试王芳", "station-clerk", home + 901_000, f"{home_name} · {STREETS[0]}"),
        ("district", "测试李伟", "district-officer", home, home_name),
        ("neighbour", "测试赵敏", "district-officer", other, other_name),
        ("city", "测试陈明", "city-officer", whole, whole_name),
        ("checker", "测试许静", "city-officer", whole, whole_name),
        ("leader", "测试林岚", "bureau-leader", whole, whole_name),
        ("policy", "测试郑策", "policy-officer", whole, whole_name),
        ("system", "测试孙系", "system-admin", whole, whole_name),
        ("security", "测试周安", "security-admin", whole, whole_name),
        ("auditor", "测试吴审", "audit-admin", whole, whole_name),
    ]


def street_codes() -> list[int]:
    """The last six digits of the invented streets each county has."""
    return [(901 + place) * 1000 for place in range(len(STREETS))]


def known_elsewhere() -> Iterator[dict[str, str]]:
    """The invented people as other offices know them: name, number, county of the household."""
    for record in people(range(PEOPLE), seed=SEED, weights=weights(), streets=street_codes()):
        numbers = [each.number.number for each in record.documents if each.kind == DocumentType.RESIDENT_ID]
        homes = [str(each.said["county"]) for each in record.said if each.kind == "household"]
        if numbers and homes:
            yield {"姓名": record.name, "证件号码": numbers[0], "户籍区划代码": homes[-1]}


def write_arrivals(path: Path, *, also: dict[str, str] | None = None) -> None:
    """Whom the simulated single sign-on offers: some of the invented people, with what they are."""
    drawn = weights()
    lives = (life_of(number, seed=SEED, weights=drawn) for number in range(PEOPLE))
    others = (
        each
        for each in arrivals(lives, on=timezone.localdate())
        if not also or each["number"] != also["number"]
    )
    told = [*others, *([also] if also else [])]
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")


def add_partners(*, hours: Mapping[str, str], names: Mapping[str, str], root: Path) -> int:
    """Agree with the invented offices that are not agreed with yet; returns how many were added."""
    added, whole = 0, places.city().code
    with acting_as_job("demo.add-partners"):
        for (code, name), (known, hour) in zip(names.items(), hours.items(), strict=True):
            (root / code).mkdir(parents=True, exist_ok=True)
            if partners.is_partner(code):
                continue
            partners.add_partner(
                code,
                name=name,
                division=whole,
                agreed={known: hour},
                channels=["file"],
                expected_since=timezone.localdate(),
                public_key=partners.signer_of(code).public_key,
                by=BY,
                now=timezone.now(),
            )
            added += 1
    return added


def add_operators(*, root: Path) -> int:
    """Agree with the invented operators and the bank that are not agreed with yet; returns how many."""
    added = 0
    with acting_as_job("demo.add-operators"):
        for code, kind in OPERATORS.items():
            (root / code).mkdir(parents=True, exist_ok=True)
            if partners.is_partner(code):
                continue
            daily, takes = _agreed_with(code, has_programmes=bool(kind.programmes))
            partners.add_partner(
                code,
                name=kind.name,
                division=places.city().code,
                agreed={"receipts/1": "", **daily},
                channels=["file"],
                expected_since=timezone.localdate(),
                public_key=partners.signer_of(code).public_key,
                takes={"statements/1": "file", **dict.fromkeys(takes, "file")},
                daily_sends=100,
                by=BY,
                now=timezone.now(),
            )
            added += 1
    return added


def agree_on_uses(*, since: date) -> None:
    """Programmes of the fares in force, a source of record an operator expected since a day, and its places.

    Nothing changes where an operator's source is agreed on.
    """
    with acting_as_job("demo.agree-on-uses"):
        benefits.agree_on_programmes(benefits.book().fares)
        for code, kind in OPERATORS.items():
            if kind.programmes:
                benefits.agree_on_source(
                    f"{code}-daily",
                    title=kind.name,
                    partner=code,
                    record="file",
                    seat=places.city().code,
                    expected_since=since,
                    places=_numbered_places(kind.places),
                    by=BY,
                    now=timezone.now(),
                )


def _numbered_places(count: int) -> Iterator[benefits.UsePlace]:
    """Invented places by the numbers the operators use; of the first some it is known where they are."""
    known = counties()
    for number in range(1, count + 1):
        county, name = known[number % len(known)]
        where = (_MIDDLE[0] + number * 0.004, _MIDDLE[1] + number * 0.002) if number <= 12 else (None, None)
        yield benefits.UsePlace(f"{number}", f"{name}示范点位 {number:03d}", county, *where)


def _agreed_with(code: str, *, has_programmes: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """What an operator sends, with its hour, and what it takes."""
    if has_programmes:
        more = {"top-ups/1": ""} if code == "transit" else {}
        return {"uses/1": "09:00", "statements/1": "12:00", **more}, ("free-rides/1",)
    if code == "insurer":
        return {"statements/1": "12:00"}, ("claim-results/1", "insured-roster/1")
    return {"statements/1": "12:00", "card-returns/1": ""}, ("card-orders/1",)


def who_can_sign_in() -> str:
    """What the demo prints, so that a newcomer need not ask."""
    roles = {a.login: a for a in (actor_named(row[0], on=timezone.localdate()) for row in cast()) if a}
    lines = [
        f"    {login:<10} {actor.role_label}  {actor.division_label}  {actor.name}"
        for login, actor in roles.items()
    ]
    return "\n".join(
        [
            "",
            "  谁可以登录（全部是虚构的人）：",
            *lines,
            "",
            f"  密码都是 {PASSWORD}   第二重验证码都是 {settings.DEMO_SECOND_FACTOR}（只在演示里固定）",
            "  老兵和家属：从首页“老兵和家属”进，用省统一登录的模拟器，点一位虚构的人就行",
        ]
    )


def sample_roster() -> list[dict[str, str]]:
    """Twenty rows for a first import: seventeen good, three a clerk has to correct."""
    rows = list(_roster(20, seed=17, first=9001, station=counties()[0][0] + 901_000))
    for row in rows:
        row.update(
            {"人员类别": "退役军人", "残疾等级": "", "残疾性质": "", "残疾军人证": "无", "优待证": "有"}
        )
    good = rows[4]["证件号码"]
    rows[4]["证件号码"] = good[:-1] + ("1" if good[-1] != "1" else "2")
    rows[10].update(
        {"证件号码": _number(date(1971, 5, 6), 9011), "入伍日期": "1990-12-01", "退役日期": "1986-11-30"}
    )
    rows[15]["人员类别"] = "退伍老兵"
    rows[0].update(
        {
            "姓名": "测试张三9001",
            "证件号码": _number(date(1952, 3, 8), 1),
            "入伍日期": "1970-12-01",
            "退役日期": "1976-03-15",
            "户籍类别": "农村",
            "抚恤定补": "否",
        }
    )
    return rows


def _add_divisions() -> None:
    """The real tree, the invented streets the invented people live in, and who serves them."""
    now, city = timezone.now(), places.city()
    streets = [
        (code + street, name)
        for code, _ in counties()
        for street, name in zip(street_codes(), STREETS, strict=True)
    ]
    with acting_as_job("demo.fill-city"):
        places.load_tree(city, places.listing(), by=BY, now=now)
        invented = [(code, name, "township") for code, name in streets]
        places.add_divisions(invented, valid_from=_SINCE, source="虚构（演示）")
        places.load_stations(
            [_station(code, name) for code, name in [(city.code, city.name), *counties(), *streets]],
            source="虚构（演示）",
            is_synthetic=True,
            by=BY,
            now=now,
        )


def _station(division: int, name: str) -> places.StationRow:
    """An invented centre of the city or a county, or station of a street; its name says it is a sample."""
    is_wide = division % 10**6 == 0
    return places.StationRow(
        division=division,
        name=f"{name}示范退役军人服务中心" if is_wide else f"{name}退役军人服务站",
        kind="centre" if is_wide else "station",
        address="示范路 1 号（虚构）",
        phone="",
        valid_from=_SINCE,
    )


def open_account(login: str, name: str, role: str, division: int, label: str) -> None:
    """Open an account with the demo's password and its fixed second factor."""
    now = timezone.now()
    account = create_account(login, name=name, kind="staff", password=PASSWORD, by=BY, now=now)
    grant_role(account, role=role, division=division, division_label=label, valid_from=_SINCE, by=BY, now=now)
    secret = sha256(f"{settings.SECRET_KEY}{login}".encode()).hexdigest()
    enrol_totp(account, secret=_base32(secret), by=BY, now=now)


def _base32(seed: str) -> str:
    return base64.b32encode(bytes.fromhex(seed)[:20]).decode()


def _open_files() -> None:
    officer = actor_named("city", on=timezone.localdate())
    assert officer is not None
    open_people(PEOPLE, seed=SEED, by=officer, now=timezone.now(), streets=street_codes())


def _roster(count: int, *, seed: int, first: int, station: int) -> Iterator[dict[str, str]]:
    chance = random.Random(seed)  # noqa: S311 - the same invented city every time, nothing secret
    for number in range(first, first + count):
        enlisted = date(chance.randint(1965, 2019), chance.choice((3, 9, 12)), 1)
        born = date(enlisted.year - chance.randint(18, 22), chance.randint(1, 12), chance.randint(1, 28))
        served = chance.choice((2, 3, 4, 5, 8, 12, 16))
        discharged = min(enlisted + timedelta(days=365 * served), date(2025, 9, 1))
        disabled = chance.random() < 0.08
        county = station // 10**6
        yield {
            "姓名": f"测试{chance.choice(_NAMES)}{number:04d}",
            "证件号码": _number(born, number),
            "人员类别": "退役军人、残疾军人"
            if disabled
            else chance.choices(("退役军人", "烈士遗属", "现役军人家属"), (94, 2, 4))[0],
            "服务站区划代码": str(station),
            "入伍日期": enlisted.isoformat(),
            "退役日期": discharged.isoformat(),
            "服役身份": chance.choice(("义务兵", "军士", "军官")),
            "安置方式": chance.choice(("自主就业", "安排工作", "复员")),
            "残疾等级": f"{chance.choice('五六七八九十')}级" if disabled else "",
            "残疾性质": chance.choice(("因战", "因公", "因病")) if disabled else "",
            "户籍区划代码": str(county),
            "户籍类别": chance.choice(("农村", "城镇")),
            "抚恤定补": chance.choices(("是", "否"), (1, 8))[0],
            "荣军保对象": chance.choices(("是", "否"), (1, 15))[0],
            "优待证": chance.choices(("有", "无"), (3, 1))[0],
            "残疾军人证": "有" if disabled else "无",
            "手机号码": f"100{number:08d}",
        }


def _number(born: date, sequence: int) -> str:
    """An invented identity number; the address code 99xxxx carries what the three-digit sequence cannot."""
    return IdentityNumber.invented(
        born=born, sequence=sequence % 1000, address=f"99{sequence // 1000 % 10000:04d}"
    ).number
