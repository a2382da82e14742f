"""Pages of payments: batches, one batch with its three people, what has to be mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, translatable
from rongjun.ledger.payments import actions, queries
from rongjun.ledger.payments.logic.batches import PURPOSES, may_check, may_release
from rongjun.ledger.payments.queries import BatchReport, LineReport
from rongjun.ledger.payments.workbook import LINE_STATES, batch_workbook
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.ui.api import attachment, page_asked, pager_of, sentence, shown

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES: Words[dict[str, tuple[str, str]]] = {
    "draft": ("待复核", "warn"),
    "checked": ("等放款", "warn"),
    "released": ("待发送", "info"),
    "sent": ("已发银行", "info"),
    "answered": ("部分回盘", "info"),
    "closed": ("办完", "ok"),
    "withdrawn": ("已撤回", "pause"),
}
STEPS: Words[tuple[tuple[str, str], ...]] = (
    ("draft", "经办"),
    ("checked", "复核"),
    ("released", "放款"),
    ("sent", "发给银行"),
    ("closed", "银行回盘"),
)


# --- the list -----------------------------------------------------------------------------------------------


@staff("ledger.read-payments")
@require_safe
def payments(request: ActingRequest) -> HttpResponse:
    """Batches in scope, newest first; what fails waits on a list of its own."""
    asked = request.GET.get("state", "")
    state = asked if asked in STATES else ""
    number = page_asked(request)
    listed, total = queries.batches(state=state, first=(number - 1) * PAGE, limit=PAGE)
    _to_mend, failed = queries.failures(limit=1)
    context = {
        "rows": [_batch_row(each, now=request.now) for each in listed],
        "columns": [
            *({"label": _(word)} for word in translatable(("批次", "状态"))),
            *({"label": _(word), "number": True} for word in translatable(("笔数", "金额（元）", "没付成"))),
            {"label": _("付款日期"), "short": True},
        ],
        "fields": [
            {
                "name": "state",
                "label": _("状态"),
                "options": [
                    {"value": value, "label": label, "selected": value == state}
                    for value, label in (
                        ("", translatable("全部")),
                        *((key, word) for key, (word, _tone) in STATES.items()),
                    )
                ],
            }
        ],
        "total": total,
        "failed": failed,
        "pager": pager_of(number, total, most=PAGE, state=state),
    }
    return render(request, "ledger/payments.html", context)


def _batch_row(report: BatchReport, *, now: datetime) -> dict[str, object]:
    word, tone = STATES[report.state]
    url = reverse("ledger:payment-batch", args=[report.id])
    if report.failure:
        word, tone = translatable("没送到银行"), "late"
    elif report.is_overdue(now):
        word, tone = translatable("回盘迟了"), "late"
    return {
        "cells": [
            {
                "text": report.title,
                "url": url,
                "note": f"{report.number} · {shown(PURPOSES.get(report.purpose, report.purpose))}",
            },
            {"text": "", "chip": {"word": _(word), "tone": tone}},
            f"{report.count:,}",
            report.total.text,
            f"{report.counted('failed'):,}",
            f"{report.pay_on}",
        ]
    }


# --- one batch ----------------------------------------------------------------------------------------------


@staff("ledger.read-payments")
@require_safe
def batch(request: ActingRequest, batch: UUID) -> HttpResponse:
    """One batch: what is unusual first, then its totals, its lines, and what may be done by whom."""
    return _batch_page(request, batch)


def _batch_page(request: ActingRequest, batch: UUID, *, refused: Refused | None = None) -> HttpResponse:
    report = _found(batch)
    lines, odd = queries.lines_of(batch), queries.exceptions_of(batch)
    _note_read(request, report, event="ledger.payments-listed", purpose=_("核对付款批次"))
    people = report.people
    names = names_of_actors({people.made, people.checked, people.released, report.withdrawn_by})
    word, tone = STATES[report.state]
    context = {
        "report": report,
        "state": {"word": _(word), "tone": tone},
        "steps": _steps(report, names),
        "tiles": _tiles(report),
        "odd": [_odd_row(line, why) for line, why in odd],
        "lines": [_line_row(line) for line in lines],
        "columns": _line_columns(),
        "funds": [_total_row(each.what, each) for each in queries.totals_by_fund(batch)],
        "counties": [_total_row(name, each) for name, each in _counties(request, batch)],
        "total_columns": [
            {"label": _("名称")},
            *({"label": _(each), "number": True} for each in translatable(("笔数", "金额（元）"))),
        ],
        "most": queries.MOST_LINES,
        "withdrawn_by": names[report.withdrawn_by],
        "is_overdue": report.is_overdue(request.now),
        "refusal": sentence(refused) if refused else None,
        **_may(request, report),
    }
    return render(request, "ledger/payment_batch.html", context, status=422 if refused else 200)


def _found(batch: UUID) -> BatchReport:
    report = queries.batch_report(batch)
    if report is None:
        raise Http404
    return report


def _may(request: ActingRequest, report: BatchReport) -> dict[str, bool]:
    """Which buttons this visitor gets; whoever had the batch in hand before gets a sentence instead."""
    actor, people = request.actor, report.people
    checks = report.state == "draft" and actor.may("ledger.check-payments")
    releases = report.state == "checked" and actor.may("ledger.release-payments")
    return {
        "may_check": checks and may_check(people, actor.text),
        "may_release": releases and may_release(people, actor.text),
        "is_own": (checks and not may_check(people, actor.text))
        or (releases and not may_release(people, actor.text)),
        "may_withdraw": report.state in {"draft", "checked", "released"}
        and actor.may("ledger.make-payments"),
        "may_take_file": report.sent_at is not None and actor.may("ledger.read-bank-file"),
    }


def _steps(report: BatchReport, names: dict[str, str]) -> list[dict[str, object]]:
    at = {
        "draft": report.made_at,
        "checked": report.checked_at,
        "released": report.released_at,
        "sent": report.sent_at,
        "closed": report.closed_at,
    }
    people = report.people
    who = {
        "draft": names[people.made],
        "checked": names[people.checked],
        "released": names[people.released],
    }
    done = [at[step] is not None for step, _word in STEPS]
    now = done.index(False) if report.state != "withdrawn" and False in done else -1
    return [
        {"word": word, "at": at[step], "who": who.get(step, ""), "done": done[place], "now": place == now}
        for place, (step, word) in enumerate(STEPS)
    ]


def _tiles(report: BatchReport) -> list[dict[str, object]]:
    paid, failed = report.by_state.get("paid"), report.by_state.get("failed")
    return [
        {"label": _("本批合计"), "figure": report.total.text, "unit": _("元")},
        {"label": _("笔数"), "figure": f"{report.count:,}", "unit": _("笔")},
        {"label": _("已到账"), "figure": paid[1].text if paid else "0.00", "unit": _("元")},
        {
            "label": _("没付成"),
            "figure": f"{failed[0]:,}" if failed else "0",
            "unit": _("笔"),
            "url": reverse("ledger:payment-failures") if failed else "",
            "late": bool(failed),
        },
    ]


def _counties(request: ActingRequest, batch: UUID) -> list[tuple[str, queries.Total]]:
    totals = queries.totals_by_county(batch)
    today = timezone.localtime(request.now).date()
    names = places.names_of({int(each.what) for each in totals}, on=today)
    return [(names.get(int(each.what), each.what), each) for each in totals]


def _line_columns() -> list[dict[str, object]]:
    words = [_(word) for word in translatable(("收款人", "账号", "金额（元）", "状态", "原因"))]
    return [{"label": word, "number": place == 2} for place, word in enumerate(words)]


def _line_row(line: LineReport) -> dict[str, object]:
    word, tone = LINE_STATES[line.state]
    return {
        "cells": [
            {"text": line.payee, "note": line.reference},
            line.account,
            line.fen.text,
            {"text": "", "chip": {"word": _(word), "tone": tone}},
            line.dispute or line.reason,
        ]
    }


def _odd_row(line: LineReport, why: str) -> dict[str, object]:
    row = _line_row(line)
    cells = row["cells"]
    assert isinstance(cells, list)
    return {"cells": [*cells[:4], why]}


def _total_row(name: str, total: queries.Total) -> dict[str, object]:
    return {"cells": [name, f"{total.count:,}", total.total.text]}


# --- three people -------------------------------------------------------------------------------------------


@require_POST
@staff("ledger.check-payments")
def check(request: ActingRequest, batch: UUID) -> HttpResponse:
    """The second person finds the batch right."""
    return _do(request, batch, actions.check_batch, said=_("复核好了，等放款。名单和金额不再变。"))


@require_POST
@staff("ledger.release-payments")
def release(request: ActingRequest, batch: UUID) -> HttpResponse:
    """The third person lets the money go."""
    return _do(request, batch, actions.release_batch, said=_("已放款，文件马上发给银行。"))


@require_POST
@staff("ledger.make-payments")
def withdraw(request: ActingRequest, batch: UUID) -> HttpResponse:
    """A batch that has not gone out is taken back."""
    return _do(
        request, batch, actions.withdraw_batch, said=_("已撤回。"), reason=request.POST.get("reason", "")
    )


def _do(
    request: ActingRequest, batch: UUID, action: Callable[..., None], *, said: str, **given: str
) -> HttpResponse:
    _found(batch)
    try:
        action(batch, by=request.actor, now=request.now, **given)
    except Refused as refused:
        return _batch_page(request, batch, refused=refused)
    messages.success(request, said)
    return redirect("ledger:payment-batch", batch=batch)


# --- taking out ---------------------------------------------------------------------------------------------


@require_POST
@staff("ledger.read-bank-file")
def bank_file(request: ActingRequest, batch: UUID) -> HttpResponse:
    """The file as it went to the bank, with whole accounts: against a purpose, logged."""
    report = _found(batch)
    try:
        _note_read(
            request, report, event="ledger.bank-file-exported", purpose=request.POST.get("purpose", "")
        )
    except Refused as refused:
        return _batch_page(request, batch, refused=refused)
    file = queries.file_of(batch)
    if file is None:
        raise Http404
    return attachment(file.content, file.name, kind="application/octet-stream")


@require_POST
@staff("ledger.read-payments")
def workbook(request: ActingRequest, batch: UUID) -> HttpResponse:
    """The batch as a workbook, accounts masked: against a purpose, logged and marked."""
    report, purpose = _found(batch), request.POST.get("purpose", "").strip()[:200]
    try:
        _note_read(request, report, event="ledger.payments-exported", purpose=purpose)
    except Refused as refused:
        return _batch_page(request, batch, refused=refused)
    actor, at = request.actor, timezone.localtime(request.now).strftime("%Y-%m-%d %H:%M")
    people = report.people
    content = batch_workbook(
        report,
        queries.lines_of(batch, most=report.count),
        funds=queries.totals_by_fund(batch),
        counties=_counties(request, batch),
        names=names_of_actors({people.made, people.checked, people.released}),
        mark=registry.Mark(actor.name, actor.login, actor.division_label, at, report.number),
        reason=purpose,
    )
    return attachment(content, f"{report.number}.xlsx", kind=XLSX)


def _note_read(request: ActingRequest, report: BatchReport, *, event: str, purpose: str) -> None:
    audit.note_read(
        f"payment-batch:{report.id}",
        event=event,
        by=request.actor.text,
        role=request.actor.role,
        purpose=purpose,
        source=request.path,
        division=report.division,
        detail={"number": report.number, "lines": report.count},
        at=request.now,
    )


# --- what has to be mended ----------------------------------------------------------------------------------


@staff("ledger.read-payments")
@require_safe
def failures(request: ActingRequest) -> HttpResponse:
    """Payments that failed, oldest first: why, what to do, whose they are."""
    return _failures_page(request)


def _failures_page(request: ActingRequest, *, refused: Refused | None = None) -> HttpResponse:
    number, mine = page_asked(request), request.GET.get("mine") == "1"
    owner = request.actor.text if mine else ""
    listed, total = queries.failures(owner=owner, first=(number - 1) * PAGE, limit=PAGE)
    if listed:
        audit.note_read(
            [f"payment:{line.id}" for line in listed],
            event="ledger.payments-listed",
            by=request.actor.text,
            role=request.actor.role,
            purpose=_("处理没付成的款"),
            source=request.path,
            division=request.actor.division,
            at=request.now,
        )
    names = names_of_actors({line.owner for line in listed})
    context = {
        "listed": [{"line": line, "owner": names[line.owner]} for line in listed],
        "total": total,
        "mine": mine,
        "me": request.actor.text,
        "may_mend": request.actor.may("ledger.make-payments"),
        "refusal": sentence(refused) if refused else None,
        "pager": pager_of(number, total, most=PAGE, mine="1" if mine else ""),
    }
    return render(request, "ledger/payment_failures.html", context, status=422 if refused else 200)


@require_POST
@staff("ledger.make-payments")
def mend(request: ActingRequest, line: int) -> HttpResponse:
    """A failed payment is paid again, written back, taken over, or a contradiction is settled."""
    if queries.failure(line) is None:
        raise Http404
    try:
        said = _mend(request, line)
    except Refused as refused:
        return _failures_page(request, refused=refused)
    messages.success(request, said)
    return redirect("ledger:payment-failures")


def _mend(request: ActingRequest, line: int) -> str:
    given: dict[str, Any] = {"by": request.actor, "now": request.now}
    verdict, reason = request.POST.get("verdict", ""), request.POST.get("reason", "")
    if verdict == "take":
        actions.take_over(line, **given)
        return _("这一笔归您处理了。")
    if verdict == "write-back":
        actions.write_back_payment(line, reason=reason, **given)
        return _("已冲回，钱留在原来的资金里。")
    if verdict in {"arrived", "not-arrived"}:
        actions.settle_dispute(line, has_arrived=verdict == "arrived", reason=reason, **given)
        return _("这一笔的结果定下来了。")
    into = actions.draft_for_repeat(line, **given)
    given |= {name: request.POST.get(name, "").strip() for name in ("payee", "account")}
    actions.requeue_payment(line, into=into, reason=reason, **given)
    return _("已放进重新发的批次，等复核、放款。")
