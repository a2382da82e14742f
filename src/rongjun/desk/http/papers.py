"""Evidence documents: handed in on a person's page or at the counter, put on file, discarded, opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.desk.http.shared import note_listed, refused_page, today_of
from rongjun.files import api as files
from rongjun.files.api import UploadLine
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, listed, translatable
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.ui.api import page_asked, pager_of

PURPOSES: Words[tuple[str, ...]] = (
    "核对证件",
    "办理业务",
    "复核认定",
    "本人要求核对",
    "协查公函",
    "督导核查",
)
CANDIDATES = 10
_PERSON, _TASK = "person:", "supervision-task:"


@staff("files.read")
def papers(request: ActingRequest) -> HttpResponse:
    """待归档材料: every upload in scope that somebody has to look after, the oldest first."""
    page = page_asked(request)
    lines, total = files.work_list(now=request.now, first=(page - 1) * files.PAGE)
    stations = places.paths_of({line.division for line in lines}, on=today_of(request))
    names = names_of_actors(line.uploaded_by for line in lines)
    context = {
        "rows": [_row(line, station=stations[line.division], names=names) for line in lines],
        "columns": [
            {"label": _("材料")},
            *({"label": _(word), "short": True} for word in translatable(("现在", "收下的时间", "服务站"))),
        ],
        "total": total,
        "form": _form(request, reverse("desk:papers-add")),
        "is_simulated": settings.DEMO,
        "pager": pager_of(page, total, most=files.PAGE),
    }
    return render(request, "desk/papers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("files.add")
def papers_add(request: ActingRequest) -> HttpResponse:
    """Take in a paper that belongs to nobody's file yet; whoever comes back to the address finds the list."""
    if request.method != "POST":
        return redirect("desk:papers")
    try:
        upload = _take_in(request, about="", division=request.actor.division)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("材料收下了。下面找到是谁的，归到档案里。"))
    return redirect("desk:paper", upload=upload)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("files.add")
def person_paper(request: ActingRequest, person: UUID) -> HttpResponse:
    """Take in a paper on a person's page, and put it on their file; who comes back here finds the file."""
    if request.method != "POST":
        return redirect(reverse("desk:person", args=[person]) + "#papers")
    file = registry.file_of(person, on=today_of(request), known_at=request.now)
    if file is None:
        raise Http404
    about = f"{_PERSON}{person}"
    try:
        upload = _take_in(request, about=about, division=file.line.division)
        files.link_upload(upload, about=about, by=request.actor, now=request.now)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("材料收下了，已归到这份档案。查毒通常只要几秒，查完就能打开。"))
    return redirect(reverse("desk:person", args=[person]) + "#papers")


@staff("files.read")
def paper(request: ActingRequest, upload: UUID) -> HttpResponse:
    """One paper: what it is, whose it is or might be, and what can be done with it."""
    line = _line_in_sight(request, upload)
    return render(request, "desk/paper.html", _paper_context(request, line))


@require_POST
@staff("files.read")
def paper_open(request: ActingRequest, upload: UUID) -> HttpResponse:
    """The paper itself, to be saved, against a purpose that is kept in the evidence chain."""
    line, purpose = _line_in_sight(request, upload), request.POST.get("purpose", "")
    try:
        if purpose not in PURPOSES:
            raise Refused("audit.purpose-missing")
        opened = files.open_upload(
            line.id, purpose=purpose, by=request.actor, now=request.now, source=request.path
        )
    except Refused as refused:
        return refused_page(request, refused)
    return HttpResponse(opened.content, content_type=opened.media_type, headers=_harmless(opened.file_name))


@require_POST
@staff("files.add")
def paper_link(request: ActingRequest, upload: UUID) -> HttpResponse:
    """Put a paper on the file of a person in sight."""
    line, person = _line_in_sight(request, upload), _person_in_sight(request, request.POST.get("person", ""))
    try:
        if person is None:
            raise Refused("files.nothing-linked")
        files.link_upload(line.id, about=f"{_PERSON}{person}", by=request.actor, now=request.now)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("归到这份档案了。"))
    return redirect(reverse("desk:person", args=[person]) + "#papers")


@require_POST
@staff("files.add")
def paper_discard(request: ActingRequest, upload: UUID) -> HttpResponse:
    """Take a paper off every list, with a reason."""
    line = _line_in_sight(request, upload)
    try:
        files.discard_upload(
            line.id, reason=request.POST.get("reason", ""), by=request.actor, now=request.now
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("作废了。登记还在，内容三十天后销毁。"))
    return redirect("desk:papers")


def papers_of(request: ActingRequest, person: UUID) -> dict[str, Any]:
    """The block 材料 of a person's page; empty for those who may not read papers."""
    if not request.actor.may("files.read"):
        return {}
    about = [f"{_PERSON}{file}" for file in registry.file_ids_of(person)]
    lines = files.uploads_about(about, now=request.now)
    names = names_of_actors(line.uploaded_by for line in lines)
    return {
        "lines": [_shown(line, names=names) for line in lines],
        "form": _form(request, reverse("desk:person-paper", args=[person])),
    }


# --- taking in ----------------------------------------------------------------------------------------------


def _take_in(request: ActingRequest, *, about: str, division: int) -> UUID:
    given = request.FILES.get("file")
    if given is None or not given.size:
        raise Refused("files.upload-missing")
    if given.size > settings.LARGEST_UPLOAD:
        most = settings.LARGEST_UPLOAD // 2**20
        raise Refused("files.upload-too-large", megabytes=-(-given.size // 2**20), most=most)
    return files.store_upload(
        given.read(),
        file_name=given.name or "",
        kind=request.POST.get("kind", ""),
        about=about,
        division=division,
        by=request.actor,
        now=request.now,
        purpose=_("窗口收取"),
    )


def _form(request: ActingRequest, url: str) -> dict[str, Any] | None:
    """The form for one paper; None for those who may not add any."""
    if not request.actor.may("files.add"):
        return None
    return {"url": url, "kinds": [{"value": value, "label": label} for value, label in files.kinds()]}


# --- what is in sight ---------------------------------------------------------------------------------------


def _line_in_sight(request: ActingRequest, upload: UUID) -> UploadLine:
    """The paper, if its division and the file it is on are both in the visitor's scope."""
    line = files.upload_line(upload, now=request.now)
    if line is None:
        raise Http404
    if line.linked_to.startswith(_PERSON) and _person_in_sight(request, _key_in(line.linked_to)) is None:
        raise Http404
    return line


def _person_in_sight(request: ActingRequest, text: str) -> UUID | None:
    try:
        person = UUID(text)
    except ValueError:
        return None
    return person if registry.file_of(person, on=today_of(request), known_at=request.now) else None


def _key_in(about: str) -> str:
    return about.removeprefix(_PERSON) if about.startswith(_PERSON) else ""


# --- one paper ----------------------------------------------------------------------------------------------


def _paper_context(request: ActingRequest, line: UploadLine) -> dict[str, Any]:
    words = request.GET.get("q", "").strip()
    owner = _key_in(line.linked_to)
    may_change = request.actor.may("files.add")
    may_link = may_change and not line.linked_to and line.state in (files.STORED, files.WAITING_FOR_SCAN)
    return {
        "paper": _shown(line, names=names_of_actors([line.uploaded_by])),
        "owner": reverse("desk:person", args=[owner]) if owner else "",
        "task": _task_of(request, line),
        "purposes": PURPOSES,
        "words": words,
        "may_link": may_link,
        "may_discard": may_change and line.state != files.DISCARDED,
        "candidates": _candidates(request, line, words) if may_link else [],
    }


def _task_of(request: ActingRequest, line: UploadLine) -> str:
    """Where the task of supervision lies that a paper is proof of, for who may read it."""
    if not line.linked_to.startswith(_TASK) or not request.actor.may("supervision.read"):
        return ""
    return reverse("desk:supervision-task", args=[line.linked_to.removeprefix(_TASK)])


def _candidates(request: ActingRequest, line: UploadLine, words: str) -> list[dict[str, Any]]:
    """Whose it may be: those the clerk looks for, else whom its sender meant; the ids shown are logged."""
    day = today_of(request)
    if words:
        found = registry.find_people(words, on=day, known_at=request.now)[0][:CANDIDATES]
    else:
        meant = _person_in_sight(request, _key_in(line.about))
        found = registry.lines_of([meant], on=day, known_at=request.now) if meant else []
    note_listed(request, [each.id for each in found], purpose="材料归档")
    stations = places.paths_of({each.division for each in found}, on=day)
    return [
        {
            "id": each.id,
            "name": each.name,
            "number": each.number_mask,
            "note": listed(each.categories),
            "station": stations[each.division],
        }
        for each in found
    ]


def _shown(line: UploadLine, *, names: Mapping[str, str]) -> dict[str, Any]:
    word, tone = _standing(line)
    return {
        "id": line.id,
        "url": reverse("desk:paper", args=[line.id]),
        "kind": line.kind_label,
        "name": line.file_name,
        "size": _size(line.size),
        "at": _moment(line.uploaded_at),
        "by": names[line.uploaded_by],
        "word": word,
        "tone": tone,
        "state": line.state,
        "is_readable": line.is_readable,
        "tells_place": files.POSITION in line.notes,
        "was_recovered": line.was_recovered,
        "found": line.found,
        "tries": line.scan_tries,
    }


def _standing(line: UploadLine) -> tuple[str, str]:
    """What a paper is waiting for, in a word."""
    if line.state == files.STORED and not line.linked_to:
        return (_("超过一天没归档"), "late") if line.is_late else (_("待归档"), "warn")
    words = {
        files.STORED: (_("可以打开"), "ok"),
        files.WAITING_FOR_SCAN: (_("待查毒"), "info"),
        files.QUARANTINED: (_("已隔离"), "no"),
        files.MISSING: (_("内容缺失"), "late"),
    }
    return words.get(line.state, (_("已作废"), "pause"))


def _row(line: UploadLine, *, station: str, names: Mapping[str, str]) -> dict[str, Any]:
    shown = _shown(line, names=names)
    note = listed((shown["kind"], shown["size"]), "，")
    return {
        "cells": [
            {"text": shown["name"], "url": shown["url"], "note": note},
            {"text": "", "chip": {"word": shown["word"], "tone": shown["tone"]}},
            {"text": shown["at"], "note": shown["by"]},
            station,
        ]
    }


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(1, count // 1024)} KB"


def _moment(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")


def _harmless(file_name: str) -> dict[str, str]:
    """Whatever the paper is, a browser saves it, guesses nothing, keeps no copy, and would run nothing."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file_name)}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
