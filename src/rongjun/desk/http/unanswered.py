"""差的情况: what nobody has answered of the people in scope, to be asked and answered line by line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, Actor, Scope, scope_of, staff
from rongjun.benefits import api as benefits
from rongjun.desk.http.people import take_answer
from rongjun.desk.http.shared import hidden_from, note_listed, options, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import Book
from rongjun.ui.api import address, page_asked, pager_of

COUNTY, TOWN = 10**6, 10**3
MOST_PEOPLE = 20_000  # of more, a division is chosen first: nobody works off a list of a whole city


@staff("registry.state-fact")
@require_safe
def unanswered(request: ActingRequest) -> HttpResponse:
    """The questions of one's people, what most hangs on first; of a larger scope, where they are."""
    kept, within = benefits.kept_sweep(), _within(request)
    if kept is None:
        return render(request, "desk/unanswered.html", {"moment": None})
    hidden = hidden_from(request.actor)
    found = benefits.open_places(kept, within=within, without=hidden)
    context = {
        "moment": timezone.localtime(kept.known_at),
        "place": _place_words(request, within),
        "back": reverse("desk:unanswered") if within != request.actor.scope else "",
    }
    if sum(each.people for each in found) > MOST_PEOPLE:
        return render(request, "desk/unanswered.html", context | _places(request, found, within))
    return render(request, "desk/unanswered.html", context | _lines(request, kept, within, hidden))


@require_POST
@staff("registry.state-fact")
def answer_here(request: ActingRequest, person: UUID) -> HttpResponse:
    """Takes the answer to one line; the list comes again without it."""
    try:
        label, name = take_answer(request, person)
    except Refused as refused:
        return refused_page(request, refused)
    said = _("记下了 %(name)s 的“%(label)s”。") % {"name": name, "label": label}
    messages.success(request, said)
    return redirect(reverse("desk:unanswered") + address(**_kept(request)))


def waiting_here(actor: Actor) -> int | None:
    """How many questions are open in the actor's scope; None before the first sweep."""
    kept = benefits.kept_sweep()
    if kept is None:
        return None
    hidden = hidden_from(actor)
    found = benefits.open_places(kept, within=actor.scope, without=hidden)
    if sum(each.people for each in found) > MOST_PEOPLE:
        return sum(each.questions for each in found)
    return benefits.open_questions(kept, within=actor.scope, without=hidden).total


# --- what was asked for -------------------------------------------------------------------------------------


def _within(request: ActingRequest) -> Scope:
    """The division asked for, or all of the visitor's scope; 404 for what is none of theirs."""
    text = request.GET.get("within", "")
    if not text:
        return request.actor.scope
    if not (text.isdecimal() and text.isascii() and len(text) == 12):
        raise Http404
    if not request.actor.scope.contains(int(text)):
        raise Http404
    return scope_of(int(text))


def _kept(request: ActingRequest) -> dict[str, str]:
    """The filters the list was seen by."""
    return {name: request.GET[name] for name in ("within", "fact", "page") if request.GET.get(name)}


def _place_words(request: ActingRequest, within: Scope) -> str:
    if within == request.actor.scope:
        return request.actor.division_label
    return places.paths_of([within.lo], on=today_of(request))[within.lo]


# --- where it is open ---------------------------------------------------------------------------------------


def _places(request: ActingRequest, found: Sequence[benefits.OpenPlace], within: Scope) -> dict[str, Any]:
    step = COUNTY if within.hi - within.lo >= COUNTY else TOWN
    people: dict[int, int] = {}
    questions: dict[int, int] = {}
    for each in found:
        where = each.division // step * step
        people[where] = people.get(where, 0) + each.people
        questions[where] = questions.get(where, 0) + each.questions
    names = places.paths_of(people, on=today_of(request))
    rows = [
        {
            "cells": [
                {"text": names[where], "url": address(within=where)},
                f"{people[where]:,}",
                f"{questions[where]:,}",
            ]
        }
        for where in sorted(people, key=lambda code: (-questions[code], code))
    ]
    columns = [
        {"label": _("区划"), "short": True},
        {"label": _("人数"), "number": True},
        {"label": _("差的情况"), "number": True},
    ]
    return {"columns": columns, "places": rows, "total": f"{sum(questions.values()):,}"}


# --- the questions ------------------------------------------------------------------------------------------


def _lines(
    request: ActingRequest, kept: benefits.KeptSweep, within: Scope, hidden: frozenset[str]
) -> dict[str, Any]:
    book, number = benefits.book(), page_asked(request)
    asked = request.GET.get("fact", "")
    fact = asked if asked in book.vocabulary.facts and asked not in hidden else ""
    found = benefits.open_questions(
        kept,
        within=within,
        without=hidden,
        fact=fact,
        first=(number - 1) * registry.PAGE,
        limit=registry.PAGE,
    )
    people = _people(request, {UUID(line.person) for line in found.lines})
    facts = book.vocabulary.facts
    shown = [line for line in found.lines if UUID(line.person) in people and line.fact in facts]
    paths = places.paths_of({each.division for each in people.values()}, on=today_of(request))
    given = {name: value for name, value in _kept(request).items() if name != "page"}
    return {
        "rows": [_row(line, people[UUID(line.person)], paths, book, request) for line in shown],
        "total": f"{found.total:,}",
        "gone": len(found.lines) - len(shown),
        "facts": _fact_options(found.facts, fact, book),
        "within": request.GET.get("within", ""),
        "pager": pager_of(number, found.total, most=registry.PAGE, **given),
    }


def _people(request: ActingRequest, ids: Collection[UUID]) -> dict[UUID, registry.PersonLine]:
    """The people of a page; that they were listed is logged."""
    lines = registry.lines_of(ids, on=today_of(request), known_at=request.now)
    note_listed(request, [line.id for line in lines], purpose="查看差的情况")
    return {line.id: line for line in lines}


def _row(
    line: benefits.OpenFact,
    person: registry.PersonLine,
    paths: Mapping[int, str],
    book: Book,
    request: ActingRequest,
) -> dict[str, Any]:
    url = reverse("desk:answer-here", args=[person.id]) + address(**_kept(request))
    asking = benefits.Asking(book, registry.STATED, url, today_of(request))
    fact = book.vocabulary.facts[line.fact]
    question = None if person.restricted else asking.question(line.fact, fact.question)
    return {
        "name": person.name,
        "url": reverse("desk:person", args=[person.id]) + address(show="unknown"),
        "place": paths[person.division],
        "restricted": person.restricted,
        "question": question and {**question, "waiting": line.hanging},
        "known_by": fact.known_by,
    }


def _fact_options(counted: Mapping[str, int], chosen: str, book: Book) -> list[dict[str, Any]]:
    facts = book.vocabulary.facts
    words = {name: f"{facts[name].label} {count:,}" for name, count in counted.items() if name in facts}
    return options(words, chosen, everything=_("全部情况"))
