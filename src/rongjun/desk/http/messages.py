"""消息: what the station has to tell by hand, what reached nobody, and what one person was told and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages as flash
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.desk.http.shared import hidden_from, note_listed, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import translatable
from rongjun.notices import api as notices
from rongjun.registry import api as registry
from rongjun.ui.api import page_asked, pager_of

PAGE = 50
UNSENT_SHOWN = 100


@require_safe
@staff("notices.tell")
def by_hand(request: ActingRequest) -> HttpResponse:
    """Whom the station has to tell in person, the oldest first, and why."""
    number = page_asked(request)
    listed, total = notices.by_hand(first=(number - 1) * PAGE, limit=PAGE, without=hidden_from(request.actor))
    names = _named(request, (each.line.person for each in listed), purpose="当面告知")
    context = {
        "rows": [(each, names.get(each.line.person, "")) for each in listed],
        "hows": notices.HOW,
        "total": total,
        "pager": pager_of(number, total, most=PAGE),
        "down": [(_(notices.CHANNELS[code]), since, why) for code, since, why in notices.channels_down()],
    }
    return render(request, "desk/messages_by_hand.html", context)


@require_POST
@staff("notices.tell")
def told(request: ActingRequest, message: UUID) -> HttpResponse:
    """The person was told, or could not be."""
    if not notices.is_there(message):
        raise Http404
    by, now = request.actor, request.now
    try:
        if request.POST.get("verdict") == "failed":
            notices.give_up(message, reason=request.POST.get("reason", ""), by=by, now=now)
            said = _("记下了：没能告知。")
        else:
            notices.tell_by_hand(message, how=request.POST.get("how", ""), by=by, now=now)
            said = _("记下了：已当面告知。")
    except Refused as refused:
        return refused_page(request, refused)
    flash.success(request, said)
    return redirect("desk:messages-by-hand")


@require_safe
@staff("notices.read")
def not_told(request: ActingRequest) -> HttpResponse:
    """Messages that ended without anybody told, and sendings that came back or were given up."""
    number, without = page_asked(request), hidden_from(request.actor)
    lost, total = notices.not_told(first=(number - 1) * PAGE, limit=PAGE, without=without)
    unsent = notices.unsent(limit=UNSENT_SHOWN, without=without)
    people = [*(line.person for line in lost), *(each.line.person for each in unsent)]
    names = _named(request, people, purpose="没有送达的消息")
    context = {
        "rows": [
            {
                "cells": [
                    _person(line.person, names),
                    line.title,
                    _chip(line),
                    line.words,
                    _when(line.settled_at),
                ]
            }
            for line in lost
        ],
        "columns": _columns(translatable(("姓名", "消息", "结果", "为什么", "什么时候"))),
        "unsent": [
            {
                "cells": [
                    _person(each.line.person, names),
                    each.line.title,
                    _(each.channel),
                    each.reason,
                    str(each.tries),
                    _when(each.at),
                ]
            }
            for each in unsent
        ],
        "unsent_columns": _columns(translatable(("姓名", "消息", "渠道", "为什么", "试了几次", "什么时候"))),
        "total": total,
        "pager": pager_of(number, total, most=PAGE),
    }
    return render(request, "desk/messages_not_told.html", context)


@require_safe
@staff("notices.read")
def of_person(request: ActingRequest, person: UUID) -> HttpResponse:
    """What one person was told, by which channel, with what receipt; and what they chose."""
    head = registry.head_of(person, known_at=request.now)
    if head is None:
        raise Http404
    if registry.is_closed(head.id):
        return refused_page(request, Refused("registry.restricted"))
    note_listed(request, [head.id], purpose="查看告知情况")
    lines = notices.messages_of(registry.file_ids_of(head.id), without=hidden_from(request.actor))
    proofs: dict[UUID, list[notices.Proof]] = {}
    for proof in notices.proofs_of([line.id for line in lines]):
        proofs.setdefault(proof.message, []).append(proof)
    ways = notices.ways_of(head.id, now=request.now)
    names = names_of_actors({ways.chosen_by, *(line.settled_by for line in lines)})
    context = {
        "id": head.id,
        "name": head.name,
        "rows": [(line, proofs.get(line.id, []), _clerk(line, names)) for line in lines],
        "ways": ways,
        "wants": [_(notices.CHANNELS[code]) for code in ways.wants],
        "chosen_by": names.get(ways.chosen_by, ""),
        "offered": _choices(" ".join(ways.wants)),
        "may_choose": request.actor.may("notices.tell"),
    }
    return render(request, "desk/messages_of_person.html", context)


def _clerk(line: notices.MessageLine, names: Mapping[str, str]) -> str:
    """Which colleague ended it; the person's reading and a channel's receipt have lines of their own."""
    return names.get(line.settled_by, "") if line.settled_by.startswith("staff:") else ""


def _choices(chosen: str) -> list[dict[str, Any]]:
    words = translatable(
        {
            "wechat sms": "先公众号，后短信",
            "sms": "只发短信",
            "wechat": "只发公众号",
            "": "都不要，只在网页上看",
        }
    )
    return [
        {"value": value, "label": _(label), "selected": value == chosen} for value, label in words.items()
    ]


@require_POST
@staff("notices.tell")
def choose(request: ActingRequest, person: UUID) -> HttpResponse:
    """The person told a clerk by which channels they want to be told."""
    head = registry.head_of(person, known_at=request.now)
    if head is None:
        raise Http404
    if registry.is_closed(head.id):
        return refused_page(request, Refused("registry.restricted"))
    try:
        notices.choose_channels(
            head.id,
            division=head.division,
            wants=request.POST.get("wants", "?").split(),
            by=request.actor,
            now=request.now,
        )
    except Refused as refused:
        return refused_page(request, refused)
    flash.success(request, _("记下了本人的选择。"))
    return redirect("desk:person-messages", person=head.id)


def _named(request: ActingRequest, people: Iterable[UUID], *, purpose: str) -> dict[UUID, str]:
    """The names of whoever is shown; that they were is logged."""
    shown = sorted(set(people), key=str)
    if not shown:
        return {}
    note_listed(request, shown, purpose=purpose)
    lines = registry.lines_of(shown, on=today_of(request), known_at=request.now)
    return {line.id: line.name for line in lines}


def _person(person: UUID, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "text": names.get(person) or _("（已并档）"),
        "url": reverse("desk:person-messages", args=[person]),
    }


def _chip(line: notices.MessageLine) -> dict[str, Any]:
    word, tone = line.state_words
    return {"text": "", "chip": {"word": _(word), "tone": tone}}


def _when(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _columns(labels: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"label": _(label)} for label in labels]
