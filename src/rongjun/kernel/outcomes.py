"""Outcomes called by name: whoever decides need not know which app draws a consequence from it.

`config/wiring.py` connects them once; this module only keeps who is called. An outcome runs in the caller's
transaction: when it fails, nothing was decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

_outcomes: dict[str, Callable[..., None]] = {}


def connect(outcomes: Mapping[str, Callable[..., None]]) -> None:
    """Say who is called."""
    _outcomes.clear()
    _outcomes.update(outcomes)


def call(name: str, /, **values: object) -> None:
    """Call an outcome. A name nobody is wired to is a mistake in the wiring."""
    assert name in _outcomes, f"no outcome {name!r} in config/wiring.py"
    _outcomes[name](**values)
