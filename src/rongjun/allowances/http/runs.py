"""Pay runs: the list, one run with what to look at first, and what each of three people may do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.allowances import actions
from rongjun.allowances.http.shared import (
    PAGE,
    acting,
    day_of,
    heads,
    month_asked,
    names_of,
    refused_page,
    today_of,
)
from rongjun.allowances.logic.months import month_text
from rongjun.allowances.logic.running import ASIDE, RUN_KINDS
from rongjun.allowances.models import PayRun
from rongjun.allowances.queries import pages
from rongjun.allowances.queries.pages import RunFile, Totalled
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, translatable
from rongjun.places import api as places
from rongjun.ui.api import page_asked, pager_of

STATES: Words[Mapping[str, tuple[str, str]]] = {
    "asked": ("正在算", "info"),
    "draft": ("待复核", "warn"),
    "checked": ("待放行", "warn"),
    "released": ("已放行", "ok"),
    "withdrawn": ("已撤回", "pause"),
    "empty": ("没有要发的", ""),
    "failed": ("没出成", "late"),
}
ORDERS: Words[Mapping[str, tuple[str, str]]] = {
    "ordered": ("等银行答复", "info"),
    "paid": ("已到账", "ok"),
    "failed": ("没付成", "late"),
    "returned": ("退回，下次重发", "pause"),
}
FUNDS: Words[Mapping[str, str]] = {
    "allowance-central": "中央补助",
    "allowance-province": "省级资金",
    "allowance-city": "市级资金（没有写明谁承担的也在这里）",
    "allowance-county": "区市资金",
}


@require_safe
@staff("allowances.read")
def runs(request: ActingRequest) -> HttpResponse:
    """Runs in scope, newest first, and the form that asks for one."""
    number = page_asked(request)
    listed, total = pages.runs(first=(number - 1) * PAGE, limit=PAGE)
    context = {
        "rows": [_row(each) for each in listed],
        "columns": heads(*translatable(("批次", "状态", "笔数#", "发出（元）#", "追回（元）#", "付款日期"))),
        "total": total,
        "pager": pager_of(number, total, most=PAGE),
        "may_run": request.actor.may("allowances.run"),
        "month": today_of(request).strftime("%Y-%m"),
        "today": today_of(request),
    }
    return render(request, "allowances/runs.html", context)


def _row(run: PayRun) -> dict[str, Any]:
    word, tone = STATES[run.state]
    return {
        "cells": [
            {
                "text": f"{month_text(run.month)} {run}",
                "url": reverse("allowances:run", args=[run.id]),
            },
            {"text": "", "chip": {"word": _(word), "tone": tone}},
            f"{run.count:,}",
            Fen(run.total).text,
            Fen(run.recover).text,
            f"{run.pay_on}",
        ]
    }


@require_POST
@staff("allowances.run")
def ask(request: ActingRequest) -> HttpResponse:
    """Ask for the run of a month for everybody in one's own division."""
    try:
        run = actions.ask_run(
            division=request.actor.division,
            month=month_asked(request.POST.get("month", "")),
            pay_on=day_of(request.POST.get("pay_on", "")),
            **acting(request),
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("批次正在算，过一会儿刷新就能看到。"))
    return redirect("allowances:run", run=run)


@require_safe
@staff("allowances.read")
def run(request: ActingRequest, run: UUID) -> HttpResponse:
    """One run: what to look at first, totals, what has changed, what became of it, and what may be done."""
    file = pages.run_file(run)
    if file is None:
        raise Http404
    row, today = file.run, today_of(request)
    named = [*(each.person_id for each in file.exceptions), *(each.person_id for each in file.changes)]
    names = names_of(request, named, purpose=_("核对发放批次"))
    signed = names_of_actors({row.made_by, row.checked_by, row.released_by, row.withdrawn_by} - {""})
    counties = places.names_of({int(each.what) for each in file.by_county}, on=today)
    word, tone = STATES[row.state]
    context = {
        "run": row,
        "title": f"{month_text(row.month)} {row}",
        "state": {"word": _(word), "tone": tone},
        "signed": _signed(row, signed),
        "tiles": _tiles(file),
        "aside": [
            {"cells": [_(ASIDE.get(kind, kind)), f"{count:,}", fen.text]} for kind, count, fen in file.aside
        ],
        "aside_columns": heads(*translatable(("事由", "人次#", "金额（元）#"))),
        "exceptions": [
            _person_row(
                names, each.person_id, _(ASIDE.get(each.kind, each.kind)), Fen(each.fen).text, each.words
            )
            for each in file.exceptions
        ],
        "exception_columns": heads(*translatable(("姓名", "事由", "金额（元）#", "说明"))),
        "changes": [
            _person_row(
                names, each.person_id, pages.title_of(each.code), Fen(each.before).text, Fen(each.after).text,
                each.why,
            )
            for each in file.changes
        ],
        "change_columns": heads(*translatable(("姓名", "项目", "上月（元）#", "本月（元）#", "为什么"))),
        "changed": file.changed,
        "total_columns": heads(*translatable(("名称", "笔数#", "金额（元）#"))),
        "kinds": [_total(_(RUN_KINDS[each.what]), each) for each in file.by_kind],
        "schemes": [_total(pages.title_of(each.what), each) for each in file.by_scheme],
        "counties": [_total(counties.get(int(each.what), each.what), each) for each in file.by_county],
        "fund_columns": heads(*translatable(("资金", "笔数#", "金额（元）#", "预算还剩（元）#"))),
        "funds": [
            {"cells": [_(FUNDS.get(each.what, each.what)), f"{each.count:,}", each.fen.text,
                       left.text if left is not None else _("没有设预算指标")]}
            for each, left in file.by_fund
        ],
        "orders": [
            {"cells": [{"text": "", "chip": {"word": _(ORDERS[state][0]), "tone": ORDERS[state][1]}},
                       f"{count:,}", fen.text]}
            for state, (count, fen) in file.orders.items()
        ],
        "order_columns": heads(*translatable(("付款", "笔数#", "金额（元）#"))),
        "batch": file.batch,
        "may": _may(request, row),
        "most": pages.MOST,
    }  # fmt: skip
    return render(request, "allowances/run.html", context)


def _person_row(names: Mapping[UUID, str], person: UUID, *cells: str) -> dict[str, Any]:
    url = reverse("allowances:person", args=[person])
    return {"cells": [{"text": names.get(person, _("不在您的区划")), "url": url}, *cells]}


def _total(name: str, total: Totalled) -> dict[str, Any]:
    return {"cells": [name, f"{total.count:,}", total.fen.text]}


def _tiles(file: RunFile) -> list[dict[str, Any]]:
    set_aside = sum(count for _kind, count, _fen in file.aside)
    return [
        {"label": _("发出"), "figure": Fen(file.run.total).text, "unit": _("元")},
        {"label": _("追回"), "figure": Fen(file.run.recover).text, "unit": _("元")},
        {"label": _("看了多少人"), "figure": f"{file.run.people:,}", "unit": _("人")},
        {"label": _("先看的"), "figure": f"{set_aside:,}", "unit": _("处"), "late": bool(set_aside)},
    ]


def _signed(row: PayRun, names: Mapping[str, str]) -> list[dict[str, Any]]:
    steps = (
        (translatable("经办"), row.made_by, row.made_at),
        (translatable("复核"), row.checked_by, row.checked_at),
        (translatable("放行"), row.released_by, row.released_at),
        (translatable("撤回"), row.withdrawn_by, row.withdrawn_at),
    )
    return [{"word": word, "by": names[by], "at": at} for word, by, at in steps if by]


def _may(request: ActingRequest, row: PayRun) -> dict[str, bool]:
    actor = request.actor
    had = {row.made_by, row.checked_by}
    return {
        "check": row.state == "draft" and actor.may("allowances.check") and actor.text != row.made_by,
        "release": row.state == "checked" and actor.may("allowances.release") and actor.text not in had,
        "withdraw": row.state in {"asked", "draft", "checked"} and actor.may("allowances.run"),
    }


@require_POST
@staff("allowances.read")
def step(request: ActingRequest, run: UUID, step: str) -> HttpResponse:
    """Check, release, withdraw; the action asks whether the actor may."""
    if step not in _STEPS:
        raise Http404
    take, said = _STEPS[step]
    try:
        take(request, run)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _(said))
    return redirect("allowances:run", run=run)


def _check(request: ActingRequest, run: UUID) -> None:
    actions.check_run(run, **acting(request))


def _release(request: ActingRequest, run: UUID) -> None:
    actions.release_run(run, **acting(request))


def _withdraw(request: ActingRequest, run: UUID) -> None:
    actions.withdraw_run(run, why=request.POST.get("why", ""), **acting(request))


_STEPS: Words[Mapping[str, tuple[Callable[[ActingRequest, UUID], None], str]]] = {
    "check": (_check, "复核好了，等放行。名单和金额不再变。"),
    "release": (_release, "已放行，付款文件马上发给银行。"),
    "withdraw": (_withdraw, "批次撤回了。"),
}
