"""Pages of the registry itself: the list of people, and rosters handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rongjun.access.api import ActingRequest, staff
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, listed, translatable
from rongjun.places import api as places
from rongjun.registry import actions, queries
from rongjun.registry.cutover import KINDS, SIDES, Difference
from rongjun.registry.listing import COLUMNS, cells_of
from rongjun.registry.queries import PAGE, PersonLine, rosters
from rongjun.registry.queries import cutover as taken_over
from rongjun.registry.queries.rosters import ReportRow
from rongjun.registry.roster import examples
from rongjun.registry.workbook import cutover_workbook, digest_of, read_roster, refused_workbook, template
from rongjun.ui.api import Sentence, attachment, page_asked, pager_of, sentence

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SUGGESTED, SHORTEST_SUGGESTED = 8, 2  # people under the search box; signs before one letter means anything
FATES: Words[dict[str, str]] = {
    "total": "共几行",
    "recorded": "登记",
    "unchanged": "已登记",
    "refused": "退回",
}
MOST_SHOWN = 500  # differences on a page; the workbook holds all


@staff("registry.read-person")
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: ActingRequest) -> HttpResponse:
    """The list of people in scope, by name, pinyin, initials, last four signs, number or phone.

    What was typed comes by POST. Only what is nobody's whole number goes on into an address, where it can be
    gone back to; the ids shown are logged.
    """
    if request.method == "POST":
        typed = request.POST.get("q", "").strip()
        if not queries.is_whole_number(typed):
            return redirect(reverse("registry:people") + (f"?{urlencode({'q': typed})}" if typed else ""))
        return _people_page(request, typed, shown="")
    text = request.GET.get("q", "").strip()
    if queries.is_whole_number(text):
        return _people_page(request, None, shown="")
    return _people_page(request, text, shown=text)


def _people_page(request: ActingRequest, text: str | None, *, shown: str) -> HttpResponse:
    """`text` None: a whole number stood in the address, and is not looked for from there."""
    number = page_asked(request)
    day, scope = timezone.localtime(request.now).date(), request.actor.scope
    first = (number - 1) * PAGE
    lines, total = (
        ([], 0)
        if text is None
        else queries.find_people(text, on=day, known_at=request.now, first=first, scope=scope)
    )
    note_shown(request, [line.id for line in lines], purpose="列表")
    stations = places.served_by({line.division for line in lines}, on=day)
    return render(
        request,
        "registry/people.html",
        {
            "q": shown,
            "sought": shown or (_("完整号码") if text != "" else ""),
            "in_address": text is None,
            "may_look_up": request.actor.may("registry.look-up"),
            "rows": [_person_row(line, station=stations[line.division], on=day) for line in lines],
            "may_export": request.actor.may("registry.export"),
            "total": f"{total:,}",
            "is_cut": total == (queries.MOST_FOUND if text else queries.MOST_LISTED),
            "pager": pager_of(number, total, most=PAGE, q=shown),
            "columns": [
                {"label": _(COLUMNS[0])},
                *({"label": _(word), "short": True} for word in COLUMNS[1:]),
            ],
        },
    )


@staff("registry.read-person")
@require_POST
def suggest(request: ActingRequest) -> HttpResponse:
    """The first of whom the list would find, while the words are typed; nothing for a single letter.

    Whoever is shown is logged as read, as on the list.
    """
    text = request.POST.get("q", "").strip()
    if len(text) < SHORTEST_SUGGESTED and text.isascii():
        return render(request, "registry/parts/hits.html", {})
    day = timezone.localtime(request.now).date()
    lines, total = queries.find_people(text, on=day, known_at=request.now, scope=request.actor.scope)
    shown = lines[:SUGGESTED]
    note_shown(request, [line.id for line in shown], purpose="列表")
    stations = places.served_by({line.division for line in shown}, on=day)
    context = {
        "is_asked": True,
        "hits": [_hit(line, station=stations[line.division], on=day) for line in shown],
        "total": f"{total:,}",
        "more": total > len(shown),
        "may_look_up": request.actor.may("registry.look-up"),
    }
    return render(request, "registry/parts/hits.html", context)


@staff("registry.look-up")
@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: ActingRequest) -> HttpResponse:
    """全市查找: whether a whole number is on file anywhere, and at which station. Every look is logged."""
    context: dict[str, object] = {"purposes": actions.PURPOSES, "most": actions.MOST_AN_HOUR}
    if request.method != "POST":
        return render(request, "registry/look_up.html", context)
    purpose = request.POST.get("purpose", "")
    context["chosen"] = purpose
    try:
        found = actions.look_up_number(
            request.POST.get("number", ""), purpose=purpose, by=request.actor, now=request.now
        )
    except Refused as refused:
        context["refusal"] = sentence(refused)
        return render(request, "registry/look_up.html", context, status=422)
    context["is_answered"] = True
    if found:
        context["name"] = found.masked_name
        context["station"] = places.path_of(found.division, on=timezone.localtime(request.now).date())
    return render(request, "registry/look_up.html", context)


@staff("registry.import-roster")
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: ActingRequest) -> HttpResponse:
    """Hand in a roster (POST), or see those handed in."""
    if request.method == "POST":
        try:
            return redirect("registry:report", roster=_hand_in(request))
        except Refused as refused:
            return _imports_page(request, refusal=sentence(refused), status=422)
    return _imports_page(request)


@staff("registry.import-roster")
@require_safe
def report(request: ActingRequest, roster: UUID) -> HttpResponse:
    """What became of each row of one file, or how far it has come; the ids of the people shown are logged."""
    done = rosters.report(roster)
    if done is None:
        raise Http404
    refused = _Part.of([row for row in done.rows if not row.person], request, "refused")
    loaded = _Part.of([row for row in done.rows if row.person], request, "loaded")
    note_shown(
        request, [row.person for row in loaded.rows if row.person and row.name], purpose="查看导入结果"
    )
    return render(
        request,
        "registry/report.html",
        {
            "report": done,
            "loaded_so_far": done.total - done.waiting,
            "left_to_correct": done.refused - done.corrected,
            "may_take_back": done.uploaded_by == request.actor.text,
            "refused": [
                cells
                for row in refused.rows
                for cells in _refused_rows(row, is_mended=row.number in done.mended)
            ],
            "refused_pager": refused.pager,
            "loaded": [_loaded_row(row) for row in loaded.rows],
            "loaded_pager": loaded.pager,
            "refused_columns": [
                *({"label": _(word), "short": True} for word in translatable(("行", "列", "填的是"))),
                {"label": _("为什么退回、怎么改")},
            ],
            "loaded_columns": [{"label": _(word)} for word in translatable(("行", "姓名", "结果"))],
        },
    )


@staff("registry.import-roster")
@require_safe
def refused_rows(request: ActingRequest, roster: UUID) -> HttpResponse:
    """退回的行: the refused rows as they were handed in, for whoever handed them in. The read is logged."""
    done = rosters.report(roster)
    if done is None:
        raise Http404
    if done.uploaded_by != request.actor.text:
        raise PermissionDenied
    rows = rosters.refused_rows(roster)
    if not rows:
        raise Http404
    _note_taken_back(request, f"roster:{roster}", count=len(rows))
    return _workbook(refused_workbook(rows, roster=roster), "退回的行.xlsx")


@staff("registry.import-roster")
@require_safe
def roster_template(request: ActingRequest) -> HttpResponse:
    """The empty workbook with headings, drop-downs and a example from one of the visitor's own stations."""
    scope = request.actor.scope
    stations = places.divisions_within(
        scope.lo, scope.hi, level="township", on=timezone.localtime(request.now).date()
    )
    station = stations[0][0] if stations else request.actor.division
    return _workbook(template(examples(station=station)), "花名册模板.xlsx")


def _note_taken_back(request: ActingRequest, about: str, *, count: int) -> None:
    """Whoever downloads refused rows sees them unmasked."""
    audit.note_read(
        about,
        event="registry.refused-rows-exported",
        by=request.actor.text,
        role=request.actor.role,
        purpose="下载退回的行改正",
        source=request.path,
        division=request.actor.division,
        detail={"rows": count},
        at=request.now,
    )


def _workbook(content: bytes, name: str) -> HttpResponse:
    return attachment(content, name, kind=XLSX)


# --- what the old system had done ---------------------------------------------------------------------------


@staff("registry.cutover")
@require_http_methods(["GET", "HEAD", "POST"])
def cutover(request: ActingRequest) -> HttpResponse:
    """Hand in a file of the old system (POST), or see those handed in."""
    if request.method == "POST":
        try:
            name, content = _uploaded(request)
            handed_in = actions.import_cutover(
                actions.read_cutover(content, synthetic=settings.SYNTHETIC),
                file_name=name,
                file_digest=digest_of(content),
                by=request.actor,
                now=request.now,
            )
            return redirect("registry:cutover-report", handed_in=handed_in)
        except Refused as refused:
            return _cutover_page(request, refusal=sentence(refused), status=422)
    return _cutover_page(request)


@staff("registry.cutover")
@require_safe
def cutover_report(request: ActingRequest, handed_in: UUID) -> HttpResponse:
    """What became of one file of the old system: rows and money add up, every refused row explained."""
    done = taken_over.cutover_report(handed_in)
    if done is None:
        raise Http404
    faults = _Part.of(done.faults, request, "refused")
    return render(
        request,
        "registry/cutover_report.html",
        {
            "report": done,
            "kind": KINDS[done.kind].label,
            "fates": [
                {"cells": [_(word), f"{done.rows[fate]:,}", str(Fen(done.fen[fate]))]}
                for fate, word in FATES.items()
            ],
            "fate_columns": [
                {"label": _("去向")},
                {"label": _("行"), "number": True},
                {"label": _("金额（元）"), "number": True},
            ],
            "refused": [
                {"cells": [str(each["row"]), each["column"], each["shown"], each["sentence"]]}
                for each in faults.rows
            ],
            "refused_pager": faults.pager,
            "refused_columns": [
                *({"label": _(word), "short": True} for word in translatable(("行", "列", "填的是"))),
                {"label": _("为什么退回、怎么改")},
            ],
            "may_take_back": done.uploaded_by == request.actor.text and bool(done.rows["refused"]),
        },
    )


@staff("registry.cutover")
@require_safe
def cutover_refused(request: ActingRequest, handed_in: UUID) -> HttpResponse:
    """The refused rows as they were handed in, with control totals of their own. The read is logged."""
    done = taken_over.cutover_report(handed_in)
    if done is None:
        raise Http404
    if done.uploaded_by != request.actor.text:
        raise PermissionDenied
    rows = taken_over.cutover_refused(handed_in)
    if not rows:
        raise Http404
    _note_taken_back(request, f"cutover:{handed_in}", count=len(rows))
    content = cutover_workbook(KINDS[done.kind], rows, fen=done.fen["refused"])
    return _workbook(content, "割接退回的行.xlsx")


@staff("registry.cutover")
@require_http_methods(["GET", "HEAD", "POST"])
def cutover_compare(request: ActingRequest) -> HttpResponse:
    """The difference list of a file of the old system and of ours, or of what is on record; also as xlsx.

    Nothing of it is kept: whoever comes back to the address hands the files in again.
    """
    if request.method != "POST":
        return redirect("registry:cutover")
    try:
        old = actions.read_cutover(_uploaded(request)[1], synthetic=settings.SYNTHETIC)
        other = request.FILES.get("other")
        new = (
            actions.read_cutover(_uploaded(request, "other")[1], synthetic=settings.SYNTHETIC)
            if other
            else None
        )
        found = actions.compare_cutover(old, new, by=request.actor, now=request.now)
    except Refused as refused:
        return _cutover_page(request, refusal=sentence(refused), status=422)
    if request.POST.get("as") == "xlsx":
        return _workbook(actions.differences_workbook(found), "差异清单.xlsx")
    return render(
        request,
        "registry/cutover_compare.html",
        {
            "kind": old.kind.label,
            "against": new is not None,
            "unread": len(old.bad) + (len(new.bad) if new else 0),
            "equal": f"{found.equal:,}",
            "counts": [(word, f"{found.count(side):,}") for side, word in SIDES.items()],
            "old": str(Fen(found.old_fen)),
            "new": str(Fen(found.new_fen)),
            "gap": str(Fen(found.new_fen - found.old_fen)),
            "rows": [_difference_row(each) for each in found.differences[:MOST_SHOWN]],
            "more": max(0, len(found.differences) - MOST_SHOWN),
            "columns": [
                *({"label": _(word)} for word in translatable(("情况", "证件号码", "哪一笔"))),
                *(
                    {"label": _(word), "number": True}
                    for word in translatable(("旧（元）", "新（元）", "相差（元）"))
                ),
                {"label": _("其他")},
            ],
        },
    )


def _difference_row(each: Difference) -> dict[str, object]:
    fen = ["" if amount is None else str(Fen(amount)) for amount in (each.old_fen, each.new_fen)]
    return {"cells": [SIDES[each.side], each.mask, each.key, *fen, str(Fen(each.fen)), each.what]}


def _cutover_page(
    request: ActingRequest, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    rows = [
        {
            "cells": [
                {"text": done.file_name, "url": reverse("registry:cutover-report", args=[done.id])},
                KINDS[done.kind].label,
                timezone.localtime(done.uploaded_at).strftime("%Y-%m-%d %H:%M"),
                *(f"{done.rows[fate]:,}" for fate in FATES),
                str(Fen(done.fen["total"])),
            ]
        }
        for done in taken_over.cutover_reports()
    ]
    columns = [
        *({"label": _(word)} for word in translatable(("文件", "种类", "时间"))),
        *({"label": _(word), "number": True} for word in translatable((*FATES.values(), "总金额（元）"))),
    ]
    kinds = [{"cells": [kind.label, listed(kind.headings)]} for kind in KINDS.values()]
    context = {
        "rows": rows,
        "columns": columns,
        "refusal": refusal,
        "kinds": kinds,
        "kind_columns": [{"label": _("种类"), "short": True}, {"label": _("表头")}],
    }
    return render(request, "registry/cutover.html", context, status=status)


# --- handing in ---------------------------------------------------------------------------------------------


def _hand_in(request: ActingRequest) -> UUID:
    """Take the file in; a short one is loaded at once, a long one by the worker while the page says so."""
    name, content = _uploaded(request)
    rows = read_roster(content)
    roster = actions.take_in_roster(
        rows, file_name=name, file_digest=digest_of(content), by=request.actor, now=request.now
    )
    if len(rows) <= actions.PART:
        today = timezone.localtime(request.now).date()
        actions.load_part(roster, synthetic=settings.SYNTHETIC, now=request.now, today=today)
    return roster


def _uploaded(request: ActingRequest, field: str = "file") -> tuple[str, bytes]:
    upload = request.FILES.get(field)
    if upload is None or not upload.size:
        raise Refused("registry.upload-missing")
    if upload.size > settings.LARGEST_UPLOAD:
        most = settings.LARGEST_UPLOAD // 2**20
        raise Refused("registry.upload-too-large", megabytes=-(-upload.size // 2**20), most=most)
    return upload.name or "", upload.read()


def _imports_page(
    request: ActingRequest, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    rows = [
        {
            "cells": [
                {"text": done.file_name, "url": reverse("registry:report", args=[done.id])},
                timezone.localtime(done.uploaded_at).strftime("%Y-%m-%d %H:%M"),
                *(f"{count:,}" for count in (done.total, done.opened, done.unchanged, done.refused)),
                f"{done.waiting:,}",
                f"{done.corrected:,}",
            ]
        }
        for done in rosters.reports()
    ]
    columns = [
        {"label": _("文件")},
        {"label": _("时间")},
        *(
            {"label": _(word), "number": True}
            for word in translatable(("共几行", "新建档案", "已在册", "退回", "待装", "退回后改好"))
        ),
    ]
    may_cut_over = request.actor.may("registry.cutover")
    context = {"rows": rows, "columns": columns, "refusal": refusal, "may_cut_over": may_cut_over}
    return render(request, "registry/imports.html", context, status=status)


# --- rows ---------------------------------------------------------------------------------------------------


def _person_row(line: PersonLine, *, station: places.Served, on: date) -> dict[str, object]:
    name, who, number, served = cells_of(line, station=station.name, on=on)
    note = _("已限制处理") if line.restricted else listed(line.categories)
    return {
        "cells": [
            {"text": name, "url": reverse("desk:person", args=[line.id]), "note": note},
            who,
            number,
            {"text": served, "note": station.place if station.place != served else ""},
        ]
    }


def _hit(line: PersonLine, *, station: places.Served, on: date) -> dict[str, object]:
    name, who, number, served = cells_of(line, station=station.name, on=on)
    note = _("已限制处理") if line.restricted else listed(line.categories)
    url = reverse("desk:person", args=[line.id])
    return {"url": url, "name": name, "who": who, "number": number, "served": served, "note": note}


def _refused_rows(row: ReportRow, *, is_mended: bool) -> list[dict[str, object]]:
    """One line a fault, so that a clerk mends a row once."""
    mended = _("已改好重新导入") if is_mended else ""
    return [
        {
            "cells": [
                str(row.number),
                fault["column"],
                fault["shown"],
                {"text": fault["sentence"], "chip": {"word": mended, "tone": "ok"}}
                if mended
                else fault["sentence"],
            ]
        }
        for fault in row.faults
    ]


def _loaded_row(row: ReportRow) -> dict[str, object]:
    person: object = _("（已转到别的服务站）")
    if row.name:
        person = {"text": row.name, "url": reverse("desk:person", args=[row.person])}
    outcome = _("新建档案") if row.outcome == "opened" else _("已在册，没有改动")
    return {"cells": [str(row.number), person, outcome]}


def note_shown(request: ActingRequest, people: Sequence[UUID], *, purpose: str) -> None:
    """Whoever is named on a page has been read."""
    actions.note_people_listed(
        people, by=request.actor, purpose=purpose, source=request.path, now=request.now
    )


# --- pages --------------------------------------------------------------------------------------------------

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class _Part(Generic[Row]):
    """One page's worth of rows, and the way to the others."""

    rows: Sequence[Row]
    pager: dict[str, object]

    @classmethod
    def of(cls, rows: Sequence[Row], request: ActingRequest, name: str) -> _Part[Row]:
        """The page asked for in the parameter `name`."""
        number = page_asked(request, name)
        return cls(
            rows[(number - 1) * PAGE : number * PAGE], pager_of(number, len(rows), most=PAGE, name=name)
        )
