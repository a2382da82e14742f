"""外地证件登记 (C 级): what a clerk at a gate or window writes down, and how it is put right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.audit import api as audit
from rongjun.benefits.actions import manual_uses as actions
from rongjun.benefits.logic.manual_uses import CERTIFICATES, PROVINCES, Said
from rongjun.benefits.queries import book
from rongjun.benefits.queries import manual_uses as queries
from rongjun.benefits.queries.manual_uses import ManualLine
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import translatable
from rongjun.ui.api import page_asked, pager_of, sentence

PAGE = 30
HERE = "37"  # certificates of our own province are the likeliest


@staff("uses.record-manual")
@require_safe
def manual(request: ActingRequest) -> HttpResponse:
    """The form, and what was written down here."""
    return _page(request)


@require_POST
@staff("uses.record-manual")
def record(request: ActingRequest) -> HttpResponse:
    """Write down who came."""
    said = _said(request.POST)
    try:
        actions.record_manual_use(said, by=request.actor, now=request.now)
    except Refused as refused:
        return _page(request, said=said, why_not=refused)
    messages.success(request, _("记下了。这些人次另外数，不和刷卡的混算。"))
    return redirect("uses:manual")


@staff("uses.record-manual")
@require_safe
def entry(request: ActingRequest, entry: int) -> HttpResponse:
    """One entry, to be put right or struck."""
    return _entry_page(request, _found(entry))


@require_POST
@staff("uses.record-manual")
def correct(request: ActingRequest, entry: int) -> HttpResponse:
    """Put an entry right by another that refers to it, or strike it."""
    held, given = _found(entry), request.POST
    said = _said(given)
    acting: dict[str, Any] = {"reason": given.get("reason", ""), "by": request.actor, "now": request.now}
    try:
        if given.get("step") == "strike":
            actions.strike_manual_use(entry, **acting)
        else:
            actions.correct_manual_use(entry, said, **acting)
    except Refused as refused:
        return _entry_page(request, held, said=said, why_not=refused)
    messages.success(request, _("改好了，原来的那条留着，不再计数。"))
    return redirect("uses:manual")


def _page(
    request: ActingRequest, *, said: Said | None = None, why_not: Refused | None = None
) -> HttpResponse:
    number = page_asked(request)
    lines, total = queries.manual_uses(first=(number - 1) * PAGE, limit=PAGE)
    _note_read(request, lines)
    names = names_of_actors({line.recorded_by for line in lines})
    context = {
        "form": _form(request, said),
        "columns": [
            {"label": _("时间"), "short": True},
            {"label": _("地点和项目")},
            {"label": _("谁")},
            {"label": _("人数"), "number": True},
            {"label": _("谁记的")},
            {"label": _("状态"), "short": True},
        ],
        "rows": [_row(line, by=names[line.recorded_by]) for line in lines],
        "total": total,
        "pager": pager_of(number, total, most=PAGE),
        "refusal": sentence(why_not) if why_not else None,
    }
    return render(request, "benefits/manual.html", context, status=422 if why_not else 200)


def _entry_page(
    request: ActingRequest, line: ManualLine, *, said: Said | None = None, why_not: Refused | None = None
) -> HttpResponse:
    _note_read(request, [line])
    kept = Said(
        line.place, line.programme, line.band, line.people, line.used_at, line.name, line.certificate,
        line.province,
    )  # fmt: skip
    context = {
        "line": line,
        "form": _form(request, said or kept),
        "by": names_of_actors({line.recorded_by})[line.recorded_by],
        "refusal": sentence(why_not) if why_not else None,
    }
    return render(request, "benefits/manual_entry.html", context, status=422 if why_not else 200)


def _found(entry: int) -> ManualLine:
    line = queries.manual_use(entry)
    if line is None:
        raise Http404
    return line


def _note_read(request: ActingRequest, lines: list[ManualLine]) -> None:
    if lines:
        audit.note_read(
            [f"manual-use:{line.id}" for line in lines],
            event="benefits.manual-uses-listed",
            by=request.actor.text,
            role=request.actor.role,
            purpose=_("核对外地证件登记"),
            source=request.path,
            at=request.now,
        )


def _row(line: ManualLine, *, by: str) -> dict[str, Any]:
    counts, struck = translatable(("计数", "作废"))
    corrects = _("更正第 %(number)s 条") % {"number": line.corrects} if line.corrects else ""
    shown = {
        "text": f"{timezone.localtime(line.used_at):%Y-%m-%d %H:%M}",
        "note": line.struck_reason or corrects or _("第 %(number)s 条") % {"number": line.id},
        "url": reverse("uses:manual-entry", args=[line.id]),
    }
    return {
        "cells": [
            shown,
            {"text": line.place_title, "note": line.programme_title},
            {
                "text": line.name,
                "note": f"{_(CERTIFICATES[line.certificate])} · {_(PROVINCES[line.province])}",
            },
            f"{line.people}",
            by,
            {
                "text": "",
                "chip": {
                    "word": _(struck if line.is_struck else counts),
                    "tone": "no" if line.is_struck else "ok",
                },
            },
        ]
    }


# --- the form -----------------------------------------------------------------------------------------------


def _form(request: ActingRequest, said: Said | None) -> dict[str, Any]:
    at = said.used_at if said and said.used_at else request.now
    chosen = f"{said.programme}:{said.band}" if said else ""
    return {
        "places": queries.places_near(request.actor.division),
        "place": said.place if said else 0,
        "fares": _fares(),
        "fare": chosen,
        "people": said.people if said else 1,
        "at": f"{timezone.localtime(at):%Y-%m-%dT%H:%M}",
        "name": said.name if said else "",
        "certificates": [(code, _(word)) for code, word in CERTIFICATES.items()],
        "certificate": said.certificate if said else "",
        "provinces": [(code, _(word)) for code, word in PROVINCES.items()],
        "province": said.province if said else HERE,
    }


def _fares() -> list[tuple[str, str]]:
    """Programme and band in one choice, as the newest version of each fare names them."""
    return [
        (f"{code}:{band.band}", f"{fare.title} · {band.title}")
        for code, fare in sorted(book().fares.fares.items())
        if fare.unit != "month"
        for band in fare.versions[-1].bands
    ]


def _said(given: Mapping[str, str]) -> Said:
    programme, _colon, band = given.get("fare", "").partition(":")
    return Said(
        place=_number(given.get("place", "")),
        programme=programme,
        band=_number(band),
        people=_number(given.get("people", "")),
        used_at=_moment(given.get("used_at", "")),
        name=given.get("name", ""),
        certificate=given.get("certificate", ""),
        province=given.get("province", ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _moment(text: str) -> datetime | None:
    try:
        return timezone.make_aware(datetime.fromisoformat(text))
    except ValueError:
        return None
