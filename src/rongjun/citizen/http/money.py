"""我的钱: what came in twelve months, when the next comes, why it changed, a slip in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest
from rongjun.allowances import api as allowances
from rongjun.citizen.http.shared import Mine, look, on_file, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words
from rongjun.registry import api as registry

# How a payment stands, in the person's words: word, tone, what it means.
PLAIN: Words[Mapping[str, tuple[str, str, str]]] = {
    "ordered": ("在路上", "warn", "已经交给银行，到账后会告诉您。"),
    "paid": ("到账了", "ok", ""),
    "failed": ("没付成", "no", "银行退回来了，工作人员会找您核对账户，钱不会少。"),
    "returned": ("退回了", "no", "这一笔下次一起发。"),
}
KINDS: Words[Mapping[str, str]] = {"regular": "这个月的", "back-pay": "补发的"}
WHY: Words[Mapping[str, str]] = {
    "due": "按月发",
    "not-paid-before": "以前该发没发，这次补上",
    "rate": "标准变了，补上差的",
    "award": "等级、类别或年限变了，补上差的",
    "rounding": "分位找平",
    "other": "和以前发的数对不上，补上差的",
}
MONTHS = 12


@require_safe
@on_file("one's own allowances")
def money(request: ActingRequest, mine: Mine) -> HttpResponse:
    """Payments of the last twelve months with their slips, the next pay day, and what is owed back."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    look(request, mine, purpose="查看抚恤补助发放")
    today, files = today_of(request), registry.file_ids_of(mine.id)
    since = today.year * 12 + today.month - MONTHS
    received = [each for each in allowances.received_by(files) if each.month >= since]
    context = {
        "slips": [_slip(each, before) for each, before in _with_the_one_before(received)],
        "next": allowances.next_pay_day(files, today=today),
        "confirmation": allowances.confirmation_of(files, mine.division, today=today),
        "total": Fen.total(each.fen for each in received if each.state == "paid").text,
        "owed_back": [
            {"why": row.why, "left": Fen(row.remaining).text, "monthly": Fen(row.monthly).text}
            for row in allowances.receivables_of(files)
            if row.remaining
        ],
    }
    return render(request, "citizen/money.html", context)


def _with_the_one_before(
    received: Sequence[allowances.Received],
) -> list[tuple[allowances.Received, allowances.Received | None]]:
    return [(each, received[at + 1] if at + 1 < len(received) else None) for at, each in enumerate(received)]


def _slip(each: allowances.Received, before: allowances.Received | None) -> dict[str, Any]:
    word, tone, says = PLAIN[each.state]
    return {
        "year": each.month // 12,
        "month": each.month % 12 + 1,
        "day": each.pay_on,
        "fen": each.fen.text,
        "account": each.account,
        "word": word,
        "tone": tone,
        "says": says,
        "change": _change(each, before),
        "lines": _lines(each),
    }


def _change(each: allowances.Received, before: allowances.Received | None) -> str:
    """By how much it differs from the payment before; "" for the first and for the same."""
    if before is None or each.fen == before.fen:
        return ""
    fen = Fen(abs(each.fen - before.fen)).text
    more = _("比上一次多 %(fen)s 元") if each.fen > before.fen else _("比上一次少 %(fen)s 元")
    return more % {"fen": fen}


def _lines(each: allowances.Received) -> list[dict[str, Any]]:
    """The slip's lines: months of one scheme, kind and cause as one."""

    def alike(line: allowances.PaidLine) -> tuple[str, str, str]:
        return line.code, line.kind, line.cause

    found = []
    for (code, kind, cause), group in groupby(sorted(each.lines, key=alike), key=alike):
        lines = list(group)
        if kind not in KINDS:
            continue
        found.append(
            {
                "title": allowances.title_of(code),
                "kind": KINDS[kind],
                "months": allowances.months_in_chinese(
                    min(line.month for line in lines), max(line.month for line in lines)
                ),
                "fen": Fen.total(line.fen for line in lines).text,
                "why": WHY.get(cause, ""),
                "reasons": [reason[0] for reason in lines[-1].reasons],
            }
        )
    return found
