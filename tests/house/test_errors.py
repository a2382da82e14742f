"""Every refusal has its four sentences, every sentence is used, and neither promises what the other lacks."""

from __future__ import annotations

import ast
import re
import string
from collections import defaultdict

import pytest
import yaml

from tests.house.tree import ROOT, calls_of, code_files, syntax_of

PARTS = ("what", "why", "todo", "who")
CODE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*")


def written() -> dict[str, dict[str, str]]:
    """The sentences as they stand in `contracts/errors.yaml`."""
    entries: dict[str, dict[str, str]] = yaml.safe_load(
        (ROOT / "contracts" / "errors.yaml").read_text("utf-8")
    )
    return entries


def raised() -> dict[str, list[tuple[str, set[str]]]]:
    """Every refusal the code knows: where it is raised and what it passes."""
    found: dict[str, list[tuple[str, set[str]]]] = defaultdict(list)
    for path in code_files(tests=False):
        for call in calls_of("Refused", syntax_of(path)):
            code = call.args[0] if call.args else None
            assert isinstance(code, ast.Constant), f"{path}:{call.lineno} hides its code from a reader"
            found[str(code.value)].append(
                (f"{path}:{call.lineno}", {word.arg or "**" for word in call.keywords})
            )
    return found


def named_in(entry: dict[str, str]) -> set[str]:
    """The placeholders of an entry's sentences."""
    return {name for part in entry.values() for _, name, _, _ in string.Formatter().parse(part) if name}


def test_every_refusal_has_its_sentences() -> None:
    entries = written()
    assert {code: places for code, places in raised().items() if code not in entries} == {}


def test_every_sentence_is_used() -> None:
    assert sorted(set(written()) - set(raised())) == []


def test_a_sentence_names_exactly_what_its_refusal_passes() -> None:
    entries = written()
    differing = [
        f"{place} passes {sorted(passed)}, {code} names {sorted(named_in(entries[code]))}"
        for code, places in raised().items()
        if code in entries
        for place, passed in places
        if passed != named_in(entries[code])
    ]
    assert differing == []


@pytest.mark.parametrize("code", sorted(written()))
def test_an_entry_says_what_happened_why_what_to_do_and_whom_to_ask(code: str) -> None:
    entry = written()[code]
    assert CODE.fullmatch(code)
    assert tuple(entry) == PARTS
    for part in ("what", "why", "todo"):
        assert entry[part].endswith("。")
        assert not entry[part].startswith((" ", "，", "。"))
    assert entry["who"]
    assert not entry["who"].endswith(("。", "，"))


def test_entries_stand_in_order() -> None:
    assert list(written()) == sorted(written())


def test_an_unfit_code_means_one_thing() -> None:
    # Two modules with one code would mean two things by it; one module may word it for two documents.
    homes: dict[str, set[str]] = defaultdict(set)
    for path in code_files(tests=False):
        for call in calls_of("Unfit", syntax_of(path)):
            code = ast.literal_eval(call.args[0])
            assert CODE.fullmatch(code), f"{path}:{call.lineno}"
            homes[code].add(str(path))
    assert len(homes) > 20
    assert {code: sorted(paths) for code, paths in homes.items() if len(paths) > 1} == {}


def test_a_sentence_written_out_ends_like_one() -> None:
    unfinished = []
    for path in code_files(tests=False):
        for call in calls_of("Unfit", syntax_of(path)):
            said = call.args[1]
            last = said.values[-1] if isinstance(said, ast.JoinedStr) else said
            if isinstance(last, ast.Constant) and not str(last.value).endswith("。"):
                unfinished.append(f"{path}:{call.lineno}")
    assert unfinished == []


def test_one_code_is_not_both_a_refusal_and_an_unfit_text() -> None:
    unfit = {
        ast.literal_eval(call.args[0])
        for path in code_files(tests=False)
        for call in calls_of("Unfit", syntax_of(path))
    }
    assert sorted(unfit & set(raised())) == []
