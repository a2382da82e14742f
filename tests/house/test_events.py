"""Every event of the evidence chain has words of its own: an auditor reads a list of what people did."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from rongjun.audit.logic import is_read
from rongjun.desk.events import event_in_words, has_words
from tests.house.tree import code_files, syntax_of

EVENT = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*-?")


def _texts(value: ast.expr) -> Iterator[str]:
    for each in ast.walk(value):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and EVENT.fullmatch(each.value):
            yield each.value


def noted() -> set[str]:
    """Every event code handed to something that notes; one put together from parts ends with its dash."""
    found: set[str] = set()
    for path in code_files(tests=False):
        for call in ast.walk(syntax_of(path)):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            told = [each.value for each in call.keywords if each.arg == "event"]
            if re.fullmatch(r"_?note(_\w+)?", name):
                told += call.args[:1]
            found |= {text for value in told for text in _texts(value)}
    return found


def test_every_event_that_is_noted_has_words_of_its_own() -> None:
    events = noted()
    assert len(events) > 150
    assert sorted(event for event in events if not has_words(event)) == []


def test_an_event_without_words_is_told_by_its_part_of_the_house() -> None:
    assert event_in_words("registry.never-heard-of") == "档案"
    assert not has_words("registry.never-heard-of")
    assert not has_words("registry.never-")


def test_what_is_noted_as_a_read_reads_like_one() -> None:
    """`audit.note_read` refuses any other event, and a page would answer with an error of ours."""
    reads = {
        text
        for path in code_files(tests=False)
        for call in ast.walk(syntax_of(path))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) == "note_read"
        for each in call.keywords
        if each.arg == "event"
        for text in _texts(each.value)
    }
    assert len(reads) > 10
    assert sorted(event for event in reads if not is_read(event)) == []
