"""Operators that exchange files with us both ways, day by day, and misbehave on request; all invented.

`python -m rongjun.partners.operators transit --drop DROP --out OUT --memory FOLDER --contracts FILES` is a
process of its own. It knows what a real operator knows of us: what lies in its folder, and what it remembers.
It takes up our files (checks equations, number and signature), answers each with a receipt, sends the uses of
the cards on our list, and states each day what it sent and took. The same seed and days give the same bytes,
also after it was killed: what it remembers is written last.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rongjun.kernel.crypto import Algorithm, PublicKey, sm3
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import Envelope, Format, fault_of_content, read_file, read_rows, write_file
from rongjun.partners.simulators import MISCHIEF, put_down, signer_of

# What goes wrong here, each on about a third of the days.
WAYS = (
    "late", "twice", "out-of-order", "truncated", "wrong-total", "clock-month-wrong", "unsigned",
    "wrong-signature", "silent",
)  # fmt: skip
SILENT = "有时不回执"
LATE_DAYS = 3
LONGEST_FILE = 50 * 1024 * 1024
Row = list[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One operator: its programmes, each with how many places, how many bands and what is paid, in fen."""

    name: str
    programmes: tuple[tuple[str, int, int, int], ...] = ()


OPERATORS: Mapping[str, Kind] = {
    "transit": Kind("公共交通（演示）", (("bus", 400, 1, 0), ("metro", 160, 6, 0), ("ferry", 4, 1, 0))),
    "scenic": Kind("景区联盟（演示）", (("scenic", 66, 1, 0),)),
    "telecom": Kind("通信运营商（演示）", (("telecom", 1, 3, 2900),)),
    "agent-bank": Kind("代发银行（演示）"),
    "insurer": Kind("荣军保承保公司（演示）"),
}
USES, RECEIPTS, STATEMENTS, RIDES = "uses/1", "receipts/1", "statements/1", "free-rides/1"


@dataclass(slots=True)
class Memory:
    """What an operator knows from day to day."""

    sequences: dict[str, int] = field(default_factory=dict)
    cards: list[int] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    doubles: int = 0
    conflicts: list[str] = field(default_factory=list)
    receipts: list[Row] = field(default_factory=list)
    taken: list[Row] = field(default_factory=list)
    held: list[list[str]] = field(default_factory=list)
    last_day: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it is put down; `states` is its line in the day's statement, empty for mischief."""

    name: str
    content: bytes
    is_signed: bool = True
    signed: bytes = b""
    states: tuple[str, ...] = ()


@dataclass(slots=True)
class Operator:
    """One operator at work on one day."""

    code: str
    formats: Mapping[str, Format]
    drop: Path
    out: Path
    memory: Memory
    misbehave: frozenset[str]
    lines: int
    seed: int
    our_key: PublicKey | None = None

    def work(self, day: date, *, is_last: bool = False) -> int:
        """Everything of one day, in order; returns how many files were put down."""
        chance = random.Random(f"{self.code} {self.seed} {day}")  # noqa: S311 - invented
        goes_wrong = {way for way in sorted(self.misbehave) if chance.random() < 0.35}
        self._take_up(is_silent="silent" in goes_wrong and not is_last)
        sent = list(self._uses(day, chance, goes_wrong))
        sent += self._released(day, everything=is_last)
        sent += self._receipts(day)
        sent.append(self._statement(day, sent))
        for place, each in enumerate(sent, start=1):
            self._put(f"{day:%Y%m%d}-{place:03d}-{each.name}", each)
        self.memory.last_day = day.isoformat()
        return len(sent)

    # --- what we sent it ---

    def _take_up(self, *, is_silent: bool) -> None:
        folder = self.out / self.code
        for file in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
            content = file.read_bytes()
            head, envelope = read_file(content, self.formats)
            beside = file.with_name(f"{file.name}.sig")
            if head is None or not isinstance(envelope, Envelope) or fault_of_content(envelope):
                self.memory.conflicts.append(f"{file.name}: unreadable")
            elif not self._is_ours(content, beside):
                self.memory.conflicts.append(f"{file.name}: signature")
            else:
                self._take(envelope, digest=sm3(content).hex())
            file.unlink()
            beside.unlink(missing_ok=True)
        if is_silent:
            self.memory.receipts = []

    def _is_ours(self, content: bytes, beside: Path) -> bool:
        if self.our_key is None:
            return True
        return beside.is_file() and self.our_key.verify(content, bytes.fromhex(beside.read_text()))

    def _take(self, envelope: Envelope, *, digest: str) -> None:
        head, memory = envelope.head, self.memory
        name = f"{head.format}:{head.sequence}"
        if name in memory.seen:
            memory.doubles += 1
            if memory.seen[name] != digest:
                memory.conflicts.append(f"{name}: two contents under one number")
        else:
            memory.seen[name] = digest
            self._read(envelope)
            day, count = head.business_date.isoformat(), str(head.count)
            if head.format not in {RECEIPTS, STATEMENTS}:
                memory.taken.append(["taken", head.format, str(head.sequence), day, digest, count])
        memory.receipts.append([head.format, str(head.sequence), digest, str(head.count), "taken", ""])

    def _read(self, envelope: Envelope) -> None:
        if envelope.head.format != RIDES:
            return
        rows = read_rows(envelope.rows, self.formats[RIDES], first=1) if envelope.rows else envelope.lines
        cards = set(self.memory.cards)
        for line in rows:
            (cards.add if line.fields["change"] == "add" else cards.discard)(int(line.fields["card"]))
        self.memory.cards = sorted(cards)

    # --- what it sends ---

    def _uses(self, day: date, chance: random.Random, goes_wrong: set[str]) -> Iterator[Sent]:
        if not OPERATORS[self.code].programmes:
            return
        rows = self._rides(day, chance)
        sequence = self._next(USES)
        whole = self._file(USES, rows, day=day, sequence=sequence)
        name = f"uses-{sequence:04d}"
        yield from self._spoilt(name, whole, rows, day=day, sequence=sequence, goes_wrong=goes_wrong)
        states = ("sent", USES, str(sequence), day.isoformat(), sm3(whole).hex(), str(len(rows)))
        good = Sent(f"{name}.csv", whole, states=states)
        wait = LATE_DAYS if "late" in goes_wrong else 1 if "out-of-order" in goes_wrong else 0
        if wait:
            due = (day + timedelta(days=wait)).isoformat()
            self.memory.held.append([due, good.name, base64.b64encode(whole).decode(), *states])
            return
        yield good
        if "twice" in goes_wrong:
            yield Sent(f"{name}.twice.csv", whole)

    def _spoilt(
        self, name: str, whole: bytes, rows: Sequence[Row], *, day: date, sequence: int, goes_wrong: set[str]
    ) -> Iterator[Sent]:
        if "truncated" in goes_wrong:
            yield Sent(f"{name}.truncated.csv", whole[: len(whole) // 2])
        if "wrong-total" in goes_wrong:
            wrong = self._file(USES, rows, day=day, sequence=sequence, total=10**9 + 1)
            yield Sent(f"{name}.wrong-total.csv", wrong)
        if "clock-month-wrong" in goes_wrong:
            early = self._file(USES, rows, day=day - timedelta(days=30), sequence=sequence)
            yield Sent(f"{name}.month.csv", early)
        if "unsigned" in goes_wrong:
            yield Sent(f"{name}.unsigned.csv", whole, is_signed=False)
        if "wrong-signature" in goes_wrong:
            yield Sent(f"{name}.wrong-signature.csv", whole, signed=whole[1:])

    def _rides(self, day: date, chance: random.Random) -> list[Row]:
        cards, programmes = self.memory.cards, OPERATORS[self.code].programmes
        if not cards:
            return []
        rows = []
        for number in range(self.lines):
            code, places, bands, paid = chance.choice(programmes)
            at = f"{day}T{chance.randint(6, 22):02d}:{chance.randint(0, 59):02d}:{chance.randint(0, 59):02d}"
            # One in fifty is a card that is on no list of ours.
            card = chance.choice(cards) if chance.random() > 0.02 else chance.getrandbits(53)
            band = str(chance.randint(1, bands))
            place = str(chance.randint(1, places))
            key = f"{self.code[:3].upper()}-{day:%Y%m%d}-{number + 1:06d}"
            rows.append([key, str(card), f"{at}+08:00", code, place, band, str(paid)])
        return rows

    def _released(self, day: date, *, everything: bool) -> list[Sent]:
        due = [each for each in self.memory.held if everything or each[0] <= day.isoformat()]
        self.memory.held = [each for each in self.memory.held if each not in due]
        return [Sent(each[1], base64.b64decode(each[2]), states=tuple(each[3:])) for each in due]

    def _receipts(self, day: date) -> list[Sent]:
        if not self.memory.receipts:
            return []
        sequence = self._next(RECEIPTS)
        rows = [[f"R-{sequence}-{place}", *row] for place, row in enumerate(self.memory.receipts, start=1)]
        self.memory.receipts = []
        content = self._file(RECEIPTS, rows, day=day, sequence=sequence)
        return [Sent(f"receipts-{sequence:04d}.csv", content)]

    def _statement(self, day: date, sent: Sequence[Sent]) -> Sent:
        states = [list(each.states) for each in sent if each.states] + self.memory.taken
        self.memory.taken = []
        sequence = self._next(STATEMENTS)
        rows = [[f"S-{sequence}-{place}", *row] for place, row in enumerate(states, start=1)]
        content = self._file(STATEMENTS, rows, day=day, sequence=sequence)
        return Sent(f"statements-{sequence:04d}.csv", content)

    def _next(self, code: str) -> int:
        self.memory.sequences[code] = self.memory.sequences.get(code, 0) + 1
        return self.memory.sequences[code]

    def _file(
        self, code: str, rows: Sequence[Row], *, day: date, sequence: int, total: int | None = None
    ) -> bytes:
        return write_file(
            self.formats[code], rows, partner=self.code, business_date=day, sequence=sequence, total=total
        )

    def _put(self, name: str, each: Sent) -> None:
        folder = self.drop / self.code
        folder.mkdir(parents=True, exist_ok=True)
        if each.is_signed:
            signature = signer_of(self.code).sign(each.signed or each.content)
            put_down(folder / f"{name}.sig", signature.hex().encode())
        put_down(folder / name, each.content)


# --- the process --------------------------------------------------------------------------------------------


def remember(folder: Path, code: str) -> Memory:
    """What an operator remembers; nothing before its first day."""
    file = folder / f"{code}.json"
    return Memory(**json.loads(file.read_text("utf-8"))) if file.is_file() else Memory()


def keep(folder: Path, code: str, memory: Memory) -> None:
    """Remember it, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    said: dict[str, Any] = {name: getattr(memory, name) for name in Memory.__slots__}
    put_down(folder / f"{code}.json", json.dumps(said, ensure_ascii=False).encode())


def read_key(text: str) -> PublicKey | None:
    """Our public key as `rongjun partners key` shows it; none for an empty text."""
    name, _, point = text.partition(":")
    return PublicKey(Algorithm(name), bytes.fromhex(point)) if text else None


def main(arguments: Sequence[str]) -> int:
    """The process of its own; returns its exit code."""
    said = _parser().parse_args(arguments)
    wanted = frozenset(word for word in said.misbehave.split(",") if word)
    if not wanted <= set(WAYS):
        known = "、".join(f"{way}（{MISCHIEF.get(way, SILENT)}）" for way in WAYS)
        sys.stderr.write(f"不认识的捣乱方式；可以用：{known}\n")
        return 2

    def days_of(day: date) -> None:
        for code in said.operators:
            _work_until(code, day, said=said, wanted=wanted)

    if said.day:
        days_of(said.day)
        return 0
    while True:
        days_of(date.today() - timedelta(days=1))  # noqa: DTZ011, TID251 - its own clock
        time.sleep(said.watch)


def _work_until(code: str, day: date, *, said: argparse.Namespace, wanted: frozenset[str]) -> None:
    """The days from the one after the last to this one; `--days` of them before the first."""
    memory = remember(said.memory, code)
    first = day - timedelta(days=said.days - 1)
    next_day = date.fromisoformat(memory.last_day) + timedelta(days=1) if memory.last_day else first
    while next_day <= day:
        worker = Operator(
            code=code,
            formats=formats_in(said.contracts),
            drop=said.drop,
            out=said.out,
            memory=memory,
            misbehave=wanted,
            lines=said.lines,
            seed=said.seed,
            our_key=read_key(said.our_key),
        )
        count = worker.work(next_day, is_last=said.finish and next_day == day)
        keep(said.memory, code, memory)
        sys.stdout.write(f"{code} {next_day} 发出 {count} 件\n")
        sys.stdout.flush()
        next_day += timedelta(days=1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="运营单位和银行的模拟器：收名单、回执、发用卡日报和对账单，可以捣乱。"
    )
    parser.add_argument("operators", nargs="+", choices=sorted(OPERATORS))
    parser.add_argument("--drop", type=Path, required=True, help="接收文件夹")
    parser.add_argument("--out", type=Path, required=True, help="发件文件夹")
    parser.add_argument("--memory", type=Path, required=True, help="它自己记事的文件夹")
    parser.add_argument("--contracts", type=Path, required=True, help="格式所在的文件夹 contracts/files")
    parser.add_argument("--day", type=date.fromisoformat, help="做到哪一天；不写就一直跟着日历做")
    parser.add_argument("--days", type=int, default=1, help="第一次从几天前做起")
    parser.add_argument("--watch", type=float, default=60.0, help="跟着日历做时，几秒看一次")
    parser.add_argument("--lines", type=int, default=40, help="每天几次使用")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--our-key", default="", help="荣军的公钥，算法:十六进制；写了就核对签名")
    parser.add_argument("--finish", action="store_true", help="压着没发的全部发出")
    parser.add_argument("--misbehave", default="", help="逗号分隔：" + "、".join(WAYS))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
