"""Operators and a making bank that exchange files with us both ways, day by day, and misbehave on request.

All invented.

`python -m rongjun.partners.operators transit --drop DROP --out OUT --memory FOLDER --contracts FILES` is a
process of its own. It knows what a real operator knows of us: what lies in its folder, and what it remembers.
It takes up our files (checks equations, number and signature), answers each with a receipt, sends the uses of
the cards on our list, and states each day what it sent and took; the bank makes the cards of our orders and
says which it has made. The same seed and days give the same bytes, also after it was killed: what it
remembers is written last.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import sys
import time as clock
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

from rongjun.kernel.crypto import PublicKey, sm3
from rongjun.kernel.identifiers import luhn_digit
from rongjun.kernel.simulating import key_as_told, put_down, signer_of
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import Envelope, Format, fault_of_content, read_file, read_rows, write_file
from rongjun.partners.simulators import MISCHIEF

# What goes wrong here, each on about a third of the days.
WAYS = (
    "late", "twice", "out-of-order", "truncated", "wrong-total", "clock-month-wrong", "unsigned",
    "wrong-signature", "silent", "not-made",
)  # fmt: skip
SILENT = "有时不回执"
NOT_MADE = "每三张卡有一张头一次没制成（银行）"
LATE_DAYS = 3
LONGEST_FILE = 50 * 1024 * 1024
Row = list[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One operator: its programmes, each with how many places, how many bands and what is paid, in fen.

    Who `makes_cards` is the bank.
    """

    name: str
    programmes: tuple[tuple[str, int, int, int], ...] = ()
    makes_cards: bool = False

    @property
    def places(self) -> int:
        """How many places it numbers, from 1; its programmes share the numbers."""
        return max((places for _code, places, _bands, _paid in self.programmes), default=0)


OPERATORS: Mapping[str, Kind] = {
    "transit": Kind("公共交通（演示）", (("bus", 400, 1, 0), ("metro", 160, 6, 0), ("ferry", 4, 1, 0))),
    "scenic": Kind("景区联盟（演示）", (("scenic", 66, 1, 0),)),
    "telecom": Kind("通信运营商（演示）", (("telecom", 1, 3, 2900),)),
    "agent-bank": Kind("制卡银行（演示）", makes_cards=True),
    "insurer": Kind("荣军保承保公司（演示）"),
}
USES, RECEIPTS, STATEMENTS, RIDES = "uses/1", "receipts/1", "statements/1", "free-rides/1"
ORDERS, RETURNS = "card-orders/1", "card-returns/1"
CHINA = timezone(timedelta(hours=8))
# By when a bank has made a day's cards, where nobody says what its clock shows.
MADE_BY = time(20)
TOP_UPS = "top-ups/1"
WHY_NOT: Sequence[str] = ("姓名与证件号码不一致", "照片不合格", "证件已过期")


def _since(change: Sequence[str]) -> datetime:
    return datetime.fromisoformat(change[0])


@dataclass(slots=True)
class Memory:
    """What an operator knows from day to day."""

    sequences: dict[str, int] = field(default_factory=dict)
    # What the newest list said of each card: since when it may ride, and since when not, in order.
    cards: dict[str, list[list[str]]] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    doubles: int = 0
    conflicts: list[str] = field(default_factory=list)
    receipts: list[Row] = field(default_factory=list)
    taken: list[Row] = field(default_factory=list)
    held: list[list[str]] = field(default_factory=list)
    orders: list[list[str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
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
    # What its clock shows while it works; without one a day's cards are made by MADE_BY.
    clock: datetime | None = None
    top_ups: int = 0

    def work(self, day: date, *, is_last: bool = False) -> int:
        """Everything of one day, in order; returns how many files were put down."""
        chance = random.Random(f"{self.code} {self.seed} {day}")  # noqa: S311 - invented
        goes_wrong = {way for way in sorted(self.misbehave) if chance.random() < 0.35}
        self._take_up(is_silent="silent" in goes_wrong and not is_last)
        sent = [*self._uses(day, chance, goes_wrong), *self._returns(day, goes_wrong)]
        sent += self._released(day, everything=is_last)
        sent += self._topped_up(day)
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
        code = envelope.head.format
        if code not in {RIDES, ORDERS}:
            return
        rows = read_rows(envelope.rows, self.formats[code], first=1) if envelope.rows else envelope.lines
        if code == ORDERS:
            self.memory.orders += [[line.fields["card"], line.fields["kind"]] for line in rows]
            return
        told: dict[str, list[list[str]]] = {}
        for line in rows:
            change = [line.fields["since"], line.fields["change"]]
            told.setdefault(line.fields["card"], []).append(change)
        self.memory.cards |= {card: sorted(changes, key=_since) for card, changes in told.items()}

    def _carried(self, day: date) -> list[str]:
        """The cards that may ride on a day, by what the lists have said so far."""
        ends = datetime.combine(day, time(23, 59, 59), CHINA)
        return sorted(
            card
            for card, changes in self.memory.cards.items()
            if [what for since, what in changes if _since((since, what)) <= ends][-1:] == ["add"]
        )

    # --- what it sends ---

    def _uses(self, day: date, chance: random.Random, goes_wrong: set[str]) -> Iterator[Sent]:
        if OPERATORS[self.code].programmes:
            yield from self._of_day(USES, self._rides(day, chance), day=day, goes_wrong=goes_wrong)

    def _returns(self, day: date, goes_wrong: set[str]) -> Iterator[Sent]:
        """What has become of the cards that were ordered; nothing on a day without an order."""
        if self.memory.orders:
            yield from self._of_day(RETURNS, self._made(day), day=day, goes_wrong=goes_wrong)

    def _of_day(self, code: str, rows: Sequence[Row], *, day: date, goes_wrong: set[str]) -> Iterator[Sent]:
        """A day's file: what is spoilt of it first, then the good one, unless it comes late."""
        sequence = self._next(code)
        whole = self._file(code, rows, day=day, sequence=sequence)
        name = f"{code.partition('/')[0]}-{sequence:04d}"
        yield from self._spoilt(code, name, whole, rows, day=day, sequence=sequence, goes_wrong=goes_wrong)
        states = ("sent", code, str(sequence), day.isoformat(), sm3(whole).hex(), str(len(rows)))
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
        self,
        code: str,
        name: str,
        whole: bytes,
        rows: Sequence[Row],
        *,
        day: date,
        sequence: int,
        goes_wrong: set[str],
    ) -> Iterator[Sent]:
        if "truncated" in goes_wrong:
            yield Sent(f"{name}.truncated.csv", whole[: len(whole) // 2])
        if "wrong-total" in goes_wrong:
            wrong = self._file(code, rows, day=day, sequence=sequence, total=10**9 + 1)
            yield Sent(f"{name}.wrong-total.csv", wrong)
        if "clock-month-wrong" in goes_wrong:
            early = self._file(code, rows, day=day - timedelta(days=30), sequence=sequence)
            yield Sent(f"{name}.month.csv", early)
        if "unsigned" in goes_wrong:
            yield Sent(f"{name}.unsigned.csv", whole, is_signed=False)
        if "wrong-signature" in goes_wrong:
            yield Sent(f"{name}.wrong-signature.csv", whole, signed=whole[1:])

    def _made(self, day: date) -> list[Row]:
        at = self.clock or datetime.combine(day, MADE_BY, CHINA)
        ordered, self.memory.orders = self.memory.orders, []
        return [self._card(place, card, kind, at=at, day=day) for place, (card, kind) in enumerate(ordered)]

    def _card(self, place: int, card: str, kind: str, *, at: datetime, day: date) -> Row:
        """Made, with its numbers; or not made, once, when the bank misbehaves so."""
        key, moment, on = f"B-{day:%Y%m%d}-{place + 1:04d}", at.isoformat(), at.date().isoformat()
        if "not-made" in self.misbehave and place % 3 == 1 and card not in self.memory.failed:
            self.memory.failed.append(card)
            return [key, card, "failed", moment, "", "", "", WHY_NOT[place // 3 % len(WHY_NOT)], on]
        # Invented cards begin with 999999; those of the city's first people go on with 0 or 1.
        number = f"9999998{int(card) % 10**11:011d}"
        transit = number if kind == "rongjun" else ""
        return [key, card, "made", moment, "", number + luhn_digit(number), transit, "", on]

    def _rides(self, day: date, chance: random.Random) -> list[Row]:
        cards, programmes = self._carried(day), OPERATORS[self.code].programmes
        if not cards:
            return []
        rows = []
        for number in range(self.lines):
            code, places, bands, paid = chance.choice(programmes)
            at = f"{day}T{chance.randint(6, 22):02d}:{chance.randint(0, 59):02d}:{chance.randint(0, 59):02d}"
            # One in fifty is a card that is on no list of ours.
            card = chance.choice(cards) if chance.random() > 0.02 else str(chance.getrandbits(53))
            band = str(chance.randint(1, bands))
            place = str(chance.randint(1, places))
            key = f"{self.code[:3].upper()}-{day:%Y%m%d}-{number + 1:06d}"
            rows.append([key, card, f"{at}+08:00", code, place, band, str(paid)])
        return rows

    def _topped_up(self, day: date) -> list[Sent]:
        """What was put on free cards; about one in ten is outside the rule of 200 and 50 yuan."""
        cards = self._carried(day)
        if self.code != "transit" or not self.top_ups or not cards:
            return []
        chance = random.Random(f"top-ups {self.seed} {day}")  # noqa: S311 - invented
        rows = []
        for number in range(1, self.top_ups + 1):
            before = chance.randint(2, 49) * 100 if chance.random() > 0.1 else chance.randint(60, 190) * 100
            at = f"{day}T{chance.randint(8, 18):02d}:{chance.randint(0, 59):02d}:00+08:00"
            card, key = chance.choice(cards), f"C-{day:%Y%m%d}-{number:06d}"
            rows.append([key, f"{card}", at, f"{before}", f"{max(20_000 - before, 5_000)}"])
        sequence = self._next(TOP_UPS)
        content = self._file(TOP_UPS, rows, day=day, sequence=sequence)
        states = ("sent", TOP_UPS, str(sequence), day.isoformat(), sm3(content).hex(), str(len(rows)))
        return [Sent(f"top-ups-{sequence:04d}.csv", content, states=states)]

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


def main(arguments: Sequence[str]) -> int:
    """The process of its own; returns its exit code."""
    said = _parser().parse_args(arguments)
    wanted = frozenset(word for word in said.misbehave.split(",") if word)
    if not wanted <= set(WAYS):
        words = {**MISCHIEF, "silent": SILENT, "not-made": NOT_MADE}
        known = "、".join(f"{way}（{words[way]}）" for way in WAYS)
        sys.stderr.write(f"不认识的捣乱方式；可以用：{known}\n")
        return 2

    if said.day:
        for code in said.operators:
            _work_until(code, said.day, said=said, wanted=wanted, now=None)
        return 0
    while True:
        now = datetime.now(CHINA)  # noqa: TID251 - its own clock
        for code in said.operators:
            if said.today or _has_begun(code, said=said):
                last = now.date() if said.today else now.date() - timedelta(days=1)
                _work_until(code, last, said=said, wanted=wanted, now=now)
        if said.today:
            return 0
        clock.sleep(said.watch)


def _has_begun(code: str, *, said: argparse.Namespace) -> bool:
    """Whether there is anything to do yet: an operator carries nobody before its first list."""
    listed = f"{RIDES.partition('/')[0]}-*.csv" if OPERATORS[code].programmes else "*.csv"
    return (said.memory / f"{code}.json").is_file() or any((said.out / code).glob(listed))


def _work_until(
    code: str, day: date, *, said: argparse.Namespace, wanted: frozenset[str], now: datetime | None
) -> None:
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
            our_key=key_as_told(said.our_key),
            clock=now,
            top_ups=said.top_ups,
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
    parser.add_argument("--today", action="store_true", help="连今天也做完，做完就停")
    parser.add_argument("--days", type=int, default=1, help="第一次从几天前做起")
    parser.add_argument("--watch", type=float, default=60.0, help="跟着日历做时，几秒看一次")
    parser.add_argument("--lines", type=int, default=40, help="每天几次使用")
    parser.add_argument("--top-ups", type=int, default=0, help="每天几次充值，公共交通才有")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--our-key", default="", help="荣军的公钥，算法:十六进制；写了就核对签名")
    parser.add_argument("--finish", action="store_true", help="压着没发的全部发出")
    parser.add_argument("--misbehave", default="", help="逗号分隔：" + "、".join(WAYS))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
