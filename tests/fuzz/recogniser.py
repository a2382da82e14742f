"""The grammar of conditions once more, straight from `policy/README.md`: a second opinion on the parser.

    either := both (OR both)*            leaf := fact                         (yes or no)
    both   := part (AND part)*                 | fact op constant
    part   := NOT part | ( either ) | leaf     | fact [NOT] IN ( constant (, constant)* )
                                               | fact [NOT] BETWEEN constant AND constant
                                               | fact IS [NOT] NULL

Letters are read one by one and words by recursive descent; neither sqlglot nor any regular expression is
asked. What is recognised is returned as plain tuples, with chains of one connector flattened, so that it can
be compared with what the parser read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from rongjun.rules.tree import (
    All,
    Compare,
    Condition,
    Constant,
    Either,
    Holds,
    Leaf,
    Missing,
    Not,
    OneOf,
    Region,
)
from rongjun.rules.vocabulary import Fact

MOST_CHARACTERS = 4000
MOST_WORDS = 800
DEEPEST = 12
MOST_LISTED = 60
LONGEST_NUMBER = 12

KEYWORDS = {"AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL"}
CHINESE = {"且": "AND", "或": "OR", "非": "NOT"}
ONE_SIGN = {"≥": ">=", "≤": "<=", "≠": "<>", "、": ","}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
DIGITS = "0123456789"
ORDERED = {"int", "date", "age", "years_since", "months_since", "days_since"}

Tree = tuple[object, ...]


class RefusedError(Exception):
    """The text is not in the grammar."""


@dataclass(frozen=True)
class Word:
    """A keyword, a sign, a name, a whole number or a quoted text."""

    kind: str
    text: str


def read(text: str, facts: Mapping[str, Fact], regions: Mapping[str, Region]) -> Tree:
    """The condition as tuples; raise `RefusedError` when the text is not one."""
    if len(text) > MOST_CHARACTERS:
        raise RefusedError("long")
    words = cut(text)
    if not words or len(words) > MOST_WORDS:
        raise RefusedError("words")
    check_depth(words)
    reader = Reader([*words, Word("end", "")], facts, regions)
    tree = reader.either()
    reader.need("end")
    return tree


def half(letter: str) -> str:
    """A full-width letter as its half-width twin, a Chinese quote as a quote."""
    if "！" <= letter <= "～":
        return chr(ord(letter) - 0xFEE0)
    return {"　": " ", "‘": "'", "’": "'", "“": "'", "”": "'"}.get(letter, letter)


def cut(text: str) -> list[Word]:
    """The words of a text."""
    letters = [half(letter) for letter in text]
    words = []
    at = 0
    while at < len(letters):
        if letters[at].isspace():
            at += 1
            continue
        word, at = next_word(letters, at)
        words.append(word)
    return words


def next_word(letters: list[str], at: int) -> tuple[Word, int]:
    first = letters[at]
    if first == "'":
        return quoted(letters, at + 1)
    if first in CHINESE:
        return Word("keyword", CHINESE[first]), at + 1
    if first in ONE_SIGN:
        return Word("sign", ONE_SIGN[first]), at + 1
    if first in LETTERS or first in DIGITS:
        end = at
        while end < len(letters) and letters[end] not in CHINESE and is_word_letter(letters[end]):
            end += 1
        return named("".join(letters[at:end])), end
    pair = first + "".join(letters[at + 1 : at + 2])
    if pair in {"<=", ">=", "<>"}:
        return Word("sign", pair), at + 2
    if first in "=<>(),":
        return Word("sign", first), at + 1
    raise RefusedError(f"sign {first!r}")


def is_word_letter(letter: str) -> bool:
    # A letter of another script is part of the word it touches, and spoils it.
    return letter == "_" or letter.isalnum()


def named(text: str) -> Word:
    if text.upper() in KEYWORDS and text.isascii():
        return Word("keyword", text.upper())
    if all(letter in DIGITS for letter in text):
        if len(text) > LONGEST_NUMBER or (text[0] == "0" and text != "0"):
            raise RefusedError("number")
        return Word("number", text)
    if text[0] in DIGITS or not text.isascii():
        raise RefusedError("name")
    return Word("name", text)


def quoted(letters: list[str], at: int) -> tuple[Word, int]:
    """The text up to the closing quote; two quotes in a row are one quote of the text."""
    found = ""
    while at < len(letters):
        if letters[at] != "'":
            found += letters[at]
            at += 1
        elif letters[at + 1 : at + 2] == ["'"]:
            found += "'"
            at += 2
        else:
            if not found.isprintable():
                raise RefusedError("unseen")
            return Word("text", found), at + 1
    raise RefusedError("open quote")


def check_depth(words: list[Word]) -> None:
    """Open brackets and the NOTs right before a word together make the depth."""
    depth = nots = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word.text, 0) if word.kind == "sign" else 0
        nots = nots + 1 if word == Word("keyword", "NOT") else 0
        if depth < 0 or depth + nots > DEEPEST:
            raise RefusedError("depth")


class Reader:
    """Recursive descent, one method a rule of the grammar."""

    def __init__(self, words: list[Word], facts: Mapping[str, Fact], regions: Mapping[str, Region]) -> None:
        self.words = words
        self.facts = facts
        self.regions = regions
        self.at = 0

    @property
    def here(self) -> Word:
        return self.words[self.at]

    def take(self, kind: str, text: str = "") -> bool:
        if self.here == Word(kind, text):
            self.at += 1
            return True
        return False

    def need(self, kind: str, text: str = "") -> None:
        if not self.take(kind, text):
            raise RefusedError(f"wanted {text or kind}, found {self.here.text!r}")

    def either(self) -> Tree:
        return self.chain("OR", "or", self.both)

    def both(self) -> Tree:
        return self.chain("AND", "and", self.part)

    def chain(self, word: str, name: str, part: Callable[[], Tree]) -> Tree:
        parts = [part()]
        while self.take("keyword", word):
            parts.append(part())
        return joined(name, parts)

    def part(self) -> Tree:
        if self.take("keyword", "NOT"):
            return denied(self.part())
        if self.take("sign", "("):
            tree = self.either()
            self.need("sign", ")")
            return tree
        return self.leaf()

    def leaf(self) -> Tree:
        fact = self.facts.get(self.here.text) if self.here.kind == "name" else None
        if fact is None:
            raise RefusedError("fact")
        self.at += 1
        if self.take("keyword", "IS"):
            return self.missing(fact)
        if fact.kind == "bool":
            return ("holds", fact.name)
        if self.here.kind == "sign" and self.here.text in {"=", "<>", "<", "<=", ">", ">="}:
            return self.comparison(fact)
        return self.ranged(fact)

    def missing(self, fact: Fact) -> Tree:
        negated = self.take("keyword", "NOT")
        self.need("keyword", "NULL")
        if fact.derived_text or fact.absent is not None:
            raise RefusedError("never unknown")
        return ("missing", fact.name, negated)

    def comparison(self, fact: Fact) -> Tree:
        op = self.here.text
        self.at += 1
        if op not in {"=", "<>"} and fact.kind not in ORDERED:
            raise RefusedError("order")
        return ("compare", fact.name, op, self.constant(fact))

    def ranged(self, fact: Fact) -> Tree:
        negated = self.take("keyword", "NOT")
        if self.take("keyword", "IN"):
            return ("in", fact.name, self.listed(fact), negated)
        self.need("keyword", "BETWEEN")
        if fact.kind not in ORDERED:
            raise RefusedError("order")
        low = self.constant(fact)
        self.need("keyword", "AND")
        high = self.constant(fact)
        if low > high:  # type: ignore[operator]
            raise RefusedError("ends")
        return ("between", fact.name, low, high, negated)

    def listed(self, fact: Fact) -> tuple[object, ...]:
        self.need("sign", "(")
        found = [self.constant(fact)]
        while self.take("sign", ","):
            found.append(self.constant(fact))
        self.need("sign", ")")
        if len(set(found)) < len(found) or len(found) > MOST_LISTED:
            raise RefusedError("list")
        return tuple(found)

    def constant(self, fact: Fact) -> object:
        word = self.here
        self.at += 1
        value = constant_of(word, fact, self.regions)
        if value is None:
            raise RefusedError("constant")
        return value


def constant_of(word: Word, fact: Fact, regions: Mapping[str, Region]) -> object:
    if fact.kind == "division":
        region = regions.get(word.text) if word.kind == "name" else None
        return region.code if region and region.level == fact.level else None
    if fact.kind in {"enum", "text"}:
        fits = word.text in fact.values if fact.kind == "enum" else bool(word.text)
        return word.text if word.kind == "text" and fits else None
    if fact.kind == "date":
        return day_of(word.text) if word.kind == "text" else None
    number = int(word.text) if word.kind == "number" else None
    return number if number is not None and fact.lowest <= number <= fact.highest else None


def day_of(text: str) -> date | None:
    parts = text.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or any(c not in DIGITS for part in parts for c in part):
        return None
    try:
        return date(*map(int, parts))
    except ValueError:
        return None


def joined(name: str, parts: list[Tree]) -> Tree:
    flat = [inner for part in parts for inner in (part[1:] if part[0] == name else (part,))]
    return parts[0] if len(parts) == 1 else (name, *flat)


def denied(part: Tree) -> Tree:
    """NOT before IN, BETWEEN or IS is their own NOT; two in a row are none."""
    if part[0] == "not":
        return part[1]  # type: ignore[return-value]
    return (*part[:-1], not part[-1]) if part[0] in {"in", "between", "missing"} else ("not", part)


def as_tuples(condition: Condition) -> Tree:
    """What the parser read, in the same shape."""
    if isinstance(condition, Not):
        return denied(as_tuples(condition.part))
    if isinstance(condition, All | Either):
        return joined("and" if isinstance(condition, All) else "or", list(map(as_tuples, condition.parts)))
    return leaf_as_tuple(condition)


def leaf_as_tuple(condition: Leaf) -> Tree:
    if isinstance(condition, Holds):
        return ("holds", condition.fact)
    if isinstance(condition, Missing):
        return ("missing", condition.fact, condition.negated)
    if isinstance(condition, Compare):
        return ("compare", condition.fact, condition.op, plain(condition.value))
    if isinstance(condition, OneOf):
        return ("in", condition.fact, tuple(map(plain, condition.values)), condition.negated)
    return ("between", condition.fact, plain(condition.low), plain(condition.high), condition.negated)


def plain(value: Constant) -> object:
    return value.code if isinstance(value, Region) else value
