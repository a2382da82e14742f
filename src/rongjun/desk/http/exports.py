"""Lists of people taken out: few at once, many after a second person has agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.desk.http.privacy import XLSX
from rongjun.desk.http.shared import refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words
from rongjun.registry import api as registry
from rongjun.ui.api import attachment

STATES: Words[dict[str, tuple[str, str]]] = {
    "waiting": ("待审批", "info"),
    "approved": ("可下载", "ok"),
    "refused": ("不批准", "no"),
    "taken": ("已下载", ""),
}


@staff("registry.export")
@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: ActingRequest) -> HttpResponse:
    """Take a list out (POST): a file at once, a request when there are too many. Else: what was asked for."""
    if request.method != "POST":
        return _page(request)
    text, reason = request.POST.get("q", "").strip(), request.POST.get("reason", "")
    given: dict[str, Any] = {"reason": reason, "by": request.actor, "now": request.now}
    try:
        if request.POST.get("step") == "ask":
            registry.request_export(text, **given)
            messages.success(request, _("申请提交了，等另一位有权限的人审批。"))
            return redirect("desk:exports")
        taken = registry.take_list(text, day=today_of(request), most=settings.EXPORT_ALONE, **given)
    except Refused as refused:
        if refused.code == "registry.export-needs-approval":
            return _page(request, asked={"q": text, "reason": reason, **refused.params}, status=422)
        return refused_page(request, refused)
    return attachment(taken.content, f"人员名单-{taken.number}.xlsx", kind=XLSX)


@require_POST
@staff("registry.approve-export")
def decide(request: ActingRequest, export: UUID) -> HttpResponse:
    """Somebody else's request is approved or not."""
    try:
        registry.decide_export(
            export,
            approve=request.POST.get("verdict") == "approve",
            words=request.POST.get("words", ""),
            open_for=timedelta(hours=settings.EXPORT_OPEN_HOURS),
            by=request.actor,
            now=request.now,
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("审批记下了。"))
    return redirect("desk:exports")


@require_POST
@staff("registry.export")
def take(request: ActingRequest, export: UUID) -> HttpResponse:
    """The approved list, once."""
    try:
        taken = registry.take_approved(export, by=request.actor, now=request.now, day=today_of(request))
    except Refused as refused:
        return refused_page(request, refused)
    return attachment(taken.content, f"人员名单-{taken.number}.xlsx", kind=XLSX)


def _page(request: ActingRequest, *, asked: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    lines = registry.exports()
    may_approve = request.actor.may("registry.approve-export")
    names = names_of_actors({line.requested_by for line in lines} | {line.decided_by for line in lines})
    listed = [
        {
            "line": line,
            "word": STATES[line.state][0],
            "tone": STATES[line.state][1],
            "by": names[line.requested_by],
            "decided": names[line.decided_by],
            "may_decide": may_approve and line.state == "waiting" and line.requested_by != request.actor.text,
            "may_take": _is_open(line, request),
        }
        for line in lines
    ]
    context = {
        "listed": listed,
        "asked": asked,
        "most": settings.EXPORT_ALONE,
        "hours": settings.EXPORT_OPEN_HOURS,
        "today": timezone.localtime(request.now).date(),
        "q": request.GET.get("q", "").strip(),
    }
    return render(request, "desk/exports.html", context, status=status)


def _is_open(line: registry.ExportLine, request: ActingRequest) -> bool:
    is_mine = line.requested_by == request.actor.text and line.division == request.actor.division
    return (
        is_mine
        and line.state == "approved"
        and line.open_until is not None
        and request.now <= line.open_until
    )
