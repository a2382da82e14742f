"""Refusals in words: the code is for machines, the four sentences stand in `contracts/errors.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings

from rongjun.kernel.errors import Refused
from rongjun.kernel.words import worded


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, why, what to do, whom to ask: always these four, in this order."""

    what: str
    why: str
    todo: str
    who: str

    @property
    def text(self) -> str:
        """One line, for a terminal."""
        return f"{self.what}{self.why}{self.todo}"


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Every code with its sentences, as written."""
    written: dict[str, dict[str, str]] = yaml.safe_load(
        (Path(settings.CONTRACTS_ROOT) / "errors.yaml").read_text()
    )
    return written


def sentence(refused: Refused) -> Sentence:
    """The words for a refusal. A code nobody wrote words for is our mistake, and loud."""
    written = sentences()[refused.code]
    return Sentence(
        **{part: worded(written[part], **refused.params) for part in ("what", "why", "todo", "who")}
    )
