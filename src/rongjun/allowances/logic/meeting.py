"""How schemes meet in one person: rulings first, then the matrix, else a question for an officer."""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import combinations
from typing import Final

from rongjun.allowances.logic.cells import Cell, said
from rongjun.allowances.logic.history import Ruling
from rongjun.allowances.logic.lines import Reason
from rongjun.allowances.logic.months import first_day, month_of
from rongjun.allowances.logic.schemes import AllowanceBook, Pair

_LIVE: Final = frozenset({"owed", "held", "gap"})


@dataclass(slots=True)
class Meeting:
    """The matrix and the rulings on one person."""

    book: AllowanceBook
    rulings: tuple[Ruling, ...]
    not_paid: dict[tuple[int, str], tuple[Cell, Cell]] = field(default_factory=dict)

    def resolved(self, cells: dict[str, Cell], month: int) -> dict[str, Cell]:
        """The cells after the matrix: excluded ones first, then the highest, then what waits for a ruling."""
        taking = [code for code, cell in cells.items() if cell.state in _LIVE]
        if len(taking) < 2:
            return cells
        day = first_day(month)
        met = [(a, b, self._meeting(a, b, day)) for a, b in combinations(taking, 2)]
        cells = dict(cells)
        for a, b, (rule, drops, reason) in met:
            if rule == "exclude" and drops in {a, b} and cells[drops].state in _LIVE:
                cells[drops] = self._withheld_cell(cells[drops], reason)
        for a, b, (rule, _, reason) in met:
            if rule == "highest" and cells[a].state in _LIVE and cells[b].state in _LIVE:
                self._keep_highest(cells, a, b, reason)
        for a, b, (rule, _, reason) in met:
            if rule == "undecided" and cells[a].state in _LIVE and cells[b].state in _LIVE:
                for code in (a, b):
                    cells[code] = replace(cells[code], state="held", reasons=(*cells[code].reasons, reason))
        return cells

    def _withheld_cell(self, cell: Cell, reason: Reason) -> Cell:
        """The cell not paid for this reason; made once, since stretch after stretch asks for it."""
        key = (id(cell), reason.text)
        if key not in self.not_paid:
            withheld = replace(cell, state="withheld", reasons=(*cell.reasons, reason))
            self.not_paid[key] = (cell, withheld)
        return self.not_paid[key][1]

    def _keep_highest(self, cells: dict[str, Cell], a: str, b: str, reason: Reason) -> None:
        if cells[a].state == cells[b].state == "owed":
            lower = a if cells[a].monthly < cells[b].monthly else b
            cells[lower] = self._withheld_cell(cells[lower], reason)
            return
        for code in (a, b):
            if cells[code].state == "owed":
                waits = Reason("另一项还算不出，就高取哪一项待定", reason.clause, reason.is_stated)
                cells[code] = replace(cells[code], state="held", reasons=(*cells[code].reasons, waits))

    def _meeting(self, a: str, b: str, day: date) -> tuple[str, str, Reason]:
        """How two schemes meet: a ruling on this person, else the matrix, else undecided."""
        for ruling in reversed(self.rulings):
            if ruling.schemes == {a, b} and month_of(ruling.since) <= month_of(day):
                titles = f"“{self.book.schemes[a].title}”和“{self.book.schemes[b].title}”"
                return _ruled(ruling.rule, titles, Reason(f"裁定 {ruling.document}", ruling.document))
        return _by_matrix(self.book, a, b, day)


@lru_cache(maxsize=100_000)
def _by_matrix(book: AllowanceBook, a: str, b: str, day: date) -> tuple[str, str, Reason]:
    """What the matrix says of two schemes on a day."""
    titles = f"“{book.schemes[a].title}”和“{book.schemes[b].title}”"
    pair: Pair | None = book.pair(a, b, on=day)
    if pair is None or pair.rule == "undecided":
        clause = pair.ground.clause if pair else "待局方确认"
        return "undecided", "", Reason(f"{titles}能否同时享受没有规定，需人工裁定", clause, is_stated=False)
    if pair.rule == "exclude" and pair.drops:
        kept = b if pair.drops == a else a
        text = f"已享受“{book.schemes[kept].title}”，“{book.schemes[pair.drops].title}”不发"
        return "exclude", pair.drops, said(text, pair.ground)
    text = f"{titles}就高享受一项" if pair.rule == "highest" else f"{titles}可以同时享受"
    return pair.rule, "", said(text, pair.ground)


def _ruled(rule: str, titles: str, reason: Reason) -> tuple[str, str, Reason]:
    if rule.startswith("drop:"):
        return "exclude", rule.removeprefix("drop:"), reason._replace(text=f"{titles}只发一项：{reason.text}")
    return rule, "", reason._replace(text=f"{titles}：{reason.text}")
