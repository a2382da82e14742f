"""Pages of duplicates: the work list, two files side by side, a proposal or merge and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, listed, worded
from rongjun.places import api as places
from rongjun.registry import actions
from rongjun.registry.http import note_shown
from rongjun.registry.logic.telling import SEXES
from rongjun.registry.queries import PAGE, PersonLine, find_people, lines_of, pairs
from rongjun.registry.queries.pairs import CandidateLine, MergeLine, Pair
from rongjun.registry.queries.person import PersonFile, county_named
from rongjun.ui.api import Sentence, address, page_asked, pager_of, sentence

STATES: Words[dict[str, tuple[str, str]]] = {
    "waiting": ("等批准", "warn"),
    "in-force": ("合并中", "ok"),
    "declined": ("没有批准", "no"),
    "undone": ("已解除", "info"),
}


@staff("registry.propose-merge")
@require_safe
def duplicates(request: ActingRequest) -> HttpResponse:
    """The pairs that wait for a decision and the proposals that wait for approval; who is shown is logged."""
    number = page_asked(request)
    lines, total = pairs.duplicate_pairs(first=(number - 1) * PAGE)
    waiting = pairs.waiting_merges()
    shown = [person for line in lines for person in line.people]
    shown += [person for each in waiting for person in (each.kept, each.other)]
    note_shown(request, list(dict.fromkeys(shown)), purpose="核对疑似重复")
    day = _today(request)
    stations = places.paths_of({code for line in lines for code in line.divisions}, on=day)
    return render(
        request,
        "registry/duplicates.html",
        {
            "rows": [_candidate_row(line, stations) for line in lines],
            "waiting": [_waiting_row(each) for each in waiting],
            "total": total,
            "pager": pager_of(number, total, most=PAGE),
            "columns": [
                {"label": _("两份档案")},
                {"label": _("像不像"), "number": True},
                {"label": _("服务站")},
            ],
            "waiting_columns": [
                {"label": _("保留的档案")},
                {"label": _("并入的档案")},
                {"label": _("理由")},
                {"label": _("提出"), "short": True},
            ],
        },
    )


@staff("registry.propose-merge")
@require_http_methods(["GET", "HEAD", "POST"])
def duplicate(request: ActingRequest, number: int) -> HttpResponse:
    """Two files side by side (logged); POST proposes to merge them or says that they are two people's."""
    beside = pairs.pair(number, on=_today(request), known_at=request.now)
    if beside is None:
        raise Http404
    if request.method == "POST":
        try:
            return _decided_pair(request, beside)
        except Refused as refused:
            return _pair_page(request, beside, refusal=sentence(refused), status=422)
    return _pair_page(request, beside)


@staff("registry.propose-merge")
@require_http_methods(["GET", "HEAD", "POST"])
def put_forward(request: ActingRequest) -> HttpResponse:
    """A pair the search missed: one file (in the address), the other looked up in scope (POST, so that a
    whole number stands in no address), and chosen (POST `other`). Who is shown is logged.
    """
    one = _asked_file(request.GET.get("one", ""))
    other = _asked_file(request.POST.get("other", ""))
    if other is not None and one is None:
        return redirect(reverse("registry:put-forward") + address(one=str(other)))
    if other is None or one is None:
        return _put_forward_page(request, one)
    try:
        pair = actions.put_forward(one, other, by=request.actor, on=_today(request), now=request.now)
    except Refused as refused:
        return _put_forward_page(request, one, refusal=sentence(refused), status=422)
    return redirect("registry:duplicate", number=pair)


@staff("registry.propose-merge")
@require_safe
def merge(request: ActingRequest, merge: UUID) -> HttpResponse:
    """A proposal or a merge: which file into which, by whom, and what can be done about it (logged)."""
    return _merge_page(request, merge)


@require_POST
@staff("registry.approve-merge")
def merge_decide(request: ActingRequest, merge: UUID) -> HttpResponse:
    """Approve a proposal, turn it down, take a merge back, or say whose something was."""
    line = pairs.merge_line(merge)
    if line is None:
        raise Http404
    decide = _DECISIONS.get(request.POST.get("what", ""))
    if decide is None:
        raise Http404
    try:
        messages.success(request, decide(request, merge))
    except Refused as refused:
        return _merge_page(request, merge, refusal=sentence(refused), status=422)
    if pairs.merge_line(merge) is None:  # gone back to where this officer does not look
        return redirect("registry:duplicates")
    return redirect("registry:merge", merge=merge)


# --- decisions ----------------------------------------------------------------------------------------------


def _decided_pair(request: ActingRequest, beside: Pair) -> HttpResponse:
    reason, by, now = request.POST.get("reason", ""), request.actor, request.now
    if request.POST.get("what") == "different":
        actions.tell_apart(beside.line.id, reason=reason, by=by, now=now)
        messages.success(request, _("记下了：不是同一人。没有新的理由不会再提。"))
        return redirect("registry:duplicates")
    one, other = (file.line.id for file in beside.files)
    kept, merged = (other, one) if request.POST.get("keep") == str(other) else (one, other)
    proposed = actions.propose_merge(kept, merged, reason=reason, by=by, now=now)
    messages.success(request, _("提出了合并，等另一位经办人批准。"))
    return redirect("registry:merge", merge=proposed)


def _approve(request: ActingRequest, merge: UUID) -> str:
    actions.approve_merge(merge, by=request.actor, now=request.now)
    return _("合并好了：以后打开哪一份都是保留的那份。")


def _decline(request: ActingRequest, merge: UUID) -> str:
    reason = request.POST.get("reason", "")
    actions.decline_merge(merge, reason=reason, by=request.actor, now=request.now)
    return _("没有批准，两份档案照旧。")


def _unmerge(request: ActingRequest, merge: UUID) -> str:
    actions.unmerge(
        merge,
        reason=request.POST.get("reason", ""),
        theirs=request.POST.getlist("theirs"),
        by=request.actor,
        now=request.now,
    )
    return _("解除了合并，从现在起是两份档案。")


def _hand_over(request: ActingRequest, merge: UUID) -> str:
    theirs = request.POST.getlist("theirs")
    count = actions.hand_over(merge, theirs, by=request.actor, now=request.now)
    return _("移过去 %(count)s 条。") % {"count": count}


_DECISIONS: dict[str, Callable[[ActingRequest, UUID], str]] = {
    "approve": _approve,
    "decline": _decline,
    "unmerge": _unmerge,
    "hand-over": _hand_over,
}


# --- pages --------------------------------------------------------------------------------------------------


def _asked_file(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _put_forward_page(
    request: ActingRequest, one: UUID | None, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    day, now, text = _today(request), request.now, request.POST.get("q", "").strip()
    first = lines_of([one], on=day, known_at=now) if one else []
    if one and not first:
        raise Http404
    found, total = find_people(text, on=day, known_at=now, scope=request.actor.scope) if text else ([], 0)
    found = [line for line in found if line.id != one]
    note_shown(request, [line.id for line in (*first, *found)], purpose="核对疑似重复")
    stations = places.paths_of({line.division for line in (*first, *found)}, on=day)
    context = {
        "one": first[0] if first else None,
        "sought": text,
        "found": [_found(line, stations) for line in found],
        "more": max(0, total - PAGE),
        "refusal": refusal,
    }
    return render(request, "registry/put_forward.html", context, status=status)


def _found(line: PersonLine, stations: dict[int, str]) -> dict[str, Any]:
    told = (line.birth_date.isoformat() if line.birth_date else "", line.number_mask, *line.categories)
    return {
        "id": line.id,
        "name": line.name,
        "told": listed((*told, stations[line.division]), "，"),
        "shut": line.restricted,
    }


def _pair_page(
    request: ActingRequest, beside: Pair, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    line = beside.line
    note_shown(request, [file.line.id for file in beside.files], purpose="核对疑似重复")
    day = _today(request)
    stations = places.paths_of({file.line.division for file in beside.files}, on=day)
    sides = [
        {"id": file.line.id, "name": file.line.name, "told": told, "url": _file_url(file.line.id)}
        for file, told in zip(beside.files, _told(beside, stations, day=day), strict=True)
    ]
    context = {
        "line": line,
        "put_forward_by": names_of_actors([line.found_by])[line.found_by] if line.found_by else "",
        "sides": sides,
        "reasons": [_reason(each.points, each.text) for each in line.reasons],
        "waiting": reverse("registry:merge", args=[beside.waiting]) if beside.waiting else "",
        "reason": request.POST.get("reason", ""),
        "refusal": refusal,
    }
    return render(request, "registry/duplicate.html", context, status=status)


def _told(beside: Pair, stations: dict[int, str], *, day: date) -> list[list[dict[str, Any]]]:
    """What each file says, line by line, the lines that differ marked."""
    columns = [
        _of_file(file, served, stations, day=day)
        for file, served in zip(beside.files, beside.services, strict=True)
    ]
    return [
        [
            {"label": label, "text": text or "—", "differs": bool(text and there and text != there)}
            for (label, text), (_label, there) in zip(column, opposite, strict=True)
        ]
        for column, opposite in ((columns[0], columns[1]), (columns[1], columns[0]))
    ]


def _of_file(file: PersonFile, served: str, stations: dict[int, str], *, day: date) -> list[tuple[str, str]]:
    line = file.line
    return [
        (_("姓名"), line.name),
        (_("性别"), SEXES.get(line.sex or "", "")),
        (_("出生日期"), line.birth_date.isoformat() if line.birth_date else ""),
        (_("证件号码"), listed(mask for _pk, _kind, mask in file.documents)),
        (_("电话"), file.phone_mask),
        (_("户籍区县"), county_named(file.household_county, on=day)),
        (_("服役"), served),
        (_("类别"), listed(line.categories)),
        (_("服务站"), stations[line.division]),
    ]


def _merge_page(
    request: ActingRequest, merge: UUID, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    line = pairs.merge_line(merge)
    if line is None:
        raise Http404
    note_shown(request, [line.kept, line.other], purpose="查看合并")
    may = request.actor.may("registry.approve-merge")
    word, tone = STATES[line.state]
    context = {
        "line": line,
        "chip": {"word": _(word), "tone": tone},
        "moments": _moments(line),
        "kept_url": _file_url(line.kept),
        "may": may,
        "is_own": line.merged_by == request.actor.text,
        "later": [
            {"name": each.name, "what": each.what, "said": _said(each.source, each.recorded_at)}
            for each in (pairs.later_said_of(merge) if may else [])
        ],
        "refusal": refusal,
    }
    return render(request, "registry/merge.html", context, status=status)


def _moments(line: MergeLine) -> list[dict[str, Any]]:
    names = names_of_actors([line.merged_by, line.approved_by, line.ended_by])
    proposed = worded("{who}：{reason}", who=names[line.merged_by], reason=line.reason)
    told: list[dict[str, Any]] = [{"date": _day(line.proposed_at), "text": _("提出合并"), "note": proposed}]
    if line.at:
        told.append(
            {"date": _day(line.at), "text": _("批准合并"), "note": names[line.approved_by], "key": True}
        )
    if line.ended_at:
        word = _("解除合并") if line.at else _("没有批准")
        note = worded("{who}：{reason}", who=names[line.ended_by], reason=line.ended_reason)
        told.append({"date": _day(line.ended_at), "text": word, "note": note, "key": True})
    return list(reversed(told))


def _candidate_row(line: CandidateLine, stations: dict[int, str]) -> dict[str, Any]:
    names = _("{one} 和 {other}").format(one=line.names[0], other=line.names[1])
    there = dict.fromkeys(stations[code] for code in line.divisions)
    reasons = listed((_reason(each.points, each.text)["text"] for each in line.reasons), "；")
    return {
        "cells": [
            {"text": names, "url": reverse("registry:duplicate", args=[line.id]), "note": reasons},
            str(line.score),
            listed(there),
        ]
    }


def _waiting_row(line: MergeLine) -> dict[str, Any]:
    return {
        "cells": [
            {"text": line.kept_name, "url": reverse("registry:merge", args=[line.id])},
            line.other_name,
            line.reason,
            {"text": _day(line.proposed_at), "note": line.merged_by},
        ]
    }


def _reason(points: int, text: str) -> dict[str, Any]:
    """A reason with its direction in words: colour alone says nothing."""
    word = _("像：") if points > 0 else _("不像：")
    return {"text": f"{word}{text}", "points": f"{points:+d}", "is_for": points > 0}


def _said(source: str, at: datetime) -> str:
    return f"{_day(at)} {source}"


def _today(request: ActingRequest) -> date:
    return timezone.localtime(request.now).date()


def _day(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")


def _file_url(person: UUID) -> str:
    return reverse("desk:person", args=[person])
