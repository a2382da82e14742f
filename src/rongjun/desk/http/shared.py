"""What several views of the workbench do alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest, Actor
from rongjun.benefits import api as benefits
from rongjun.desk.catalogue import nearest_version
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import translatable
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import Benefit, Book, facts_read
from rongjun.ui.api import address, sentence


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


def note_listed(request: ActingRequest, people: Iterable[UUID], *, purpose: str) -> None:
    """Whoever is named on this page has been read."""
    registry.note_people_listed(
        people, by=request.actor, purpose=purpose, source=request.path, now=request.now
    )


def people_page(
    request: ActingRequest, ids: Sequence[UUID], *, item: Benefit, word: str, purpose: str
) -> HttpResponse:
    """The people behind one figure of a benefit: the first page of them, logged like any list.

    To be on it would tell what the visitor may not learn of anybody: then the list is refused.
    """
    on, now, book = today_of(request), request.now, benefits.book()
    if not hidden_from(request.actor).isdisjoint(facts_read(book, codes=[item.code], on=on)):
        return refused_page(request, Refused("registry.guarded-people"))
    lines = registry.lines_of(ids[: registry.PAGE], on=on, known_at=now)
    note_listed(request, [line.id for line in lines], purpose=purpose)
    paths = places.paths_of({line.division for line in lines}, on=on)
    rows = [
        {
            "cells": [
                {"text": line.name, "url": reverse("desk:person", args=[line.id]) + address(q=item.title)},
                line.number_mask,
                paths[line.division],
            ]
        }
        for line in lines
    ]
    context = {
        "item": item,
        "word": word,
        "is_confirmed": book.is_confirmed(item, nearest_version(item, on=on)[0]),
        "rows": rows,
        "columns": [
            {"label": _(label), "short": True} for label in translatable(("姓名", "证件号码", "服务站"))
        ],
        "total": len(ids),
        "shown": len(lines),
    }
    return render(request, "desk/reached.html", context)


def edition_in_force(book: Book) -> dict[str, Any]:
    """Which book is in force, since when and by which document; where none was adopted, no edition."""
    newest = next(iter(benefits.editions()), None)
    is_it = newest is not None and newest.digest == book.digest
    return {"digest": book.digest[:12], "edition": newest if is_it else None, "book_title": book.title}


def refused_page(request: ActingRequest, refused: Refused) -> HttpResponse:
    """The four sentences of a refusal as a page."""
    return render(request, "desk/refused.html", {"refusal": sentence(refused)}, status=422)
