"""我的信息: what is on file, who looked at it, a copy of it, and what one may ask of us."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rongjun.access.api import ActingRequest
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.citizen.http.shared import Mine, look, on_file, own_file, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import DOCUMENT_LABELS, DocumentType
from rongjun.kernel.words import Words, listed
from rongjun.notices import api as notices
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.ui.api import attachment, spoken

READS_SHOWN = 200
READS_COPIED = 100_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What one may ask for in writing here, and the question it is asked by.
ASKED: Words[dict[str, str]] = {
    "restrict": "为什么要我们先别用您的信息？",
    "delete": "要删掉哪些信息，为什么？",
    "explain": "哪个决定没看明白？",
}


@require_safe
@on_file("what is on file of oneself")
def file(request: ActingRequest, mine: Mine) -> HttpResponse:
    """Head and history of the file, numbers covered, and every request with its answer."""
    today, now = today_of(request), request.now
    look(request, mine, purpose="本人查阅" if mine.is_own else "代办查阅")
    held = registry.file_of(mine.id, on=today, known_at=now)
    assert held is not None
    book = benefits.book()
    context = {
        "name": mine.name,
        "is_own": mine.is_own,
        "facts": _facts(held, station=places.served_by([mine.division], on=today)[mine.division].name),
        "moments": [
            _moment(each, book)
            for each in registry.timeline(mine.id, known_at=now)
            if each.fact not in mine.hidden
        ],
        "requests": registry.requests_of(mine.id, today=today),
        "restriction": registry.restriction_of(mine.id),
    }
    return render(request, "citizen/file.html", context)


def _facts(held: registry.PersonFile, *, station: str) -> list[tuple[str, str]]:
    line = held.line
    told = [(_label(kind), mask) for _pk, kind, mask in held.documents]
    if line.birth_date:
        told.append((_("出生"), spoken(line.birth_date)))
    if line.sex:
        told.append((_("性别"), registry.SEXES[line.sex]))
    if held.phone_mask:
        told.append((_("电话"), held.phone_mask))
    if line.categories:
        told.append((_("类别"), listed(line.categories)))
    return [*told, (_("服务站"), station)]


def _label(kind: str) -> str:
    return DOCUMENT_LABELS[DocumentType(kind)] if kind in set(DocumentType) else _("证件")


def _moment(moment: registry.Moment, book: Any) -> dict[str, str]:
    told = benefits.stated_in_words(moment.fact, moment.value, book=book) if moment.fact else moment.what
    return {"date": spoken(moment.on), "text": told, "note": moment.detail}


@require_safe
@on_file("who looked at one's own file")
def reads(request: ActingRequest, mine: Mine) -> HttpResponse:
    """谁看过我的档案: every look of others, day by day; one's own are only counted."""
    before = request.GET.get("before", "")
    lines = registry.reads_of(
        mine.id, before=int(before) if before.isdecimal() and len(before) < 19 else None, limit=READS_SHOWN
    )
    days: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if not line.is_own:
            at = timezone.localtime(line.at)
            who = listed((line.who, line.role, line.place), "，")
            told = {"at": at.strftime("%H:%M"), "who": who, "what": line.what, "purpose": line.purpose}
            days.setdefault(spoken(at), []).append(told)
    audit.note(
        "registry.reads-shown",
        by=mine.actor.text,
        role=mine.actor.role,
        about=f"person:{mine.id}",
        division=mine.division,
        source=request.path,
        at=request.now,
    )
    context = {
        "days": list(days.items()),
        "own": sum(line.is_own for line in lines),
        "earlier": f"?before={lines[-1].id}" if len(lines) == READS_SHOWN else "",
    }
    return render(request, "citizen/reads.html", context)


@require_POST
@own_file("takes a copy of one's own file")
def copy(request: ActingRequest, mine: Mine) -> HttpResponse:
    """Everything on file, whole numbers included, for a machine (JSON) or to read (a workbook)."""
    files = registry.file_ids_of(mine.id)
    copied = registry.copy_of(
        mine.id,
        made_at=request.now,
        decisions=benefits.recorded(files),
        reads=[line.as_copied() for line in registry.reads_of(mine.id, limit=READS_COPIED)],
        offers=benefits.copied_offers(files),
        enrolments=benefits.copied_enrolments(files),
        messages=notices.copied_messages(files),
    )
    assert copied is not None
    look(request, mine, purpose="本人复制", event="registry.person-exported")
    if request.POST.get("format") == "xlsx":
        at = timezone.localtime(request.now).strftime("%Y-%m-%d %H:%M")
        mark = registry.Mark(mine.name, mine.actor.login, "本人", at, f"{request.now:%y%m%d%H%M%S}")
        content = registry.marked_book(registry.sheets_of(copied), mark=mark, reason="交给本人")
        return attachment(content, "个人信息复制件.xlsx", kind=XLSX)
    return attachment(registry.write_copy(copied), "个人信息复制件.json", kind="application/json")


@require_http_methods(["GET", "POST"])
@own_file("asks for restriction, deletion or an explanation")
def ask(request: ActingRequest, mine: Mine, kind: str) -> HttpResponse:
    """One request in one's own words; who decides on it, and until when."""
    if kind not in ASKED:
        raise Http404
    if request.method != "POST":
        context = {"title": registry.RIGHTS[kind], "question": ASKED[kind], "days": settings.RIGHTS_DAYS}
        return render(request, "citizen/ask.html", context)
    try:
        if not request.POST.get("wish", "").strip():
            raise Refused("citizen.nothing-said")
        registry.receive_request(
            mine.id,
            kind=kind,
            asked_by="self",
            wish=request.POST["wish"],
            days=settings.RIGHTS_DAYS,
            by=mine.actor,
            now=request.now,
            today=today_of(request),
        )
    except Refused as refused:
        return refused_page(request, refused)
    said = _("收到了。%(days)s 天内答复您，首页能看到进展。")
    messages.success(request, said % {"days": settings.RIGHTS_DAYS})
    return redirect("citizen:file")
