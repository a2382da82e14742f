"""运营结算 at the desk: statements of operators, one with its lines and signatures, and its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from rongjun.benefits import api as benefits
from rongjun.benefits.api import StatementFile, StatementHead, operator_statements
from rongjun.desk.http.privacy import XLSX, mark_of
from rongjun.desk.http.shared import asked_day, options, refused_page, today_of
from rongjun.desk.operator_statements import (
    STEPS,
    TONES,
    Wanted,
    month_word,
    pdf_of,
    programme_word,
    reason_word,
    title_of,
    workbook_of,
)
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, worded
from rongjun.ledger import api as ledger
from rongjun.rules.api import PAYERS
from rongjun.ui.api import attachment, page_asked, pager_of

PAGE = 50


@require_safe
@staff("settlement.read")
def statements(request: ActingRequest) -> HttpResponse:
    """Statements that pass the filters, newest month first."""
    wanted, page = Wanted.read(request.GET.dict()), page_asked(request)
    total, found = benefits.statements(
        start=(page - 1) * PAGE,
        most=PAGE,
        month=wanted.month_number,
        operator=wanted.operator,
        state=wanted.state,
    )
    payments = ledger.living([_payment_key(head) for head in found if head.state == "released"])
    context = {
        "rows": [_row(head, payments=payments) for head in found],
        "columns": COLUMNS,
        "filters": _filters(wanted),
        "total": total,
        "is_filtered": bool(wanted.kept()),
        "pager": pager_of(page, total, most=PAGE, **wanted.kept()),
        "may_make": request.actor.may("settlement.make"),
        "operators": benefits.operators_with_uses() if request.actor.may("settlement.make") else {},
    }
    return render(request, "desk/operator_statements.html", context)


@require_POST
@staff("settlement.make")
def draft(request: ActingRequest) -> HttpResponse:
    """Draft the statement of an operator's month."""
    wanted = Wanted.read(request.POST.dict())
    try:
        if wanted.month_number is None or wanted.operator not in benefits.operators_with_uses():
            raise Refused("settlement.month-missing")
        month = benefits.month_of(
            wanted.operator, wanted.month_number, fares=benefits.book().fares, known_at=request.now
        )
        statement = benefits.draft_statement(month, **_acting(request))
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("结算单出好了，请另一位同事复核。"))
    return redirect("desk:operator-statement", statement=statement)


@require_safe
@staff("settlement.read")
def statement(request: ActingRequest, statement: UUID) -> HttpResponse:
    """One statement: its figures, lines, what is not in it, what was said against it, and who signed."""
    file = _file(statement)
    names = names_of_actors(_actors(file))
    context = {
        "file": file,
        "title": title_of(file),
        "state": {"word": operator_statements.STATES[file.head.state], "tone": TONES[file.head.state]},
        "rows": _lines(file, _counties(request)),
        "columns": LINE_COLUMNS,
        "steps": [{"word": STEPS[step], "by": names[by], "at": at} for step, by, at in file.signed],
        "disputes": [
            {
                "said": said,
                "outcome": operator_statements.OUTCOMES.get(said.outcome, ""),
                "raised_by": names[said.raised_by],
                "answered_by": names.get(said.answered_by, ""),
                "is_mine": said.raised_by == request.actor.text,
            }
            for said in file.disputes
        ],
        "outcomes": operator_statements.OUTCOMES,
        "refused": [(reason_word(reason), count) for reason, count in file.refused.items()],
        "missing": file.coverage.get("missing", ()),
        "by_hand": [(programme_word(code), people) for code, people in file.manual.items()],
        "may": _may(request, file),
        "payees": [
            {
                "line": each,
                "by": names_of_actors([each.named_by])[each.named_by],
                "is_mine": each.named_by == request.actor.text,
            }
            for each in benefits.payees(file.head.operator)
        ],
        "payment": _payment(file),
    }
    return render(request, "desk/operator_statement.html", context)


@require_POST
@staff("settlement.read")
def step(request: ActingRequest, statement: UUID, step: str) -> HttpResponse:
    """Check, agree, dispute, answer, release, withdraw; the action asks whether the actor may."""
    if step not in _STEPS:
        raise Http404
    take, said = _STEPS[step]
    try:
        take(request, statement)
    except Refused as refused:
        return refused_page(request, refused)
    except Unfit as unfit:
        messages.error(request, str(unfit))
        return redirect("desk:operator-statement", statement=statement)
    messages.success(request, _(said))
    return redirect("desk:operator-statement", statement=statement)


@require_safe
@staff("settlement.read")
def taken(request: ActingRequest, statement: UUID, form: str) -> HttpResponse:
    """The statement as a workbook or to print; the taking out is logged."""
    file, counties = _file(statement), _counties(request)
    at = timezone.localtime(request.now)
    mark = mark_of(request, number=at.strftime("%Y%m%d%H%M%S"))
    names = names_of_actors(_actors(file))
    if form == "xlsx":
        content, kind = workbook_of(file, counties=counties, names=names, mark=mark.text), XLSX
    elif form == "pdf":
        who = " ".join((request.actor.name, request.actor.role_label))
        content, kind = pdf_of(file, counties=counties, names=names, who=who, at=at), "application/pdf"
    else:
        raise Http404
    benefits.note_statement_taken_out(
        statement, form=form, division=file.division, by=request.actor, now=request.now, source=request.path
    )
    return attachment(content, f"{title_of(file)}.{form}", kind=kind)


# --- steps --------------------------------------------------------------------------------------------------


def _check(request: ActingRequest, statement: UUID) -> None:
    benefits.check_statement(statement, **_acting(request))


def _agree(request: ActingRequest, statement: UUID) -> None:
    benefits.agree_to_statement(statement, by=request.actor, now=request.now)


def _dispute(request: ActingRequest, statement: UUID) -> None:
    given = request.POST
    benefits.dispute_statement(
        statement,
        said=given.get("said", ""),
        claimed=given.get("claimed", ""),
        by=request.actor,
        now=request.now,
    )


def _answer(request: ActingRequest, statement: UUID) -> None:
    given = request.POST
    mine = {str(each.id): each.id for each in _file(statement).disputes}
    if given.get("dispute", "") not in mine:
        raise Refused("settlement.no-such-statement")
    benefits.answer_dispute(
        mine[given["dispute"]],
        outcome=given.get("outcome", ""),
        answer=given.get("answer", ""),
        by=request.actor,
        now=request.now,
    )


def _release(request: ActingRequest, statement: UUID) -> None:
    benefits.release_statement(statement, **_acting(request))


def _withdraw(request: ActingRequest, statement: UUID) -> None:
    why = request.POST.get("why", "")
    benefits.withdraw_statement(statement, why=why, by=request.actor, now=request.now)


def _name_payee(request: ActingRequest, statement: UUID) -> None:
    given, file = request.POST, _file(statement)
    benefits.name_payee(
        file.head.operator,
        division=file.division,
        payee=given.get("payee", ""),
        account=given.get("account", ""),
        bank=given.get("bank", ""),
        by=request.actor,
        now=request.now,
    )


def _confirm_payee(request: ActingRequest, statement: UUID) -> None:
    waiting = {str(each.id): each.id for each in benefits.payees(_file(statement).head.operator)}
    if request.POST.get("payee", "") not in waiting:
        raise Refused("settlement.no-such-statement")
    benefits.confirm_payee(waiting[request.POST["payee"]], by=request.actor, now=request.now)


def _pay(request: ActingRequest, statement: UUID) -> None:
    day = asked_day(request.POST.get("pay_on", "")) or today_of(request)
    benefits.pay_statement(statement, pay_on=day, by=request.actor, now=request.now)


_STEPS: Words[Mapping[str, tuple[Callable[[ActingRequest, UUID], None], str]]] = {
    "check": (_check, "复核记下了，等运营单位认可或者提出异议。"),
    "agree": (_agree, "运营单位认可了。"),
    "dispute": (_dispute, "异议记下了，答复以前不能放行。"),
    "answer": (_answer, "答复记下了。"),
    "release": (_release, "放行了。"),
    "name-payee": (_name_payee, "收款账户记下了，请另一位同事照材料核对。"),
    "confirm-payee": (_confirm_payee, "收款账户核对过了。"),
    "pay": (_pay, "付款单出好了，在“付款”里复核和放行。"),
    "withdraw": (_withdraw, "结算单撤回了。"),
}


def _acting(request: ActingRequest) -> dict[str, Any]:
    return {"by": request.actor, "now": request.now, "today": today_of(request)}


# --- what is shown ------------------------------------------------------------------------------------------

PAYMENTS: Words[Mapping[str, str]] = {"draft": "付款单待复核、放行", "ready": "等银行答复", "paid": "已到账"}
COLUMNS: Words[tuple[dict[str, Any], ...]] = (
    {"label": "月份", "short": True},
    {"label": "运营单位"},
    {"label": "第几次", "number": True},
    {"label": "状态"},
    {"label": "人次", "number": True},
    {"label": "节省（元）", "number": True},
    {"label": "本单应付（元）", "number": True},
)
LINE_COLUMNS: Words[tuple[dict[str, Any], ...]] = (
    {"label": "项目"},
    {"label": "区市"},
    {"label": "票价档", "number": True},
    {"label": "票价起用日", "short": True},
    {"label": "谁承担"},
    {"label": "人次", "number": True},
    {"label": "普通票价（元）", "number": True},
    {"label": "实付（元）", "number": True},
    {"label": "节省（元）", "number": True},
)


def _row(head: StatementHead, *, payments: Mapping[str, str]) -> dict[str, Any]:
    note = worded("{count} 条异议待答复", count=str(head.disputes)) if head.disputes else ""
    if head.agreed and not note:
        note = _("运营单位认可了。")
    paid = PAYMENTS.get(payments.get(_payment_key(head), ""), "")
    if paid:
        note = _(paid)
    word, tone = operator_statements.STATES[head.state], TONES[head.state]
    url = reverse("desk:operator-statement", args=[head.id])
    return {
        "cells": [
            month_word(head.month),
            {"text": head.operator_name, "url": url, "note": note},
            head.number,
            {"text": "", "chip": {"word": word, "tone": tone}},
            f"{head.count:,}",
            head.savings.text,
            head.payment.text,
        ]
    }


def _lines(file: StatementFile, counties: Mapping[int, str]) -> list[dict[str, Any]]:
    return [
        {
            "cells": [
                programme_word(line.cell.programme),
                counties.get(line.cell.division, str(line.cell.division)),
                line.cell.band,
                line.cell.fare_from.isoformat(),
                PAYERS.get(line.cell.payer, line.cell.payer),
                f"{line.sums.count:,}",
                Fen(line.sums.ordinary).text,
                Fen(line.sums.paid).text,
                line.sums.savings.text,
            ]
        }
        for line in file.lines
    ]


def _filters(wanted: Wanted) -> list[dict[str, Any]]:
    operators = benefits.operators_of_statements()
    return [
        {"name": "month", "label": _("月份"), "value": wanted.month, "type": "month"},
        {
            "name": "operator",
            "label": _("运营单位"),
            "options": options(operators, wanted.operator, everything=_("全部")),
        },
        {
            "name": "state",
            "label": _("状态"),
            "options": options(operator_statements.STATES, wanted.state, everything=_("全部")),
        },
    ]


def _may(request: ActingRequest, file: StatementFile) -> dict[str, bool]:
    """Which buttons stand there: what the state allows and the actor's permission and signature do too."""
    me, may, state = request.actor.text, request.actor.may, file.head.state
    signed = {by for step, by, _at in file.signed if step in {"made", "checked"}}
    over = file.agreed or (file.dispute_until is not None and today_of(request) > file.dispute_until)
    return {
        "check": state == "drafted" and may("settlement.check") and me not in signed,
        "agree": state == "checked" and may("settlement.make") and not file.agreed and not file.head.disputes,
        "dispute": state == "checked" and may("settlement.make"),
        "answer": state == "checked" and may("settlement.check"),
        "release": state == "checked"
        and may("settlement.release")
        and me not in signed
        and over
        and not file.head.disputes,
        "withdraw": state in operator_statements.OPEN_STATES and may("settlement.make"),
        "name_payee": may("settlement.make"),
        "confirm_payee": may("settlement.check"),
        "pay": state == "released" and bool(file.head.payment) and may("settlement.make"),
    }


def _payment_key(head: StatementHead) -> str:
    return benefits.payment_key(head.operator, head.month, head.number)


def _payment(file: StatementFile) -> dict[str, str] | None:
    """How far the payment is, in words; None while there is none."""
    key = _payment_key(file.head)
    state = ledger.living([key]).get(key)
    return {"word": PAYMENTS[state], "tone": "ok" if state == "paid" else "info"} if state else None


def _actors(file: StatementFile) -> set[str]:
    said = {by for each in file.disputes for by in (each.raised_by, each.answered_by) if by}
    return said | {by for _step, by, _at in file.signed}


def _counties(request: ActingRequest) -> dict[int, str]:
    return dict(benefits.supervised_counties(request.actor.scope, on=today_of(request)))


def _file(statement: UUID) -> StatementFile:
    file = benefits.statement_file(statement)
    if file is None:
        raise Http404
    return file
