"""What every page is given, and the pages that belong to no app."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest, actor_of, anyone

# (address name, icon, words, permission): an app that adds a screen adds a line.
NAVIGATION: tuple[tuple[str, str, str, str], ...] = (
    ("desk:today", "sun", "今天", "desk.open"),
    ("registry:people", "user", "人员", "registry.read-person"),
    ("desk:proposals", "check", "待审", "registry.check"),
    ("registry:imports", "upload", "花名册导入", "registry.import-roster"),
    ("desk:papers", "inbox", "待归档材料", "files.read"),
    ("desk:rights-open", "shield-check", "个人信息权利", "registry.handle-rights"),
    ("desk:exports", "download", "导出", "registry.export"),
    ("registry:feeds", "flag", "比对结果", "registry.decide-feed"),
    ("partners:inbox", "inbox", "部门来件", "partners.read"),
    ("registry:duplicates", "users", "疑似重复", "registry.propose-merge"),
    ("desk:policy", "book", "政策", "policy.read"),
    ("places:divisions", "map", "区划与站点", "places.read"),
    ("desk:evidence", "shield-check", "审计", "audit.read"),
)

# Pages below those of the navigation: what they were opened from stays marked.
OPENED_FROM = {
    "desk:person": "registry:people",
    "desk:full-number": "registry:people",
    "desk:answer": "registry:people",
    "desk:record": "registry:people",
    "desk:changes": "registry:people",
    "desk:change": "registry:people",
    "desk:decide": "desk:proposals",
    "desk:who-read": "registry:people",
    "desk:rights": "registry:people",
    "desk:rights-notice": "registry:people",
    "desk:rights-consent": "registry:people",
    "desk:rights-receive": "registry:people",
    "desk:rights-lift": "registry:people",
    "desk:rights-decide": "registry:people",
    "desk:notice": "desk:rights-open",
    "desk:export-decide": "desk:exports",
    "desk:export-take": "desk:exports",
    "registry:report": "registry:imports",
    "places:division": "places:divisions",
    "desk:paper": "desk:papers",
    "registry:feed-candidate": "registry:feeds",
    "registry:decide-feed": "registry:feeds",
    "partners:batch": "partners:inbox",
    "registry:look-up": "registry:people",
    "registry:refused-rows": "registry:imports",
    "registry:cutover": "registry:imports",
    "registry:cutover-compare": "registry:imports",
    "registry:cutover-refused": "registry:imports",
    "registry:cutover-report": "registry:imports",
    "registry:duplicate": "registry:duplicates",
    "registry:merge": "registry:duplicates",
    "registry:merge-decide": "registry:duplicates",
    "desk:policy-benefit": "desk:policy",
    "desk:policy-people": "desk:policy",
    "desk:policy-references": "desk:policy",
    "desk:policy-reach": "desk:policy",
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the page shell: who is here, where they can go."""
    actor = actor_of(request) if hasattr(request, "session") else None
    here = request.resolver_match.view_name if request.resolver_match else ""
    nav = [
        (reverse(name), icon, _(words), OPENED_FROM.get(here, here) == name)
        for name, icon, words, permission in NAVIGATION
        if actor and actor.may(permission)
    ]
    may_search = actor is not None and actor.may("registry.read-person")
    return {
        "demo": settings.DEMO,
        "actor": actor,
        "nav": nav,
        "idle_seconds": settings.SESSION_LIMITS["staff"][0] if actor else 0,
        "search_url": reverse("registry:people") if may_search else "",
        "keep_url": reverse("extend_session") if actor else "",
    }


@anyone("the front door only points the way")
def front(request: ActingRequest) -> HttpResponse:
    """Staff go to the workbench; there is no other face yet."""
    return redirect("desk:today")


@anyone("a page that failed its check tells why")
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token did not fit: nothing was changed."""
    return render(request, "house/csrf_failed.html", {"reason": reason}, status=403)


@anyone("an operator's probe; says nothing about anybody")
def health(request: HttpRequest) -> HttpResponse:
    """Answers when the application and its database do."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return HttpResponse("ok", content_type="text/plain")
