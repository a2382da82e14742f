"""From the text of a condition to the checked tree.

The text is normalised (full width, ≥ ≤ ≠ 且 或 非), capped, cut into words and checked word by word, so
that only our own keywords, known facts, known regions, whole numbers and quoted texts ever reach
sqlglot; what sqlglot returns is admitted node class by node class and typed against the vocabulary.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from rongjun.rules.errors import ConditionError, Fault
from rongjun.rules.reading import closest
from rongjun.rules.tree import (
    All,
    Between,
    Compare,
    Condition,
    Constant,
    Either,
    Holds,
    Missing,
    Not,
    OneOf,
    Op,
    Region,
)
from rongjun.rules.vocabulary import Fact, Vocabulary

MAX_LENGTH: Final = 4_000
MAX_DEPTH: Final = 12
MAX_WORDS: Final = 800
MAX_LISTED: Final = 60

_KEYWORDS: Final = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL"})
_SIGNS: Final = {"≥": ">=", "≤": "<=", "≠": "<>", "且": " AND ", "或": " OR ", "非": " NOT ", "、": ","}
_QUOTES: Final = {"‘": "'", "’": "'", "“": "'", "”": "'"}
_WORD = re.compile(r"'(?:[^']|'')*'|[^\W\d]\w*|\d\w*|<>|<=|>=|[<>=(),]|\S")
_OPS: Final[dict[type[exp.Expr], Op]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_FLIPPED: Final[dict[Op, Op]] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDERED: Final = frozenset({"int", "date", "age", "years_since", "months_since", "days_since"})
_INSTEAD: Final = {
    "!": "不等于写成 <>",
    "-": "只用不带正负号的整数，日期写成 '2024-10-01'",
    '"': "文字用单引号",
    "TRUE": "是否类事实直接写名字",
    "FALSE": "是否类事实写 NOT 名字",
    "LIKE": "列出全部取值，用 IN (…)",
    "'": "补上另一半单引号",
    "DATE": "日期直接写 '2024-10-01'",
}

_MARKS: Final = frozenset({"<>", "<=", ">=", "<", ">", "=", "(", ")", ","})
_ONLY: Final = "只用 = <> < <= > >= IN BETWEEN IS NULL AND OR NOT 和括号"


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    column: int


def parse_condition(
    text: str, *, vocabulary: Vocabulary, regions: Mapping[str, Region] | None = None
) -> Condition:
    """Return the checked tree of one condition; raise `ConditionError` naming every fault with its column.

    `regions` are the divisions the book knows by name (`this_city`, …): the only constants a division
    fact may be compared with, so that shared rules name no city.
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError([Fault(1, f"条件超过 {MAX_LENGTH} 个字", "拆成几项")])
    words = _cut(text)
    names = _Names(vocabulary, regions or {})
    _check_words(words, names)
    tree, columns = _parse(words)
    reader = _Reader(names, columns)
    condition = reader.condition(tree)
    if reader.faults:
        raise ConditionError(sorted(reader.faults, key=lambda fault: fault.column))
    return condition


def _normalise(text: str) -> tuple[str, list[int]]:
    """Half-width text, and for each of its characters the column it came from."""
    out: list[str] = []
    columns: list[int] = []
    quoted = False
    for column, original in enumerate(text, start=1):
        piece = _SIGNS.get(original, _QUOTES.get(original, _half(original)))
        if piece == "'":
            quoted = not quoted
        if quoted and original in _SIGNS:
            piece = original
        out.append(piece)
        columns.extend([column] * len(piece))
    return "".join(out), columns


def _half(character: str) -> str:
    """The half-width twin of a full-width character; other look-alikes (², ①) stay and are refused."""
    is_full_width = "\uff01" <= character <= "\uff5e" or character == "\u3000"
    return unicodedata.normalize("NFKC", character) if is_full_width else character


def _cut(text: str) -> list[_Word]:
    normal, columns = _normalise(text)
    words = []
    for match in _WORD.finditer(normal):
        word = match.group()
        is_keyword = word.isascii() and word.upper() in _KEYWORDS
        words.append(_Word(word.upper() if is_keyword else word, columns[match.start()]))
    return words


@dataclass(frozen=True, slots=True)
class _Names:
    vocabulary: Vocabulary
    regions: Mapping[str, Region]

    def known(self, word: str) -> bool:
        return word in self.vocabulary.facts or word in self.regions

    def hint(self, word: str) -> str:
        for fact in self.vocabulary.facts.values():
            if fact.label == word:
                return f"是否想写 {fact.name}（{word}）？改成事实名"
        guess = closest(word.lower(), [*self.vocabulary.facts, *self.regions])
        return f"看看是否想写 {guess}" if guess else "查 facts.yaml 里的事实名"


def _check_words(words: list[_Word], names: _Names) -> None:
    faults = _shape_faults(words) or _between_faults(words)
    before = ""
    for index, word in enumerate(words):
        after = words[index + 1].text if index + 1 < len(words) else ""
        fault = _word_fault(word, before=before, after=after, names=names)
        if fault:
            faults.append(fault)
        before = f"{before} NOT" if before == "IS" and word.text == "NOT" else word.text
    if faults:
        raise ConditionError(faults)


def _shape_faults(words: list[_Word]) -> list[Fault]:
    if not words:
        return [Fault(1, "条件是空的", "写上条件")]
    if len(words) > MAX_WORDS:
        return [Fault(1, f"条件超过 {MAX_WORDS} 个词", "拆成几项")]
    depth = nots = 0
    for word in words:
        depth += (word.text == "(") - (word.text == ")")
        nots = nots + 1 if word.text == "NOT" else 0
        if depth + nots > MAX_DEPTH:
            return [Fault(word.column, f"括号和 NOT 嵌套超过 {MAX_DEPTH} 层", "减少嵌套")]
        if depth < 0:
            return [Fault(word.column, "多了一个右括号", "删去它或补上左括号")]
    return [Fault(words[-1].column, "少一个右括号", "补上右括号")] if depth else []


def _between_faults(words: list[_Word]) -> list[Fault]:
    """sqlglot takes BETWEEN 1 6 for BETWEEN 1 AND 6."""
    return [
        Fault(word.column, "BETWEEN 的两个取值之间没有 AND", "写成 BETWEEN 1 AND 6 这样")
        for at, word in enumerate(words)
        if word.text == "BETWEEN" and [then.text for then in words[at + 2 : at + 3]] != ["AND"]
    ]


def _word_fault(word: _Word, *, before: str, after: str, names: _Names) -> Fault | None:
    text = word.text
    if text in _KEYWORDS:
        return _keyword_fault(word, before=before, after=after)
    if text in _MARKS:
        return _mark_fault(word, before=before, after=after)
    if text[0].isdigit() or (text[0] == "'" and len(text) > 1):
        return _constant_fault(word)
    fix = _INSTEAD.get(text.upper(), None if text.isprintable() else "删去它")
    if fix is None and text.isidentifier():
        if after == "(":
            return Fault(word.column, f"条件里不能用函数“{text}”", "改用事实，必要时请信息科增加一个事实")
        return None if names.known(text) else Fault(word.column, f"没有名为 {text} 的事实", names.hint(text))
    shown = f"“{text}”" if text.isprintable() else f"看不见的字符（U+{ord(text):04X}）"
    return Fault(word.column, f"条件里不能用{shown}", fix or _ONLY)


def _mark_fault(word: _Word, *, before: str, after: str) -> Fault | None:
    # sqlglot passes over a comma with nothing beside it.
    if word.text == "," and (before in {"(", ","} or after in {")", ","}):
        return Fault(word.column, "逗号的一边没有取值", "逗号两边补上取值，或删去逗号")
    if word.text == "(" and after == ")" and before != "IN":
        return Fault(word.column, "括号里是空的", "写上条件，或删去括号")
    return None


def _constant_fault(word: _Word) -> Fault | None:
    text = word.text
    if text[0] == "'":
        return (
            None if text[1:-1].isprintable() else Fault(word.column, "文字里有看不见的字符", "重写这段文字")
        )
    good = text.isascii() and text.isdigit() and len(text) <= 12 and (text == "0" or text[0] != "0")
    return None if good else Fault(word.column, f"“{text}”不是整数", "写不带前导零、小数点和单位的整数")


def _keyword_fault(word: _Word, *, before: str, after: str) -> Fault | None:
    if word.text == "NULL" and before not in {"IS", "IS NOT"}:
        return Fault(word.column, "NULL 只能跟在 IS 或 IS NOT 后面", "写成 IS NULL 或 IS NOT NULL")
    if word.text == "IS" and before == "NOT":
        return Fault(word.column, "NOT 不能写在 IS 前面", "写成 IS NOT NULL")
    if word.text == "IS" and after not in {"NULL", "NOT"}:
        return Fault(word.column, "IS 后面只能是 NULL 或 NOT NULL", "改成 IS NULL 或 IS NOT NULL")
    if word.text == "NOT" and before == "IS" and after != "NULL":
        return Fault(word.column, "IS NOT 后面只能是 NULL", "改成 IS NOT NULL")
    if word.text == "IN" and after != "(":
        return Fault(word.column, "IN 后面应是括号里的取值", "写成 IN ('…', '…')")
    return None


def _parse(words: list[_Word]) -> tuple[exp.Expr, dict[int, int]]:
    """Parse the words joined anew by single spaces; also where each word stood in what was written."""
    # Names are quoted, so that a fact may be called what some dialect of SQL has a meaning for.
    is_name = [word.text.isidentifier() and word.text not in _KEYWORDS for word in words]
    pieces = [f'"{word.text}"' if quote else word.text for word, quote in zip(words, is_name, strict=True)]
    columns: dict[int, int] = {}
    at = 0
    for word, piece in zip(words, pieces, strict=True):
        columns[at] = word.column
        at += len(piece) + 1
    try:
        tree = sqlglot.parse_one(" ".join(pieces), into=exp.Condition)
    except (SqlglotError, RecursionError) as error:
        column = words[-1].column
        if getattr(error, "errors", None):
            end = cast("list[dict[str, int]]", error.errors)[0]["col"]  # type: ignore[union-attr]
            column = max((c for start, c in columns.items() if start < end), default=column)
        raise ConditionError(
            [Fault(column, "这里写得不完整", "检查比较、AND、OR 两边是否都有内容")]
        ) from None
    return tree, columns


@dataclass(slots=True)
class _Reader:
    """Admits sqlglot's nodes one class at a time."""

    names: _Names
    columns: Mapping[int, int]
    faults: list[Fault] = field(default_factory=list)

    def condition(self, node: exp.Expr) -> Condition:
        """The checked tree of one boolean node."""
        if isinstance(node, exp.Paren):
            return self.condition(node.this)
        if isinstance(node, exp.And | exp.Or):
            # A long chain hangs to the left: walk it instead of recursing into it.
            parts = tuple(self.condition(part) for part in _chain(node, type(node)))
            return All(parts) if isinstance(node, exp.And) else Either(parts)
        if isinstance(node, exp.Not):
            return self._negation(node)
        return self._leaf(node)

    def _leaf(self, node: exp.Expr) -> Condition:
        if type(node) in _OPS:
            return self._comparison(node, _OPS[type(node)])
        if isinstance(node, exp.In | exp.Between | exp.Is):
            return self._range(node, negated=False)
        if isinstance(node, exp.Column):
            return self._bare(node)
        return self._fault(node, "这里应是一个条件", "写成“事实 比较 取值”，或是否类事实的名字")

    def _fault(self, node: exp.Expr, what: str, fix: str) -> Condition:
        starts = [at for part in node.walk() if (at := part.meta.get("start")) is not None]
        self.faults.append(Fault(self.columns.get(min(starts, default=0), 1), what, fix))
        return Holds("?", absent_false=False)

    def _negation(self, node: exp.Not) -> Condition:
        inner = node.this
        if isinstance(inner, exp.In | exp.Between | exp.Is):
            return self._range(inner, negated=True)
        part = self.condition(inner)
        return part.part if isinstance(part, Not) else Not(part)

    def _bare(self, node: exp.Column) -> Condition:
        fact = self._fact(node)
        if fact is None:
            return self._fault(node, "地区名不能单独成为条件", "写成 household_city = this_city 这样")
        if fact.kind != "bool":
            return self._fault(node, f"“{fact.label}”（{fact.name}）不是是否类事实", "写上比较，如 = 或 >=")
        return Holds(fact.name, absent_false=fact.absent_false)

    def _fact(self, node: exp.Expr) -> Fact | None:
        if not isinstance(node, exp.Column):
            return None
        return self.names.vocabulary.facts.get(node.name)

    def _comparison(self, node: exp.Expr, op: Op) -> Condition:
        left, right = node.this, node.expression
        fact = self._fact(left)
        if fact is None:
            if turned := self._fact(right):
                return self._fault(node, "事实要写在左边", f"改成 {turned.name} {_FLIPPED[op]} …")
            return self._fault(node, "比较的左边应是一个事实", "左边写事实，右边写取值")
        if self._fact(right):
            return self._fault(right, "两个事实不能互相比较", "右边写一个固定的取值")
        if fact.kind == "bool":
            return self._fault(left, f"“{fact.name}”是是否类事实", f"直接写 {fact.name} 或 NOT {fact.name}")
        if op not in {"=", "<>"} and fact.kind not in _ORDERED:
            return self._fault(left, f"“{fact.label}”不分大小", "只用 =、<> 或 IN")
        value = self._constant(fact, right)
        return Compare(fact.name, op, value) if value is not None else Holds("?", absent_false=False)

    def _range(self, node: exp.In | exp.Between | exp.Is, *, negated: bool) -> Condition:
        fact = self._fact(node.this)
        if fact is None:
            return self._fault(node, "左边应是一个事实", "左边写事实名")
        if isinstance(node, exp.Is):
            if fact.derived_text or fact.absent is not None:
                return self._fault(node, f"“{fact.label}”不会是未知", f"直接写 {fact.name}")
            return Missing(fact.name, negated=negated)
        if fact.kind == "bool":
            return self._fault(node, f"“{fact.name}”是是否类事实", f"直接写 {fact.name} 或 NOT {fact.name}")
        if isinstance(node, exp.In):
            return self._one_of(node, fact, negated=negated)
        return self._between(node, fact, negated=negated)

    def _one_of(self, node: exp.In, fact: Fact, *, negated: bool) -> Condition:
        if set(_present(node)) != {"this", "expressions"}:
            return self._fault(node, "IN 后面应是括号里的取值", "写成 IN ('…', '…')")
        values = [self._constant(fact, item) for item in node.expressions]
        if len(set(values)) != len(values) and None not in values:
            return self._fault(node, "IN 里有重复的取值", "删去重复的")
        if len(values) > MAX_LISTED:
            return self._fault(node, f"IN 里超过 {MAX_LISTED} 个取值", "拆成几项")
        return OneOf(fact.name, tuple(value for value in values if value is not None), negated=negated)

    def _between(self, node: exp.Between, fact: Fact, *, negated: bool) -> Condition:
        if set(_present(node)) != {"this", "low", "high"} or fact.kind not in _ORDERED:
            return self._fault(node, f"“{fact.label}”不能用 BETWEEN", "只用 =、<> 或 IN")
        low, high = (self._constant(fact, node.args[end]) for end in ("low", "high"))
        if low is None or high is None:
            return Holds("?", absent_false=False)
        if low > high:  # type: ignore[operator]
            return self._fault(node, "BETWEEN 的下限大于上限", "调换两个取值")
        return Between(fact.name, low, high, negated=negated)

    def _constant(self, fact: Fact, node: exp.Expr) -> Constant | None:
        readers: dict[str, Callable[[Fact, exp.Expr], Constant | str]] = {
            "enum": self._enum_value,
            "text": _text_value,
            "date": _date_value,
            "division": self._region_value,
        }
        value = readers.get(fact.kind, _number_value)(fact, node)
        if isinstance(value, _Wrong):
            self._fault(node, f"“{fact.label}”（{fact.name}）不能与这个取值比较", value)
            return None
        return value

    def _enum_value(self, fact: Fact, node: exp.Expr) -> Constant:
        if isinstance(node, exp.Literal) and node.is_string and node.this in fact.values:
            return str(node.this)
        written = str(node.this) if isinstance(node, exp.Literal) else ""
        guess = closest(written, fact.values)
        listed = "、".join(f"'{key}'（{label}）" for key, label in fact.values.items())
        return _Wrong(f"看看是否想写 '{guess}'" if guess else f"从这些里选：{listed}")

    def _region_value(self, fact: Fact, node: exp.Expr) -> Constant:
        region = self.names.regions.get(node.name) if isinstance(node, exp.Column) else None
        if region is not None and region.level == fact.level:
            return region
        fitting = [region.name for region in self.names.regions.values() if region.level == fact.level]
        return _Wrong(f"写地区名：{'、'.join(fitting) or '先在 city.yaml 的 divisions 里登记'}")


class _Wrong(str):
    """What to write instead of a constant that does not fit."""

    __slots__ = ()


def _number_value(fact: Fact, node: exp.Expr) -> Constant:
    if isinstance(node, exp.Literal) and not node.is_string:
        number = int(node.this)
        if fact.lowest <= number <= fact.highest:
            return number
    return _Wrong(f"写 {fact.lowest} 到 {fact.highest} 之间的整数，不加引号")


def _text_value(_fact: Fact, node: exp.Expr) -> Constant:
    if isinstance(node, exp.Literal) and node.is_string and node.this:
        return str(node.this)
    return _Wrong("写单引号里的文字")


def _date_value(_fact: Fact, node: exp.Expr) -> Constant:
    if isinstance(node, exp.Literal) and node.is_string and re.fullmatch(r"\d{4}-\d\d-\d\d", node.this):
        try:
            return date.fromisoformat(node.this)
        except ValueError:
            return _Wrong("写真实的日期")
    return _Wrong("写成 '2024-10-01' 这样")


def _chain(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """The parts of a chain of one connector, brackets around the same connector included."""
    parts: list[exp.Expr] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        inner = part
        while isinstance(inner, exp.Paren):
            inner = inner.this
        if type(inner) is kind:
            waiting += [inner.expression, inner.this]
        else:
            parts.append(part)
    return parts


def _present(node: exp.Expr) -> list[str]:
    return [key for key, value in node.args.items() if value not in (None, [], False)]
