"""Recoveries: the list, one with its months and steps, and what may be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.allowances import actions
from rongjun.allowances.book import book_in_force
from rongjun.allowances.http.shared import (
    PAGE,
    acting,
    choices,
    day_of,
    fen_of,
    heads,
    names_of,
    refused_page,
    today_of,
)
from rongjun.allowances.logic.months import month_text
from rongjun.allowances.logic.settling import CAUSES
from rongjun.allowances.queries import pages
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, translatable
from rongjun.ui.api import page_asked, pager_of

STATES: Words[Mapping[str, str]] = {"open": "还没还清", "settled": "办完"}
TONES = {"open": "warn", "settled": "ok"}
STEPS: Words[Mapping[str, str]] = {
    "plan": "定了分期",
    "repaid": "还了",
    "written-off": "核销",
    "lifted": "重新应发，追回取消",
}


@require_safe
@staff("allowances.read")
def recoveries(request: ActingRequest) -> HttpResponse:
    """Recoveries in scope, newest first."""
    asked = request.GET.get("state", "")
    state = asked if asked in STATES else ""
    number = page_asked(request)
    listed, total = pages.receivables(state=state, first=(number - 1) * PAGE, limit=PAGE)
    names = names_of(request, [row.person_id for row in listed], purpose=_("查看追回"))
    context = {
        "rows": [
            {
                "cells": [
                    {
                        "text": names.get(row.person_id, ""),
                        "url": reverse("allowances:recovery", args=[row.id]),
                    },
                    str(row),
                    {"text": "", "chip": {"word": _(STATES[row.state]), "tone": TONES[row.state]}},
                    Fen(row.fen).text,
                    Fen(row.remaining).text,
                    row.why,
                ]
            }
            for row in listed
        ],
        "columns": heads(*translatable(("姓名", "编号", "状态", "应追回（元）#", "还没还（元）#", "为什么"))),
        "filters": [
            {
                "name": "state",
                "label": _("状态"),
                "options": choices(STATES, state, everything=translatable("全部")),
            }
        ],
        "total": total,
        "pager": pager_of(number, total, most=PAGE, state=state),
    }
    return render(request, "allowances/recoveries.html", context)


@require_safe
@staff("allowances.read")
def recovery(request: ActingRequest, receivable: UUID) -> HttpResponse:
    """One recovery: for which months and why, what has come back, and what may be done."""
    file = pages.receivable_file(receivable)
    if file is None:
        raise Http404
    row = file.row
    names = names_of(request, [row.person_id], purpose=_("办理追回"))
    by = names_of_actors({each for s in file.steps for each in (s.made_by, s.checked_by) if each})
    context = {
        "row": row,
        "name": names.get(row.person_id, ""),
        "state": {"word": _(STATES[row.state]), "tone": TONES[row.state]},
        "fen": Fen(row.fen).text,
        "left": Fen(row.remaining).text,
        "monthly": Fen(row.monthly).text,
        "lines": [
            {
                "cells": [
                    pages.title_of(line.code),
                    month_text(line.month),
                    Fen(line.before).text,
                    Fen(-line.fen).text,
                    _(CAUSES.get(line.cause, line.cause)),
                ]
            }
            for line in file.lines
        ],
        "columns": heads(*translatable(("项目", "月份", "发了（元）#", "应退（元）#", "原因"))),
        "steps": [
            {
                "step": each,
                "word": STEPS[each.kind],
                "fen": Fen(each.fen).text,
                "by": by.get(each.made_by, ""),
                "checked_by": by.get(each.checked_by, ""),
                "waits": each.kind == "written-off" and not each.checked_by,
                "is_mine": each.made_by == request.actor.text,
            }
            for each in file.steps
        ],
        "may": row.state == "open" and request.actor.may("allowances.recover"),
        "most": _most(request, row.person_id).text,
        "today": today_of(request),
    }
    return render(request, "allowances/recovery.html", context)


def _most(request: ActingRequest, person: UUID) -> Fen:
    """The most that may be agreed on a month: a share of what the person gets."""
    percent = int(book_in_force().setting("recovery-percent", on=today_of(request)).value)
    return Fen(int(pages.monthly_of(person)) * percent // 100)


@require_POST
@staff("allowances.recover")
def step(request: ActingRequest, receivable: UUID, step: str) -> HttpResponse:
    """A plan, a receipt, a write-off proposed or confirmed."""
    if step not in _STEPS:
        raise Http404
    take, said = _STEPS[step]
    try:
        take(request, receivable)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _(said))
    return redirect("allowances:recovery", receivable=receivable)


def _file(receivable: UUID) -> pages.ReceivableFile:
    file = pages.receivable_file(receivable)
    if file is None:
        raise Refused("allowances.no-such-receivable")
    return file


def _plan(request: ActingRequest, receivable: UUID) -> None:
    person = _file(receivable).row.person_id
    actions.plan_recovery(
        receivable,
        monthly=fen_of(request.POST.get("monthly", "")),
        plan_from=day_of(request.POST.get("from", "")),
        document=request.POST.get("document", ""),
        most=int(_most(request, person)),
        **acting(request),
    )


def _repay(request: ActingRequest, receivable: UUID) -> None:
    actions.repay(
        receivable,
        fen=fen_of(request.POST.get("fen", "")),
        on=day_of(request.POST.get("on", "")),
        document=request.POST.get("document", ""),
        **acting(request),
    )


def _propose(request: ActingRequest, receivable: UUID) -> None:
    actions.propose_write_off(
        receivable,
        fen=fen_of(request.POST.get("fen", "")),
        document=request.POST.get("document", ""),
        **acting(request),
    )


def _write_off(request: ActingRequest, receivable: UUID) -> None:
    waiting = {str(each.id): each.id for each in _file(receivable).steps}
    if request.POST.get("written", "") not in waiting:
        raise Refused("allowances.no-such-receivable")
    actions.write_off(waiting[request.POST["written"]], **acting(request))


_STEPS: Words[Mapping[str, tuple[Callable[[ActingRequest, UUID], None], str]]] = {
    "plan": (_plan, "分期记下了。"),
    "repay": (_repay, "还款记下了。"),
    "propose-write-off": (_propose, "核销提出了，请另一位同事确认。"),
    "write-off": (_write_off, "核销了。"),
}
