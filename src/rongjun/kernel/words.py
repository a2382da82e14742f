"""Words for people, in code that knows no framework: Chinese here, translated where a page shows them.

`tools/words.py` finds them for the catalogue; `rongjun.ui.words.shown` translates them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

Table = TypeVar("Table")
# The type of a table of words: its Chinese goes into the catalogue.
Words = Annotated[Table, "words"]


class Worded(str):
    """A Chinese sentence that remembers what it was made of; kept or joined, it is plain Chinese."""

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]


class Listed(str):
    """Several words in a row, which remembers them."""

    __slots__ = ("between", "parts")
    between: str
    parts: tuple[object, ...]


def translatable(table: Table) -> Table:
    """Marks a word inside an expression for the catalogue, as `Words` marks a table; changes nothing."""
    return table


def worded(template: str, /, **values: object) -> Worded:
    """The sentence with its values filled in; `{name}` stands for a value."""
    sentence = Worded(template.format(**values))
    sentence.template, sentence.values = template, values
    return sentence


# What stands between words in a row.
MARKS: Words[tuple[str, ...]] = ("、", "，", "；")


def listed(words: Iterable[object], between: str = "、") -> Listed:
    """The words in a row, with one of `MARKS` between them; empty ones are left out."""
    assert between in MARKS
    parts = tuple(filter(None, words))
    row = Listed(between.join(map(str, parts)))
    row.between, row.parts = between, parts
    return row
