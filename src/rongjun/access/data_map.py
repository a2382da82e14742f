"""个人信息清单: what each column of the database holds of a person, why, by which law, how long, for whom.

`load_data_map` reads `contracts/data-map.yaml` strictly, all faults at once, each with its line and a remedy.
A column that is not in the file is a fault like a wrong word (PI-01). No Django, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rongjun.rules.api import Fields, Node, PolicyError, Problem, Sheet, read_sheet

NONE, GENERAL, SENSITIVE = "none", "general", "sensitive"
DATA_CLASSES: Final[Mapping[str, str]] = {NONE: "非个人信息", GENERAL: "一般", SENSITIVE: "敏感"}
_CODE = re.compile(r"[a-z]+(-[a-z]+)*")
_TABLE = re.compile(r"[a-z]+(_[a-z]+)+")
_CLAUSE = re.compile(r"《[^》]+》.*第[一二三四五六七八九十百]+条")
# PIPL 28 and what the checklist adds (PI-02): such columns are sensitive whatever anybody would rather write.
_SENSITIVE_COLUMNS: Final[Mapping[str, re.Pattern[str]]] = {
    "封存或遮盖的号码": re.compile(r".*_(sealed|mask|tail)|number_index"),
    "特定身份": re.compile(r"category|dependant_of|deceased_kind|stated"),
    "医疗健康": re.compile(r".*(disab|diagnos|health|medical|injur|illness).*"),
    "金融账户": re.compile(r"(bank|payee|account|card)_(no|number|name|code)"),
    "登录凭据": re.compile(r".*(password|secret)"),
}
_HEALTH_TABLE = re.compile(r".*(disab|diagnos|health|medical|injur|illness).*")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long: so many days, or as long as something else lasts; and what happens then."""

    days: int | None
    as_long_as: str
    after: str

    @property
    def text(self) -> str:
        """In words."""
        return f"{self.days} 天" if self.days else self.as_long_as


@dataclass(frozen=True, slots=True)
class Entry:
    """One column. What holds nothing of a person has a purpose only."""

    table: str
    title: str
    column: str
    kind: str
    purpose: str
    basis: str
    retention: Retention | None
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataMap:
    """Every column by (table, column), and where each question of a form is kept."""

    entries: Mapping[tuple[str, str], Entry]
    forms: Mapping[str, Mapping[str, tuple[str, str]]]
    lines: Mapping[tuple[str, str], int]
    file: str

    def differences(self, columns: Mapping[str, Collection[str]]) -> list[Problem]:
        """Columns without an entry, and entries without a column."""
        there = {(table, column) for table, names in columns.items() for column in names}
        missing = [
            Problem(self.file, 1, f"{table}.{column} 没有写进清单", f"在 tables 的 {table} 下给它一个类别")
            for table, column in sorted(there - set(self.entries))
        ]
        gone = [
            Problem(
                self.file, self.lines[place], f"数据库里没有 {'.'.join(place)}", "删去它，或改成现在的列名"
            )
            for place in sorted(set(self.entries) - there)
        ]
        return [*missing, *gone]


def must_be_sensitive(table: str, column: str) -> str:
    """Why this column cannot be general; "" when it can."""
    for why, pattern in _SENSITIVE_COLUMNS.items():
        if pattern.fullmatch(column):
            return why
    return "医疗健康" if _HEALTH_TABLE.fullmatch(table) else ""


def load_data_map(path: Path) -> DataMap:
    """The map. Raises PolicyError with every fault of the file."""
    sheet = Sheet(path.name, [])
    node = read_sheet(path, sheet=sheet)
    found = _Reading.of(Fields(node, sheet=sheet, what="清单")) if node else None
    if sheet.problems or found is None:
        raise PolicyError(sheet.problems)
    return found.result(path.name)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words the tables choose from."""

    purposes: Mapping[str, str]
    bases: Mapping[str, str]
    retentions: Mapping[str, Retention]
    recipients: Mapping[str, str]
    groups: Mapping[str, Mapping[str, str]]


class _Reading:
    """The file while it is read."""

    def __init__(self, root: Fields) -> None:
        self.sheet = root.sheet
        self.entries: dict[tuple[str, str], Entry] = {}
        self.lines: dict[tuple[str, str], int] = {}
        self.words = _Words(
            purposes=_texts(root.map("purposes", "purposes")),
            bases=self._bases(root.map("bases", "bases")),
            retentions=dict(root.map("retentions", "retentions").each(self._retention)),
            recipients=_texts(root.map("recipients", "recipients")),
            groups=dict(root.map("groups", "groups").each(self._group)),
        )

    @classmethod
    def of(cls, root: Fields) -> _Reading:
        """Everything read, faults noted in the sheet."""
        reading = cls(root)
        root.map("tables", "tables").each(reading._table)
        reading.forms = dict(root.map("forms", "forms").each(reading._form))
        root.done()
        return reading

    def result(self, file: str) -> DataMap:
        """What was read."""
        return DataMap(self.entries, self.forms, self.lines, file)

    forms: dict[str, dict[str, tuple[str, str]]]

    def _bases(self, fields: Fields) -> dict[str, str]:
        bases = _texts(fields)
        for code, text in bases.items():
            if not _CLAUSE.search(text):
                fields.fault(code, f"“{text}”没有写明法律和条款", "写成 《法律名称》第几条")
        return bases

    def _retention(self, code: str, node: Node) -> tuple[str, Retention]:
        fields = Fields(node, sheet=self.sheet, what=code)
        days = fields.number("days") if fields.has("days") else None
        as_long_as = fields.text_or_none("as_long_as") or ""
        if (days is None) == (not as_long_as):
            self.sheet.fault(node.line, f"{code} 要么写 days，要么写 as_long_as", "只写一个")
        if days is not None and days < 1:
            fields.fault("days", "保存期限至少 1 天", "写正整数")
        kept = Retention(days, as_long_as, fields.text("after"))
        fields.done()
        return code, kept

    def _group(self, name: str, node: Node) -> tuple[str, dict[str, str]]:
        fields = Fields(node, sheet=self.sheet, what=name)
        held = {column: kind for column, kind, _line in _classed(fields)}
        fields.done()
        return name, held

    def _table(self, table: str, node: Node) -> None:
        if not _TABLE.fullmatch(table):
            self.sheet.fault(node.line, f"“{table}”不是表名", "写数据库里的表名，如 registry_person")
        fields = Fields(node, sheet=self.sheet, what=table)
        title = fields.text("title")
        columns = self._columns(table, fields)
        unlike = self._unlike(fields, columns)
        is_personal = any(kind != NONE for kind, _line in columns.values())
        usual = self._said(fields, needed=is_personal)
        for column, (kind, line) in columns.items():
            reason = must_be_sensitive(table, column) if kind == GENERAL else ""
            if reason:
                self.sheet.fault(line, f"{table}.{column} 属于{reason}，不能算一般", "移到 sensitive")
            self._enter(table, title, column, kind, usual | unlike.get(column, {}))
            self.lines[table, column] = line
        fields.done()

    def _columns(self, table: str, fields: Fields) -> dict[str, tuple[str, int]]:
        """The class of each column and the line it is given on; what a table says itself goes first."""
        own = {column: (kind, line) for column, kind, line in _classed(fields)}
        for name in fields.texts("like", required=False):
            group = self.words.groups.get(name)
            if group is None:
                fields.fault("like", f"{table} 用了没有的组“{name}”", "在 groups 里写上它，或改成已有的名字")
                continue
            for column, kind in group.items():
                own.setdefault(column, (kind, fields.line_of("like")))
        if not own:
            self.sheet.fault(fields.line, f"{table} 一列也没有写", "在 none、general、sensitive 里列出每一列")
        return own

    def _unlike(self, fields: Fields, columns: Collection[str]) -> dict[str, dict[str, str]]:
        if not fields.has("unlike"):
            return {}
        told = fields.map("unlike", "unlike")
        found: dict[str, dict[str, str]] = {}
        for column in told.keys():  # noqa: SIM118 - not a dict
            if column not in columns:
                told.fault(column, f"“{column}”没有列进类别", "先在 none、general、sensitive 里列出它")
            found[column] = self._said(told.map(column, column), needed=False, closed=True)
        return found

    def _said(self, fields: Fields, *, needed: bool, closed: bool = False) -> dict[str, str]:
        """What is said of purpose, basis, retention and recipients; a list as one text."""
        said: dict[str, str] = {}
        choices: tuple[tuple[str, Mapping[str, object]], ...] = (
            ("purpose", self.words.purposes),
            ("basis", self.words.bases),
            ("retention", self.words.retentions),
        )
        for key, allowed in choices:
            if needed or fields.has(key):
                said[key] = fields.one_of(key, list(allowed))
        if needed or fields.has("recipients"):
            named = fields.texts("recipients")
            for name in named:
                if name not in self.words.recipients:
                    fields.fault("recipients", f"没有“{name}”这个接收方", "在 recipients 里写上它")
            said["recipients"] = " ".join(named)
        if closed:
            fields.done()
        return said

    def _enter(self, table: str, title: str, column: str, kind: str, said: Mapping[str, str]) -> None:
        words = self.words
        personal = kind != NONE
        self.entries[table, column] = Entry(
            table=table,
            title=title,
            column=column,
            kind=kind,
            purpose=words.purposes.get(said.get("purpose", ""), ""),
            basis=words.bases.get(said.get("basis", ""), "") if personal else "",
            retention=words.retentions.get(said.get("retention", "")) if personal else None,
            recipients=tuple(
                words.recipients[name]
                for name in said.get("recipients", "").split()
                if personal and name in words.recipients
            ),
        )

    def _form(self, form: str, node: Node) -> tuple[str, dict[str, tuple[str, str]]]:
        fields = Fields(node, sheet=self.sheet, what=form)
        kept: dict[str, tuple[str, str]] = {}
        for question, place in _texts(fields).items():
            table, _, column = place.partition(".")
            if (table, column) not in self.entries:
                fields.fault(question, f"“{question}”存到没有的地方 {place}", "写成 表名.列名")
            kept[question] = (table, column)
        return form, kept


def _classed(fields: Fields) -> Iterator[tuple[str, str, int]]:
    seen: set[str] = set()
    for kind in DATA_CLASSES:
        for node in fields.items(kind, required=False):
            column = str(node.value)
            if column in seen:
                fields.sheet.fault(node.line, f"{fields.what}.{column} 写了两个类别", "只留一个")
            seen.add(column)
            yield column, kind, node.line


def _texts(fields: Fields) -> dict[str, str]:
    return {code: fields.text(code) for code in fields.keys()}  # noqa: SIM118 - not a dict
