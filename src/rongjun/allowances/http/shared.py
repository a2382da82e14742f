"""What several pages of allowances do alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest
from rongjun.allowances.logic.months import read_month
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.money import Fen
from rongjun.registry import api as registry
from rongjun.ui.api import sentence

PAGE = 50


def today_of(request: ActingRequest) -> date:
    """The day it is where the city is."""
    return timezone.localtime(request.now).date()


def acting(request: ActingRequest) -> dict[str, Any]:
    """Who does it, and when."""
    return {"by": request.actor, "now": request.now}


def day_of(text: str) -> date:
    """A day as a form sends it. Refused("allowances.month-missing")."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        raise Refused("allowances.month-missing") from None


def month_asked(text: str) -> int:
    """A month as a form sends it. Refused("allowances.month-missing")."""
    try:
        return read_month(text)
    except ValueError:
        raise Refused("allowances.month-missing") from None


def fen_of(text: str) -> int:
    """An amount in yuan as fen; 0 for what is none, which every action refuses."""
    try:
        return int(Fen.from_text(text))
    except Unfit:
        return 0


def refused_page(request: ActingRequest, refused: Refused) -> HttpResponse:
    """The four sentences of a refusal as a page."""
    return render(request, "allowances/refused.html", {"refusal": sentence(refused)}, status=422)


def names_of(request: ActingRequest, people: Iterable[UUID], *, purpose: str) -> dict[UUID, str]:
    """The names of people a page lists; that they were read is noted."""
    return registry.names_shown(
        people,
        on=today_of(request),
        by=request.actor,
        purpose=purpose,
        source=request.path,
        now=request.now,
    )


def head_or_404(request: ActingRequest, person: UUID) -> registry.FileHead:
    """Whose file it is; 404 out of scope."""
    head = registry.head_of(person, known_at=request.now)
    if head is None:
        raise Http404
    return head


def choices(words: Mapping[str, str], chosen: str, *, everything: str) -> list[dict[str, Any]]:
    """The choices of a filter, the first of which lets everything through."""
    return [
        {"value": value, "label": label, "selected": value == chosen}
        for value, label in (("", everything), *words.items())
    ]


def heads(*told: str) -> list[dict[str, Any]]:
    """Columns; a word that ends in # has figures."""
    return [{"label": _(word).removesuffix("#"), "number": word.endswith("#")} for word in told]
