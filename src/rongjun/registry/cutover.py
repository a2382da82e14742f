"""割接: what the old system had already done, as files of five kinds, and how two of them differ. Pure.

Amounts are whole fen by name. A file declares in its head how many rows and how much money it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.identifiers import (
    DOCUMENT_LABELS,
    BankCard,
    DocumentType,
    IdentityNumber,
    PersonalDocument,
    admit,
    hide,
    read_document,
)
from rongjun.kernel.money import Fen
from rongjun.kernel.reading import half_width
from rongjun.registry.logic import fit_to_show
from rongjun.registry.roster import SPOILT, Fault
from rongjun.registry.sheets import Shape, Table, Texts

TYPE, NUMBER, NAME = "证件类型", "证件号码", "姓名"
ROWS, MONEY = "总行数", "总金额"
CARD_STATES = {"正常": "active", "挂失": "lost", "停用": "suspended", "注销": "cancelled"}


Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: the columns that tell things apart, those of money, and the rest."""

    code: str
    label: str
    keys: tuple[str, ...]
    amounts: Mapping[str, str]  # name by heading
    content: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """All columns, as they are written."""
        return (NAME, TYPE, NUMBER, *self.keys, *self.amounts, *self.content)

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that must be there and filled."""
        return (NUMBER, *self.keys, *self.amounts, *self.content)


KINDS = {
    kind.code: kind
    for kind in (
        Kind("paid-months", "已发月份", ("项目代码", "已发月份"), {"已发金额": "paid"}),
        Kind("paid-through", "已发到的月份", ("项目代码", "已发至"), {}),
        Kind("receivables", "未收回的应收", ("项目代码", "应收原因"), {"应收金额": "owed"}),
        Kind("cards", "卡", ("卡种", "卡号"), {}, ("卡状态", "状态起始日")),
        Kind("insured-years", "年度累计", ("保障年度",), {"个人负担": "own", "已赔付": "paid"}),
    )
}


@dataclass(frozen=True, slots=True)
class CutoverRow:
    """A row that reads well. `key` tells it apart; of a card it is the mask, and `secret` the number."""

    number: int
    name: str
    document_type: str
    document: PersonalDocument
    key: str
    amounts: Mapping[str, int]
    content: Mapping[str, str]
    secret: str = ""

    @property
    def fen(self) -> int:
        """All its money."""
        return sum(self.amounts.values())


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken, with every reason and the money it shows."""

    number: int
    faults: tuple[Fault, ...]
    fen: int
    values: Mapping[str, str]


def shape_of(kind: Kind) -> Shape:
    """What a file of this kind must look like."""
    return Shape(
        sheet=kind.label,
        known=kind.headings,
        required=kind.needed,
        landmarks=frozenset({NUMBER, *kind.keys}),
    )


def read_cutover_row(
    number: int, values: Mapping[str, str], kind: Kind, *, synthetic: bool
) -> CutoverRow | BadRow:
    """One row as what it says, or every reason why not; never a personal number whole in a reason."""
    cells = _Cells(values)
    for heading in kind.needed:
        if not cells.text(heading):
            cells.fault(heading, "registry.cell-missing", f"{heading}没有填，请补上。")
    types = {label: str(code) for code, label in DOCUMENT_LABELS.items()}
    label = cells.text(TYPE)
    document_type = types.get(label, "") if label else str(DocumentType.RESIDENT_ID)
    if not document_type:
        cells.fault(TYPE, "registry.not-in-list", f"证件类型只能填：{'、'.join(types)}。请改成其中一个。")
    document = cells.read(NUMBER, lambda text: admit(_document(document_type, text), synthetic=synthetic))
    amounts = {name: cells.read(heading, Fen.from_text) for heading, name in kind.amounts.items()}
    parts = {
        heading: cells.read(heading, _READERS.get(heading, _plain)) for heading in (*kind.keys, *kind.content)
    }
    card = cells.read("卡号", lambda text: admit(BankCard.from_text(text), synthetic=synthetic))
    fen = sum(int(amount or 0) for amount in amounts.values())
    if cells.faults or document is None:
        return BadRow(number, tuple(cells.faults), fen, values)
    keys = [card.masked if heading == "卡号" and card else str(parts[heading]) for heading in kind.keys]
    return CutoverRow(
        number=number,
        name=cells.text(NAME),
        document_type=document_type,
        document=document,
        key=" ".join(keys),
        amounts={name: int(amount or 0) for name, amount in amounts.items()},
        content={heading: str(parts[heading]) for heading in kind.content},
        secret=card.number if card else "",
    )


def check_totals(table: Table, rows: Sequence[CutoverRow | BadRow], kind: Kind) -> None:
    """The head's count and money are those of the rows. Refused("registry.cutover-totals-…") otherwise."""
    told_rows, told_money = _beside(ROWS, table.above), _beside(MONEY, table.above)
    if not re.fullmatch(r"\d{1,9}", told_rows) or (kind.amounts and not told_money):
        raise Refused("registry.cutover-totals-missing")
    found = sum(row.fen for row in rows)
    try:
        told = int(Fen.from_text(told_money)) if told_money else 0
    except Unfit as unfit:
        raise Refused("registry.cutover-totals-missing") from unfit
    if int(told_rows) != len(rows) or told != found:
        raise Refused(
            "registry.cutover-totals-differ",
            told_rows=told_rows,
            told_yuan=str(Fen(told)),
            rows=len(rows),
            yuan=str(Fen(found)),
        )


class _Cells:
    """Reads one row's cells and gathers every fault."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.faults: list[Fault] = []

    def text(self, heading: str) -> str:
        return half_width(self._values.get(heading, ""))

    def read(self, heading: str, how: Callable[[str], Value]) -> Value | None:
        """The cell as a value; None when it is empty or wrong."""
        if self._values.get(heading, "") in SPOILT:
            self.fault(heading, "registry.cell-spoilt", SPOILT[self._values[heading]])
            return None
        text = self.text(heading)
        try:
            return how(text) if text else None
        except Unfit as unfit:
            self.fault(heading, unfit.code, unfit.sentence)
            return None

    def fault(self, heading: str, code: str, sentence: str) -> None:
        if any(fault.column == heading for fault in self.faults):
            return
        text = self.text(heading)
        is_private = heading in (NUMBER, "卡号")
        shown = hide(text, head=6 if heading == NUMBER else 0, tail=4) if is_private else fit_to_show(text)
        self.faults.append(Fault(heading, shown[:40] or "（空）", code, sentence))


def _document(kind: str, text: str) -> PersonalDocument:
    if kind == DocumentType.RESIDENT_ID:
        return IdentityNumber.from_text(text, accept_legacy=True)
    return read_document(kind, text)


def _plain(text: str) -> str:
    return fit_to_show(text)[:60]


def _month(text: str) -> str:
    found = re.fullmatch(r"(\d{4})[-/.年]?(0?[1-9]|1[0-2])月?", text)
    if not found:
        raise Unfit("registry.not-a-month", "请写成 年-月，例如 2026-08。")
    return f"{found[1]}-{int(found[2]):02d}"


def _year(text: str) -> str:
    if not re.fullmatch(r"(19|20)\d\d年?", text):
        raise Unfit("registry.not-a-year", "请写四位年份，例如 2026。")
    return text[:4]


def _state(text: str) -> str:
    if text not in CARD_STATES:
        raise Unfit("registry.not-a-card-state", f"卡状态只能填：{'、'.join(CARD_STATES)}。请改成其中一个。")
    return CARD_STATES[text]


def _day(text: str) -> str:
    try:
        return date.fromisoformat(re.sub(r"[/.]", "-", text)).isoformat()
    except ValueError:
        raise Unfit("registry.not-a-state-day", "请写成 年-月-日，例如 2026-08-01。") from None


_READERS: Mapping[str, Callable[[str], str]] = {
    "已发月份": _month,
    "已发至": _month,
    "保障年度": _year,
    "卡状态": _state,
    "状态起始日": _day,
    "卡号": lambda text: text,
}


def _beside(label: str, above: Iterable[Texts]) -> str:
    """The cell to the right of one that says so, above the headings."""
    for cells in above:
        named = [re.sub(r"[\s:（(元)）]", "", half_width(cell)) for cell in cells]
        if label in named and named.index(label) + 1 < len(cells):
            return half_width(cells[named.index(label) + 1])
    return ""


# --- two sides ----------------------------------------------------------------------------------------------

Side = Literal["only-old", "only-new", "differs"]
SIDES: Mapping[Side, str] = {"only-old": "只在旧", "only-new": "只在新", "differs": "不一致"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on one side: whose (a word that is the same on both sides), what, how much."""

    whose: str
    key: str
    mask: str
    amounts: Mapping[str, int]
    content: Mapping[str, str]
    shown: str = ""  # the key as people may see it; "" for the key itself

    @property
    def fen(self) -> int:
        """All its money."""
        return sum(self.amounts.values())


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing the sides do not agree on; fen of each side, None where it is not there."""

    side: Side
    mask: str
    key: str
    old_fen: int | None
    new_fen: int | None
    what: str = ""

    @property
    def fen(self) -> int:
        """How much more the new side says."""
        return (self.new_fen or 0) - (self.old_fen or 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every difference, how many agree, and the money of both sides: new − old = all differences together."""

    differences: tuple[Difference, ...]
    equal: int
    old_fen: int
    new_fen: int

    def count(self, side: Side) -> int:
        """How many differences are of one sort."""
        return sum(each.side == side for each in self.differences)

    @property
    def gap(self) -> int:
        """Fen the list leaves unexplained: 0, or something was lost."""
        return self.new_fen - self.old_fen - sum(each.fen for each in self.differences)


def compare(old: Iterable[Entry], new: Iterable[Entry]) -> Comparison:
    """What is only on one side, and what differs in money or in anything else, by person and key."""
    left, right = _by_key(old), _by_key(new)
    found, equal = [], 0
    for place in sorted({*left, *right}):
        before, after = left.get(place), right.get(place)
        if before and after and before.amounts == after.amounts and before.content == after.content:
            equal += 1
        else:
            found.append(_difference(before, after))
    return Comparison(
        tuple(found),
        equal,
        sum(each.fen for each in left.values()),
        sum(each.fen for each in right.values()),
    )


def _by_key(entries: Iterable[Entry]) -> dict[tuple[str, str], Entry]:
    """By person and key; what a side says twice of one thing counts together."""
    found: dict[tuple[str, str], Entry] = {}
    for each in entries:
        place = (each.whose, each.key)
        held = found.get(place)
        if held:
            names = {*held.amounts, *each.amounts}
            sums = {name: held.amounts.get(name, 0) + each.amounts.get(name, 0) for name in names}
            found[place] = Entry(each.whose, each.key, each.mask, sums, each.content, each.shown)
        else:
            found[place] = each
    return found


def _difference(before: Entry | None, after: Entry | None) -> Difference:
    known = after or before
    assert known is not None
    side: Side = "differs" if before and after else "only-old" if before else "only-new"
    what = ""
    if before and after:
        names = [*before.content, *after.content]
        what = "；".join(
            f"{name} {before.content.get(name, '')} → {after.content.get(name, '')}"
            for name in dict.fromkeys(names)
            if before.content.get(name) != after.content.get(name)
        )
    return Difference(
        side,
        known.mask,
        known.shown or known.key,
        before.fen if before else None,
        after.fen if after else None,
        what,
    )
