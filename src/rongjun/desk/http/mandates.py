"""代办授权: who asks to act for whom, with what proof; a clerk decides, and ends what is in force."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.desk.http.shared import asked_day, note_listed, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry


@staff("registry.handle-rights")
@require_safe
def mandates(request: ActingRequest) -> HttpResponse:
    """What waits, the oldest first, and what is in force; the ids of the people shown are logged."""
    waiting = registry.mandates_asked(now=request.now)
    in_force = registry.mandates_in_force(now=request.now)
    people = {each.person for each in (*waiting, *in_force)}
    note_listed(request, sorted(people, key=str), purpose="代办授权")
    names = names_of_actors(each.decided_by for each in in_force)
    context = {
        "waiting": waiting,
        "in_force": [(each, names[each.decided_by]) for each in in_force],
        "relations": registry.RELATIONS,
        "today": today_of(request),
    }
    return render(request, "desk/mandates.html", context)


@require_POST
@staff("registry.handle-rights")
def decide_mandate(request: ActingRequest, mandate: UUID) -> HttpResponse:
    """Let the helper act until a day, refuse, or end what is in force; with words and the clerk's name."""
    words, actor, now = request.POST.get("words", ""), request.actor, request.now
    try:
        match request.POST.get("decision"):
            case "grant":
                day = asked_day(request.POST.get("last_day", ""))
                if day is None:
                    raise Refused("registry.mandate-days")
                registry.grant_mandate(mandate, last_day=day, words=words, by=actor, now=now)
                said = _("同意了。对方马上就能替他办。")
            case "refuse":
                registry.refuse_mandate(mandate, words=words, by=actor, now=now)
                said = _("没有同意。理由对方看得到。")
            case _:
                registry.end_mandate(mandate, by=actor, now=now)
                said = _("已经结束，马上生效。")
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, said)
    return redirect("desk:mandates")
