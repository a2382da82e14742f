"""The two wires of the house: facts asked by name, outcomes called by name.

A fact is asked of whoever owns it through `rules.asking`, an outcome is called through `kernel.outcomes`;
nobody imports upstairs to answer or to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rongjun.cards.facts import SOURCE as CARDS
from rongjun.notices import api as notices
from rongjun.registry.facts import SOURCE as REGISTRY
from rongjun.rules.asking import FactSource

FACT_SOURCES: tuple[FactSource, ...] = (REGISTRY, CARDS)
OUTCOMES: Mapping[str, Callable[..., None]] = {
    "registry.mandate-changed": notices.tell_mandate_changed,
    "registry.request-answered": notices.tell_request_answered,
}
