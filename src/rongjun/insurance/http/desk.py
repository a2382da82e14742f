"""Pages of officers: what came from hospitals, what waits for a name, one bill line by line, money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, staff
from rongjun.insurance import actions
from rongjun.insurance.http.comparing import shown
from rongjun.insurance.logic.payouts import DRAFTED, PAID, RESERVED, SHORT
from rongjun.insurance.logic.reasons import TITLES
from rongjun.insurance.logic.reviewing import APPEALED, CLOSED, OPEN, PROPOSED
from rongjun.insurance.papers import bill_paper
from rongjun.insurance.queries import bills, work
from rongjun.insurance.queries.conflicts import conflicts_open
from rongjun.insurance.queries.work import RecordLine, ReviewLine, ReviewPage
from rongjun.insurance.telling import OUTCOMES
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, translatable
from rongjun.registry import api as registry
from rongjun.ui.api import attachment, page_asked, pager_of, sentence

PAGE = 50
STATES: Words[dict[str, tuple[str, str]]] = {
    "review": ("等人复核", "warn"),
    "waiting": ("等待", "info"),
    "mend": ("待更正", "late"),
    "conflict": ("同号不同", "late"),
    "decided": ("已判定", "ok"),
    "refused": ("不予计入", "no"),
    "duplicate": ("重复", "pause"),
}
REVIEWS: Words[dict[str, tuple[str, str]]] = {
    "open": ("等意见", "warn"),
    "proposed": ("等复核", "warn"),
    "appealed": ("有异议", "late"),
    "closed": ("已办结", "ok"),
    "overtaken": ("已有更正", "pause"),
}
ACCOUNTS: Words[dict[str, str]] = {
    "left": "余下",
    "burden": "累计计入",
    "payout": "累计赔付",
    "own": "累计个人负担",
}
KINDS: Words[dict[str, str]] = {"settlement": "结算", "refund": "退费"}


@staff("insurance.read")
@require_safe
def claims(request: ActingRequest) -> HttpResponse:
    """What waits for a name first, then records by where they stand, and the money."""
    return _claims_page(request)


def _claims_page(request: ActingRequest, *, refused: Refused | None = None) -> HttpResponse:
    asked = request.GET.get("state", "")
    state, number = asked if asked in STATES else "", page_asked(request)
    listed, total = work.records_listed(state=state, first=(number - 1) * PAGE, limit=PAGE)
    reviews, waiting = work.reviews_open()
    faults = work.without_account()
    shown = [*(line.person for line in listed), *(line.person for line in reviews)]
    names = _names(request, [*shown, *(person for person, _fen, _fault in faults)])
    context = {
        "reviews": [_review_row(line, names) for line in reviews],
        "review_columns": [
            {"label": _("谁")},
            {"label": _("为什么")},
            {"label": _("金额（元）"), "number": True},
            {"label": _("到了哪一步"), "short": True},
            {"label": _("最迟"), "short": True},
        ],
        "rows": [_record_row(line, names) for line in listed],
        "columns": [
            {"label": _("谁")},
            {"label": _("医院")},
            {"label": _("总费用（元）"), "number": True},
            {"label": _("状态"), "short": True},
            {"label": _("收到"), "short": True},
        ],
        "fields": [
            {
                "name": "state",
                "label": _("状态"),
                "options": [
                    {"value": value, "label": _(label), "selected": value == state}
                    for value, label in (
                        ("", translatable("全部")),
                        *((key, word) for key, (word, _tone) in STATES.items()),
                    )
                ],
            }
        ],
        "total": total,
        "waiting": waiting,
        "tiles": _tiles(waiting, now=request.now),
        "faults": [{"cells": [names.get(person, ""), fault, fen.text]} for person, fen, fault in faults],
        "fault_columns": [
            {"label": _("谁")},
            {"label": _("为什么还不能付")},
            {"label": _("金额（元）"), "number": True},
        ],
        "may_pay": request.actor.may("insurance.pay"),
        "pager": pager_of(number, total, most=PAGE, state=state),
        "refusal": sentence(refused) if refused else None,
    }
    return render(request, "insurance/claims.html", context, status=422 if refused else 200)


def _tiles(waiting: int, *, now: datetime) -> list[dict[str, object]]:
    counted, money = work.counts_by_state(), work.money_by_state()
    page = reverse("insurance:claims")
    nothing = (0, Fen(0))
    taken = work.waits(since=now - timedelta(days=30), now=now)
    return [
        {"label": _("等人复核"), "figure": f"{waiting:,}", "unit": _("件"), "late": waiting > 0},
        {
            "label": _("隔离，待更正"),
            "figure": f"{counted.get('mend', 0):,}",
            "unit": _("件"),
            "url": f"{page}?state=mend",
        },
        *_apart(f"{page}?state=conflict"),
        {"label": _("等制批次"), "figure": f"{money.get(RESERVED, nothing)[1].text}", "unit": _("元")},
        {"label": _("付款中"), "figure": f"{money.get(DRAFTED, nothing)[1].text}", "unit": _("元")},
        {"label": _("已到账"), "figure": f"{money.get(PAID, nothing)[1].text}", "unit": _("元")},
        {"label": _("到账用时（一半）"), "figure": _hours(taken.median), "unit": _("小时")},
        {"label": _("到账用时（九成五）"), "figure": _hours(taken.p95), "unit": _("小时")},
        {
            "label": _("还没到账的，最久"),
            "figure": _hours(taken.oldest_open.total_seconds() if taken.oldest_open else None),
            "unit": _("小时"),
        },
        *(
            [{"label": _("资金不足"), "figure": f"{money[SHORT][1].text}", "unit": _("元"), "late": True}]
            if SHORT in money
            else []
        ),
    ]


def _apart(url: str) -> list[dict[str, object]]:
    count = conflicts_open()
    tile: dict[str, object] = {
        "label": _("同号不同，等定"),
        "figure": f"{count:,}",
        "unit": _("件"),
        "url": url,
    }
    return [tile] if count else []


def _hours(seconds: float | None) -> str:
    return f"{seconds / 3600:,.1f}" if seconds is not None else "—"


def _names(request: ActingRequest, people: list[UUID | None]) -> Mapping[UUID | None, str]:
    known = [person for person in people if person is not None]
    if not known:
        return {}
    shown = registry.names_shown(
        known,
        on=timezone.localtime(request.now).date(),
        by=request.actor,
        purpose="办理荣军保赔付",
        source=request.path,
        now=request.now,
    )
    return cast("dict[UUID | None, str]", shown)  # who has no file yet is asked for by None, and not there


def _review_row(line: ReviewLine, names: Mapping[UUID | None, str]) -> dict[str, object]:
    word, tone = REVIEWS[line.state]
    return {
        "cells": [
            {
                "text": names.get(line.person, ""),
                "note": line.hospital,
                "url": reverse("insurance:claim", args=[line.settlement]),
            },
            "、".join(_(TITLES[code]) for code in line.reasons),
            line.fen.text,
            {"text": "", "chip": {"word": _(word), "tone": tone}},
            f"{line.due_on}",
        ]
    }


def _record_row(line: RecordLine, names: Mapping[UUID | None, str]) -> dict[str, object]:
    word, tone = STATES[line.state]
    return {
        "cells": [
            {
                "text": names.get(line.person) or _("还没有建档的人"),
                "note": line.said,
                "url": reverse("insurance:claim", args=[line.id]),
            },
            {"text": line.hospital, "note": f"{_(KINDS[line.kind])} {line.number}"},
            line.total.text,
            {"text": "", "chip": {"word": _(word), "tone": tone}},
            f"{timezone.localtime(line.received_at):%m-%d %H:%M}",
        ]
    }


# --- one record ---------------------------------------------------------------------------------------------


@staff("insurance.read")
@require_safe
def claim(request: ActingRequest, settlement: UUID) -> HttpResponse:
    """One record: who bears what, each decision line by line, what waits for a name."""
    return claim_page(request, settlement)


def claim_page(request: ActingRequest, settlement: UUID, *, refused: Refused | None = None) -> HttpResponse:
    """The same, with why something was refused."""
    found = bills.bill(settlement)
    if found is None:
        raise Http404
    names = _names(request, [found.person])
    review = work.review_of(settlement)
    word, tone = STATES[found.state]
    context = {
        "bill": found,
        "name": names.get(found.person, ""),
        "person": found.person,
        "state": {"word": _(word), "tone": tone},
        "decisions": [
            {"said": each, "outcome": _(OUTCOMES[each.outcome]), "lines": _lines(each)}
            for each in found.decisions
        ],
        "line_columns": [
            {"label": _("这一步")},
            {"label": _("金额（元）"), "number": True},
            {"label": _("累计")},
            {"label": _("凭什么")},
        ],
        "review": review,
        "conflict": shown(request, settlement),
        "steps": _steps(request, review, is_refund=found.total < 0),
        "refusal": sentence(refused) if refused else None,
    }
    return render(request, "insurance/claim.html", context, status=422 if refused else 200)


def _lines(decision: bills.DecisionSaid) -> list[dict[str, object]]:
    return [
        {
            "cells": [
                line.title,
                line.fen.text,
                f"{_(ACCOUNTS[line.account])} {line.before} → {line.after}" if line.account else "",
                line.clause,
            ]
        }
        for line in decision.lines
    ]


def _steps(request: ActingRequest, review: ReviewPage | None, *, is_refund: bool) -> dict[str, Any]:
    """Which step this officer may take now."""
    if review is None:
        return {}
    by, actor = request.actor.text, request.actor
    return {
        "may_propose": review.state in {OPEN, PROPOSED} and actor.may("insurance.review"),
        "may_check": review.state == PROPOSED and actor.may("insurance.check") and review.proposed_by != by,
        "is_own": review.state == PROPOSED and review.proposed_by == by,
        "may_appeal": review.state == CLOSED and not review.appeal_said and actor.may("insurance.review"),
        "may_answer": review.state == APPEALED
        and actor.may("insurance.check")
        and by not in {review.proposed_by, review.checked_by},
        "may_refuse": not is_refund,
    }


@staff("insurance.read")
@require_safe
def paper(request: ActingRequest, settlement: UUID) -> HttpResponse:
    """The explanation to print, or the letter that tells what two officers decided; the look is noted."""
    found = bills.bill(settlement)
    if found is None or found.person is None:
        raise Http404
    names = _names(request, [found.person])
    who = f"{request.actor.name} {request.actor.role_label}"
    content = bill_paper(
        found,
        review=work.review_of(settlement),
        name=names.get(found.person, ""),
        who=who,
        at=request.now,
    )
    return attachment(content, "bill.pdf", kind="application/pdf")


@require_POST
@staff("insurance.review")
def review_step(request: ActingRequest, settlement: UUID) -> HttpResponse:
    """One step of a review: propose, check, note an appeal, answer it."""
    review = work.review_of(settlement)
    if review is None:
        raise Http404
    said, by, now = request.POST, request.actor, request.now
    step, answer, why = said.get("step", ""), said.get("answer", ""), said.get("why", "")
    try:
        if step == "propose":
            actions.propose_answer(review.id, answer=answer, why=why, by=by, now=now)
        elif step in {"agree", "send-back"}:
            actions.check_review(review.id, agrees=step == "agree", by=by, now=now)
        elif step == "appeal":
            actions.appeal(review.id, said=why, by=by, now=now)
        elif step == "answer":
            actions.answer_appeal(review.id, answer=answer, why=why, by=by, now=now)
        else:
            raise Http404
    except Refused as refused:
        return claim_page(request, settlement, refused=refused)
    messages.success(request, _("记下了。"))
    return redirect("insurance:claim", settlement=settlement)


@require_POST
@staff("insurance.pay")
def draft(request: ActingRequest) -> HttpResponse:
    """Everything that can be paid becomes one batch, which waits for its second person."""
    today = timezone.localtime(request.now).date()
    try:
        made = actions.draft_payments(pay_on=today, by=request.actor, now=request.now)
    except Refused as refused:
        return _claims_page(request, refused=refused)
    messages.success(
        request, _("批次做好了：%(count)s 笔，%(fen)s 元，等复核。") % {"count": made.count, "fen": made.fen}
    )
    return redirect("ledger:payment-batch", batch=made.batch)
