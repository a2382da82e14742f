"""The books, to be read: accounts, what moved on one, and one transfer with what it corrects."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, translatable
from rongjun.ledger import queries
from rongjun.ledger.logic import FREED, HELD, KINDS, TRANSFER_KINDS
from rongjun.ledger.queries import AccountLine, StatementLine, TransferPage
from rongjun.ui.api import page_asked, pager_of

PAGE = 50
# How an entry that moves nothing yet is marked.
OF_ACCOUNTS: Words[tuple[str, ...]] = ("账面", "冻结待进", "冻结待出", "还能付出", "还能收进")
OF_BUDGETS: Words[tuple[str, ...]] = ("指标金额", "已用", "冻结", "剩余")
LAYERS: Words[dict[str, tuple[str, str]]] = {HELD: ("冻结", "pause"), FREED: ("解冻", "info")}


@staff("ledger.read")
@require_safe
def accounts(request: ActingRequest) -> HttpResponse:
    """Every account in scope with what is on it, and the budget lines with what is left."""
    number = page_asked(request)
    listed, total = queries.accounts(first=(number - 1) * PAGE, limit=PAGE)
    lines = queries.budgets()
    return render(
        request,
        "ledger/accounts.html",
        {
            "rows": [_account_row(each) for each in listed],
            "columns": [
                {"label": _("账户")},
                {"label": _("种类"), "short": True},
                *_figures(OF_ACCOUNTS),
            ],
            "budgets": [
                {
                    "cells": [
                        {"text": each.title, "note": f"{each.code} · {each.fund}"},
                        str(each.year),
                        *map(str, (each.amount, each.charged, each.held, each.left)),
                    ]
                }
                for each in lines
            ],
            "budget_columns": [
                {"label": _("预算指标")},
                {"label": _("年度"), "short": True},
                *_figures(OF_BUDGETS),
            ],
            "total": total,
            "pager": pager_of(number, total, most=PAGE),
        },
    )


def _figures(words: tuple[str, ...]) -> list[dict[str, object]]:
    return [{"label": word, "number": True} for word in words]


def _account_row(line: AccountLine) -> dict[str, object]:
    on = line.standing
    url = reverse("ledger:account", args=[line.number])
    return {
        "cells": [
            {"text": line.title, "note": line.code, "url": url},
            _(KINDS.get(line.kind, line.kind)),
            *map(str, (on.posted, on.held_in, -on.held_out)),
            *(_or_open(left) for left in (on.left_out, on.left_in)),
        ]
    }


def _or_open(left: Fen | None) -> str:
    return _("不限") if left is None else str(left)


@staff("ledger.read")
@require_safe
def account(request: ActingRequest, ledger_account: int) -> HttpResponse:
    """What moved on one account, newest first."""
    line = queries.account(ledger_account)
    if line is None:
        raise Http404
    number = page_asked(request)
    entries, total = queries.statement(ledger_account, first=(number - 1) * PAGE, limit=PAGE)
    return render(
        request,
        "ledger/account.html",
        {
            "line": line,
            "kind": _(KINDS.get(line.kind, line.kind)),
            "purposes": "、".join(line.purposes),
            "left_out": _or_open(line.standing.left_out),
            "left_in": _or_open(line.standing.left_in),
            "rows": [_entry_row(each) for each in entries],
            "columns": [
                *({"label": _(word), "short": True} for word in translatable(("记在哪天", "事项"))),
                {"label": _("用途和依据")},
                *_figures(translatable(("进", "出"))),
            ],
            "total": total,
            "pager": pager_of(number, total, most=PAGE),
        },
    )


def _entry_row(entry: StatementLine) -> dict[str, object]:
    chip = LAYERS.get(entry.layer)
    recorded = timezone.localtime(entry.recorded_at)
    return {
        "cells": [
            {"text": str(entry.on), "note": f"{recorded:%Y-%m-%d %H:%M}"},
            {
                "text": _(TRANSFER_KINDS[entry.kind]),
                "url": reverse("ledger:transfer", args=[entry.transfer]),
                "chip": {"word": _(chip[0]), "tone": chip[1]} if chip else None,
            },
            {"text": entry.purpose, "note": entry.about},
            str(entry.fen) if entry.fen >= 0 else "",
            str(-entry.fen) if entry.fen < 0 else "",
        ]
    }


@staff("ledger.read")
@require_safe
def transfer(request: ActingRequest, transfer: UUID) -> HttpResponse:
    """One transfer: its legs, who booked it and why, and what it has to do with others."""
    page = queries.transfer_page(transfer)
    if page is None:
        raise Http404
    hidden = page.legs - len(page.rows)
    return render(
        request,
        "ledger/transfer.html",
        {
            "page": page,
            "kind": _(TRANSFER_KINDS[page.kind]),
            "by": names_of_actors({page.by})[page.by],
            "rows": [_leg_row(each) for each in page.rows],
            "columns": [{"label": _("账户")}, *_figures(translatable(("进", "出")))],
            "hidden": hidden,
            "related": _related(page),
        },
    )


def _leg_row(entry: StatementLine) -> dict[str, object]:
    chip = LAYERS.get(entry.layer)
    return {
        "cells": [
            {
                "text": entry.account_title,
                "note": entry.account,
                "url": reverse("ledger:account", args=[entry.account_number]),
                "chip": {"word": _(chip[0]), "tone": chip[1]} if chip else None,
            },
            str(entry.fen) if entry.fen >= 0 else "",
            str(-entry.fen) if entry.fen < 0 else "",
        ]
    }


HOW: Words[Mapping[str, str]] = {
    "corrects": "冲的是这一笔",
    "corrected-by": "后来冲正",
    "ends": "了结的是这笔冻结",
    "ended-by": "这样了结",
    "linked": "同时记的",
}


def _related(page: TransferPage) -> list[dict[str, object]]:
    return [
        {
            "word": _(HOW[each.how]),
            "text": f"{_(TRANSFER_KINDS[each.kind])} {each.on}",
            "url": reverse("ledger:transfer", args=[each.id]),
        }
        for each in page.related
    ]
