"""替家人办: whom one acts for and who acts for oneself; asking, switching, ending."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rongjun.access.api import ActingRequest, Scope, act_for, citizen
from rongjun.citizen.http.shared import Mine, own_file, refused_page
from rongjun.files import api as files
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words
from rongjun.registry import api as registry

WORDS: Words[dict[str, str]] = {
    "asked": "等服务站核对",
    "granted": "可以替他办",
    "refused": "没有同意",
    "over": "已经结束",
}
WORDS_OVER: Words[dict[str, str]] = {
    "asked": "等服务站核对",
    "granted": "可以替您办",
    "refused": "没有同意",
    "over": "已经结束",
}


@require_safe
@own_file("whom one acts for, and who acts for oneself")
def family(request: ActingRequest, mine: Mine) -> HttpResponse:
    """Both lists, each with what can be done."""
    context = {
        "mine": [(each, WORDS[each.state]) for each in registry.mandates_of_helper(mine.id, now=request.now)],
        "over": [(each, WORDS_OVER[each.state]) for each in registry.mandates_over(mine.id, now=request.now)],
    }
    return render(request, "citizen/family.html", context)


@require_http_methods(["GET", "POST"])
@own_file("asks to act for a family member")
def ask(request: ActingRequest, mine: Mine) -> HttpResponse:
    """Name, number, relation and a proof; the station decides."""
    if request.method != "POST":
        return render(request, "citizen/family_ask.html", {"relations": registry.RELATIONS})
    said = {name: request.POST.get(name, "") for name in ("name", "number", "relation")}
    paper = request.FILES.get("file")
    try:
        if said["relation"] not in registry.RELATIONS:
            raise Refused("registry.mandate-unclear")
        relative = registry.find_relative(said["name"], said["number"], by=mine.actor, now=request.now)
        served = Scope(relative.division, relative.division)  # where the proof is looked at
        proof = files.store_upload(
            paper.read() if paper else b"",
            file_name=paper.name or "" if paper else "",
            kind="kinship",
            about=f"person:{relative.id}",
            division=relative.division,
            by=replace(mine.actor, division=relative.division, scope=served),
            now=request.now,
            purpose="代办授权",
        )
        registry.ask_for_mandate(
            relative,
            helper=mine.id,
            relation=said["relation"],
            proof=proof,
            by=mine.actor,
            now=request.now,
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("收到了。服务站核对证明以后，这里会告诉您结果。"))
    return redirect("citizen:family")


@require_POST
@own_file("begins to act for a family member")
def act(request: ActingRequest, mine: Mine, mandate: UUID) -> HttpResponse:
    """From now on the pages show the other's file; the bar at the top says so."""
    held = registry.mandates_of_helper(mine.id, now=request.now)
    found = next((each for each in held if each.id == mandate and each.state == "granted"), None)
    if found is None:
        raise Http404
    act_for(request, found.person)
    return redirect("citizen:home")


@require_POST
@citizen("goes back to one's own file")
def act_for_self(request: ActingRequest) -> HttpResponse:
    """Back to one's own file."""
    act_for(request, None)
    return redirect("citizen:home")


@require_POST
@own_file("ends a mandate, one's own or over oneself")
def end(request: ActingRequest, mine: Mine, mandate: UUID) -> HttpResponse:
    """At once, by either."""
    try:
        registry.end_mandate(mandate, by=mine.actor, now=request.now)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("已经结束，马上生效。"))
    return redirect("citizen:family")
