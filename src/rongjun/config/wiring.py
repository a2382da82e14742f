"""The two wires of the house: facts asked by name, outcomes called by name.

A fact is asked of whoever owns it through `rules.asking`; nobody imports upstairs to answer.
No outcome is called yet: the first comes with the first action that has a consequence in another app.
"""

from __future__ import annotations

from rongjun.cards.facts import SOURCE as CARDS
from rongjun.registry.facts import SOURCE as REGISTRY
from rongjun.rules.asking import FactSource

FACT_SOURCES: tuple[FactSource, ...] = (REGISTRY, CARDS)
