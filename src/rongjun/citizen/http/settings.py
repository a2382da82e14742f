"""How one wants the pages, what makes them an app on the phone, notices. Nothing about anybody's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import find
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import CITIZEN, ActingRequest, anyone, choose_look, signed_in
from rongjun.citizen.http.shared import Mine, on_file, today_of
from rongjun.citizen.shell import LOOK_COOKIE
from rongjun.registry import api as registry

A_YEAR = 365 * 24 * 3600


@require_safe
@on_file("one's own settings")
def settings_page(request: ActingRequest, mine: Mine) -> HttpResponse:
    """大字, 高对比, passkeys, out."""
    return render(request, "citizen/settings.html", {"name": mine.actor.name})


@require_POST
@signed_in("how one wants one's own pages", kind=CITIZEN)
def choose(request: Any) -> HttpResponse:
    """Keeps the choice with the account, and in a cookie for the page before one signs in."""
    user = request.user
    large = _chosen(request.POST.get("large"), user.large_type)
    contrast = _chosen(request.POST.get("contrast"), user.high_contrast)
    choose_look(user.pk, large_type=large, high_contrast=contrast)
    came_from_settings = request.POST.get("from") == "settings"
    response = redirect("citizen:settings" if came_from_settings else "citizen:home")
    held = " ".join(word for word, on in (("large", large), ("contrast", contrast)) if on)
    response.set_cookie(LOOK_COOKIE, held, max_age=A_YEAR, httponly=True, samesite="Lax")
    return response


def _chosen(said: str | None, now: bool) -> bool:
    return now if said is None else said == "yes"


@require_safe
@anyone("what a phone asks before it puts an icon on its first page; says nothing about anybody")
def manifest(_request: HttpRequest) -> HttpResponse:
    """The web app manifest."""
    icons = [
        {"src": static(f"rongjun/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    said = {
        "name": _("荣军服务"),
        "short_name": _("荣军"),
        "lang": "zh-CN",
        "start_url": reverse("citizen:home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#FAF8F5",
        "theme_color": "#A61B29",
        "icons": icons,
    }
    return JsonResponse(said, content_type="application/manifest+json")


@require_safe
@anyone("the service worker's script; it keeps the shell and nothing about anybody")
def worker(_request: HttpRequest) -> HttpResponse:
    """The script, from an address whose pages it may serve."""
    script = find("rongjun/worker.js")
    if script is None:
        raise Http404
    return HttpResponse(Path(script).read_bytes(), content_type="text/javascript; charset=utf-8")


@require_safe
@anyone("the page for when there is no network; it is kept on the phone")
def offline(request: HttpRequest) -> HttpResponse:
    """Says that there is no network, and what to do."""
    return render(request, "citizen/offline.html")


@require_safe
@anyone("a notice is everybody's to read; says nothing about anybody")
def notice(request: ActingRequest, code: str) -> HttpResponse:
    """The whole wording of a notice in force today."""
    told = registry.notice_book().notices.get(code)
    wording = told.in_force(today_of(request)) if told else None
    if told is None or wording is None:
        raise Http404
    items = [(label, wording.items[item]) for item, label in registry.ITEMS.items()]
    return render(
        request, "citizen/notice.html", {"title": told.title, "since": wording.since, "items": items}
    )
