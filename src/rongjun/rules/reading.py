"""Strict YAML: strings, whole numbers, ISO dates, true/false, null, lists and mappings; nothing else.

Ordinary YAML reads `on` as true, `0777` as 511 and `12:30` as 750. Here keys are always text, only
`true` and `false` are truth values, and a plain scalar that merely looks like a number is refused:
quote it when it is text. Anchors, aliases, tags and several documents in one file are refused.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

import yaml

from rongjun.rules.errors import Problem

MAX_BYTES: Final = 200_000
MAX_DEPTH: Final = 12
# libyaml's parser is some twenty times faster; both give the same events.
_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_LIKE_A_NUMBER = re.compile(r"[-+]?(\.?[0-9][0-9_.,:eExXoObBaAcCdDfF+-]*|\.(inf|nan))\Z", re.IGNORECASE)

Plain = str | int | bool | date | None
# Control and format characters, halves of a character, separators that only look like a space.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
# What libyaml passes over and other readers of YAML refuse or take for a letter.
_BLOCK_THEN_COMMENT: Final = re.compile(r"[|>][-+0-9]*#")
_DISPUTED: Final[dict[str, str]] = {"\t": "制表符（Tab）", "\ufeff": "看不见的字符（U+FEFF）"}
_LONGEST_SENTENCE: Final = 300
T = TypeVar("T")
_WORDS: Final[dict[str, Plain]] = {"true": True, "false": False, "null": None}


@dataclass(slots=True)
class Node:
    """A value with the line it stands on (counted from 1)."""

    value: "Plain | dict[str, Node] | list[Node]"
    line: int


@dataclass(slots=True)
class Sheet:
    """One file being read; collects its problems instead of stopping at the first."""

    file: str
    problems: list[Problem]

    def fault(self, line: int, what: str, fix: str = "") -> None:
        """Note one fault of this file."""
        self.problems.append(Problem(self.file, line, _in_one_line(what), _in_one_line(fix)))


def _in_one_line(sentence: str) -> str:
    """The sentence without line breaks, its middle left out when what it quotes is long."""
    line, half = sentence.replace("\n", " "), _LONGEST_SENTENCE // 2
    return line if len(line) <= _LONGEST_SENTENCE else f"{line[:half]}……{line[-half:]}"


def read_sheet(path: Path, *, sheet: Sheet) -> Node | None:
    """Return the file's content, or None after noting why it cannot be read."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        sheet.fault(1, "缺少这个文件", "补上它")
        return None
    except OSError:
        sheet.fault(1, "文件打不开", "检查文件的权限")
        return None
    return read_bytes(raw, sheet=sheet)


def read_bytes(raw: bytes, *, sheet: Sheet) -> Node | None:
    """Return the content of one file's bytes, or None after noting why it cannot be read."""
    if len(raw) > MAX_BYTES:
        sheet.fault(1, f"文件超过 {MAX_BYTES // 1000} kB", "拆成多个文件，一项一个文件")
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        sheet.fault(1, "文件不是 UTF-8 编码", "用 UTF-8 另存")
        return None
    return read_text(text, sheet=sheet)


def read_text(text: str, *, sheet: Sheet) -> Node | None:
    """Return the content of one YAML text, or None after noting why it cannot be read."""
    before = len(sheet.problems)
    body = text.removeprefix("\ufeff")
    builder = _Builder(sheet, body)
    for letter, name in _DISPUTED.items():
        before_it, found, _ = body.partition(letter)
        if found:
            sheet.fault(before_it.count("\n") + 1, f"有{name}", "删去它，缩进和间隔只用空格")
    try:
        for event in yaml.parse(body, Loader=_LOADER):  # type: ignore[no-untyped-call,unused-ignore]
            if not builder.take(event):
                return None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        sheet.fault(
            line, "这里不合 YAML 的写法", "检查缩进（只用空格）、半角冒号后的空格、引号和括号是否成对"
        )
        return None
    if builder.root is None:
        sheet.fault(1, "文件是空的", "写入内容或删去文件")
    return builder.root if len(sheet.problems) == before else None


@dataclass(slots=True)
class _Open:
    node: Node
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Makes nodes from the parser's events, without recursion, so that depth cannot hurt us."""

    sheet: Sheet
    text: str
    root: Node | None = None
    open: list[_Open] = field(default_factory=list)
    documents: int = 0

    def take(self, event: object) -> bool:
        """Take one event; False when reading on makes no sense."""
        line = event.start_mark.line + 1  # type: ignore[attr-defined]
        if isinstance(event, yaml.AliasEvent):
            self.sheet.fault(line, "用了引用（*名字）", "把内容原样写出来")
            return False
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            self.sheet.fault(line, "用了锚点（&名字）或类型标记（!…）", "删去它，直接写内容")
            return False
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.sheet.fault(line, "一个文件里有几份文档（---）", "拆成几个文件")
                return False
        elif isinstance(event, yaml.MappingStartEvent):
            return self._enter(Node({}, line))
        elif isinstance(event, yaml.SequenceStartEvent):
            return self._enter(Node([], line))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.open.pop()
        elif isinstance(event, yaml.ScalarEvent):
            begun = event.start_mark
            if begun and _BLOCK_THEN_COMMENT.match(self.text, begun.index):
                self.sheet.fault(line, "“|”或“>”后面紧跟着“#”", "在“#”前面空一格，或删去这条注释")
            self._scalar(event.value, quoted=bool(event.style), line=line)
        return True

    def _enter(self, node: Node) -> bool:
        if len(self.open) >= MAX_DEPTH:
            self.sheet.fault(node.line, f"嵌套超过 {MAX_DEPTH} 层", "减少嵌套")
            return False
        if not self._place(node):
            self.sheet.fault(node.line, "键必须是文字", "改成“键: 值”")
            return False
        self.open.append(_Open(node))
        return True

    def _scalar(self, text: str, *, quoted: bool, line: int) -> None:
        if not text.isprintable():
            self._unseen(text, line=line)
        if self.open and isinstance(self.open[-1].node.value, dict) and self.open[-1].key is None:
            self._key(text, line=line)
            return
        self._place(Node(text if quoted else self._plain(text, line=line), line))

    def _unseen(self, text: str, *, line: int) -> None:
        found = {c for c in text if unicodedata.category(c) in _UNSEEN and c not in "\n \u3000"}
        for character in sorted(found):
            self.sheet.fault(line, f"文字里有看不见的字符（U+{ord(character):04X}）", "删去它")

    def _key(self, key: str, *, line: int) -> None:
        holder = self.open[-1]
        assert isinstance(holder.node.value, dict)
        if not key.strip():
            self.sheet.fault(line, "键是空的", "写上键名")
        if key in holder.node.value:
            first = holder.node.value[key].line
            self.sheet.fault(line, f"“{key}”写了两次（第 {first} 行已有）", "只留一个")
        holder.key = key

    def _place(self, node: Node) -> bool:
        if not self.open:
            self.root = node
            return True
        holder = self.open[-1]
        if isinstance(holder.node.value, list):
            holder.node.value.append(node)
            return True
        assert isinstance(holder.node.value, dict)
        if holder.key is None:
            return False
        holder.node.value[holder.key] = node
        holder.key = None
        return True

    def _plain(self, text: str, *, line: int) -> Plain:
        if text in _WORDS:
            return _WORDS[text]
        if _WHOLE_NUMBER.match(text):
            return int(text)
        if _DATE.match(text):
            return self._day(text, line=line)
        if text in {"", "~"}:
            self.sheet.fault(line, "冒号后面没有值", "写上值；确实没有就写 null，或删去这一行")
        elif _LIKE_A_NUMBER.match(text):
            self.sheet.fault(
                line, f"“{text}”像数字但不是整数或日期", "写成整数（金额用分）、YYYY-MM-DD，或加引号表示文字"
            )
        return text

    def _day(self, text: str, *, line: int) -> Plain:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.sheet.fault(line, f"没有 {text} 这一天", "改成真实的日期")
            return None


def plain(node: Node) -> object:
    """Return the node without lines: what is digested and shown."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [plain(value) for value in node.value]
    return node.value.isoformat() if isinstance(node.value, date) else node.value


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word somebody probably meant, if one is near enough."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return near[0] if near else None


class Fields:
    """One mapping read key by key; every wrong, missing or unknown key is noted on the sheet.

    A getter returns a harmless stand-in after noting a fault, so that one reading finds them all;
    the caller must not use what it built when the sheet has problems.
    """

    def __init__(self, node: Node, *, sheet: Sheet, what: str) -> None:
        self.sheet = sheet
        self.line = node.line
        self.what = what
        self._asked: set[str] = set()
        self._nodes: dict[str, Node] = {}
        self._is_mapping = isinstance(node.value, dict)
        if isinstance(node.value, dict):
            self._nodes = node.value
        else:
            sheet.fault(node.line, f"{what}应写成“键: 值”的形式", "检查冒号是否半角、后面是否有空格")

    def fault(self, key: str, what: str, fix: str = "") -> None:
        """Note a fault on the line of a key (or of the mapping when the key is missing)."""
        self.sheet.fault(self.line_of(key), what, fix)

    def line_of(self, key: str) -> int:
        """The line a key's value starts on."""
        return self._nodes[key].line if key in self._nodes else self.line

    def has(self, key: str) -> bool:
        """Whether the key is written and is not null."""
        self._asked.add(key)
        return key in self._nodes and self._nodes[key].value is not None

    def node(self, key: str) -> Node | None:
        """The raw node of a required key."""
        self._asked.add(key)
        if key not in self._nodes:
            if self._is_mapping:
                self.sheet.fault(self.line, f"{self.what}缺少“{key}”", f"补上“{key}: …”")
            return None
        return self._nodes[key]

    def _found(self, key: str, wanted: type[T], name: str) -> T | None:
        """The value of a key, or None after noting why there is none."""
        node = self.node(key)
        if node is None:
            return None
        # bool is a subclass of int in Python; in a policy file they are strangers.
        if not isinstance(node.value, wanted) or (isinstance(node.value, bool) and wanted is not bool):
            self.sheet.fault(node.line, f"“{key}”应是{name}", f"改成{name}")
            return None
        return node.value

    def _get(self, key: str, wanted: type[T], name: str, stand_in: T) -> T:
        value = self._found(key, wanted, name)
        return stand_in if value is None else value

    def _written(self, key: str) -> str | None:
        """A text that is not empty, or None after noting why there is none."""
        value = self._found(key, str, "文字")
        if value is not None and not value.strip():
            self.fault(key, f"“{key}”是空的", "写上内容")
            return None
        return None if value is None else value.strip()

    def text(self, key: str) -> str:
        """A text that is not empty."""
        return self._written(key) or "?"

    def text_or_none(self, key: str) -> str | None:
        """A text, or None when the key is absent or null."""
        return self.text(key) if self.has(key) else None

    def number(self, key: str) -> int:
        """A whole number."""
        return self._get(key, int, "整数", 0)

    def truth(self, key: str) -> bool:
        """true or false."""
        return self._get(key, bool, " true 或 false", stand_in=False)

    def day(self, key: str) -> date:
        """An ISO date."""
        return self._get(key, date, "日期（如 2024-10-01，不加引号）", date(2000, 1, 1))

    def day_or_none(self, key: str) -> date | None:
        """An ISO date, or None when the key is absent or null."""
        return self.day(key) if self.has(key) else None

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """A text out of a closed list."""
        value = self._written(key)
        if value is not None and value not in allowed:
            guess = closest(value, allowed)
            fix = f"改成 {guess}" if guess else f"从这些里选一个：{'、'.join(allowed)}"
            self.fault(key, f"“{key}”不能是“{value}”", fix)
        return value or "?"

    def matching(self, key: str, pattern: re.Pattern[str], example: str) -> str:
        """A text of a fixed form."""
        value = self._written(key)
        if value is not None and not pattern.fullmatch(value):
            self.fault(key, f"“{key}”的写法不对", f"写成 {example} 这样")
        return value or "?"

    def items(self, key: str, *, required: bool = True) -> list[Node]:
        """A list of nodes; at least one when required."""
        if not required and not self.has(key):
            return []
        value: list[Node] = self._get(key, list, "列表（每行以“- ”开头）", [])
        if required and not value and key in self._nodes and self._nodes[key].value == []:
            self.fault(key, f"“{key}”是空的", "至少写一条")
        return value

    def texts(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        """A list of texts without repetition."""
        found: list[str] = []
        for node in self.items(key, required=required):
            if not isinstance(node.value, str) or not node.value.strip():
                self.sheet.fault(node.line, f"“{key}”里应是文字", "改成文字")
            elif node.value in found:
                self.sheet.fault(node.line, f"“{node.value}”重复", "删去一个")
            else:
                found.append(node.value)
        return tuple(found)

    def maps(self, key: str, what: str, *, required: bool = True) -> "list[Fields]":
        """A list of mappings."""
        nodes = self.items(key, required=required)
        return [Fields(node, sheet=self.sheet, what=what) for node in nodes]

    def map(self, key: str, what: str) -> "Fields":
        """One required mapping."""
        node = self.node(key) or Node({}, self.line)
        return Fields(node, sheet=self.sheet, what=what)

    def keys(self) -> list[str]:
        """All keys as written."""
        return list(self._nodes)

    def each(self, read: Callable[[str, Node], T]) -> list[T]:
        """Read every key of an open mapping (names are data, not a closed list)."""
        self._asked.update(self._nodes)
        return [read(key, node) for key, node in self._nodes.items()]

    def done(self) -> None:
        """Note every key nobody asked for."""
        for key in self._nodes.keys() - self._asked:
            guess = closest(key, self._asked)
            fix = f"看看是否想写 {guess}" if guess else "删去它"
            self.fault(key, f"{self.what}里没有“{key}”这个键", fix)
