"""Every outcome that is called is wired, and every wired one is called."""

from __future__ import annotations

import ast

import pytest

from rongjun.config.wiring import OUTCOMES
from rongjun.kernel import outcomes
from tests.house.tree import code_files, syntax_of


def called() -> set[str]:
    """The names handed to `outcomes.call` anywhere."""
    found = set()
    for path in code_files(tests=False):
        for node in ast.walk(syntax_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "outcomes.call":
                name = node.args[0]
                assert isinstance(name, ast.Constant), f"{path}:{node.lineno} hides its name from a reader"
                found.add(str(name.value))
    return found


def test_what_is_called_is_wired_and_what_is_wired_is_called() -> None:
    assert called() == set(OUTCOMES)


def test_a_name_nobody_is_wired_to_is_a_loud_mistake() -> None:
    with pytest.raises(AssertionError, match="config/wiring"):
        outcomes.call("nobody.knows")
