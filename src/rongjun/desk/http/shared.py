"""What several views of the workbench do alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from rongjun.access.api import ActingRequest, Actor
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.ui.api import sentence


def today_of(request: ActingRequest) -> date:
    """The day it is where the city is."""
    return timezone.localtime(request.now).date()


def asked_day(text: str) -> date | None:
    """The day somebody asked about; None for what is no day one could mean."""
    try:
        asked = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return None
    return asked if asked.year >= 1950 else None


def hidden_from(actor: Actor) -> frozenset[str]:
    """The facts this actor may not learn of anybody."""
    return frozenset() if actor.may("registry.read-guarded") else registry.GUARDED


def options(
    words: Mapping[str, str] | Iterable[tuple[str, str]], chosen: str, *, everything: str
) -> list[dict[str, Any]]:
    """The choices of a filter, the first of which lets everything through."""
    pairs = words.items() if isinstance(words, Mapping) else words
    return [
        {"value": value, "label": label, "selected": value == chosen}
        for value, label in (("", everything), *pairs)
    ]


def refused_page(request: ActingRequest, refused: Refused) -> HttpResponse:
    """The four sentences of a refusal as a page."""
    return render(request, "desk/refused.html", {"refusal": sentence(refused)}, status=422)
