"""The kinds of card of the city served here."""

from __future__ import annotations

from functools import cache

import yaml
from django.conf import settings

from rongjun.cards.logic.kinds import CardBook, read_cards


@cache
def card_book() -> CardBook:
    """What the city's `cards.yaml` says. Raises Unfit."""
    file = settings.POLICY_ROOT / "cities" / settings.CITY / "cards.yaml"
    return read_cards(yaml.safe_load(file.read_text("utf-8")))
