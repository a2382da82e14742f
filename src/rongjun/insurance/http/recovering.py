"""Pages of officers: what is asked back, one recovery with its steps, and what may be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, staff
from rongjun.insurance import actions
from rongjun.insurance.actions.recovering import RECOVER
from rongjun.insurance.logic.recovering import OPEN, RECEIVABLE_STATES, SETTLED, STEP_KINDS, WRITTEN_OFF
from rongjun.insurance.queries import recovering as queries
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, translatable
from rongjun.registry import api as registry
from rongjun.ui.api import page_asked, pager_of, sentence

PAGE = 50
TONES = {"waiting": "late", "open": "warn", "settled": "ok"}


@staff("insurance.read")
@require_safe
def recoveries(request: ActingRequest) -> HttpResponse:
    """What was paid too much and is asked back, the newest first."""
    asked = request.GET.get("state", "")
    state, number = asked if asked in RECEIVABLE_STATES else "", page_asked(request)
    listed, total = queries.receivables(state=state, first=(number - 1) * PAGE, limit=PAGE)
    names = _names(request, [row.person_id for row in listed])
    words = (("", translatable("全部")), *RECEIVABLE_STATES.items())
    context = {
        "rows": [
            {
                "cells": [
                    {
                        "text": names.get(row.person_id, ""),
                        "url": reverse("insurance:recovery", args=[row.id]),
                        "note": str(row),
                    },
                    {"text": "", "chip": {"word": _(RECEIVABLE_STATES[row.state]), "tone": TONES[row.state]}},
                    Fen(row.fen).text,
                    Fen(row.remaining if row.state != SETTLED else 0).text,
                    row.decision.number,
                ]
            }
            for row in listed
        ],
        "columns": [
            {"label": _("谁")},
            {"label": _("状态"), "short": True},
            {"label": _("应追回（元）"), "number": True},
            {"label": _("还没还（元）"), "number": True},
            {"label": _("结算单")},
        ],
        "fields": [
            {
                "name": "state",
                "label": _("状态"),
                "options": [
                    {"value": value, "label": _(word), "selected": value == state} for value, word in words
                ],
            }
        ],
        "total": total,
        "pager": pager_of(number, total, most=PAGE, state=state),
    }
    return render(request, "insurance/recoveries.html", context)


@staff("insurance.read")
@require_safe
def recovery(request: ActingRequest, receivable: UUID) -> HttpResponse:
    """One recovery: for which bill and in whose names, what has come back, and what may be done."""
    return _recovery_page(request, receivable)


def _recovery_page(
    request: ActingRequest, receivable: UUID, *, refused: Refused | None = None
) -> HttpResponse:
    file = queries.receivable_file(receivable)
    if file is None:
        raise Http404
    row, may = file.row, request.actor.may(RECOVER)
    context = {
        "row": row,
        "name": _names(request, [row.person_id]).get(row.person_id, ""),
        "state": {"word": _(RECEIVABLE_STATES[row.state]), "tone": TONES[row.state]},
        "fen": Fen(row.fen).text,
        "left": Fen(row.remaining).text,
        "steps": [
            {
                "step": each,
                "word": _(STEP_KINDS[each.kind]),
                "fen": Fen(each.fen).text,
                "waits": each.kind == WRITTEN_OFF and not each.checked_by and row.state == OPEN,
                "is_mine": each.made_by == request.actor.text,
            }
            for each in file.steps
        ],
        "may": may and row.state == OPEN,
        "today": timezone.localtime(request.now).date(),
        "refusal": sentence(refused) if refused else None,
    }
    return render(request, "insurance/recovery.html", context, status=422 if refused else 200)


@require_POST
@staff("insurance.recover")
def recovery_step(request: ActingRequest, receivable: UUID) -> HttpResponse:
    """Money that came back, a write-off proposed or confirmed."""
    asked = request.POST.get("step", "")
    if asked not in _STEPS:
        raise Http404
    take, said = _STEPS[asked]
    try:
        take(request, receivable)
    except Refused as refused:
        return _recovery_page(request, receivable, refused=refused)
    messages.success(request, _(said))
    return redirect("insurance:recovery", receivable=receivable)


def _repay(request: ActingRequest, receivable: UUID) -> None:
    on = _day(request.POST.get("on", "")) or timezone.localtime(request.now).date()
    actions.repay(receivable, on=on, **_said(request))


def _propose(request: ActingRequest, receivable: UUID) -> None:
    actions.propose_write_off(receivable, **_said(request))


def _write_off(request: ActingRequest, receivable: UUID) -> None:
    file = queries.receivable_file(receivable)
    known = {str(each.id): each.id for each in file.steps} if file else {}
    if request.POST.get("written", "") not in known:
        raise Refused("insurance.no-such-receivable")
    actions.write_off(known[request.POST["written"]], by=request.actor, now=request.now)


_STEPS: Words[Mapping[str, tuple[Callable[[ActingRequest, UUID], None], str]]] = {
    "repay": (_repay, "还款记下了。"),
    "propose-write-off": (_propose, "核销提出了，请另一位同志确认。"),
    "write-off": (_write_off, "核销了。"),
}


def _said(request: ActingRequest) -> dict[str, Any]:
    return {
        "fen": _fen(request.POST.get("fen", "")),
        "document": request.POST.get("document", ""),
        "by": request.actor,
        "now": request.now,
    }


def _fen(text: str) -> int:
    """Yuan as fen; 0, which every action refuses, for what is no amount."""
    try:
        return int(Fen.from_text(text))
    except Unfit:
        return 0


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return None


def _names(request: ActingRequest, people: list[UUID]) -> Mapping[UUID, str]:
    if not people:
        return {}
    return registry.names_shown(
        people,
        on=timezone.localtime(request.now).date(),
        by=request.actor,
        purpose="办理荣军保追回",
        source=request.path,
        now=request.now,
    )
