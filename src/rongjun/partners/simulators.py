"""Four offices that send a file a day about invented people, and misbehave on request.

`python -m rongjun.partners.simulators deaths --roster ROSTER.csv --out FOLDER` is a process of its own: it
knows nothing of our database, only a list of invented people (columns 姓名, 证件号码, 户籍区划代码). Beside
the files it writes `truth.csv`: what each line really is about, for tests to compare with.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from rongjun.kernel.identifiers import IdentityNumber
from rongjun.kernel.simulating import put_down, signer_of
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import Format, write_file

OFFICES: Mapping[str, str] = {
    "civil-affairs": "deaths/1",
    "justice": "sentences/1",
    "police": "moves/1",
    "social-security": "pensions/1",
}
MISCHIEF: Mapping[str, str] = {
    "late": "晚三天发",
    "twice": "同一件发两次",
    "out-of-order": "先发后一天的",
    "truncated": "只发了一半，随后重发完整的",
    "wrong-total": "控制总数写错，随后重发更正的",
    "clock-month-wrong": "业务日期写早一个月，随后重发更正的",
    "gb18030": "用 GB18030",
    "bad-line": "有一行证件号码写坏",
    "near-miss": "去世的人与一位健在的人同名同生日",
    "unsigned": "先发没有签名的，随后补签重发",
    "wrong-signature": "先附错签名（签的是别的内容），随后附对的重发",
}
Row = list[str]


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it is sent, with its signature in hex; "" for one that is not signed."""

    name: str
    content: bytes
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Someone:
    """One invented person of the city."""

    name: str
    number: str
    county: str

    @property
    def born(self) -> date:
        """The birth date, from the number."""
        return IdentityNumber(self.number).birth_date

    @property
    def sex(self) -> str:
        """male or female, from the number."""
        return IdentityNumber(self.number).sex


@dataclass(slots=True)
class Office:
    """One office at work: the same files every time for the same people, seed and days."""

    code: str
    known: Format
    people: Sequence[Someone]
    misbehave: frozenset[str]
    lines: int
    chance: random.Random
    sent: int = 0
    truth: list[tuple[str, str, str]] = field(default_factory=list)

    def rows_of(self, day: date) -> list[Row]:
        """The lines of one day; half of them are about people of the city, half about nobody in it."""
        count = max(1, self.lines)
        rows = [self._row(day, self._somebody(n)) for n in range(count)]
        if "near-miss" in self.misbehave:
            rows.append(self._row(day, self._namesake(), what="near-miss"))
        if "bad-line" in self.misbehave:
            spoilt = self._row(day, self._somebody(0), what="bad-line")
            spoilt[2] = spoilt[2][:-1] + ("0" if spoilt[2][-1] != "0" else "1")
            rows.append(spoilt)
        return rows

    def _somebody(self, place: int) -> Someone:
        if place % 2 == 0 and self.people:
            return self.chance.choice(self.people)
        born = date(self.chance.randint(1935, 1975), self.chance.randint(1, 12), self.chance.randint(1, 28))
        number = IdentityNumber.invented(born=born, sequence=self.chance.randint(0, 999), address="998888")
        return Someone(f"测试路人{self.chance.randint(1, 9999):04d}", number.number, "")

    def _namesake(self) -> Someone:
        """Somebody else of the same name and birthday as one of the living."""
        living = self.chance.choice(self.people)
        other = IdentityNumber.invented(
            born=living.born, sequence=self.chance.randint(0, 999), address="998889"
        )
        return Someone(living.name, other.number, living.county)

    def _row(self, day: date, who: Someone, *, what: str = "") -> Row:
        key = f"{self.known.feed[:2].upper()}-{day:%Y%m%d}-{len(self.truth) + 1:05d}"
        listed = who.number in {person.number for person in self.people} if not what else False
        self.truth.append((key, what or ("listed" if listed else "nobody"), who.name))
        own = _OWN[self.known.feed](self.chance, day)
        return [key, who.name, who.number, who.born.isoformat(), who.sex, *own]

    def files_of(self, day: date, rows: Sequence[Row]) -> Iterator[Sent]:
        """What is sent for one day, in order: the mischief first, then what puts it right."""
        self.sent += 1
        whole = self._file(day, rows)
        name = f"{self.known.feed}-{day:%Y%m%d}-{self.sent:04d}"
        if "truncated" in self.misbehave:
            yield self._signed(f"{name}.truncated.csv", whole[: len(whole) // 2])
        if "wrong-total" in self.misbehave:
            yield self._signed(f"{name}.wrong-total.csv", self._file(day, rows, total=1))
        if "clock-month-wrong" in self.misbehave:
            yield self._signed(f"{name}.month.csv", self._file(day - timedelta(days=30), rows))
        if "unsigned" in self.misbehave:
            yield Sent(f"{name}.unsigned.csv", whole)
        if "wrong-signature" in self.misbehave:
            yield Sent(f"{name}.wrong-signature.csv", whole, self._signed("", whole[1:]).signature)
        yield self._signed(f"{name}.csv", whole)
        if "twice" in self.misbehave:
            yield self._signed(f"{name}.twice.csv", whole)

    def _signed(self, name: str, content: bytes) -> Sent:
        return Sent(name, content, signer_of(self.code).sign(content).hex())

    def _file(self, day: date, rows: Sequence[Row], *, total: int | None = None) -> bytes:
        charset = "GB18030" if "gb18030" in self.misbehave else "UTF-8"
        return write_file(
            self.known,
            rows,
            partner=self.code,
            business_date=day,
            sequence=self.sent,
            charset=charset,
            total=total,
        )


def _death(chance: random.Random, day: date) -> Row:
    return [(day - timedelta(days=chance.randint(0, 3))).isoformat()]


def _sentence(chance: random.Random, day: date) -> Row:
    until = (day + timedelta(days=365 * chance.randint(1, 5))).isoformat()
    return [day.isoformat(), chance.choice(("fixed-term", "detention", "control")), until]


def _move(chance: random.Random, day: date) -> Row:
    return [day.isoformat(), f"9901{chance.randint(1, 12):02d}", chance.choice(("rural", "urban"))]


def _pension(chance: random.Random, day: date) -> Row:
    return [day.replace(day=1).isoformat(), chance.choices(("receiving", "stopped"), (9, 1))[0]]


_OWN: Mapping[str, Callable[[random.Random, date], Row]] = {
    "deaths": _death,
    "sentences": _sentence,
    "moves": _move,
    "pensions": _pension,
}


def read_people(roster: Path) -> list[Someone]:
    """The invented people of a roster; who is not invented is left out."""
    with roster.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Someone(row["姓名"], row["证件号码"], row.get("户籍区划代码", ""))
        for row in rows
        if row["证件号码"].startswith("99")
    ]


def simulate(
    code: str,
    people: Sequence[Someone],
    *,
    folder: Path,
    contracts: Path,
    last_day: date,
    days: int,
    misbehave: frozenset[str] = frozenset(),
    lines: int = 20,
    seed: int = 7,
) -> list[Path]:
    """Write the files of `days` days up to `last_day` into `folder`, in the order they are sent.

    The names sort in that order. With "late" the last three days are left out of a first run's end.
    """
    known = formats_in(contracts)[OFFICES[code]]
    office = Office(code, known, people, misbehave, lines, random.Random(f"{code} {seed}"))  # noqa: S311
    last = last_day - timedelta(days=3) if "late" in misbehave else last_day
    listed = [last - timedelta(days=back) for back in reversed(range(days))]
    sent = [file for day in listed for file in office.files_of(day, office.rows_of(day))]
    if "out-of-order" in misbehave:
        sent.reverse()
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"{place:04d}-{each.name}" for place, each in enumerate(sent, start=1)]
    for path, each in zip(written, sent, strict=True):
        # The signature first, so that no file is met without it.
        if each.signature:
            put_down(path.with_name(f"{path.name}.sig"), each.signature.encode())
        put_down(path, each.content)
    with (folder.parent / f"{code}-truth.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("key", "what", "name"), *office.truth])
    return written


def main(arguments: Sequence[str]) -> int:
    """The process of its own; returns its exit code."""
    parser = argparse.ArgumentParser(description="四个部门的模拟器：每天一件，写虚构的人，可以捣乱。")
    parser.add_argument("office", choices=sorted(OFFICES))
    parser.add_argument("--roster", type=Path, required=True, help="虚构的人：CSV，姓名、证件号码两列")
    parser.add_argument("--out", type=Path, required=True, help="写到哪个文件夹，通常是接收文件夹")
    parser.add_argument("--contracts", type=Path, required=True, help="格式所在的文件夹 contracts/files")
    parser.add_argument("--last-day", type=date.fromisoformat, required=True, help="最后一天的业务日期")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--lines", type=int, default=20, help="每天几行")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--misbehave", default="", help="逗号分隔：" + "、".join(MISCHIEF))
    said = parser.parse_args(arguments)
    wanted = frozenset(word for word in said.misbehave.split(",") if word)
    if not wanted <= set(MISCHIEF):
        parser.error(f"不认识的捣乱方式：{'、'.join(sorted(wanted - set(MISCHIEF)))}")
    written = simulate(
        said.office,
        read_people(said.roster),
        folder=said.out / said.office,
        contracts=said.contracts,
        last_day=said.last_day,
        days=said.days,
        misbehave=wanted,
        lines=said.lines,
        seed=said.seed,
    )
    sys.stdout.write(f"{said.office} 发出 {len(written)} 件，在 {said.out / said.office}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
