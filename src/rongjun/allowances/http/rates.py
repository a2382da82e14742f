"""Rate orders: how each stands with the bureau, what is in it, and the two who confirm it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.allowances import actions
from rongjun.allowances.book import paying_book
from rongjun.allowances.http.shared import acting, heads, refused_page
from rongjun.allowances.logic.rates import KINDS, UNITS, Rate, RateOrder, key_text
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.queries import rates as queries
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import translatable

TONES: Final[Mapping[str, str]] = {
    queries.CONFIRMED: "ok",
    queries.PROPOSED: "warn",
    queries.CHANGED: "late",
    queries.OPEN: "warn",
    queries.NEVER: "",
}


@require_safe
@staff("allowances.read-rates")
def rates(request: ActingRequest) -> HttpResponse:
    """Every rate order of the book with how it stands; those that wait first."""
    listed = queries.orders(paying_book())
    context = {
        "rows": [_row(order, standing) for order, standing in listed],
        "columns": heads(
            *translatable(("标准文件", "状态", "地区", "从哪天起", "公布", "标准#", "确认后能发的#"))
        ),
        "total": len(listed),
        "waiting": sum(1 for _order, standing in listed if standing in {queries.PROPOSED, queries.CHANGED}),
        "confirmed": sum(1 for _order, standing in listed if standing == queries.CONFIRMED),
    }
    return render(request, "allowances/rates.html", context)


def _row(order: RateOrder, standing: str) -> dict[str, Any]:
    return {
        "cells": [
            {"text": order.title, "url": reverse("allowances:rate-order", args=[order.code])},
            {"text": "", "chip": {"word": _(queries.STANDINGS[standing]), "tone": TONES[standing]}},
            order.region,
            f"{order.start or '—'}",
            f"{order.announced or '—'}",
            f"{order.rows:,}",
            f"{order.sure:,}",
        ]
    }


@require_safe
@staff("allowances.read-rates")
def rate_order(request: ActingRequest, order: str) -> HttpResponse:
    """One order: its rows, which of them would pay, what was said of it, and what may be said."""
    book = paying_book()
    file = queries.order_file(order, book=book)
    if file is None:
        raise Http404
    names = names_of_actors(
        {name for said in file.said for name in (said.made_by, said.checked_by, said.withdrawn_by) if name}
    )
    may = request.actor.may("allowances.confirm-rates")
    said = file.open_said
    waits = may and said is not None and not said.checked_by
    context = {
        "file": file,
        "order": file.order,
        "standing": {"word": _(queries.STANDINGS[file.standing]), "tone": TONES[file.standing]},
        "rows": [_rate_row(rate, book) for rate in file.rows],
        "columns": heads(
            *translatable(("项目", "对象", "地区", "标准（元）#", "单位", "从哪天起", "能不能发"))
        ),
        "said": [
            {
                "said": each,
                "made_by": names.get(each.made_by, each.made_by),
                "checked_by": names.get(each.checked_by, each.checked_by),
                "withdrawn_by": names.get(each.withdrawn_by, each.withdrawn_by),
                "is_now": each.digest == file.order.digest,
            }
            for each in file.said
        ],
        "may_propose": may and file.order.sure and said is None,
        "may_confirm": waits and said is not None and said.made_by != request.actor.text,
        "waits_for_another": waits and said is not None and said.made_by == request.actor.text,
        "open": said if may else None,
    }
    return render(request, "allowances/rate_order.html", context)


def _rate_row(rate: Rate, book: AllowanceBook) -> dict[str, Any]:
    series = book.rates.series[rate.series]
    who = key_text(rate.key, titles=series.categories).strip("（）")
    kind = "" if rate.kind == "standard" else f"{_(KINDS[rate.kind])} "
    return {
        "cells": [
            series.title,
            f"{kind}{who}" or "—",
            rate.region_title,
            rate.text,
            _(UNITS[rate.unit]),
            f"{rate.start or '—'}",
            "；".join(_(each) for each in rate.obstacles) if rate.obstacles else _("能发"),
        ]
    }


@require_POST
@staff("allowances.confirm-rates")
def rate_step(request: ActingRequest, order: str, step: str) -> HttpResponse:
    """One step of a confirmation."""
    work = STEPS.get(step)
    if work is None:
        raise Http404
    try:
        word = work(request, order)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, word)
    return redirect("allowances:rate-order", order=order)


def _propose(request: ActingRequest, order: str) -> str:
    actions.propose_confirmation(
        order,
        digest=request.POST.get("digest", ""),
        document=request.POST.get("document", ""),
        **acting(request),
    )
    return _("已提出。另一位同事对过文件、点了确认，才能据此发放。")


def _confirm(request: ActingRequest, _order: str) -> str:
    actions.confirm_rates(_meant(request), **acting(request))
    return _("已确认。下一个发放批次起，按这份标准发。")


def _withdraw(request: ActingRequest, _order: str) -> str:
    actions.withdraw_confirmation(_meant(request), why=request.POST.get("why", ""), **acting(request))
    return _("已撤回。已经发的不动，往后不再据此发放。")


def _meant(request: ActingRequest) -> UUID:
    try:
        return UUID(request.POST.get("confirmation", ""))
    except ValueError:
        raise Refused("allowances.no-such-order") from None


STEPS: Final[Mapping[str, Callable[[ActingRequest, str], str]]] = {
    "propose": _propose,
    "confirm": _confirm,
    "withdraw": _withdraw,
}
