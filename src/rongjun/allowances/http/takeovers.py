"""割接: what the old system had paid, proposed, adopted, and its months side by side with ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.allowances import actions
from rongjun.allowances.actions.common import note
from rongjun.allowances.http.shared import acting, heads, month_asked, names_of, refused_page, today_of
from rongjun.allowances.logic.months import month_text, months_in_chinese
from rongjun.allowances.logic.taking_over import FAULTS, THROUGH, Difference
from rongjun.allowances.models import Takeover
from rongjun.allowances.queries import takeovers as queries
from rongjun.allowances.queries.pages import title_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import translatable
from rongjun.registry import api as registry
from rongjun.ui.api import attachment

MOST = 200
SHEET: Final = translatable(
    ("姓名", "月份", "项目", "我们（元）#", "老系统（元）#", "相差（元）#", "原因", "说明")
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@staff("allowances.take-over")
def takeovers(request: ActingRequest) -> HttpResponse:
    """Files of the old system that may be taken over, and the takeovers, newest first."""
    listed = queries.takeovers()
    context = {
        "files": queries.files_to_take(),
        "rows": [_row(each) for each in listed],
        "columns": heads(
            *translatable(("文件", "状态", "月份", "接过来的行#", "没接的行#", "人月#", "金额（元）#"))
        ),
        "total": len(listed),
    }
    return render(request, "allowances/takeovers.html", context)


def _row(row: Takeover) -> dict[str, Any]:
    return {
        "cells": [
            {"text": row.file_name, "url": reverse("allowances:takeover", args=[row.id])},
            {"text": "", "chip": _standing(row)},
            months_in_chinese(row.first, row.last),
            f"{row.taken:,}",
            f"{row.left_out:,}",
            f"{row.months:,}",
            Fen(row.total).text,
        ]
    }


def _standing(row: Takeover) -> dict[str, str]:
    if row.withdrawn_by:
        return {"word": _("已撤回"), "tone": "pause"}
    if row.checked_by:
        return {"word": _("已接过来"), "tone": "ok"}
    return {"word": _("等另一位同事核对"), "tone": "warn"}


@require_POST
@staff("allowances.take-over")
def propose(request: ActingRequest) -> HttpResponse:
    """Propose a file that was handed in; the rows are reckoned at once."""
    try:
        source = _source(request.POST.get("source", ""))
        key = actions.propose_takeover(source, today=today_of(request), **acting(request))
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("已提出。另一位同事和老系统核对过，点了“接过来”，才算已发。"))
    return redirect("allowances:takeover", takeover=key)


def _source(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("allowances.no-such-takeover") from None


def _found(takeover: UUID) -> Takeover:
    row = queries.takeover(takeover)
    if row is None:
        raise Http404
    return row


@require_safe
@staff("allowances.take-over")
def takeover(request: ActingRequest, takeover: UUID) -> HttpResponse:
    """One takeover: what it comes to, every row left out and why, who signed, and what may be done."""
    row = _found(takeover)
    names = names_of_actors({row.made_by, row.checked_by, row.withdrawn_by} - {""})
    is_open = not row.checked_by and not row.withdrawn_by
    context = {
        "row": row,
        "standing": _standing(row),
        "is_through": row.kind == THROUGH,
        "months": months_in_chinese(row.first, row.last),
        "yuan": Fen(row.total).text,
        "left": [
            {
                "cells": [
                    f"{each['row']}", title_of(each["code"]), month_text(each["month"]),
                    Fen(each["fen"]).text if each["fen"] else "—", _(FAULTS[each["fault"]]),
                ]
            }
            for each in row.faults[:MOST]
        ],
        "left_columns": heads(*translatable(("行#", "项目", "月份", "金额（元）#", "为什么没接"))),
        "more": max(0, len(row.faults) - MOST),
        "made_by": names.get(row.made_by, row.made_by),
        "checked_by": names.get(row.checked_by, row.checked_by),
        "withdrawn_by": names.get(row.withdrawn_by, row.withdrawn_by),
        "may_adopt": is_open and row.made_by != request.actor.text,
        "waits_for_another": is_open and row.made_by == request.actor.text,
        "is_open": is_open,
    }  # fmt: skip
    return render(request, "allowances/takeover.html", context)


@require_POST
@staff("allowances.take-over")
def step(request: ActingRequest, takeover: UUID, step: str) -> HttpResponse:
    """Adopt, or withdraw."""
    if step not in _STEPS:
        raise Http404
    act, said = _STEPS[step]
    try:
        act(request, takeover)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _(said))
    return redirect("allowances:takeover", takeover=takeover)


def _adopt(request: ActingRequest, takeover: UUID) -> None:
    actions.adopt_takeover(takeover, **acting(request))


def _withdraw(request: ActingRequest, takeover: UUID) -> None:
    actions.withdraw_takeover(takeover, why=request.POST.get("why", ""), **acting(request))


_STEPS: Mapping[str, tuple[Callable[[ActingRequest, UUID], None], str]] = {
    "adopt": (_adopt, translatable("接过来了。下一个发放批次起，这些月份算已发。")),
    "withdraw": (_withdraw, translatable("撤回了，什么也没有接过来。")),
}


# --- side by side -------------------------------------------------------------------------------------------


def _side_by_side(request: ActingRequest, row: Takeover) -> queries.ParallelRun:
    text = request.GET.get("month", "") or request.POST.get("month", "")
    month = month_asked(text) if text else row.last
    return queries.parallel_run(row, month=month, known_at=request.now)


@require_safe
@staff("allowances.take-over")
def parallel(request: ActingRequest, takeover: UUID) -> HttpResponse:
    """A month as we would pay it beside the old system's; no run is written by it."""
    row = _found(takeover)
    try:
        found = _side_by_side(request, row)
    except Refused as refused:
        return refused_page(request, refused)
    shown = found.differences[:MOST]
    names = names_of(request, [UUID(each.person) for each in shown], purpose=_("并行期比对"))
    context = {
        "row": row,
        "found": found,
        "month": month_text(found.month),
        "count": len(found.differences),
        "ours": found.ours.text,
        "theirs": found.theirs.text,
        "gap": (found.ours - found.theirs).text,
        "rows": [
            {
                "cells": [
                    {
                        "text": names.get(UUID(each.person), _("不在您的区划")),
                        "url": reverse("allowances:person", args=[each.person]),
                    },
                    *_told(each),
                ]
            }
            for each in shown
        ],
        "columns": heads(
            *translatable(("姓名", "项目", "我们（元）#", "老系统（元）#", "相差（元）#", "原因", "说明"))
        ),
        "more": max(0, len(found.differences) - MOST),
    }
    return render(request, "allowances/takeover_parallel.html", context)


def _told(each: Difference) -> list[str]:
    ours = "—" if each.ours is None else Fen(each.ours).text
    gap = "—" if each.ours is None else Fen(each.ours - each.theirs).text
    return [title_of(each.code), ours, Fen(each.theirs).text, gap, _(each.cause), each.words]


@require_POST
@staff("allowances.take-over")
def workbook(request: ActingRequest, takeover: UUID) -> HttpResponse:
    """The whole list of differences as a marked workbook; that it was taken out is noted."""
    row = _found(takeover)
    try:
        found = _side_by_side(request, row)
    except Refused as refused:
        return refused_page(request, refused)
    people = [UUID(each.person) for each in found.differences]
    reason = _("并行期比对")
    names = names_of(request, people, purpose=reason)
    month = month_text(found.month)
    note(
        "allowances.parallel-run-exported", f"takeover:{row.id}", row.division,
        month=month, rows=str(len(people)), **acting(request),
    )  # fmt: skip
    actor, at = request.actor, timezone.localtime(request.now).strftime("%Y-%m-%d %H:%M")
    told = [[names.get(UUID(each.person), ""), month, *_told(each)] for each in found.differences]
    total = [_("合计（含一致的）"), month, "", found.ours.text, found.theirs.text]
    content = registry.marked_book(
        {
            _("差异"): (
                [each["label"] for each in heads(*SHEET)],
                [*told, [*total, (found.ours - found.theirs).text, "", ""]],
            )
        },
        mark=registry.Mark(actor.name, actor.login, actor.division_label, at, f"{str(row.id)[:8]}-{month}"),
        reason=reason,
    )
    return attachment(content, f"并行期差异-{month}.xlsx", kind=XLSX)
