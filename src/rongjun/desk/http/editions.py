"""The policy desk: what a draft would change, adopting it, confirming a wording, what changed this year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.benefits import api as benefits
from rongjun.desk.http.shared import edition_in_force, refused_page, today_of
from rongjun.desk.year import Moved, moved_in, years_of
from rongjun.kernel.errors import Refused
from rongjun.rules.api import (
    FARES,
    KIND_WORDS,
    Book,
    Change,
    Confirmation,
    Reach,
    Report,
    check_book,
    load_book,
    read_folder,
)
from rongjun.ui.api import Sentence, sentence

FAULTS_SHOWN = 20
KINDS = ("started", "offered", "ended", "observed")


@require_safe
@staff("policy.read")
def draft(request: ActingRequest) -> HttpResponse:
    """The policy files beside the book in force: faults, what reads differently, for how many."""
    return _draft_page(request)


@require_POST
@staff("policy.adopt")
def adopt(request: ActingRequest) -> HttpResponse:
    """Put the files in force that were looked at, with the document that says so."""
    files, document = _files(), request.POST.get("document", "")
    try:
        seen = _read(files, benefits.book().confirmations) if _checked(files).is_clean else None
        if seen is None or request.POST.get("digest") != seen.digest:
            raise Refused("benefits.draft-changed")
        book = benefits.adopt_book(dict(files), document=document, by=request.actor, now=request.now)
    except Refused as refused:
        return _draft_page(request, refusal=sentence(refused), status=422)
    messages.success(request, _("采用了 %(book)s，所有页面马上按它判定。") % {"book": book.digest[:12]})
    return redirect("desk:policy-draft")


@require_POST
@staff("policy.confirm")
def confirm(request: ActingRequest, code: str) -> HttpResponse:
    """The bureau confirms one benefit exactly as it reads now."""
    document, on = request.POST.get("document", ""), today_of(request)
    try:
        benefits.confirm_wording(code, document=document, by=request.actor, on=on, now=request.now)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("记下了局方确认，这一项不再标“待局方确认”。"))
    return redirect("desk:policy-benefit", code=code)


def _draft_page(
    request: ActingRequest, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    on, files, old = today_of(request), _files(), benefits.book()
    report = _checked(files)
    context: dict[str, Any] = {
        "refusal": refusal,
        "problems": report.problems[:FAULTS_SHOWN],
        "faults": len(report.problems),
        "may_adopt": request.actor.may("policy.adopt"),
    }
    if report.is_clean:
        new = _read(files, old.confirmations)
        context |= {"draft": new.digest, "is_same": new.digest == old.digest}
    if report.is_clean and not context["is_same"]:
        found = benefits.impact(old, new, on=on, known_at=request.now)
        reach = {each.code: each for each in found.reach}
        changes = [_change(each, reach.get(each.code)) for each in found.changes]
        context |= {"changes": changes, "known_at": found.known_at}
    return render(request, "desk/policy_draft.html", context | edition_in_force(old), status=status)


_Files: TypeAlias = tuple[tuple[str, bytes], ...]


def _files() -> _Files:
    """The policy files as they stand, to be remembered by: checking a book takes a second."""
    return tuple(sorted(read_folder(settings.POLICY_ROOT).items()))


@lru_cache(maxsize=2)
def _checked(files: _Files) -> Report:
    return check_book(dict(files), city=settings.CITY)


@lru_cache(maxsize=2)
def _read(files: _Files, confirmations: frozenset[Confirmation]) -> Book:
    return load_book(dict(files), city=settings.CITY, confirmations=confirmations)


def _change(change: Change, reach: Reach | None) -> dict[str, Any]:
    has_page = change.kind != "added" and not change.code.startswith(FARES)
    return {
        "title": change.title,
        "word": KIND_WORDS[change.kind],
        "url": reverse("desk:policy-benefit", args=[change.code]) if has_page else "",
        "lines": change.lines,
        "reach": reach,
        "moves_nobody": change.judges_differently and reach is not None and not _moves(reach),
    }


def _moves(reach: Reach) -> bool:
    return bool(reach.gains or reach.loses or reach.becomes_unknown)


# --- what changed this year ---------------------------------------------------------------------------------


@require_safe
@staff("policy.read")
def year(request: ActingRequest) -> HttpResponse:
    """What came into force, ended, was adopted and confirmed in a year, by whom, and how many it reaches."""
    book, this_year = benefits.book(), today_of(request).year
    asked = _year_asked(request, this_year)
    moved, reach = moved_in(book, asked), _reach()
    since, until = _span(asked)
    editions = [each for each in benefits.editions() if since <= each.adopted_at < until]
    confirmed = benefits.confirmed_between(since, until)
    names = names_of_actors([*(each.adopted_by for each in editions), *(each.by for each in confirmed)])
    context = {
        "year": asked,
        "years": sorted({*years_of(book), this_year, asked}, reverse=True),
        "groups": [(kind, [_moved(each, reach) for each in moved if each.kind == kind]) for kind in KINDS],
        "editions": [{"line": each, "by": names[each.adopted_by]} for each in editions],
        "confirmed": [
            {
                "line": each,
                "by": names[each.by],
                "title": book.benefits[each.code].title if each.code in book.benefits else each.code,
                "url": reverse("desk:policy-benefit", args=[each.code]) if each.code in book.benefits else "",
            }
            for each in confirmed
        ],
        "place": request.actor.division_label,
    }
    return render(request, "desk/policy_year.html", context | edition_in_force(book))


def _year_asked(request: ActingRequest, usual: int) -> int:
    text = request.GET.get("year", "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) == 4 and date.min.year < int(text) < 2999):
        raise Http404
    return int(text)


def _span(year: int) -> tuple[datetime, datetime]:
    """The year where the city is, as moments."""
    zone = timezone.get_current_timezone()
    return datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)


def _reach() -> Mapping[str, tuple[int, int, int]]:
    """By benefit, how many it reaches in the visitor's counties, as the newest sweep counted."""
    kept = benefits.kept_sweep()
    return benefits.kept_counts(kept.id) if kept else {}


def _moved(each: Moved, reach: Mapping[str, tuple[int, int, int]]) -> dict[str, Any]:
    counted = reach.get(each.benefit.code)
    return {
        "on": each.on,
        "title": each.benefit.title,
        "url": reverse("desk:policy-benefit", args=[each.benefit.code]),
        "documents": each.documents,
        "announced": each.version.announced,
        "reach": f"{counted[0]:,}" if counted else "",
        "reach_url": reverse("desk:policy-people", args=[each.benefit.code, "granted"]),
    }
