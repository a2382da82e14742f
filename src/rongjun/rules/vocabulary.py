"""The facts conditions may speak of: `policy/facts.yaml`, read and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, cast

from rongjun.kernel.words import translatable
from rongjun.rules.days import LONGEST, SPANS
from rongjun.rules.reading import Fields, Node, Sheet
from rongjun.rules.tree import Condition, Op, Region

Kind = Literal[
    "bool", "int", "text", "enum", "date", "division", "age", "years_since", "months_since", "days_since"
]
KINDS: Final[tuple[Kind, ...]] = ("bool", "int", "text", "enum", "date", "division", *SPANS)
NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Words with a meaning in SQL; a fact of this name could be read as something else.
RESERVED: Final = frozenset(
    {
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "between",
        "true",
        "false",
        "case",
        "when",
        "then",
        "else",
        "end",
    }
    | {"select", "from", "where", "all", "any", "some", "exists", "like", "ilike", "cast", "as", "on", "date"}
    | {"time", "timestamp", "interval", "current_date", "current_time", "current_timestamp", "current_user"}
    | {
        "session_user",
        "user",
        "distinct",
        "unknown",
        "div",
        "mod",
        "xor",
        "isnull",
        "notnull",
        "array",
        "row",
        "this_city",
        "this_province",
    }
)
LEVELS: Final = ("province", "city", "county")
Value = bool | int | str | date | None
# What counts when nothing is on file: False, the value "none" of an enum, or None (unknown).
Absent = Literal[False, "none"] | None

_PYTHON: Final[Mapping[str, type]] = {"bool": bool, "text": str, "date": date}
_UNITS: Final[dict[str, str]] = {
    "age": "岁",
    "years_since": "年",
    "months_since": "个月",
    "days_since": "天",
}
_HEIGHT: Final[dict[Op, str]] = {">=": "不低于 {}", ">": "高于 {}", "<": "低于 {}", "<=": "不高于 {}"}
_COUNT: Final[dict[Op, str]] = {">=": "不少于 {}", ">": "多于 {}", "<": "少于 {}", "<=": "不多于 {}"}
_COMPARE_KEYS: Final[dict[str, Op]] = {"at_least": ">=", "above": ">", "below": "<", "at_most": "<="}


@dataclass(frozen=True, slots=True)
class Fact:
    """One named fact; `of` is the date behind a span, `derived` the condition behind a derived fact.

    `known_by` says who would know it where nothing is on file: an authority, a register, the person.
    """

    name: str
    kind: Kind
    label: str
    owner: str = ""
    absent: Absent = None
    per_relation: bool = False
    titles_relation: bool = False
    question: str = ""
    known_by: str = ""
    says: str = ""
    says_not: str = ""
    unit: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    lowest: int = 0
    highest: int = 999_999_999
    level: str = ""
    of: str = ""
    derived_text: str = ""
    derived: Condition | None = None
    meaningful_when: str = ""
    compare: Mapping[Op, str] = field(default_factory=dict)

    @property
    def absent_false(self) -> bool:
        """Whether nothing on file means no (never unknown)."""
        return self.absent is False

    @property
    def is_stored(self) -> bool:
        """Whether an app supplies it (spans and derived facts are worked out here)."""
        return not self.of and not self.derived_text

    def accepts(self, value: Value) -> bool:
        """Whether a value has the type and range of this fact; None (not known) always does."""
        if value is None:
            return True
        if self.kind == "enum":
            return value in self.values
        if type(value) is not _PYTHON.get(self.kind, int):
            return False
        return not isinstance(value, int) or self.kind in {"bool", "division"} or self._in_range(value)

    def _in_range(self, value: int) -> bool:
        return self.lowest <= value <= self.highest

    def show(self, value: Value, *, regions: Mapping[str, Region]) -> str:
        """The value as a clerk reads it."""
        if value is None:
            return "未知"
        if isinstance(value, bool):
            return translatable("是") if value else translatable("否")
        if isinstance(value, date):
            return f"{value.year} 年 {value.month} 月 {value.day} 日"
        if self.kind == "division":
            return next((r.title for r in regions.values() if r.code == value), str(value))
        if self.kind == "enum":
            return self.values.get(str(value), str(value))
        return f"{value} {self.unit}" if self.unit else str(value)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All facts by name, in the order of the file."""

    facts: Mapping[str, Fact]

    def __getitem__(self, name: str) -> Fact:
        return self.facts[name]

    def defaults(self) -> list[Fact]:
        """Facts that read "none" when nothing is on file."""
        return [fact for fact in self.facts.values() if fact.absent == "none"]

    def stored(self) -> list[Fact]:
        """The facts apps must supply: the columns of a sweep, the keys of one person."""
        return [fact for fact in self.facts.values() if fact.is_stored]


def read_vocabulary(node: Node, *, sheet: Sheet) -> Vocabulary:
    """Read `facts.yaml`; faults are noted on the sheet. Derived facts still lack their `derived` tree."""
    facts: dict[str, Fact] = {}
    fields = Fields(node, sheet=sheet, what="事实表")
    entries = fields.maps("facts", "事实")
    fields.done()
    for entry in entries:
        fact = _read_fact(entry)
        if fact.name in facts:
            entry.fault("name", f"事实“{fact.name}”写了两次", "只留一个")
        facts[fact.name] = fact
    for entry, fact in zip(entries, facts.values(), strict=False):
        _check_links(entry, fact, facts)
    return Vocabulary(facts)


def _read_fact(entry: Fields) -> Fact:
    name = entry.matching("name", NAME, "is_veteran")
    if name in RESERVED:
        entry.fault("name", f"“{name}”是保留字", "换一个名字，如加上前缀")
    kind = cast(Kind, entry.one_of("type", KINDS))
    label = entry.text("label")
    extra: dict[str, object] = {}
    if entry.has("derived_as"):
        extra["derived_text"] = entry.text("derived_as")
        if kind != "bool":
            entry.fault("type", "推出来的事实只能是 bool", "改成 bool")
    elif kind in SPANS:
        extra["of"] = entry.text("of")
        extra["highest"] = LONGEST[kind]
    else:
        extra |= _stored_part(entry, kind)
    extra |= _kind_part(entry, kind)
    if entry.has("per"):
        extra["per_relation"] = entry.one_of("per", ["relation"]) == "relation"
    if entry.has("titles_relation"):
        extra["titles_relation"] = entry.truth("titles_relation")
    entry.done()
    return Fact(name=name, kind=kind, label=label, **extra)  # type: ignore[arg-type]


def _stored_part(entry: Fields, kind: Kind) -> dict[str, object]:
    absent = _absent(entry, kind)
    found: dict[str, object] = {"owner": entry.matching("owner", NAME, "registry"), "absent": absent}
    if absent is None:
        found["question"] = entry.text("question")
        # Books adopted before this was asked for still read: `policy check` is what insists on it.
        found["known_by"] = entry.text_or_none("known_by") or ""
    for asked in ("question", "known_by"):
        if absent is not None and entry.has(asked):
            entry.fault(asked, "有缺省值的事实不会被追问", f"删去 {asked}")
    if entry.has("meaningful_when"):
        found["meaningful_when"] = entry.text("meaningful_when")
    return found


def _absent(entry: Fields, kind: Kind) -> Absent:
    node = entry.node("absent")
    value = node.value if node else "unknown"
    if value is False and kind == "bool":
        return False
    if value == "none" and kind == "enum":
        return "none"
    if value != "unknown":
        entry.fault(
            "absent",
            "absent 只能是 unknown，是否类也可以是 false，选项类也可以是 none",
            "身份类写 false 或 none，境况类写 unknown",
        )
    return None


def _kind_part(entry: Fields, kind: Kind) -> dict[str, object]:
    if kind == "bool":
        return {"says": entry.text("says"), "says_not": entry.text("says_not")}
    if kind == "division":
        return {
            "says": _pattern(entry, "says", "户籍在{}"),
            "says_not": _pattern(entry, "says_not", "户籍不在{}"),
            "level": entry.one_of("level", LEVELS),
        }
    if kind == "enum":
        values = entry.map("values", "取值")
        found = dict(values.each(lambda key, node: (key, _value_label(values, key, node))))
        if not found:
            entry.fault("values", "没有可选的取值", "至少写一个，如 war: 因战")
        absent = entry.node("absent")
        if absent and absent.value == "none" and "none" not in found:
            entry.fault("values", "absent 写了 none，取值里却没有 none", "加上 none: 无")
        return {"values": found}
    if kind == "int":
        return _number_part(entry)
    if kind in SPANS:
        words = _HEIGHT if kind == "age" else _COUNT
        return {"unit": _UNITS[kind], "compare": words}
    return {}


def _value_label(values: Fields, key: str, node: Node) -> str:
    if not NAME.fullmatch(key) or not isinstance(node.value, str) or not node.value.strip():
        values.fault(key, f"取值“{key}”的写法不对", "写成 war: 因战 这样")
    return str(node.value)


def _pattern(entry: Fields, key: str, example: str) -> str:
    """A text with one place to put a value in."""
    text = entry.text(key)
    if text.count("{}") != 1 or text.count("{") + text.count("}") != 2:
        entry.fault(key, f"“{key}”里应有一个 {{}}，没有别的花括号", f"写成“{example}”这样")
    return text


def _number_part(entry: Fields) -> dict[str, object]:
    lowest, highest = entry.number("min"), entry.number("max")
    if lowest > highest:
        entry.fault("min", "min 大于 max", "调换两个数")
    found: dict[str, object] = {"lowest": lowest, "highest": highest}
    found["unit"] = entry.text_or_none("unit") or ""
    words: dict[Op, str] = dict(_COUNT)
    if entry.has("compare"):
        own = entry.map("compare", "比较用语")
        for key, op in _COMPARE_KEYS.items():
            words[op] = _pattern(own, key, "不低于 {}")
        own.done()
    found["compare"] = words
    return found


def _check_links(entry: Fields, fact: Fact, facts: Mapping[str, Fact]) -> None:
    if fact.of and (fact.of not in facts or facts[fact.of].kind != "date"):
        entry.fault("of", f"“{fact.of}”不是日期事实", "写一个 type: date 的事实名")
    gate = fact.meaningful_when
    if gate and (gate not in facts or facts[gate].kind != "bool"):
        entry.fault("meaningful_when", f"“{gate}”不是 bool 事实", "写一个 type: bool 的事实名")
