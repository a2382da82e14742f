"""Pages of the registry itself: the list of people, and rosters handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rongjun.access.api import ActingRequest, staff
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.places import api as places
from rongjun.registry import actions, queries
from rongjun.registry.listing import COLUMNS, cells_of
from rongjun.registry.queries import PAGE, PersonLine, ReportRow
from rongjun.registry.roster import examples
from rongjun.registry.workbook import digest_of, read_roster, template
from rongjun.ui.api import Sentence, sentence

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@staff("registry.read-person")
@require_safe
def people(request: ActingRequest) -> HttpResponse:
    """The list of people in scope, by name, last four signs or full number; the ids shown are logged."""
    text = request.GET.get("q", "").strip()
    number = _page_asked(request, "page")
    day = timezone.localdate(request.now)
    lines, total = queries.find_people(text, on=day, known_at=request.now, first=(number - 1) * PAGE)
    _note_shown(request, [line.id for line in lines], purpose="列表")
    stations = places.served_by({line.division for line in lines}, on=day)
    return render(
        request,
        "registry/people.html",
        {
            "q": text,
            "rows": [_person_row(line, station=stations[line.division], on=day) for line in lines],
            "total": total,
            "may_export": request.actor.may("registry.export"),
            "pager": _pager(number, total, "page", q=text),
            "columns": [
                {"label": _(COLUMNS[0])},
                *({"label": _(word), "short": True} for word in COLUMNS[1:]),
            ],
        },
    )


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
    """What became of each row of one workbook; the ids of the people shown are logged."""
    done = queries.report(roster)
    if done is None:
        raise Http404
    refused = _Part.of([row for row in done.rows if not row.person], request, "refused")
    loaded = _Part.of([row for row in done.rows if row.person], request, "loaded")
    _note_shown(
        request, [row.person for row in loaded.rows if row.person and row.name], purpose="查看导入结果"
    )
    return render(
        request,
        "registry/report.html",
        {
            "report": done,
            "refused": [cells for row in refused.rows for cells in _refused_rows(row)],
            "refused_pager": refused.pager,
            "loaded": [_loaded_row(row) for row in loaded.rows],
            "loaded_pager": loaded.pager,
            "refused_columns": [
                *({"label": _(word), "short": True} for word in ("行", "列", "填的是")),
                {"label": _("为什么退回、怎么改")},
            ],
            "loaded_columns": [{"label": _(word)} for word in ("行", "姓名", "结果")],
        },
    )


@staff("registry.import-roster")
@require_safe
def roster_template(request: ActingRequest) -> HttpResponse:
    """The empty workbook with headings, drop-downs and a example from one of the visitor's own stations."""
    scope = request.actor.scope
    stations = places.divisions_within(
        scope.lo, scope.hi, level="township", on=timezone.localdate(request.now)
    )
    station = stations[0][0] if stations else request.actor.division
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote('花名册模板.xlsx')}"}
    return HttpResponse(template(examples(station=station)), content_type=XLSX, headers=headers)


# --- handing in ---------------------------------------------------------------------------------------------


def _hand_in(request: ActingRequest) -> UUID:
    upload = request.FILES.get("file")
    if upload is None or not upload.size:
        raise Refused("registry.upload-missing")
    if upload.size > settings.LARGEST_UPLOAD:
        most = settings.LARGEST_UPLOAD // 2**20
        raise Refused("registry.upload-too-large", megabytes=-(-upload.size // 2**20), most=most)
    content = upload.read()
    return actions.import_roster(
        read_roster(content),
        file_name=upload.name or "",
        file_digest=digest_of(content),
        by=request.actor,
        synthetic=settings.SYNTHETIC,
        now=request.now,
        today=timezone.localdate(request.now),
    )


def _imports_page(
    request: ActingRequest, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    rows = [
        {
            "cells": [
                {"text": done.file_name, "url": reverse("registry:report", args=[done.id])},
                timezone.localtime(done.uploaded_at).strftime("%Y-%m-%d %H:%M"),
                *(f"{count:,}" for count in (done.total, done.opened, done.unchanged, done.refused)),
            ]
        }
        for done in queries.reports()
    ]
    columns = [
        {"label": _("文件")},
        {"label": _("时间")},
        *({"label": _(word), "number": True} for word in ("共几行", "新建档案", "已在册", "退回")),
    ]
    context = {"rows": rows, "columns": columns, "refusal": refusal}
    return render(request, "registry/imports.html", context, status=status)


# --- rows ---------------------------------------------------------------------------------------------------


def _person_row(line: PersonLine, *, station: places.Served, on: date) -> dict[str, object]:
    name, who, number, served = cells_of(line, station=station.name, on=on)
    note = _("已限制处理") if line.restricted else "、".join(line.categories)
    return {
        "cells": [
            {"text": name, "url": reverse("desk:person", args=[line.id]), "note": note},
            who,
            number,
            {"text": served, "note": station.place if station.place != served else ""},
        ]
    }


def _refused_rows(row: ReportRow) -> list[dict[str, object]]:
    """One line a fault, so that a clerk mends a row once."""
    return [
        {"cells": [str(row.number), fault["column"], fault["shown"], fault["sentence"]]}
        for fault in row.faults
    ]


def _loaded_row(row: ReportRow) -> dict[str, object]:
    person: object = _("（已转到别的服务站）")
    if row.name:
        person = {"text": row.name, "url": reverse("desk:person", args=[row.person])}
    outcome = _("新建档案") if row.outcome == "opened" else _("已在册，没有改动")
    return {"cells": [str(row.number), person, outcome]}


def _note_shown(request: ActingRequest, people: Sequence[UUID], *, purpose: str) -> None:
    """Whoever is named on a page has been read."""
    if people:
        audit.note_read(
            [f"person:{person}" for person in people],
            event="registry.people-listed",
            by=request.actor.text,
            role=request.actor.role,
            purpose=purpose,
            source=request.path,
            division=request.actor.division,
            at=request.now,
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
        number = _page_asked(request, name)
        return cls(rows[(number - 1) * PAGE : number * PAGE], _pager(number, len(rows), name))


def _pager(number: int, total: int, name: str, **kept: str) -> dict[str, object]:
    pages = max(1, -(-total // PAGE))
    return {
        "page": number,
        "pages": pages,
        "earlier": "?" + urlencode({**kept, name: number - 1}) if number > 1 else "",
        "later": "?" + urlencode({**kept, name: number + 1}) if number < pages else "",
    }


def _page_asked(request: ActingRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1
