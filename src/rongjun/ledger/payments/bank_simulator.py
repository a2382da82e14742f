"""An invented bank that reads our payment files and answers them, and misbehaves on request.

`python -m rongjun.ledger.payments.bank_simulator --inbox OUT/BANK --out DROP/BANK …` is a process of its own:
it knows nothing of our database, only the layouts we agreed on and our public key. It keeps in one file what
it has taken, as a bank does: the same file again is not paid again.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from rongjun.kernel.crypto import PublicKey, sm3
from rongjun.kernel.crypto.signing import Signer
from rongjun.kernel.simulating import key_as_told, put_down, signer_of
from rongjun.ledger.payments.layouts import layouts_in
from rongjun.ledger.payments.logic.layouts import BankFile, BankRow, FileFault, Layout, read_bank_file

BANK = "paying-bank"
FORMAT = "payment-results/1"
MISCHIEF: Mapping[str, str] = {
    "failures": "每三笔退一笔，原因轮着来",
    "partial": "先回一半，下一次再回其余的",
    "late": "这一次不回，下一次才回",
    "pending": "先都说在办，随后再回结果",
    "twice": "同一件回盘发两次，再用新的流水号说一遍",
    "wrong-total": "先发总额写错的，随后重发更正的",
    "unknown": "多回一笔我们没有发过的",
    "contradict": "第一笔先说到账，随后又说退回",
    "unsigned": "先发没有签名的，随后补签重发",
    "bank-codes": "用本行自己的代码",
}
FAILING: Sequence[str] = ("AC01", "AC04", "AC06", "BE01", "RJCT", "AM05")
SAYS: Mapping[str, str] = {
    "ACSC": "",
    "PDNG": "",
    "AC01": "账号不存在",
    "AC04": "已销户",
    "AC06": "只收不付",
    "BE01": "户名不符",
    "AM05": "重复",
    "RJCT": "交易失败",
}


def bank_signer(code: str = BANK) -> Signer:
    """The key of an invented bank, made as that of every invented office."""
    return signer_of(code)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer to one payment."""

    reference: str
    fen: int
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as the bank sends it, with its signature in hex; "" for one that is not signed."""

    name: str
    content: bytes
    signature: str = ""


@dataclass(slots=True)
class Memory:
    """What the bank keeps between two runs."""

    sequence: int = 0
    taken: dict[str, str] = field(default_factory=dict)  # digest of a file → what became of it
    keys: dict[str, str] = field(default_factory=dict)  # business key → reference that was paid
    later: list[dict[str, object]] = field(default_factory=list)  # answers it still owes
    paid: int = 0  # fen, in all


@dataclass(slots=True)
class Bank:
    """One bank at work: the same answers every time for the same files, in the same order."""

    layouts: Sequence[Layout]
    house: PublicKey | None
    code: str = BANK
    misbehave: frozenset[str] = frozenset()
    memory: Memory = field(default_factory=Memory)

    # --- taking in ------------------------------------------------------------------------------------------

    def take(self, content: bytes, *, signature: str) -> list[Said] | FileFault:
        """Pay a file, or refuse it whole with the equation that fails; one taken before is not paid again."""
        digest = sm3(content).hex()
        if digest in self.memory.taken:
            return []
        read = self._read(content, signature=signature)
        if isinstance(read, FileFault):
            self.memory.taken[digest] = read.equation
            return read
        file, layout = read
        self.memory.taken[digest] = file.head.number
        return [self._pay(row, place, layout) for place, row in enumerate(file.rows)]

    def _read(self, content: bytes, *, signature: str) -> tuple[BankFile, Layout] | FileFault:
        if self.house is not None and not _is_signed(self.house, content, signature):
            return FileFault("signature", "签名 ≠ 约定的密钥对这个文件的签名")
        fault = FileFault("unreadable", "没有一种约定的文件读得出来")
        for layout in self.layouts:
            read = read_bank_file(layout, content)
            if isinstance(read, BankFile):
                return read, layout
            fault = read if read.code != "unreadable" else fault
        return fault

    def _pay(self, row: BankRow, place: int, layout: Layout) -> Said:
        code = self._judge(row, place)
        if code == "ACSC":
            self.memory.keys[row.key] = row.reference
            self.memory.paid += row.fen
        return Said(row.reference, row.fen, self._in_own_words(code, layout), SAYS[code])

    def _judge(self, row: BankRow, place: int) -> str:
        if row.key in self.memory.keys:
            return "AM05"
        if "failures" in self.misbehave and place % 3 == 1:
            return FAILING[place // 3 % len(FAILING)]
        return "ACSC"

    def _in_own_words(self, code: str, layout: Layout) -> str:
        if "bank-codes" not in self.misbehave:
            return code
        return {iso: own for own, iso in layout.codes.items()}.get(code, code)

    # --- answering ------------------------------------------------------------------------------------------

    def answer(self, said: Sequence[Said], *, day: date) -> Iterator[Sent]:
        """What is sent for answers, in order: the mischief first, then what puts it right."""
        owed = [Said(**each) for each in self.memory.later]  # type: ignore[arg-type]  # as it was kept
        self.memory.later = []
        said = [*owed, *self._held_back(said)]
        if "pending" in self.misbehave and said:
            yield from self._file([Said(each.reference, each.fen, "PDNG") for each in said], day=day)
        if not said:
            return
        if "unknown" in self.misbehave:
            said = [*said, Said("P999999-000001", 1, "ACSC")]
        yield from self._file(said, day=day)
        if "twice" in self.misbehave:
            yield from self._file(said, day=day)
        if "contradict" in self.misbehave and not owed:
            yield from self._file([Said(said[0].reference, said[0].fen, "RJCT", "入账后退回")], day=day)

    def _held_back(self, said: Sequence[Said]) -> Sequence[Said]:
        kept = 0 if "late" in self.misbehave else len(said) // 2 if "partial" in self.misbehave else len(said)
        self.memory.later = [asdict(each) for each in said[kept:]]
        return said[:kept]

    def _file(self, said: Sequence[Said], *, day: date) -> Iterator[Sent]:
        self.memory.sequence += 1
        name = f"{FORMAT.split('/', maxsplit=1)[0]}-{day:%Y%m%d}-{self.memory.sequence:04d}"
        if "wrong-total" in self.misbehave:
            yield self._signed(f"{name}.wrong-total.csv", self._write(said, day=day, more=1))
        content = self._write(said, day=day)
        if "unsigned" in self.misbehave:
            yield Sent(f"{name}.unsigned.csv", content)
        yield self._signed(f"{name}.csv", content)
        if "twice" in self.misbehave:
            yield self._signed(f"{name}.twice.csv", content)

    def _write(self, said: Sequence[Said], *, day: date, more: int = 0) -> bytes:
        total = sum(each.fen for each in said) + more
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(
            ["H", FORMAT, self.code, day.isoformat(), self.memory.sequence, len(said), total, "UTF-8"]
        )
        for number, each in enumerate(said, start=1):
            writer.writerow([number, each.reference, each.fen, each.code, each.detail, day.isoformat()])
        content = out.getvalue().encode()
        return content + f"T,{len(said)},{total},{sm3(content).hex()}\n".encode()

    def _signed(self, name: str, content: bytes) -> Sent:
        return Sent(name, content, bank_signer(self.code).sign(content).hex())


def _is_signed(key: PublicKey, content: bytes, signature: str) -> bool:
    try:
        return key.verify(content, bytes.fromhex(signature))
    except ValueError:
        return False


# --- the process --------------------------------------------------------------------------------------------


def run(bank: Bank, *, inbox: Path, out: Path, day: date, log: Callable[[str], object]) -> list[Path]:
    """One round: take what lies in the inbox, answer it. Returns the files that were put down, in order."""
    said: list[Said] = []
    for file in sorted(inbox.iterdir()) if inbox.is_dir() else []:
        if file.suffix in {".sig", ".part"} or not file.is_file():
            continue
        beside = file.with_name(f"{file.name}.sig")
        taken = bank.take(file.read_bytes(), signature=beside.read_text("ascii") if beside.is_file() else "")
        if isinstance(taken, FileFault):
            log(f"拒收 {file.name}：{taken.equation}\n")
        else:
            said += taken
    out.mkdir(parents=True, exist_ok=True)
    return [_put(out, sent) for sent in bank.answer(said, day=day)]


def _put(folder: Path, sent: Sent) -> Path:
    path = folder / sent.name
    # The signature first, so that no file is met without it.
    if sent.signature:
        put_down(path.with_name(f"{path.name}.sig"), sent.signature.encode())
    put_down(path, sent.content)
    return path


def remembered(file: Path) -> Memory:
    """What the bank kept in this file; nothing before its first day."""
    return Memory(**json.loads(file.read_text("utf-8"))) if file.is_file() else Memory()


def main(arguments: Sequence[str]) -> int:
    """The process of its own; returns its exit code."""
    parser = argparse.ArgumentParser(description="代发银行的模拟器：收付款文件，逐笔回盘，可以捣乱。")
    parser.add_argument("--inbox", type=Path, required=True, help="我们放付款文件的文件夹")
    parser.add_argument("--out", type=Path, required=True, help="回盘放到哪个文件夹，通常是接收文件夹")
    parser.add_argument(
        "--contracts", type=Path, required=True, help="约定的文件所在的文件夹 contracts/bank-files"
    )
    parser.add_argument("--memory", type=Path, required=True, help="银行自己的账：收过哪些、还欠哪些答复")
    parser.add_argument("--house", default="", help="我们的公钥，算法:十六进制；不写就不验签")
    parser.add_argument("--day", type=date.fromisoformat, required=True, help="业务日期")
    parser.add_argument("--misbehave", default="", help="逗号分隔：" + "、".join(MISCHIEF))
    said = parser.parse_args(arguments)
    wanted = frozenset(word for word in said.misbehave.split(",") if word)
    if not wanted <= set(MISCHIEF):
        parser.error(f"不认识的捣乱方式：{'、'.join(sorted(wanted - set(MISCHIEF)))}")
    house = key_as_told(said.house)
    layouts = tuple(layouts_in(said.contracts).values())
    bank = Bank(layouts, house, misbehave=wanted, memory=remembered(said.memory))
    put = run(bank, inbox=said.inbox, out=said.out, day=said.day, log=sys.stdout.write)
    put_down(said.memory, json.dumps(asdict(bank.memory), ensure_ascii=False).encode())
    sys.stdout.write(f"{bank.code} 回 {len(put)} 件，在 {said.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
