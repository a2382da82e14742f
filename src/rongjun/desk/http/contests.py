"""这条不对: a fact on a person's card is contested, or answered anew where it rests on an answer alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rongjun.access.api import ActingRequest, staff
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.desk.cards import rests_on
from rongjun.desk.http.shared import asked_day, hidden_from, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.rules.api import Book, Fact
from rongjun.ui.api import Sentence, address, sentence

_KEPT = ("on", "show", "area", "q")  # what the file was seen by


@staff("registry.handle-rights")
@require_http_methods(["GET", "HEAD", "POST"])
def contest(request: ActingRequest, person: UUID, fact: str) -> HttpResponse:
    """What the file says of one fact, and the form that contests it (POST). Opening it is logged."""
    book = benefits.book()
    head = registry.head_of(person, known_at=request.now)
    asked = book.vocabulary.facts.get(fact)
    if head is None or asked is None or _is_hidden(request, asked, book):
        raise Http404
    if head.restricted:
        return refused_page(request, Refused("registry.restricted"))
    if request.method == "POST":
        try:
            return _contested(request, head, asked)
        except Refused as refused:
            return _page(request, head, asked, book, refusal=sentence(refused), status=422)
    return _page(request, head, asked, book)


def _is_hidden(request: ActingRequest, asked: Fact, book: Book) -> bool:
    return not hidden_from(request.actor).isdisjoint(rests_on(asked.name, book))


def _contested(request: ActingRequest, head: registry.FileHead, asked: Fact) -> HttpResponse:
    said = {name: request.POST.get(name, "") for name in ("wrong", "said_by", "proof")}
    registry.contest_fact(
        head.id,
        fact=asked.name,
        on=_day(request),
        days=settings.RIGHTS_DAYS,
        by=request.actor,
        now=request.now,
        today=today_of(request),
        **said,
    )
    words = _("记下了：“%(label)s”有异议，%(days)s 天内答复。待办在“行权申请”里。")
    messages.success(request, words % {"label": asked.label, "days": settings.RIGHTS_DAYS})
    return redirect(reverse("desk:person", args=[head.id]) + _filters(request))


def _day(request: ActingRequest) -> date:
    return asked_day(request.GET.get("on", "")) or today_of(request)


def _filters(request: ActingRequest) -> str:
    given = {name: request.GET[name] for name in _KEPT if request.GET.get(name, "").strip()}
    return address(**given) if given else ""


# --- the page -----------------------------------------------------------------------------------------------


def _page(
    request: ActingRequest,
    head: registry.FileHead,
    asked: Fact,
    book: Book,
    *,
    refusal: Sentence | None = None,
    status: int = 200,
) -> HttpResponse:
    on, now = _day(request), request.now
    audit.note_read(
        f"person:{head.id}",
        event="registry.person-read",
        by=request.actor.text,
        role=request.actor.role,
        purpose="核对一条情况",
        source=request.path,
        division=head.division,
        at=now,
    )
    own = benefits.facts_of(head.id, on=on, known_at=now, by_book=book)
    told = [own, *benefits.relations_of(head.id, on=on, known_at=now, by_book=book)]
    names = rests_on(asked.name, book)
    context = {
        "id": head.id,
        "name": head.name,
        "filters": _filters(request),
        "on": on,
        "label": asked.label,
        "facts": [
            {
                "label": book.vocabulary[name].label,
                "shown": "、".join(_shown(book.vocabulary[name], told, book)) or _("没有登记"),
                "url": reverse("desk:contest", args=[head.id, name]) + _filters(request),
            }
            for name in names
        ],
        "is_one": names == (asked.name,),
        "waits": registry.contests_of(head.id, today=today_of(request)).get(asked.name),
        "question": _question(request, head, asked, book),
        "speakers": registry.SAID_BY,
        "given": request.POST,
        "days": settings.RIGHTS_DAYS,
        "refusal": refusal,
        "may_propose": request.actor.may("registry.propose"),
    }
    return render(request, "desk/contest.html", context, status=status)


def _shown(fact: Fact, told: list[Mapping[str, Any]], book: Book) -> Iterator[str]:
    """What the person's own facts or those of each relation say."""
    for said in told:
        if said.get(fact.name) is not None:
            yield fact.show(said[fact.name], regions=book.regions)


def _question(
    request: ActingRequest, head: registry.FileHead, asked: Fact, book: Book
) -> Mapping[str, Any] | None:
    """The question a circumstance was answered to, to be answered anew; None where a record says it."""
    today, now = today_of(request), request.now
    if not request.actor.may("registry.state-fact"):
        return None
    answered = registry.answered(head.id, on=today, known_at=now)
    url = reverse("desk:answer", args=[head.id]) + _filters(request)
    asking = benefits.Asking(book, answered, url, today)
    return asking.question(asked.name, asked.question) if asking.can_ask(asked.name) else None
