"""专项督导 at the desk: counties with their lights, the items behind each figure, a task with its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.benefits import api as benefits
from rongjun.benefits.api import Item, StepLine, TaskFile, supervision
from rongjun.desk.http.privacy import XLSX, mark_of
from rongjun.desk.http.shared import asked_day, options, refused_page, today_of
from rongjun.desk.supervised import (
    COUNTY_HEADS,
    HEADS,
    LOOKS,
    NO_TASK,
    TURNS,
    Wanted,
    county_cells,
    csv_of,
    item_cells,
)
from rongjun.files import api as files
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, translatable
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import AREAS
from rongjun.ui.api import address, attachment, page_asked, pager_of, pages_of

PAGE = 50
CSV = "text/csv; charset=utf-8"
STATE_TONES = {
    supervision.TASKED: "info",
    supervision.REPORTED: "info",
    supervision.WANTING: "warn",
    supervision.ORDERED: "warn",
    supervision.CORRECTED: "info",
    supervision.UNMENDED: "late",
    supervision.ESCALATED: "late",
    supervision.PASSED: "ok",
}


@require_safe
@staff("supervision.read")
def overview(request: ActingRequest) -> HttpResponse:
    """Every county in scope with its light and its figures, each of which opens into its items."""
    counties, found = _found(request)
    told = benefits.tallies(found, on=today_of(request))
    context = {
        "rows": [_county_row(code, name, told[code]) for code, name in counties.items() if code in told],
        "lights": [{"word": word, **_look(light)} for light, word in supervision.LIGHTS.items()],
        "tiles": [_turn_tile(turn, word, found) for turn, word in TURNS.items()],
        "on": today_of(request),
        "days": {"soon": settings.SUPERVISION_SOON_DAYS, "fresh": settings.SUPERVISION_FRESH_DAYS},
        "may_direct": request.actor.may("supervision.direct"),
    }
    return render(request, "desk/supervision.html", context)


@require_safe
@staff("supervision.read")
def items(request: ActingRequest) -> HttpResponse:
    """The items that pass the filters: benefit by county, with unit, state, light and last check."""
    counties, every = _found(request)
    wanted = Wanted.read(request.GET.dict())
    found = [item for item in every if wanted.passes(item)]
    page = min(page_asked(request), pages_of(len(found), most=PAGE))
    context = {
        "rows": [_item_row(item, counties) for item in found[(page - 1) * PAGE : page * PAGE]],
        "filters": _filters(wanted, counties),
        "total": len(found),
        "is_filtered": bool(wanted.kept()),
        "query": address(**wanted.kept()),
        "pager": pager_of(page, len(found), most=PAGE, **wanted.kept()),
    }
    return render(request, "desk/supervision_items.html", context)


@require_safe
@staff("supervision.read")
def export(request: ActingRequest, form: str) -> HttpResponse:
    """What a list shows, whole, as CSV or as a workbook that says who took it: items, or `of=counties`."""
    if form not in ("csv", "xlsx"):
        raise Http404
    counties, every = _found(request)
    heads: tuple[str, ...]
    if request.GET.get("of") == "counties":
        told = benefits.tallies(every, on=today_of(request))
        heads, rows = COUNTY_HEADS, [county_cells(counties[code], each) for code, each in told.items()]
        name = translatable("督导概览")
    else:
        heads, wanted = HEADS, Wanted.read(request.GET.dict())
        rows = [item_cells(each, county=counties[each.division]) for each in every if wanted.passes(each)]
        name = translatable("督导清单")
    number = localtime(request.now).strftime("%Y%m%d%H%M%S")
    benefits.note_taken_out(form, rows=len(rows), by=request.actor, now=request.now, source=request.path)
    if form == "csv":
        return attachment(csv_of(heads, rows), f"{name}-{number}.csv", kind=CSV)
    mark = mark_of(request, number=number)
    book = registry.marked_book({name: (heads, rows)}, mark=mark, reason="专项督导")
    return attachment(book, f"{name}-{number}.xlsx", kind=XLSX)


@require_safe
@staff("supervision.read")
def item(request: ActingRequest, code: str) -> HttpResponse:
    """One benefit: in each county who answers for it, what is to be shown, and how it stands."""
    counties, found = _found(request, code=code)
    if not found and code not in benefits.book().benefits:
        raise Http404
    told = [each for each in found if each.standing.state or each.checked]
    context = {
        "code": code,
        "title": found[0].title if found else benefits.book().benefits[code].title,
        "rows": [_item_row(each, counties) for each in found],
        "asked": len(told),
        "in_place": sum(each.light == supervision.GREEN for each in told),
        "may_direct": request.actor.may("supervision.direct") and bool(found),
        "may_read_policy": request.actor.may("policy.read"),
        "counties": [{"code": each.division, "name": counties[each.division]} for each in found],
        "expected": found[0].responsible.expected if found else "",
    }
    return render(request, "desk/supervision_item.html", context)


@require_POST
@staff("supervision.direct")
def unit(request: ActingRequest, code: str) -> HttpResponse:
    """Name the unit that answers for a benefit in a county."""
    given = request.POST
    try:
        benefits.name_unit(
            code,
            _county(given.get("division", "")),
            book=benefits.book(),
            unit=given.get("unit", ""),
            expected=given.get("expected", ""),
            reason=given.get("reason", ""),
            **_acting(request),
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("责任单位记下了。以后下达的任务按它来；没办完的任务不变。"))
    return redirect("desk:supervision-item", code=code)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("supervision.direct")
def open_round(request: ActingRequest) -> HttpResponse:
    """Choose benefits and counties, and open a task for each pair at once."""
    if request.method != "POST":
        return _open_page(request)
    book, given = benefits.book(), request.POST
    areas = set(given.getlist("area"))
    codes = set(given.getlist("code")) | {c for c, each in book.benefits.items() if each.area in areas}
    counties = {_county(text) for text in given.getlist("division")}
    try:
        done = benefits.open_round(
            codes,
            counties,
            book=book,
            title=given.get("title", ""),
            reason=given.get("reason", ""),
            report_by=_day(given.get("report_by", "")),
            **_acting(request),
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(
        request,
        _("下达了 %(opened)s 个任务；另有 %(left)s 项还有没办完的任务，没有重复下达。")
        % {"opened": done.opened, "left": done.left}
        if done.left
        else _("下达了 %(opened)s 个任务。") % {"opened": done.opened},
    )
    return redirect(reverse("desk:supervision-items") + address(state=supervision.TASKED))


@require_safe
@staff("supervision.read")
def task(request: ActingRequest, task: UUID) -> HttpResponse:
    """One task: where it stands, what may follow, and every step there was."""
    file = benefits.task_file(task, on=today_of(request))
    if file is None:
        raise Http404
    return render(request, "desk/supervision_task.html", _task_context(request, file))


@require_http_methods(["GET", "HEAD", "POST"])
@staff("supervision.report")
def report(request: ActingRequest, task: UUID) -> HttpResponse:
    """The unit's own report, or what it says it has put right, with proof; who comes back finds the task."""
    if request.method != "POST":
        return redirect("desk:supervision-task", task=task)
    given = [each for each in request.FILES.getlist("file") if each.size]
    try:
        for each in given:
            _refuse_large(each.size or 0)
        papers = [(each.name or "", each.read()) for each in given]
        benefits.report_delivery(task, said=request.POST.get("said", ""), papers=papers, **_acting(request))
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("填报收下了，等市局抽查。佐证查毒以后才能打开。"))
    return redirect("desk:supervision-task", task=task)


@require_POST
@staff("supervision.direct")
def step(request: ActingRequest, task: UUID, step: str) -> HttpResponse:
    """What the city does with a task: check, order, escalate, note a clue, withdraw."""
    if step not in _STEPS:
        raise Http404
    take, said = _STEPS[step]
    try:
        take(request, task)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _(said))
    return redirect("desk:supervision-task", task=task)


# --- steps of the city --------------------------------------------------------------------------------------


def _check(request: ActingRequest, task: UUID) -> None:
    given = request.POST
    benefits.check_delivery(
        task,
        outcome=given.get("outcome", ""),
        happened_on=_day(given.get("happened_on", "")),
        place=given.get("place", ""),
        said=given.get("said", ""),
        **_acting(request),
    )


def _order(request: ActingRequest, task: UUID) -> None:
    given = request.POST
    due_on = _day(given.get("due_on", ""))
    benefits.order_correction(task, said=given.get("said", ""), due_on=due_on, **_acting(request))


def _escalate(request: ActingRequest, task: UUID) -> None:
    given = request.POST
    benefits.escalate_task(
        task,
        whom=given.get("whom", ""),
        said=given.get("said", ""),
        due_on=_day(given.get("due_on", "")),
        **_acting(request),
    )


def _clue(request: ActingRequest, task: UUID) -> None:
    given = request.POST
    conduct_on = _day(given.get("happened_on", ""))
    benefits.record_clue(task, conduct_on=conduct_on, said=given.get("said", ""), **_acting(request))


def _withdraw(request: ActingRequest, task: UUID) -> None:
    benefits.withdraw_task(task, said=request.POST.get("said", ""), **_acting(request))


_STEPS: Words[dict[str, tuple[Callable[[ActingRequest, UUID], None], str]]] = {
    supervision.CHECK: (_check, "抽查记下了。"),
    supervision.ORDER: (_order, "整改期限下达了。"),
    supervision.ESCALATE: (_escalate, "升级了，期限重新算。"),
    supervision.CLUE: (_clue, "处罚线索记下了；处不处罚由有权机关决定。"),
    supervision.WITHDRAW: (_withdraw, "任务撤回了。"),
}


# --- what was typed -----------------------------------------------------------------------------------------


def _acting(request: ActingRequest) -> dict[str, Any]:
    return {"by": request.actor, "now": request.now, "today": today_of(request)}


def _day(text: str) -> date:
    day = asked_day(text)
    if day is None:
        raise Refused("supervision.day-missing")
    return day


def _county(text: str) -> int:
    """The code of a county; 0, which is none, for anything else."""
    return int(text) if text.isdecimal() and len(text) == 12 else 0


def _refuse_large(size: int) -> None:
    if size > settings.LARGEST_UPLOAD:
        most = settings.LARGEST_UPLOAD // 2**20
        raise Refused("files.upload-too-large", megabytes=-(-size // 2**20), most=most)


# --- what is shown ------------------------------------------------------------------------------------------


def _found(request: ActingRequest, *, code: str = "") -> tuple[dict[int, str], list[Item]]:
    """The counties in scope by name, and the items of all benefits, or of one, there."""
    on = today_of(request)
    counties = dict(benefits.supervised_counties(request.actor.scope, on=on))
    codes = {code} if code else None
    return counties, benefits.items(benefits.book(), counties=counties, on=on, codes=codes)


def _look(light: str) -> dict[str, str]:
    tone, icon = LOOKS[light]
    return {"light": light, "tone": tone, "icon": icon}


def _light(light: str) -> dict[str, str]:
    return {"word": supervision.LIGHTS[light], **_look(light)}


def _state(state: str, *, due_on: date | None, is_late: bool) -> dict[str, Any]:
    return {
        "word": supervision.STATES[state] if state else NO_TASK,
        "tone": STATE_TONES.get(state, ""),
        "due_on": due_on,
        "is_late": is_late,
    }


def _county_row(code: int, name: str, told: supervision.Tally) -> dict[str, Any]:
    def opened(count: int, **filters: str) -> dict[str, Any]:
        return {"count": f"{count:,}", "url": _items_url(division=code, **filters) if count else ""}

    return {
        "name": name,
        "url": _items_url(division=code),
        "light": _light(told.light),
        "figures": [opened(told.lights[light], light=light) for light in supervision.LIGHTS],
        "late": opened(told.late, turn="unit-late"),
        "asked": told.asked,
        "in_place": told.in_place,
    }


def _items_url(**filters: object) -> str:
    return reverse("desk:supervision-items") + address(**filters)


def _turn_tile(turn: str, word: str, found: list[Item]) -> dict[str, Any]:
    count = sum(Wanted(turn=turn).passes(each) for each in found)
    return {
        "label": word,
        "figure": f"{count:,}",
        "url": _items_url(turn=turn),
        "is_late": turn.endswith("-late") and count > 0,
    }


def _item_row(each: Item, counties: dict[int, str]) -> dict[str, Any]:
    standing, checked = each.standing, each.checked
    return {
        "title": each.title,
        "url": reverse("desk:supervision-item", args=[each.code]),
        "area": AREAS.get(each.area, ""),
        "county": counties[each.division],
        "light": _light(each.light),
        "unit": each.responsible.unit,
        "is_named": each.responsible.is_named,
        "expected": each.responsible.expected,
        "state": _state(standing.state, due_on=standing.due_on, is_late=each.is_late),
        "task": reverse("desk:supervision-task", args=[each.task]) if each.task else "",
        "checked_on": checked.on if checked else None,
        "outcome": supervision.OUTCOMES[checked.outcome] if checked else "",
    }


def _filters(wanted: Wanted, counties: dict[int, str]) -> list[dict[str, Any]]:
    everything = _("全部")
    choices: list[tuple[str, str, dict[str, str]]] = [
        ("division", _("区市"), {str(code): name for code, name in counties.items()}),
        ("light", _("灯"), dict(supervision.LIGHTS)),
        ("turn", _("该谁办"), dict(TURNS)),
        ("state", _("状态"), dict(supervision.STATES)),
        ("area", _("领域"), dict(AREAS)),
    ]
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "label": label,
            "options": options(words, getattr(wanted, name), everything=everything),
        }
        for name, label, words in choices
    ]
    return [{"name": "q", "label": _("找"), "value": wanted.q, "hint": _("优待、编号、单位")}, *found]


def _open_page(request: ActingRequest) -> HttpResponse:
    on = today_of(request)
    counties = benefits.supervised_counties(request.actor.scope, on=on)
    chosen = set(request.GET.getlist("code"))
    by_area: dict[str, list[dict[str, Any]]] = {area: [] for area in AREAS}
    for benefit, _version in benefits.book().in_force(on=on):
        by_area[benefit.area].append(
            {"code": benefit.code, "title": benefit.title, "chosen": benefit.code in chosen}
        )
    context = {
        "areas": [
            {
                "code": area,
                "title": AREAS[area],
                "rows": rows,
                "open": any(row["chosen"] for row in rows),
            }
            for area, rows in by_area.items()
            if rows
        ],
        "counties": [
            {"code": code, "name": name, "chosen": str(code) in request.GET.getlist("division")}
            for code, name in counties
        ],
        "on": on,
    }
    return render(request, "desk/supervision_open.html", context)


def _task_context(request: ActingRequest, file: TaskFile) -> dict[str, Any]:
    on, may_direct = today_of(request), request.actor.may("supervision.direct")
    county = places.path_of(file.division, on=on)
    names = names_of_actors([each.by for each in file.steps] + [file.reported_by])
    rung = supervision.LADDER[file.standing.level] if file.standing.level < len(supervision.LADDER) else None
    is_open = file.standing.state not in supervision.CLOSED
    proof = _proof_of(request, file)
    first = next((each for each in reversed(file.steps) if each.kind == supervision.CHECK), None)
    return {
        "file": file,
        "county": county,
        "light": _light(file.light),
        "state": _state(file.standing.state, due_on=file.standing.due_on, is_late=file.is_late),
        "steps": [
            _step_shown(each, names, proof, is_recheck=each.kind == supervision.CHECK and each is not first)
            for each in file.steps
        ],
        "follow": file.may_follow if may_direct else frozenset(),
        "may_report": request.actor.may("supervision.report") and supervision.REPORT in file.may_follow,
        "is_mine": file.reported_by == request.actor.text,
        "is_recheck": file.standing.state == supervision.CORRECTED,
        "is_first_report": file.standing.state == supervision.TASKED,
        "rung": {"what": rung[0], "who": rung[1]} if rung else None,
        "whose": file.standing.state in supervision.OWED_BY_UNIT if is_open else None,
        "since": supervision.ARTICLE_57_SINCE,
        "outcomes": supervision.OUTCOMES,
        "today": on,
    }


def _proof_of(request: ActingRequest, file: TaskFile) -> dict[UUID, files.UploadLine]:
    """The papers of a task; none for those who may not read papers."""
    if not request.actor.may("files.read"):
        return {}
    return {line.id: line for line in files.uploads_about([f"supervision-task:{file.id}"], now=request.now)}


def _step_shown(
    line: StepLine, names: dict[str, str], proof: dict[UUID, files.UploadLine], *, is_recheck: bool
) -> dict[str, Any]:
    rung = supervision.LADDER[line.level - 1] if line.level else None
    return {
        "word": translatable("复核") if is_recheck else supervision.STEPS[line.kind],
        "outcome": supervision.OUTCOMES[line.outcome] if line.outcome else "",
        "is_sound": line.outcome == supervision.SOUND,
        "line": line,
        "by": names[line.by],
        "rung": rung,
        "is_clue": line.kind == supervision.CLUE,
        "proof": [
            {"name": proof[each].file_name, "url": reverse("desk:paper", args=[each])}
            for each in line.proof
            if each in proof
        ],
        "proof_count": len(line.proof),
    }
