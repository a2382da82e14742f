"""A person's rights at the counter: notices, consents, requests, copies, and who looked at the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, staff
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.desk.http.shared import hidden_from, note_listed, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, listed, translatable, worded
from rongjun.notices import api as notices
from rongjun.registry import api as registry
from rongjun.ui.api import address, attachment

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
READS_SHOWN = 200
# Whoever is handed a copy is told of every look there was.
READS_COPIED = 100_000
CONSENT_WORDS: Words[dict[str, str]] = {
    "none": "没有问过",
    "given": "已同意",
    "declined": "不同意",
    "withdrawn": "已撤回",
}
CONSENT_TONES = {"none": "", "given": "ok", "declined": "pause", "withdrawn": "pause"}


# --- who looked ---------------------------------------------------------------------------------------------


@staff("registry.handle-rights")
@require_safe
def who_read(request: ActingRequest, person: UUID) -> HttpResponse:
    """谁看过这份档案: every event that showed, listed, unmasked, exported or shared the person (AU-08)."""
    file = _file(request, person)
    before = request.GET.get("before", "")
    lines = registry.reads_of(
        person, before=int(before) if before.isdecimal() and len(before) < 19 else None, limit=READS_SHOWN
    )
    audit.note(
        "registry.reads-shown",
        by=request.actor.text,
        role=request.actor.role,
        about=f"person:{person}",
        division=file.line.division,
        source=request.path,
        at=request.now,
    )
    return render(
        request,
        "desk/reads.html",
        {
            "id": person,
            "name": file.line.name,
            "days": _by_day(lines),
            "earlier": address(before=lines[-1].id) if len(lines) == READS_SHOWN else "",
            "columns": [{"label": _(word)} for word in translatable(("时间", "谁", "做了什么、为什么"))],
        },
    )


def _by_day(lines: list[registry.ReadLine]) -> list[dict[str, Any]]:
    days: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        at = timezone.localtime(line.at)
        who = {"text": line.who, "note": listed((line.role, line.place), "，")}
        cells = [at.strftime("%H:%M:%S"), who, {"text": line.what, "note": line.purpose}]
        days.setdefault(at.strftime("%Y-%m-%d"), []).append({"cells": cells})
    return [{"day": day, "rows": rows} for day, rows in days.items()]


# --- the page of rights -------------------------------------------------------------------------------------


@staff("registry.handle-rights")
@require_safe
def rights(request: ActingRequest, person: UUID) -> HttpResponse:
    """What the person was told, agreed to and asked for, and the forms for each. Opening it is logged."""
    file, today = _file(request, person), today_of(request)
    audit.note_read(
        f"person:{person}",
        event="registry.person-read",
        by=request.actor.text,
        role=request.actor.role,
        purpose="办理个人信息权利",
        source=request.path,
        division=file.line.division,
        at=request.now,
    )
    may_decide = request.actor.may("registry.decide-rights")
    kin, is_child = registry.kin_of(person, on=today), registry.is_under_age(person, on=today)
    return render(
        request,
        "desk/rights.html",
        {
            "id": person,
            "name": file.line.name,
            "restriction": registry.restriction_of(person),
            "legal_hold": registry.legal_hold_of(person),
            "kin": kin,
            "is_child": is_child,
            "guardians": [each for each in kin if each.is_guardian],
            "may_decide": may_decide,
            "notices": registry.notices_for(person, on=today),
            "consents": [
                {
                    "line": line,
                    "word": CONSENT_WORDS[line.state],
                    "tone": CONSENT_TONES[line.state],
                    "is_given": line.state == "given",
                }
                for line in registry.consents_of(
                    person, now=request.now, on=today, quiet_days=settings.CONSENT_QUIET_DAYS
                )
            ],
            "requests": [
                {
                    "line": line,
                    "title": _asked_for(line),
                    "is_open": line.state == "open",
                    "may_answer": may_decide or line.kind not in registry.RESTRICTS,
                    "is_copy": line.kind in ("see", "copy") and line.state != "refused",
                }
                for line in registry.requests_of(person, today=today)
            ],
            "kinds": registry.RIGHTS,
            "askers": registry.ASKED_BY,
            "ways": registry.HOW,
            "days": settings.RIGHTS_DAYS,
        },
    )


@staff("registry.read-person")
@require_safe
def notice(request: ActingRequest, code: str) -> HttpResponse:
    """The wording of a notice in force today, to be read to the person or printed."""
    told = registry.notice_book().notices.get(code)
    wording = told.in_force(today_of(request)) if told else None
    if told is None or wording is None:
        raise Http404
    items = [(label, wording.items[item]) for item, label in registry.ITEMS.items()]
    return render(request, "desk/notice.html", {"title": told.title, "since": wording.since, "items": items})


@staff("registry.handle-rights")
@require_safe
def open_rights(request: ActingRequest) -> HttpResponse:
    """What waits for an answer, the late ones first; the ids of the people shown are logged."""
    today = today_of(request)
    waiting = registry.open_requests(today=today)
    people = {line.person for line in waiting}
    names = {line.id: line.name for line in registry.lines_of(people, on=today, known_at=request.now)}
    note_listed(request, sorted(people, key=str), purpose="行权申请待办")
    rows = [
        {
            "cells": [
                {"text": names.get(line.person, ""), "url": f"/desk/people/{line.person}/rights/"},
                _asked_for(line),
                line.asked_by,
                timezone.localtime(line.received_at).strftime("%Y-%m-%d"),
                {
                    "text": line.due_on.isoformat(),
                    "chip": {"word": _("已超期"), "tone": "late"} if line.overdue else None,
                },
            ]
        }
        for line in waiting
    ]
    columns = [
        {"label": _(word)} for word in translatable(("姓名", "要办什么", "谁提的", "收到", "最迟答复"))
    ]
    late = sum(line.overdue for line in waiting)
    return render(request, "desk/rights_open.html", {"rows": rows, "columns": columns, "late": late})


@staff("desk.read-assessments")
@require_safe
def assessments(request: ActingRequest) -> HttpResponse:
    """影响评估: every processing of high risk, what it rests on, and what has to be looked at again."""
    today = today_of(request)
    told = [
        {
            "processing": each,
            "why": [_(registry.WHY[word]) for word in each.why],
            "now": each.in_force(today),
            "needs_somebody": each.needs_somebody(today),
            "earlier": [old for old in each.assessments if old != each.in_force(today)],
        }
        for each in registry.processings().values()
    ]
    return render(request, "desk/assessments.html", {"processings": told})


# --- what is done there -------------------------------------------------------------------------------------


@require_POST
@staff("registry.handle-rights")
def show_notice(request: ActingRequest, person: UUID) -> HttpResponse:
    """The person has been shown a notice."""
    return _done(
        request,
        person,
        lambda: registry.show_notice(
            person,
            notice=request.POST.get("notice", ""),
            how=request.POST.get("how", "window"),
            by=request.actor,
            now=request.now,
            today=today_of(request),
        ),
        _("记下了：已出示告知书。"),
    )


@require_POST
@staff("registry.handle-rights")
def consent(request: ActingRequest, person: UUID) -> HttpResponse:
    """The person says yes or no to one purpose and one recipient, or takes a yes back: one button each."""
    said = {name: request.POST.get(name, "") for name in ("purpose", "recipient", "answer")}
    place = {"purpose": said["purpose"], "recipient": said["recipient"]}
    how = request.POST.get("how", "window")

    def act() -> None:
        if said["answer"] == "withdraw":
            registry.withdraw_consent(person, **place, how=how, by=request.actor, now=request.now)
            return
        registry.answer_consent(
            person,
            **place,
            given=said["answer"] == "yes",
            how=how,
            guardian=request.POST.get("guardian", ""),
            by=request.actor,
            now=request.now,
            today=today_of(request),
        )

    return _done(request, person, act, _("记下了，马上生效。"))


@require_POST
@staff("registry.handle-rights")
def receive(request: ActingRequest, person: UUID) -> HttpResponse:
    """A request is taken in."""
    said = {name: request.POST.get(name, "") for name in ("kind", "asked_by", "kin", "proof", "wish")}
    return _done(
        request,
        person,
        lambda: registry.receive_request(
            person,
            **said,
            days=settings.RIGHTS_DAYS,
            by=request.actor,
            now=request.now,
            today=today_of(request),
        ),
        _("受理了，期限从今天算起。"),
    )


@require_POST
@staff("registry.handle-rights")
def decide(request: ActingRequest, person: UUID, request_id: UUID) -> HttpResponse:
    """A request is answered or refused."""
    words = request.POST.get("words", "")

    def act() -> None:
        line = registry.request_of(request_id, today=today_of(request))
        if line is None or not _is_of(line, person):
            raise Refused("registry.rights-closed")
        if request.POST.get("verdict") == "refuse":
            registry.refuse_request(request_id, reason=words, by=request.actor, now=request.now)
        else:
            registry.answer_request(request_id, answer=words, by=request.actor, now=request.now)

    return _done(request, person, act, _("答复记下了。"))


@require_POST
@staff("registry.decide-rights")
def lift(request: ActingRequest, person: UUID) -> HttpResponse:
    """A restriction ends."""
    return _done(
        request,
        person,
        lambda: registry.lift_restriction(
            person, reason=request.POST.get("words", ""), by=request.actor, now=request.now
        ),
        _("已解除限制处理。"),
    )


@require_POST
@staff("registry.decide-rights")
def legal_hold(request: ActingRequest, person: UUID) -> HttpResponse:
    """Everything about the person is kept beyond its retention, by a document; or no longer."""
    words = request.POST.get("words", "")

    def act() -> None:
        if request.POST.get("verdict") == "lift":
            registry.lift_legal_hold(person, reason=words, by=request.actor, now=request.now)
            return
        document = request.POST.get("document", "")
        registry.hold_for_law(person, reason=words, document=document, by=request.actor, now=request.now)

    return _done(request, person, act, _("记下了。"))


@require_POST
@staff("registry.handle-rights")
def copy(request: ActingRequest, person: UUID, request_id: UUID) -> HttpResponse:
    """The whole file for the person: for a machine (JSON) or to read (a marked workbook). Kept nowhere."""
    asked = registry.request_of(request_id, today=today_of(request))
    if asked is None or not _is_of(asked, person) or asked.kind not in ("see", "copy"):
        raise Http404
    if asked.state == "refused":
        return refused_page(request, Refused("registry.rights-closed"))
    file = _file(request, person)
    if hidden_from(request.actor) and registry.holds_guarded(person):
        return refused_page(request, Refused("registry.guarded-copy"))
    reads, files = registry.reads_of(person, limit=READS_COPIED), registry.file_ids_of(person)
    copied = registry.copy_of(
        person,
        made_at=request.now,
        decisions=benefits.recorded(files),
        reads=[line.as_copied() for line in reads],
        offers=benefits.copied_offers(files),
        enrolments=benefits.copied_enrolments(files),
        messages=notices.copied_messages(files),
    )
    assert copied is not None
    audit.note_read(
        f"person:{person}",
        event="registry.person-exported",
        by=request.actor.text,
        role=request.actor.role,
        purpose=worded("本人{kind_label}", kind_label=asked.kind_label),
        source=request.path,
        division=file.line.division,
        detail={"request": str(request_id)},
        at=request.now,
    )
    if request.POST.get("format") == "xlsx":
        mark = mark_of(request, number=request_id.hex[:8].upper())
        content = registry.marked_book(registry.sheets_of(copied), mark=mark, reason=_("交给本人"))
        return attachment(content, "个人信息复制件.xlsx", kind=XLSX)
    return attachment(registry.write_copy(copied), "个人信息复制件.json", kind="application/json")


# --- shared -------------------------------------------------------------------------------------------------


def mark_of(request: ActingRequest, *, number: str) -> registry.Mark:
    """Who takes something out now."""
    actor, at = request.actor, timezone.localtime(request.now).strftime("%Y-%m-%d %H:%M")
    return registry.Mark(actor.name, actor.login, actor.division_label, at, number)


def _file(request: ActingRequest, person: UUID) -> registry.PersonFile:
    file = registry.file_of(person, on=today_of(request), known_at=request.now)
    if file is None:
        raise Http404
    return file


def _asked_for(line: registry.RequestLine) -> str:
    """What is asked for; of a contested fact, which."""
    if not line.fact:
        return line.kind_label
    fact = benefits.book().vocabulary.facts.get(line.fact)
    return _("异议：%(label)s") % {"label": fact.label if fact else line.fact}


def _is_of(asked: registry.RequestLine, person: UUID) -> bool:
    """Whether it was this person who asked, on whichever of their files."""
    return registry.kept_file(asked.person) == registry.kept_file(person)


def _done(request: ActingRequest, person: UUID, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, said)
    return redirect("desk:rights", person=person)
