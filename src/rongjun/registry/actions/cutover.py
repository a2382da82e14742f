"""Takes over what the old system had already done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from rongjun.access.api import Actor
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.reading import half_width
from rongjun.registry.actions.writing import insert
from rongjun.registry.cutover import (
    KINDS,
    SIDES,
    BadRow,
    Comparison,
    CutoverRow,
    Entry,
    Kind,
    check_totals,
    compare,
    read_cutover_row,
    shape_of,
)
from rongjun.registry.logic import fit_to_show, sought_name
from rongjun.registry.models import CutoverImport, CutoverRecord
from rongjun.registry.queries.covered import CARD_INDEX, SEAL, Held, held_numbers, number_index, numbers_taken
from rongjun.registry.queries.cutover import cutover_entries, cutover_of, cutover_place, recorded_things
from rongjun.registry.roster import Fault
from rongjun.registry.sheets import Table, read_table
from rongjun.registry.workbook import table_workbook


@dataclass(frozen=True, slots=True)
class CutoverFile:
    """A file of one kind that was read: rows that read well, and those that do not."""

    kind: Kind
    table: Table
    rows: tuple[CutoverRow | BadRow, ...]

    @property
    def good(self) -> list[CutoverRow]:
        """Rows that read well."""
        return [row for row in self.rows if isinstance(row, CutoverRow)]

    @property
    def bad(self) -> list[BadRow]:
        """Rows that do not."""
        return [row for row in self.rows if isinstance(row, BadRow)]


def read_cutover(content: bytes, *, synthetic: bool) -> CutoverFile:
    """The file as what it says; which of the five kinds it is, its headings tell.

    Refused("registry.cutover-no-kind") for other headings, "registry.cutover-totals-missing" or "-differ"
    when its head does not say what its rows add up to, and as `read_table` does.
    """
    for kind in KINDS.values():
        try:
            table = read_table(content, shape_of(kind))
        except Refused as refused:
            if refused.code != "registry.workbook-no-headings":
                raise
            continue
        rows = tuple(
            read_cutover_row(number, values, kind, synthetic=synthetic) for number, values in table.rows
        )
        check_totals(table, rows, kind)
        return CutoverFile(kind, table, rows)
    raise Refused("registry.cutover-no-kind")


def import_cutover(
    file: CutoverFile, *, file_name: str, file_digest: bytes, by: Actor, now: datetime
) -> UUID:
    """Record what the old system had done, for everybody on file in scope; keep why the rest was refused.

    The same file again for the same division changes nothing, and what is on record already in the same words
    is `unchanged`. Rows and fen add up: total = recorded + unchanged + refused.
    """
    earlier = cutover_of(file_digest, division=by.division)
    if earlier:
        return earlier
    work = _Work(file, by=by, now=now)
    try:
        with transaction.atomic():
            work.decide()
            work.record(fit_to_show(file_name)[:200] or "割接", file_digest)
    except IntegrityError as error:
        twin = cutover_of(file_digest, division=by.division)
        if twin is None:
            raise Refused("registry.import-collided") from error
        return twin
    return work.id


def compare_cutover(old: CutoverFile, new: CutoverFile | None, *, by: Actor, now: datetime) -> Comparison:
    """The parallel-run difference list: two files of one kind, or a file and what is on record in scope.

    Refused("registry.cutover-no-kind") when the files are of two kinds. Rows that do not read are not in it.
    """
    if new is not None and new.kind != old.kind:
        raise Refused("registry.cutover-no-kind")
    right = list(_entries(new.good)) if new else cutover_entries(old.kind.code)
    found = compare(_entries(old.good), right)
    audit.note(
        "registry.cutover-compared",
        by=by.text,
        role=by.role,
        division=by.division,
        detail={"kind": old.kind.code, "equal": found.equal, "differences": len(found.differences)},
        at=now,
    )
    return found


def differences_workbook(found: Comparison) -> bytes:
    """The difference list as a workbook: numbers masked, amounts in yuan, the sums below."""
    rows = [
        [
            SIDES[each.side],
            each.mask,
            each.key,
            "" if each.old_fen is None else str(Fen(each.old_fen)),
            "" if each.new_fen is None else str(Fen(each.new_fen)),
            str(Fen(each.fen)),
            each.what,
        ]
        for each in found.differences
    ]
    sums = [str(Fen(each)) for each in (found.old_fen, found.new_fen, found.new_fen - found.old_fen)]
    rows.append(["合计（含一致的）", "", f"一致 {found.equal} 笔", *sums, ""])
    return table_workbook(
        "差异清单", ["情况", "证件号码", "哪一笔", "旧（元）", "新（元）", "相差（元）", "其他"], rows
    )


def _entries(rows: Sequence[CutoverRow]) -> Iterable[Entry]:
    """Whose a row is says the person on file, else the keyed digest of the number."""
    indexes = [number_index(row.document_type, row.document.number) for row in rows]
    here = held_numbers(indexes)
    for row, index in zip(rows, indexes, strict=True):
        whose = str(here[index].person) if index in here else index.hex()
        yield Entry(whose, key_of(row), row.document.masked, row.amounts, row.content, row.key)


def key_of(row: CutoverRow) -> str:
    """What tells the row apart among one person's: of a card its keyed digest, never its number."""
    return audit.keys().index(CARD_INDEX, row.secret.encode()).hex() if row.secret else row.key


@dataclass(slots=True)
class _Work:
    """One file at work: a row ends up in exactly one of recorded, unchanged and refused."""

    file: CutoverFile
    by: Actor
    now: datetime
    id: UUID = field(default_factory=uuid4)
    recorded: list[tuple[CutoverRow, Held]] = field(default_factory=list)
    unchanged: list[CutoverRow] = field(default_factory=list)
    refused: list[BadRow] = field(default_factory=list)

    def decide(self) -> None:
        """Sort every row into what becomes of it; writes nothing."""
        self.refused += self.file.bad
        rows = self.file.good
        indexes = [number_index(row.document_type, row.document.number) for row in rows]
        here = held_numbers(indexes)
        elsewhere = numbers_taken(indexes) - set(here)
        known = recorded_things(self.file.kind.code, [held.person for held in here.values()])
        values = dict(self.file.table.rows)
        seen: dict[tuple[UUID, str], int] = {}
        for row, index in zip(rows, indexes, strict=True):
            held = here.get(index)
            place = (held.person, key_of(row)) if held else None
            on_record = known.get(place) if place else None
            fault = _unfit(row, held, elsewhere=index in elsewhere) or _twice(
                row, seen.get(place) if place else None
            )
            if not fault and on_record and on_record != (dict(row.amounts), dict(row.content)):
                fault = _differs(row)
            if fault:
                self.refused.append(BadRow(row.number, (fault,), row.fen, values[row.number]))
                continue
            assert held
            assert place
            seen[place] = row.number
            if on_record:
                self.unchanged.append(row)
            else:
                self.recorded.append((row, held))

    def record(self, file_name: str, file_digest: bytes) -> None:
        """Write the import and its records, and note it."""
        sums = {
            "total": self._sums(self.file.rows),
            "recorded": self._sums([row for row, _ in self.recorded]),
            "unchanged": self._sums(self.unchanged),
            "refused": self._sums(self.refused),
        }
        done = CutoverImport.objects.create(
            id=self.id,
            division=self.by.division,
            kind=self.file.kind.code,
            file_name=file_name,
            file_digest=file_digest,
            uploaded_at=self.now,
            uploaded_by=self.by.text,
            faults=[
                {"row": row.number, **asdict(fault)}
                for row in sorted(self.refused, key=lambda row: row.number)
                for fault in row.faults
            ],
            refused_sealed=self._originals(),
            **{name: rows for name, (rows, _) in sums.items()},
            **{f"{name}_fen": fen for name, (_, fen) in sums.items()},
        )
        insert([self._record(row, held) for row, held in self.recorded])
        audit.note(
            "registry.cutover-imported",
            by=self.by.text,
            role=self.by.role,
            about=f"cutover:{done.id}",
            division=self.by.division,
            detail={"kind": done.kind, **{name: rows for name, (rows, _) in sums.items()}},
            at=self.now,
        )

    def _record(self, row: CutoverRow, held: Held) -> CutoverRecord:
        return CutoverRecord(
            person_id=held.person,
            division=held.division,
            kind=self.file.kind.code,
            key=key_of(row),
            amounts=dict(row.amounts),
            content={**row.content, **({"mask": row.key} if row.secret else {})},
            source_id=self.id,
            row=row.number,
            recorded_at=self.now,
            recorded_by=self.by.text,
        )

    def _originals(self) -> bytes | None:
        if not self.refused:
            return None
        told = [[row.number, dict(row.values), [asdict(each) for each in row.faults]] for row in self.refused]
        return audit.keys().seal(SEAL, json.dumps(told, ensure_ascii=False).encode(), cutover_place(self.id))

    def _sums(self, rows: Sequence[CutoverRow | BadRow]) -> tuple[int, int]:
        return len(rows), sum(row.fen for row in rows)


def _unfit(row: CutoverRow, held: Held | None, *, elsewhere: bool) -> Fault | None:
    shown = row.document.masked
    if held is None:
        where = "在别的服务站，请由它所在的单位导入" if elsewhere else "还没有，请先导入花名册建档"
        return Fault("证件号码", shown, "registry.not-on-file", f"这个人的档案{where}。")
    if row.name and sought_name(held.name) != sought_name(half_width(row.name)):
        return Fault(
            "姓名", row.name[:40], "registry.name-differs", "和档案里的姓名不一样，请核对姓名和号码。"
        )
    return None


def _twice(row: CutoverRow, earlier: int | None) -> Fault | None:
    if earlier is None:
        return None
    return Fault(
        "证件号码",
        row.document.masked,
        "registry.twice-in-workbook",
        f"和第 {earlier} 行是同一笔，请只留一行。",
    )


def _differs(row: CutoverRow) -> Fault:
    return Fault(
        "证件号码",
        row.document.masked,
        "registry.cutover-on-record",
        f"这一笔（{row.key}）已经登记过，金额或状态不同。请用“比对”看清差在哪里，再由市局决定以哪边为准。",
    )
