"""Pages of the feeds: what waits for a decision, both sides of one candidate, and deciding it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, listed
from rongjun.places import api as places
from rongjun.registry.actions.feeds import confirm_candidate, dismiss_candidate, report_sentence
from rongjun.registry.feed_lines import FEEDS, PENALTIES, change_in_words
from rongjun.registry.logic.telling import SEXES
from rongjun.registry.queries import PAGE
from rongjun.registry.queries import feeds as asked
from rongjun.registry.queries.feeds import Candidate, CandidateLine
from rongjun.registry.queries.person import county_named
from rongjun.ui.api import Sentence, page_asked, pager_of, sentence

STATES: Words[dict[str, tuple[str, str]]] = {
    "open": ("待认定", "warn"),
    "confirmed": ("已确认", "ok"),
    "dismissed": ("不是同一人", "pause"),
}
SURE, LIKELY = 90, 50
DECISIONS = {"confirm": confirm_candidate, "dismiss": dismiss_candidate}


@staff("registry.decide-feed")
@require_safe
def feeds(request: ActingRequest) -> HttpResponse:
    """Candidates that wait for a decision, by feed; the people shown are logged."""
    return _list_page(request)


@staff("registry.decide-feed")
@require_safe
def feed_candidate(request: ActingRequest, candidate: UUID) -> HttpResponse:
    """One candidate with both sides and what speaks for and against; the look is logged."""
    return _candidate_page(request, candidate)


@staff("registry.decide-feed")
@require_POST
def decide_feed(request: ActingRequest, candidate: UUID) -> HttpResponse:
    """Confirm or dismiss, with the reason."""
    decide = DECISIONS.get(request.POST.get("decision", ""))
    if decide is None:
        raise BadRequest("neither confirmed nor dismissed")
    try:
        decide(candidate, reason=request.POST.get("reason", ""), by=request.actor, now=request.now)
    except Refused as refused:
        return _candidate_page(request, candidate, refusal=sentence(refused), status=422)
    messages.success(request, _("记下了，证据链里有这一步。"))
    return redirect("registry:feeds")


@staff("registry.decide-feed")
@require_POST
def report_to_province(request: ActingRequest, sentence_id: int) -> HttpResponse:
    """Record the document by which a sentence was reported."""
    try:
        document = request.POST.get("document", "")
        report_sentence(sentence_id, document=document, by=request.actor, now=request.now)
    except Refused as refused:
        return _list_page(request, refusal=sentence(refused), status=422)
    return redirect("registry:feeds")


# --- the list -----------------------------------------------------------------------------------------------


def _list_page(request: ActingRequest, *, refusal: Sentence | None = None, status: int = 200) -> HttpResponse:
    feed = request.GET.get("feed", "")
    feed = feed if feed in FEEDS else ""
    number = page_asked(request)
    listed, total = asked.candidates(feed=feed, first=(number - 1) * PAGE, limit=PAGE)
    reports = asked.sentences_to_report()
    today = timezone.localtime(request.now).date()
    stations = places.paths_of({line.division for line in listed}, on=today)
    people = [str(line.person) for line in listed] + [str(row.person) for row in reports]
    _note(request, people, event="registry.people-listed", purpose="比对结果")
    return render(
        request,
        "registry/feeds.html",
        {
            "refusal": refusal,
            "tabs": _tabs(feed),
            "rows": [_row(line, station=stations[line.division]) for line in listed],
            "columns": [
                {"label": _("在册的人")},
                {"label": _("来文的人"), "short": True},
                {"label": _("会改什么")},
                {"label": _("把握"), "short": True},
                {"label": _("不符之处")},
            ],
            "reports": [
                {
                    "row": each,
                    "penalty": PENALTIES[each.penalty],
                    "url": reverse("desk:person", args=[each.person]),
                }
                for each in reports
            ],
            "total": total,
            "pager": pager_of(number, total, most=PAGE, feed=feed),
        },
        status=status,
    )


def _tabs(chosen: str) -> list[dict[str, object]]:
    counts = asked.open_counts()
    every = [("", _("全部"), sum(counts.values())), *((f, _(FEEDS[f]), n) for f, n in counts.items())]
    return [
        {"url": f"?feed={feed}" if feed else "?", "label": label, "count": count, "current": feed == chosen}
        for feed, label, count in every
    ]


def _row(line: CandidateLine, *, station: str) -> dict[str, object]:
    url = reverse("registry:feed-candidate", args=[line.id])
    return {
        "cells": [
            {"text": line.name, "url": url, "note": station},
            line.said_name,
            change_in_words(line.feed, line.change),
            {"text": "", "chip": _confidence(line.score), "note": f"{line.score} / 100"},
            listed(line.against, "；") or "—",
        ]
    }


def _confidence(score: int) -> dict[str, str]:
    if score >= SURE:
        return {"word": _("很像"), "tone": "ok"}
    return {"word": _("要核对"), "tone": "warn"} if score >= LIKELY else {"word": _("多半不是"), "tone": "no"}


# --- one candidate ------------------------------------------------------------------------------------------


def _candidate_page(
    request: ActingRequest, wanted: UUID, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    today = timezone.localtime(request.now).date()
    found = asked.candidate(wanted, on=today)
    if found is None:
        raise Http404
    _note(request, [str(found.line.person)], event="registry.person-read", purpose="认定比对结果")
    word, tone = STATES[found.line.state]
    return render(
        request,
        "registry/feed_candidate.html",
        {
            "refusal": refusal,
            "found": found,
            "change": change_in_words(found.line.feed, found.line.change),
            "feed": _(FEEDS[found.line.feed]),
            "state": {"word": _(word), "tone": tone},
            "confidence": _confidence(found.line.score),
            "sides": _sides(found, day=timezone.localtime(request.now).date()),
            "columns": [{"label": _("项")}, {"label": _("来文")}, {"label": _("档案")}],
            "decided_by": names_of_actors([found.decided_by])[found.decided_by],
            "person_url": reverse("desk:person", args=[found.line.person]),
        },
        status=status,
    )


def _sides(found: Candidate, *, day: date) -> list[dict[str, object]]:
    said, known = found.said, found.known
    moved_to = str(found.line.change.get("county", ""))
    born = known.birth_date.isoformat() if known.birth_date else ""
    died = _("{day} 去世").format(day=known.died_on) if known.died_on else _("没有登记去世")
    sign = f"{known.last_sign.on} {known.last_sign.what}" if known.last_sign else _("没有")
    rows = [
        (_("姓名"), said["name"], known.name),
        (_("证件号码"), said["number"], known.number_mask),
        (_("出生日期"), said["birth_date"], born),
        (_("性别"), said["sex"], SEXES.get(known.sex, "")),
        (_("户籍"), *(county_named(each, on=day) for each in (moved_to, known.household[0]))),
        (_("去世"), found.line.change.get("died_on", ""), died),
        (_("最近一次登记"), "", sign),
    ]
    return [{"cells": [label, here or "—", there or "—"]} for label, here, there in rows]


def _note(request: ActingRequest, people: list[str], *, event: str, purpose: str) -> None:
    """Whoever is named on a page has been read."""
    if people:
        audit.note_read(
            [f"person:{person}" for person in dict.fromkeys(people)],
            event=event,
            by=request.actor.text,
            role=request.actor.role,
            purpose=purpose,
            source=request.path,
            division=request.actor.division,
            at=request.now,
        )
