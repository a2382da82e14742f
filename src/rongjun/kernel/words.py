"""Words for people, in code that knows no framework: Chinese here, translated where a page shows them.

`tools/words.py` finds them for the catalogue; `rongjun.ui.words.shown` translates them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Table = TypeVar("Table")


class Said(str):
    """A Chinese sentence that remembers what it was made of; kept or joined, it is plain Chinese."""

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]


class Listed(str):
    """Several words in a row, which remembers them."""

    __slots__ = ("parts",)
    parts: tuple[object, ...]


def translatable(table: Table) -> Table:
    """Marks the Chinese in a word or a table of words for the catalogue; changes nothing."""
    return table


def said(template: str, /, **values: object) -> Said:
    """The sentence with its values filled in; `{name}` stands for a value."""
    sentence = Said(template.format(**values))
    sentence.template, sentence.values = template, values
    return sentence


def listed(words: Iterable[object]) -> Listed:
    """The words as an enumeration."""
    parts = tuple(words)
    row = Listed("、".join(map(str, parts)))
    row.parts = parts
    return row
