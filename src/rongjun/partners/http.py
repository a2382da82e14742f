"""Where partners send, and the page of what they sent."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, acting_as_job, anyone, names_of_actors, staff
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, translatable
from rongjun.partners import actions, queries
from rongjun.partners.actions import outbox as outbox_actions
from rongjun.partners.answering import call_of, refusal
from rongjun.partners.logic import CALL_STATUS
from rongjun.partners.queries import BatchReport, reconciling
from rongjun.partners.queries import outbox as out
from rongjun.partners.queries.outbox import OutboundReport
from rongjun.ui.api import page_asked, pager_of, sentence

PAGE = 50
RECONCILED_DAYS = 14
JOB = "partners.receive-call"
STATES: Words[dict[str, tuple[str, str]]] = {
    "received": ("已收到", "info"),
    "accepted": ("办理中", "info"),
    "quarantined": ("隔离", "no"),
    "processed": ("办完", "ok"),
    "closed": ("已作废", "pause"),
}
OUT_STATES: Words[dict[str, tuple[str, str]]] = {
    "waiting": ("等着发", "info"),
    "sent": ("已发，等回执", "info"),
    "acknowledged": ("对方收下", "ok"),
    "gave-up": ("发不出去", "no"),
    "closed": ("已作废", "pause"),
}
CHANNELS: Words[dict[str, str]] = {"file": "文件", "call": "接口"}


# --- for machines -------------------------------------------------------------------------------------------


@csrf_exempt
@require_POST
@anyone("every call is signed by its partner, which is checked before anything else; it reads nobody")
def inbound(request: ActingRequest) -> HttpResponse:
    """Take in one signed batch (contracts/inbound.schema.json); the same call again gets the same answer."""
    try:
        call = call_of(request)
        with acting_as_job(JOB):
            batch = actions.receive_call(call, now=request.now)
            report = queries.batch_report(batch)
    except Refused as refused:
        return refusal(request, refused, statuses=CALL_STATUS, event="partners.call-refused")
    assert report is not None
    # What becomes of the lines later is not part of the answer, so that it is the same every time.
    taken = not report.equation
    answer = {"batch": str(batch), "taken": taken, "late": report.is_late, "count": report.count}
    if not taken:
        answer |= {"equation": report.equation, "todo": report.todo}
    return JsonResponse(answer, status=202 if taken else 422)


# --- for people ---------------------------------------------------------------------------------------------


@staff("partners.read")
@require_safe
def inbox(request: ActingRequest) -> HttpResponse:
    """What partners sent, newest first, and what they should have sent by now."""
    number = page_asked(request)
    listed, total = queries.batches(first=(number - 1) * PAGE, limit=PAGE)
    missing = queries.missing_files(now=timezone.localtime(request.now))
    return render(
        request,
        "partners/inbox.html",
        {
            "rows": [_row(each) for each in listed],
            "columns": [
                {"label": _("来件")},
                {"label": _("收到"), "short": True},
                {"label": _("状态"), "short": True},
                *(
                    {"label": _(word), "number": True}
                    for word in translatable(("行数", "办完", "退回", "待办"))
                ),
                {"label": _("不成立的等式")},
            ],
            "missing": [
                {"cells": [each.partner_name, each.title, f"{each.business_date}", each.hour]}
                for each in missing
            ],
            "missing_columns": [
                {"label": _("单位")},
                {"label": _("文件")},
                *({"label": _(word), "short": True} for word in translatable(("业务日期", "次日应到"))),
            ],
            "total": total,
            "pager": pager_of(number, total, most=PAGE),
        },
    )


@staff("partners.read")
@require_safe
def batch(request: ActingRequest, batch: UUID) -> HttpResponse:
    """One batch: does it balance, why is it quarantined, which lines went back."""
    return _batch_page(request, batch)


def _batch_page(request: ActingRequest, batch: UUID, *, refused: Refused | None = None) -> HttpResponse:
    report = queries.batch_report(batch)
    if report is None:
        raise Http404
    word, tone = STATES[report.state]
    names = names_of_actors({report.close_asked_by, report.closed_by})
    lines = [{"cells": [str(each.line), each.key, each.reason]} for each in queries.refused_lines(report.id)]
    return render(
        request,
        "partners/batch.html",
        {
            "report": report,
            "name": _name(report),
            "state": {"word": _(word), "tone": tone},
            "channel": _(CHANNELS[report.channel]),
            "may_close": report.state == "quarantined"
            and report.replaced_by is None
            and request.actor.may("partners.close-batch"),
            "is_own_request": report.close_asked_by == request.actor.text,
            "asked_by": names[report.close_asked_by],
            "closed_by": names[report.closed_by],
            "refusal": sentence(refused) if refused else None,
            "lines": lines,
            "columns": [
                *({"label": _(each), "short": True} for each in translatable(("行", "对方业务编号"))),
                {"label": _("为什么退回")},
            ],
        },
        status=422 if refused else 200,
    )


@require_POST
@staff("partners.close-batch")
def close(request: ActingRequest, batch: UUID) -> HttpResponse:
    """A quarantined batch is given up, or kept after all; where that drops lines, by two people."""
    if queries.batch_report(batch) is None:
        raise Http404
    try:
        if request.POST.get("verdict") == "keep":
            actions.keep_batch(batch, by=request.actor, now=request.now)
            said = _("没有作废，还在隔离。")
        elif actions.close_batch(
            batch, reason=request.POST.get("reason", ""), by=request.actor, now=request.now
        ):
            said = _("已作废。")
        else:
            said = _("记下了。作废会丢掉里面的行，要另一位同事确认。")
    except Refused as refused:
        return _batch_page(request, batch, refused=refused)
    messages.success(request, said)
    return redirect("partners:batch", batch=batch)


def _name(report: BatchReport) -> str:
    said = [report.partner_name, report.title, str(report.business_date or "")]
    return " ".join(word for word in said if word)


def _row(report: BatchReport) -> dict[str, object]:
    word, tone = STATES[report.state]
    if report.replaced_by:
        word, tone = translatable("已更正"), "pause"
    number = f"{_('流水号')} {report.sequence}" if report.sequence else report.file_name
    received = timezone.localtime(report.received_at)
    return {
        "cells": [
            {"text": _name(report), "url": reverse("partners:batch", args=[report.id]), "note": number},
            {"text": f"{received:%m-%d %H:%M}", "note": _("迟到") if report.is_late else ""},
            {"text": "", "chip": {"word": _(word), "tone": tone}},
            *(f"{count:,}" for count in (report.count, report.done, report.refused, report.waiting)),
            report.equation,
        ]
    }


# --- what we send, for people -------------------------------------------------------------------------------


@staff("partners.read")
@require_safe
def outbox(request: ActingRequest) -> HttpResponse:
    """What we send, newest first; with `?state=gave-up` what waits for somebody."""
    number, asked = page_asked(request), request.GET.get("state", "")
    state = asked if asked in OUT_STATES else ""
    listed, total = out.outbound(state=state, first=(number - 1) * PAGE, limit=PAGE)
    return render(
        request,
        "partners/outbox.html",
        {
            "rows": [_out_row(each) for each in listed],
            "columns": [
                {"label": _("发件")},
                *({"label": _(word), "short": True} for word in translatable(("交来", "状态"))),
                *({"label": _(word), "number": True} for word in translatable(("行数", "没发的行"))),
                {"label": _("为什么")},
            ],
            "given_up": out.given_up(),
            "state": state,
            "total": total,
            "pager": pager_of(number, total, most=PAGE, state=state),
        },
    )


@staff("partners.read")
@require_safe
def outbound(request: ActingRequest, batch: UUID) -> HttpResponse:
    """One of what we send: where it is, and what can be done when it was given up."""
    return _outbound_page(request, batch)


def _outbound_page(request: ActingRequest, batch: UUID, *, refused: Refused | None = None) -> HttpResponse:
    report = out.outbound_report(batch)
    if report is None:
        raise Http404
    word, tone = OUT_STATES[report.state]
    names = names_of_actors({report.close_asked_by, report.closed_by, report.retried_by})
    return render(
        request,
        "partners/outbound.html",
        {
            "report": report,
            "name": _out_name(report),
            "state": {"word": _(word), "tone": tone},
            "channel": _(CHANNELS[report.channel]) if report.channel else "",
            "may_act": report.state == "gave-up" and request.actor.may("partners.resend"),
            "is_own_request": report.close_asked_by == request.actor.text,
            "asked_by": names[report.close_asked_by],
            "closed_by": names[report.closed_by],
            "retried_by": names[report.retried_by],
            "refusal": sentence(refused) if refused else None,
        },
        status=422 if refused else 200,
    )


@require_POST
@staff("partners.resend")
def resend(request: ActingRequest, batch: UUID) -> HttpResponse:
    """What was given up is sent once more, or given up for good by two people."""
    if out.outbound_report(batch) is None:
        raise Http404
    reason = request.POST.get("reason", "")
    try:
        if request.POST.get("verdict") != "close":
            outbox_actions.retry_outbound(batch, reason=reason, by=request.actor, now=request.now)
            said = _("马上重发，内容和流水号不变。")
        elif outbox_actions.close_outbound(batch, reason=reason, by=request.actor, now=request.now):
            said = _("已作废。")
        else:
            said = _("记下了。作废就不再发，要另一位同事确认。")
    except Refused as refused:
        return _outbound_page(request, batch, refused=refused)
    messages.success(request, said)
    return redirect("partners:outbound", batch=batch)


def _out_name(report: OutboundReport) -> str:
    return f"{report.partner_name} {report.title} {report.business_date}"


def _out_row(report: OutboundReport) -> dict[str, object]:
    word, tone = OUT_STATES[report.state]
    made = timezone.localtime(report.made_at)
    number = f"{_('流水号')} {report.sequence}" if report.sequence else _("还没有编号")
    url = reverse("partners:outbound", args=[report.id])
    return {
        "cells": [
            {"text": _out_name(report), "url": url, "note": number},
            f"{made:%m-%d %H:%M}",
            {"text": "", "chip": {"word": _(word), "tone": tone}},
            f"{report.count:,}",
            f"{report.withheld:,}",
            report.failure,
        ]
    }


# --- reconciliation, for people -----------------------------------------------------------------------------


@staff("partners.read")
@require_safe
def reconciliation(request: ActingRequest) -> HttpResponse:
    """What partners state they sent and took, held against what we have; the last fourteen days."""
    until = timezone.localtime(request.now).date()
    since = until - timedelta(days=RECONCILED_DAYS)
    differing = reconciling.differences(since=since, until=until)
    return render(
        request,
        "partners/reconciliation.html",
        {
            "differing": [_difference(each) for each in differing],
            "differing_columns": [
                {"label": _("哪一件")},
                {"label": _("业务日期"), "short": True},
                {"label": _("哪里不一样")},
                *({"label": _(word), "number": True} for word in translatable(("对方的行数", "我们的行数"))),
            ],
            "partners": [
                {
                    "cells": [
                        each.partner_name,
                        f"{each.stated_until}",
                        f"{each.agreed:,}",
                        f"{each.differing:,}",
                    ]
                }
                for each in reconciling.reconciled(since=since, until=until)
            ],
            "partners_columns": [
                {"label": _("单位")},
                {"label": _("对账单到哪一天"), "short": True},
                *({"label": _(word), "number": True} for word in translatable(("相同的", "不同的"))),
            ],
        },
    )


def _difference(each: reconciling.Difference) -> dict[str, object]:
    numbers = ("—" if count is None else f"{count:,}" for count in (each.their_count, each.our_count))
    name = f"{each.partner_name} {each.title}"
    note = f"{_('流水号')} {each.sequence}"
    return {"cells": [{"text": name, "note": note}, f"{each.day}", _(each.what), *numbers]}
