"""The rules of topping up of the city served here."""

from __future__ import annotations

from functools import cache

import yaml
from django.conf import settings

from rongjun.benefits.logic.top_ups import TopUpRule, read_rules


@cache
def top_up_rules() -> tuple[TopUpRule, ...]:
    """What the city's `top-ups.yaml` says; none for a city that has no such file. Raises Unfit."""
    file = settings.POLICY_ROOT / "cities" / settings.CITY / "top-ups.yaml"
    return read_rules(yaml.safe_load(file.read_text("utf-8"))) if file.is_file() else ()
