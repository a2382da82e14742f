"""Bank files as data: which fields in which order, how wide, in which charset; written and read. No clock.

There is no national file for paying through a bank: every bank has its own, and they are agreed on as a
layout (`contracts/bank-files`), not as code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from unicodedata import category

from rongjun.kernel.crypto import sm3
from rongjun.kernel.words import Words, translatable, worded

SEPARATED, FIXED = "separated", "fixed"
KINDS: Final = (SEPARATED, FIXED)
CHARSETS: Final[Mapping[str, str]] = {"UTF-8": "utf-8", "GB18030": "gb18030"}
NEWLINES: Final[Mapping[str, str]] = {"LF": "\n", "CRLF": "\r\n"}
LEFT, RIGHT = "left", "right"
# What a layout may name in its head and trailer, and in its rows.
HEAD_FIELDS: Words[dict[str, str]] = {
    "number": "批次号",
    "fund": "资金",
    "count": "笔数",
    "total": "总额（分）",
    "date": "付款日期",
    "digest": "SM3",
}
ROW_FIELDS: Words[dict[str, str]] = {
    "seq": "序号",
    "reference": "付款编号",
    "payee": "收款人",
    "account": "账号",
    "bank": "开户行行号",
    "document": "证件号码",
    "fen": "金额（分）",
    "purpose": "用途",
    "key": "业务键",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One field: a `name` or a constant `text`; `width` and `most` count bytes in the file's charset.

    `width` is what a fixed field always takes up, `most` what a separated one may at most; 0 is no bound.
    """

    name: str = ""
    text: str = ""
    width: int = 0
    most: int = 0
    align: str = LEFT
    pad: str = " "

    @property
    def bound(self) -> int:
        """The most bytes that fit; 0 without a bound."""
        return self.width or self.most


@dataclass(frozen=True, slots=True)
class Layout:
    """One bank's file. `codes` are the bank's own answers in words of ISO 20022.

    `character_bytes` is how many bytes one character may take: a bank that says GB18030 often holds its
    two-byte part only. 0 is no bound.
    """

    code: str
    title: str
    confidence: str
    charset: str
    kind: str
    head: tuple[Column, ...]
    row: tuple[Column, ...]
    trailer: tuple[Column, ...]
    separator: str = ""
    newline: str = "LF"
    suffix: str = "txt"
    character_bytes: int = 0
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def codec(self) -> str:
        """Python's name of the charset."""
        return CHARSETS[self.charset]


@dataclass(frozen=True, slots=True)
class BankHead:
    """What a file says of itself; the money in fen."""

    number: str
    fund: str
    count: int
    total: int
    on: date


@dataclass(frozen=True, slots=True)
class BankRow:
    """One payment as the bank sees it."""

    seq: int
    reference: str
    payee: str
    account: str
    fen: int
    purpose: str
    key: str
    bank: str = ""
    document: str = ""

    def __repr__(self) -> str:
        return f"BankRow({self.reference})"


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file that was read and whose count, total and digest hold."""

    head: BankHead
    rows: tuple[BankRow, ...]


@dataclass(frozen=True, slots=True)
class FileFault:
    """Why a file is not taken: the equation that fails, in words."""

    code: str
    equation: str


# --- what does not fit --------------------------------------------------------------------------------------


def misfits(layout: Layout, row: BankRow) -> list[str]:
    """Whatever of a row this file cannot hold, one sentence each; empty when it fits."""
    said = _row_values(row)
    found = []
    for column in layout.row:
        if column.name:
            label = ROW_FIELDS[column.name]
            fault = _misfit(layout, column, said[column.name], label)
            found += [fault] if fault else []
    return found


def _misfit(layout: Layout, column: Column, text: str, label: str) -> str:
    # Plain letters and figures are one byte everywhere: of forty thousand payments nearly all signs are.
    plain = text.isascii() and text.isprintable() and not (layout.separator and layout.separator in text)
    for sign in () if plain else text:
        fault = _bad_sign(layout, sign, label)
        if fault:
            return fault
    if text != text.strip():
        return worded("{label}前后有空格，银行文件里会丢，请去掉。", label=label)
    size = len(text.encode(layout.codec))
    if column.bound and size > column.bound:
        return worded(
            "{label}有 {size} 个字节，这家银行的文件最多放 {most} 个，请改短。",
            label=label,
            size=size,
            most=column.bound,
        )
    if column.pad != " " and column.align == LEFT and text.endswith(column.pad):
        return worded("{label}的末尾与这个字段的填充相同，读不回来，请改写法。", label=label)
    return ""


def _bad_sign(layout: Layout, sign: str, label: str) -> str:
    # What cannot be seen, or is drawn differently everywhere (自造字), the bank compares and finds unlike.
    if category(sign) in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"} or sign == layout.separator:
        return worded("{label}里有银行文件不能放的符号“{sign}”，请去掉。", label=label, sign=_shown(sign))
    try:
        size = len(sign.encode(layout.codec))
    except UnicodeEncodeError:  # pragma: no cover - both charsets hold every assigned character
        size = 99
    if layout.character_bytes and size > layout.character_bytes:
        return worded(
            "{label}里的“{sign}”（U+{point:04X}）是生僻字，这家银行的文件放不下，请与银行约定替代写法。",
            label=label,
            sign=sign,
            point=ord(sign),
        )
    return ""


def _shown(sign: str) -> str:
    return sign if sign.isprintable() else f"U+{ord(sign):04X}"


# --- writing ------------------------------------------------------------------------------------------------


def write_bank_file(layout: Layout, head: BankHead, rows: Sequence[BankRow]) -> bytes:
    """The whole file; the same values give the same bytes. Every row has been found to fit."""
    lines = [_line(layout, layout.head, _head_values(head, ""))]
    lines += [_line(layout, layout.row, _row_values(row)) for row in rows]
    body = b"".join(lines)
    return body + _line(layout, layout.trailer, _head_values(head, sm3(body).hex()))


def _line(layout: Layout, columns: Sequence[Column], values: Mapping[str, str]) -> bytes:
    cells = [column.text or values[column.name] for column in columns]
    newline = NEWLINES[layout.newline]
    if layout.kind == SEPARATED:
        return (layout.separator.join(cells) + newline).encode(layout.codec)
    padded = [_pad(column, cell.encode(layout.codec)) for column, cell in zip(columns, cells, strict=True)]
    return b"".join(padded) + newline.encode("ascii")


def _pad(column: Column, cell: bytes) -> bytes:
    assert len(cell) <= column.width, f"{column.name or column.text} does not fit"
    pad = column.pad.encode("ascii")
    return cell.ljust(column.width, pad) if column.align == LEFT else cell.rjust(column.width, pad)


def _head_values(head: BankHead, digest: str) -> dict[str, str]:
    return {
        "number": head.number,
        "fund": head.fund,
        "count": str(head.count),
        "total": str(head.total),
        "date": f"{head.on:%Y%m%d}",
        "digest": digest,
    }


def _row_values(row: BankRow) -> dict[str, str]:
    return {
        "seq": str(row.seq),
        "reference": row.reference,
        "payee": row.payee,
        "account": row.account,
        "bank": row.bank,
        "document": row.document,
        "fen": str(row.fen),
        "purpose": row.purpose,
        "key": row.key,
    }


# --- reading ------------------------------------------------------------------------------------------------


def read_bank_file(layout: Layout, content: bytes) -> BankFile | FileFault:
    """The file as the bank reads it, or the first equation that fails."""
    lines = _split(content, NEWLINES[layout.newline].encode("ascii"))
    if len(lines) < 2:
        return FileFault("truncated", translatable("文件至少两行：首行和尾行"))
    body = b"".join(lines[:-1])
    try:
        head = dict(_cells(layout, layout.head, lines[0]))
        trailer = dict(_cells(layout, layout.trailer, lines[-1]))
        rows = tuple(_row(dict(_cells(layout, layout.row, line))) for line in lines[1:-1])
        said = _head(head)
    except (ValueError, KeyError):
        return FileFault("unreadable", translatable("有一行不是约定的字段"))
    return _fault(head, trailer, rows, said, sm3(body).hex()) or BankFile(said, rows)


def _split(content: bytes, newline: bytes) -> list[bytes]:
    *whole, rest = content.split(newline)
    return [part + newline for part in whole] + ([rest] if rest else [])


def _cells(layout: Layout, columns: Sequence[Column], line: bytes) -> Iterator[tuple[str, str]]:
    newline = NEWLINES[layout.newline].encode("ascii")
    if not line.endswith(newline):
        raise ValueError("not a whole line")
    line = line.removesuffix(newline)
    if layout.kind == SEPARATED:
        found = line.decode(layout.codec).split(layout.separator)
    else:
        found = list(_slices(layout, columns, line))
    if len(found) != len(columns):
        raise ValueError("not as many fields as agreed")
    for column, text in zip(columns, found, strict=True):
        if column.text and text != column.text:
            raise ValueError("not the constant that was agreed")
        yield column.name or column.text, text


def _slices(layout: Layout, columns: Sequence[Column], line: bytes) -> Iterator[str]:
    at = 0
    for column in columns:
        cell = line[at : at + column.width].decode(layout.codec)
        yield cell.rstrip(column.pad) if column.align == LEFT else cell.lstrip(column.pad)
        at += column.width
    if at != len(line):
        raise ValueError("not as wide as agreed")


def _head(said: Mapping[str, str]) -> BankHead:
    day = said["date"]
    on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    return BankHead(said["number"], said.get("fund", ""), int(said["count"]), int(said["total"]), on)


def _row(said: Mapping[str, str]) -> BankRow:
    return BankRow(
        seq=int(said["seq"]),
        reference=said["reference"],
        payee=said["payee"],
        account=said["account"],
        fen=int(said["fen"]),
        purpose=said.get("purpose", ""),
        key=said.get("key", ""),
        bank=said.get("bank", ""),
        document=said.get("document", ""),
    )


def _fault(
    head: Mapping[str, str],
    trailer: Mapping[str, str],
    rows: Sequence[BankRow],
    said: BankHead,
    digest: str,
) -> FileFault | None:
    if trailer.get("digest", digest) != digest:
        return FileFault("digest", worded("内容的 SM3 {found}… ≠ 尾行写的", found=digest[:12]))
    if any(trailer.get(name, head[name]) != head[name] for name in ("count", "total")):
        return FileFault("trailer", translatable("首行的笔数、总额 ≠ 尾行的"))
    if len(rows) != said.count:
        return FileFault(
            "count", worded("首行写 {said} 笔 ≠ 实有 {found} 笔", said=said.count, found=len(rows))
        )
    total = sum(row.fen for row in rows)
    if total != said.total:
        return FileFault(
            "total", worded("首行总额 {said} 分 ≠ 各笔相加 {found} 分", said=said.total, found=total)
        )
    return None
