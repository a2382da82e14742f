"""Awards and one person's money: the list, one award with its steps and letter, what was owed and paid."""

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
from rongjun.allowances import actions
from rongjun.allowances.actions.awards import note_letter_taken
from rongjun.allowances.book import book_in_force, publicity_of
from rongjun.allowances.http import standing
from rongjun.allowances.http.runs import ORDERS
from rongjun.allowances.http.shared import (
    PAGE,
    acting,
    choices,
    day_of,
    head_or_404,
    heads,
    month_asked,
    names_of,
    refused_page,
    today_of,
)
from rongjun.allowances.letters import letter_pdf
from rongjun.allowances.logic.gathering import FINDINGS
from rongjun.allowances.logic.judging import VERDICTS
from rongjun.allowances.logic.lines import STATES as LINE_STATES
from rongjun.allowances.logic.months import month_of, month_text
from rongjun.allowances.logic.running import from_floors
from rongjun.allowances.logic.settling import CAUSES
from rongjun.allowances.queries import pages
from rongjun.allowances.queries.histories import owed
from rongjun.allowances.queries.pages import AwardFile, AwardHead
from rongjun.allowances.queries.standing import floors_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, translatable
from rongjun.registry import api as registry
from rongjun.rules.api import Value
from rongjun.ui.api import attachment, page_asked, pager_of

STATES: Words[Mapping[str, tuple[str, str]]] = {
    "draft": ("待批准", "warn"),
    "publicised": ("公示中", "info"),
    "granted": ("已批准", "ok"),
    "declined": ("不予批准", "no"),
    "withdrawn": ("已撤回", "pause"),
}
# Facts an award may fix because no register of ours knows them.
DETAILS = (
    "has_employee_pension",
    "had_pension_before_18",
    "was_adult_when_pension_began",
    "pension_goes_on_after_18",
    "treated_as_work_injury",
    "relation",
)
DEATH_CAUSES: Words[Mapping[str, str]] = {
    "illness": "因病",
    "old-wound": "旧伤复发",
    "other": "其他",
}
MONTHS = 12


@require_safe
@staff("allowances.read")
def awards(request: ActingRequest) -> HttpResponse:
    """Awards in scope, newest first."""
    asked = request.GET.get("state", "")
    state = asked if asked in STATES else ""
    number = page_asked(request)
    listed, total = pages.awards(state=state, first=(number - 1) * PAGE, limit=PAGE)
    names = names_of(request, [each.person for each in listed], purpose=_("查看抚恤补助的批准"))
    context = {
        "rows": [_row(each, names.get(each.person, _("不在您的区划"))) for each in listed],
        "columns": heads(*translatable(("姓名", "项目", "状态", "批准日期", "起发月"))),
        "filters": [
            {
                "name": "state",
                "label": _("状态"),
                "options": choices(
                    {key: word for key, (word, _tone) in STATES.items()},
                    state,
                    everything=translatable("全部"),
                ),
            }
        ],
        "total": total,
        "is_filtered": bool(state),
        "pager": pager_of(number, total, most=PAGE, state=state),
    }
    return render(request, "allowances/awards.html", context)


def _row(head: AwardHead, name: str) -> dict[str, Any]:
    return {
        "cells": [
            {"text": name, "url": reverse("allowances:award", args=[head.id]), "note": head.number},
            {"text": head.title, "note": head.category},
            {"text": "", "chip": _state_of(head)},
            f"{head.approved_on}",
            month_text(head.first_month),
        ]
    }


def _state_of(head: AwardHead) -> dict[str, str]:
    word, tone = STATES[head.state]
    if head.is_annulled:
        word, tone = translatable("已撤销"), "no"
    elif head.is_ended:
        word, tone = translatable("已终止"), "pause"
    return {"word": _(word), "tone": tone}


# --- one award ----------------------------------------------------------------------------------------------


@require_safe
@staff("allowances.read")
def award(request: ActingRequest, award: UUID) -> HttpResponse:
    """One award: verdict, reasons and facts, who signed, what was said against it, what comes next."""
    file = _found(award)
    head = file.head
    names = names_of(request, [head.person], purpose=_("办理抚恤补助的批准"))
    by = names_of_actors(_signers(file))
    rule = publicity_of(head.scheme, on=head.approved_on)
    context = {
        "file": file,
        "head": head,
        "name": names.get(head.person, ""),
        "state": _state_of(head),
        "verdict": VERDICTS[file.verdict],
        "facts": _facts(file.facts),
        "first_month": month_text(head.first_month),
        "made_by": by.get(file.made_by, ""),
        "decided_by": by.get(file.decided_by, ""),
        "ended_by": by.get(file.ended_by, ""),
        "annulled_by": by.get(file.annulled_by, ""),
        "objections": [
            {"said": each, "is_mine": each.noted_by == request.actor.text} for each in file.objections
        ],
        "publicity": rule,
        "remedies": book_in_force().remedies,
        "may": _may(request, file),
        "today": today_of(request),
        "has_letter": head.state in {"granted", "declined"},
    }
    return render(request, "allowances/award.html", context)


def _found(award: UUID) -> AwardFile:
    file = pages.award_file(award)
    if file is None:
        raise Http404
    return file


def _signers(file: AwardFile) -> set[str]:
    told = {file.made_by, file.decided_by, file.ended_by, file.annulled_by}
    return told - {""}


def _facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    vocabulary = book_in_force().vocabulary
    return [
        (vocabulary[name].label if name in vocabulary else name, _value_word(name, value))
        for name, value in facts.items()
    ]


def _value_word(name: str, value: Any) -> str:
    known = book_in_force().vocabulary.get(name)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return known.values.get(value, str(value)) if known and isinstance(value, str) else str(value)


def _may(request: ActingRequest, file: AwardFile) -> dict[str, bool]:
    actor, state = request.actor, file.head.state
    is_open = state in {"draft", "publicised"}
    proposes, decides = actor.may("allowances.propose"), actor.may("allowances.decide")
    needs = publicity_of(file.head.scheme, on=file.head.approved_on) is not None
    others = decides and file.made_by != actor.text
    over = file.public_to is None or today_of(request) > file.public_to
    stands = state == "granted" and not file.head.is_annulled
    return {
        "publicise": state == "draft" and proposes and file.verdict == "entitled",
        "object": state == "publicised" and proposes,
        "answer": state == "publicised" and decides,
        "grant": is_open and others and over and not (state == "draft" and needs),
        "decline": is_open and others,
        "withdraw": is_open and proposes,
        "propose_end": stands and proposes and not file.ended_by,
        "end": stands
        and decides
        and bool(file.ended_by)
        and not file.ended_at
        and file.ended_by != actor.text,
        "propose_annulment": stands and proposes and not file.annulled_by,
        "annul": stands and decides and bool(file.annulled_by) and file.annulled_by != actor.text,
    }


@require_safe
@staff("allowances.read")
def letter(request: ActingRequest, award: UUID) -> HttpResponse:
    """The decision as a letter to print; that it was taken out is noted."""
    file = _found(award)
    if file.head.state not in {"granted", "declined"}:
        raise Http404
    names = names_of(request, [file.head.person], purpose=_("打印决定书"))
    content = letter_pdf(
        file,
        name=names.get(file.head.person, ""),
        by=names_of_actors(_signers(file)),
        facts=_facts(file.facts),
        who=f"{request.actor.name} {request.actor.role_label}",
        at=timezone.localtime(request.now),
    )
    note_letter_taken(award, division=file.division, source=request.path, **acting(request))
    return attachment(content, f"{file.head.number}.pdf", kind="application/pdf")


@require_POST
@staff("allowances.read")
def step(request: ActingRequest, award: UUID, step: str) -> HttpResponse:
    """A step of an award; the action asks whether the actor may."""
    if step not in _STEPS:
        raise Http404
    take, said = _STEPS[step]
    try:
        take(request, award)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _(said))
    return redirect("allowances:award", award=award)


def _publicise(request: ActingRequest, award: UUID) -> None:
    first, last = day_of(request.POST.get("from", "")), day_of(request.POST.get("to", ""))
    actions.publicise_award(award, first=first, last=last, **acting(request))


def _object(request: ActingRequest, award: UUID) -> None:
    said, day = request.POST.get("said", ""), today_of(request)
    actions.object_to_award(award, said=said, raised_on=day, **acting(request))


def _answer(request: ActingRequest, award: UUID) -> None:
    file = pages.award_file(award)
    mine = {str(each.id): each.id for each in (file.objections if file else ())}
    if request.POST.get("objection", "") not in mine:
        raise Refused("allowances.no-such-award")
    actions.answer_objection(
        mine[request.POST["objection"]],
        upheld=request.POST.get("upheld", "") == "yes",
        answer=request.POST.get("answer", ""),
        **acting(request),
    )


def _grant(request: ActingRequest, award: UUID) -> None:
    actions.grant_award(award, today=today_of(request), **acting(request))


def _decline(request: ActingRequest, award: UUID) -> None:
    actions.decline_award(award, why=request.POST.get("why", ""), **acting(request))


def _withdraw(request: ActingRequest, award: UUID) -> None:
    actions.withdraw_award(award, why=request.POST.get("why", ""), **acting(request))


def _propose_end(request: ActingRequest, award: UUID) -> None:
    actions.propose_end(
        award,
        ended_on=day_of(request.POST.get("on", "")),
        why=request.POST.get("why", ""),
        document=request.POST.get("document", ""),
        **acting(request),
    )


def _end(request: ActingRequest, award: UUID) -> None:
    actions.end_award(award, **acting(request))


def _propose_annulment(request: ActingRequest, award: UUID) -> None:
    actions.propose_annulment(award, why=request.POST.get("why", ""), **acting(request))


def _annul(request: ActingRequest, award: UUID) -> None:
    actions.annul_award(award, **acting(request))


_STEPS: Words[Mapping[str, tuple[Callable[[ActingRequest, UUID], None], str]]] = {
    "publicise": (_publicise, "公示期记下了。"),
    "object": (_object, "异议记下了，答复以前不能批准。"),
    "answer": (_answer, "答复记下了。"),
    "grant": (_grant, "批准了，下一个批次就发。"),
    "decline": (_decline, "不予批准，决定书可以打印了。"),
    "withdraw": (_withdraw, "撤回了。"),
    "propose-end": (_propose_end, "终止提出了，请另一位同事确认。"),
    "end": (_end, "终止了，次月起停发。"),
    "propose-annulment": (_propose_annulment, "撤销提出了，请另一位同事确认。"),
    "annul": (_annul, "撤销了，已发的由下一个批次列入追回。"),
}


# --- one person ---------------------------------------------------------------------------------------------


@require_safe
@staff("allowances.read")
def person(request: ActingRequest, person: UUID) -> HttpResponse:
    """A person's awards, what is owed for twelve months and why, what was paid, what is owed back."""
    head = head_or_404(request, person)
    names_of(request, [head.id], purpose=_("办理抚恤补助"))
    today, files = today_of(request), registry.file_ids_of(head.id)
    last = int(month_of(today))
    told = owed(head.id, first=last - MONTHS + 1, last=last, known_at=request.now)
    floors = floors_of([head.id], known_at=request.now)[head.id]
    lines = from_floors(told, floors, book=book_in_force()).lines
    received, held = pages.received_by(files), pages.awards_of(head.id)
    context = {
        "head": head,
        "awards": [_row(each, head.name) for each in held],
        "award_columns": heads(*translatable(("批准", "项目", "状态", "批准日期", "起发月"))),
        "lines": [
            {
                "title": line.title,
                "period": line.period_text,
                "state": LINE_STATES[line.state],
                "fen": line.fen.text,
                "reasons": line.reasons,
                "obstacles": line.obstacles,
            }
            for line in reversed(lines)
        ],
        "received": [
            {"cells": [month_text(each.month), f"{each.pay_on}",
                       {"text": "", "chip": dict(zip(("word", "tone"), ORDERS[each.state], strict=True))},
                       each.fen.text, each.account,
                       "；".join(dict.fromkeys(_(CAUSES.get(one.cause, one.cause)) for one in each.lines))]}
            for each in received
        ],
        "received_columns": heads(
            *translatable(("批次月份", "付款日期", "状态", "金额（元）#", "账户", "为什么"))
        ),
        "receivables": pages.receivables_of(files),
        "findings": [
            {
                "row": each,
                "word": FINDINGS[each.kind],
                "says": DEATH_CAUSES.get(each.content.get("cause", ""), "") or standing.says(each),
                "waits": not each.checked_by,
                "is_mine": each.made_by == request.actor.text,
            }
            for each in pages.findings_of(head.id)
        ],
        "schemes": [
            (f"{scheme.code}/{code}", scheme.title, title)
            for scheme in book_in_force().schemes.values()
            if scheme.awards_of == scheme.code
            for code, title in scheme.categories.items()
        ],
        "details": _details(),
        "death_causes": DEATH_CAUSES,
        "may_propose": request.actor.may("allowances.propose"),
        "may_decide": request.actor.may("allowances.decide"),
        "today": today,
        **standing.context_of(
            request, head, files, schemes={each.scheme for each in held}, today=today
        ),
    }  # fmt: skip
    return render(request, "allowances/person.html", context)


def _details() -> list[dict[str, Any]]:
    vocabulary = book_in_force().vocabulary
    found = []
    for name in DETAILS:
        fact = vocabulary.get(name)
        if fact is not None:
            words = dict(fact.values) if fact.values else {"true": _("是"), "false": _("否")}
            found.append({"name": name, "label": fact.label, "words": words})
    return found


@require_POST
@staff("allowances.propose")
def person_step(request: ActingRequest, person: UUID, step: str) -> HttpResponse:
    """Propose an award, or a finding; confirm a finding."""
    if step not in _PERSON_STEPS:
        raise Http404
    take, said = _PERSON_STEPS[step]
    try:
        award = take(request, person)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _(said))
    return (
        redirect("allowances:award", award=award) if award else redirect("allowances:person", person=person)
    )


def _propose(request: ActingRequest, person: UUID) -> UUID:
    given = request.POST
    scheme, _slash, category = given.get("scheme", "").partition("/")
    return actions.propose_award(
        person,
        scheme=scheme,
        category=category,
        approved_on=day_of(given.get("approved_on", "")),
        document=given.get("document", ""),
        details=_given_details(request),
        applied_on=day_of(given["applied_on"]) if given.get("applied_on") else None,
        pays_from=month_asked(given["pays_from"]) if given.get("pays_from") else None,
        today=today_of(request),
        **acting(request),
    )


def _given_details(request: ActingRequest) -> dict[str, Value]:
    vocabulary = book_in_force().vocabulary
    found: dict[str, Value] = {}
    for name in DETAILS:
        text = request.POST.get(name, "")
        if text and name in vocabulary:
            found[name] = text == "true" if vocabulary[name].kind == "bool" else text
    return found


def _find(request: ActingRequest, person: UUID) -> None:
    given = request.POST
    actions.propose_finding(
        person,
        kind="death-cause",
        content={"cause": given.get("cause", "")},
        since=today_of(request),
        document=given.get("document", ""),
        **acting(request),
    )


def _check_finding(request: ActingRequest, person: UUID) -> None:
    waiting = {str(each.id): each.id for each in pages.findings_of(person)}
    if request.POST.get("finding", "") not in waiting:
        raise Refused("allowances.no-such-file")
    actions.check_finding(waiting[request.POST["finding"]], **acting(request))


_PERSON_STEPS: Words[Mapping[str, tuple[Callable[[ActingRequest, UUID], UUID | None], str]]] = {
    "propose": (_propose, "提出了，请另一位同事批准。"),
    "find": (_find, "认定提出了，请另一位同事确认。"),
    "check-finding": (_check_finding, "确认了，下一个批次按它算。"),
    **standing.STEPS,
}
