"""Pages of the registry itself: the list of people, and rosters handed in."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest, staff
from rongjun.audit import api as audit
from rongjun.kernel.crypto import sm3
from rongjun.kernel.errors import Refused
from rongjun.places import api as places
from rongjun.registry import actions, queries
from rongjun.registry.queries import PAGE, PersonLine
from rongjun.registry.roster import examples
from rongjun.registry.workbook import read_roster, template
from rongjun.rules.api import months_between
from rongjun.ui.api import Sentence, sentence

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SEX = {"male": "男", "female": "女"}


def digest_of(content: bytes) -> bytes:
    """SM3 of a file: the same file is the same import."""
    return sm3(content)


@staff("registry.read-person")
def people(request: ActingRequest) -> HttpResponse:
    """The list of people in scope, by name, last four signs or full number; the ids shown are logged."""
    text = request.GET.get("q", "").strip()
    page = max(1, _whole(request.GET.get("page", "1")))
    now = timezone.now()
    lines, total = queries.find_people(text, on=timezone.localdate(), known_at=now, first=(page - 1) * PAGE)
    shown = [f"person:{line.id}" for line in lines]
    if shown:
        audit.note_read(shown, event="registry.people-listed", by=request.actor.text, role=request.actor.role,
                        purpose="列表", source=request.path, division=request.actor.division, at=now)
    rows = [_row(line, today=now) for line in lines]
    pages = max(1, -(-total // PAGE))
    return render(request, "registry/people.html", {
        "q": text, "rows": rows, "total": total, "page": page, "pages": pages,
        "earlier": _page_url(text, page - 1) if page > 1 else "",
        "later": _page_url(text, page + 1) if page < pages else "",
        "columns": [{"label": _(word)} for word in ("姓名", "性别、年龄", "证件号码", "服务站")],
    })


@staff("registry.import-roster")
def imports(request: ActingRequest) -> HttpResponse:
    """Hand in a roster (POST), or see those handed in."""
    if request.method == "POST":
        try:
            return redirect("registry:report", roster=_hand_in(request))
        except Refused as refused:
            return _imports_page(request, refusal=sentence(refused), status=422)
    return _imports_page(request)


@staff("registry.import-roster")
def report(request: ActingRequest, roster: UUID) -> HttpResponse:
    """What became of each row of one workbook."""
    done = queries.report(roster)
    if done is None:
        raise Http404
    refused = [{"cells": [str(row), fault["column"], fault["shown"], fault["sentence"]]}
               for row, _outcome, _person, _name, faults in done.rows for fault in faults]
    loaded = [{"cells": [str(row), {"text": name, "url": reverse("desk:person", args=[person])},
                         _("新建档案") if outcome == "opened" else _("已在册，没有改动")]}
              for row, outcome, person, name, _faults in done.rows if person]
    return render(request, "registry/report.html", {
        "report": done, "refused": refused, "loaded": loaded,
        "refused_columns": [*({"label": _(w), "short": True} for w in ("行", "列", "填的是")),
                            {"label": _("为什么退回、怎么改")}],
        "loaded_columns": [{"label": _(w)} for w in ("行", "姓名", "结果")],
    })


@staff("registry.import-roster")
def roster_template(request: ActingRequest) -> HttpResponse:
    """The empty workbook with headings, drop-downs and a filled example."""
    return _download(template(examples(station=request.actor.division)), "花名册模板.xlsx")


def _hand_in(request: ActingRequest) -> UUID:
    upload = request.FILES.get("file")
    if upload is None or not upload.size:
        raise Refused("registry.upload-missing")
    if upload.size > settings.LARGEST_UPLOAD:
        raise Refused("registry.upload-too-large", megabytes=upload.size // 2**20, most=settings.LARGEST_UPLOAD // 2**20)
    content = upload.read()
    return actions.import_roster(
        read_roster(content), file_name=upload.name or "花名册.xlsx", file_digest=digest_of(content),
        by=request.actor, synthetic=settings.SYNTHETIC, now=timezone.now(), today=timezone.localdate(),
    )


def _imports_page(request: ActingRequest, *, refusal: Sentence | None = None, status: int = 200) -> HttpResponse:
    rows = [{"cells": [
        {"text": r.file_name, "url": reverse("registry:report", args=[r.id])},
        timezone.localtime(r.uploaded_at).strftime("%Y-%m-%d %H:%M"), f"{r.total:,}", f"{r.opened:,}",
        f"{r.unchanged:,}", f"{r.refused:,}",
    ]} for r in queries.reports()]
    columns = [{"label": _("文件")}, {"label": _("时间")},
               *({"label": _(w), "number": True} for w in ("共几行", "新建档案", "已在册", "退回"))]
    return render(request, "registry/imports.html", {"rows": rows, "columns": columns, "refusal": refusal},
                  status=status)


def _row(line: PersonLine, *, today: datetime) -> dict[str, object]:
    day = timezone.localdate(today)
    age = _("{years} 岁").format(years=age_on(line, day)) if line.birth_date else ""
    return {"cells": [
        {"text": line.name, "url": reverse("desk:person", args=[line.id]), "note": "、".join(line.categories)},
        "，".join(word for word in (SEX.get(line.sex or "", ""), age) if word),
        line.number_mask,
        places.path_of(line.division, on=day),
    ]}


def age_on(line: PersonLine, day: date) -> int | None:
    """Whole years on a day, by the same rule as the policy book; None when the birth date is unknown."""
    return None if line.birth_date is None else months_between(line.birth_date, day) // 12


def _download(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return HttpResponse(content, content_type=XLSX, headers=headers)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 1


def _page_url(text: str, page: int) -> str:
    return "?" + urlencode({"q": text, "page": page})
