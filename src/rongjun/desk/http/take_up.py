"""How far what is offered without a form has reached: by benefit, by county, person by person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest, Scope, scope_of, staff
from rongjun.benefits import api as benefits
from rongjun.desk.http.shared import options, people_page, today_of
from rongjun.kernel.words import Words, translatable
from rongjun.places import api as places
from rongjun.rules.api import Book

COUNTY = 10**6
# (figure, its words, the tone of its piece of the bar): what the entitled fall into, in this order.
FIGURES: Words[dict[str, tuple[str, str]]] = {
    "accepted": ("已享受", "d3"),
    "waiting": ("等答复", "d1"),
    "declined": ("本人不要", "d5"),
    "lapsed": ("没有回音", "d2"),
    "not-reached": ("没送到", "d4"),
}
SORTS = ("gap", "entitled", "title")


@require_safe
@staff("policy.read")
def take_up(request: ActingRequest) -> HttpResponse:
    """Every benefit offered without a form over the visitor's scope, or over one county of it."""
    book, lines = benefits.book(), _lines(request)
    names = places.names_of({line.division for line in lines}, on=today_of(request))
    county, sort = request.GET.get("county", ""), request.GET.get("sort", "")
    chosen = [line for line in lines if county in ("", str(line.division))]
    where = int(county) if county and chosen else request.actor.division
    rows = [
        _row(line, _title(line.code, book), reverse("desk:policy-take-up-benefit", args=[line.code]), request)
        for line in benefits.all_together(chosen, division=where)
    ]
    sort = sort if sort in SORTS else "gap"
    counties = {str(code): name for code, name in sorted(names.items())}
    context = {
        "heading": _("享受情况"),
        "place": names.get(where, request.actor.division_label),
        "counties": options(counties, county, everything=request.actor.division_label),
        "sorts": _sorts(sort),
        "rows": sorted(rows, key=_by(sort)),
    }
    return _page(request, context, chosen)


@require_safe
@staff("policy.read")
def take_up_benefit(request: ActingRequest, code: str) -> HttpResponse:
    """One of them, county by county."""
    book = benefits.book()
    if code not in book.benefits:
        raise Http404
    lines = [line for line in _lines(request) if line.code == code]
    names = places.names_of({line.division for line in lines}, on=today_of(request))
    rows = [_row(line, names.get(line.division, str(line.division)), "", request) for line in lines]
    context = {
        "benefit": book.benefits[code],
        "heading": book.benefits[code].title,
        "place": request.actor.division_label,
        "rows": rows,
    }
    return _page(request, context, lines)


@require_safe
@staff("registry.read-person")
def take_up_people(request: ActingRequest, code: str, figure: str) -> HttpResponse:
    """The people behind one figure, as they are now; the first page of them, logged like any list."""
    book, on = benefits.book(), today_of(request)
    if code not in book.benefits or figure not in {"entitled", *FIGURES}:
        raise Http404
    scope = _within(request)
    ids: list[UUID] = benefits.people_of_figure(code, figure, scope=scope, on=on, known_at=request.now)
    words = FIGURES[figure][0] if figure in FIGURES else translatable("符合条件")
    return people_page(request, ids, item=book.benefits[code], word=_(words), purpose="查看享受情况")


def _within(request: ActingRequest) -> Scope:
    """The county asked for, as far as it lies in the visitor's scope."""
    county, scope = request.GET.get("county", ""), request.actor.scope
    if not county:
        return scope
    if not (county.isascii() and county.isdigit() and len(county) == 12 and scope.contains(int(county))):
        raise Http404
    return scope_of(int(county))


def _lines(request: ActingRequest) -> list[benefits.TakeUpLine]:
    """As last counted by county; for a scope below a county counted now, from the few files there."""
    division = request.actor.division
    if division % COUNTY == 0:
        return benefits.take_up()
    return benefits.take_up_here(
        request.actor.scope,
        division=division,
        by_book=benefits.book(),
        on=today_of(request),
        known_at=request.now,
    )


def _page(request: ActingRequest, context: dict[str, Any], lines: list[benefits.TakeUpLine]) -> HttpResponse:
    entitled, accepted = sum(line.entitled for line in lines), sum(line.accepted for line in lines)
    context |= {
        "legend": [{"word": _(word), "tone": tone} for word, tone in FIGURES.values()],
        "tiles": [
            (_("符合条件"), f"{entitled:,}"),
            (_("已享受"), f"{accepted:,}"),
            (_("差额"), f"{sum(line.gap for line in lines):,}"),
            (_("没送到"), f"{sum(line.not_reached for line in lines):,}"),
        ],
        "counted_at": min((line.counted_at for line in lines), default=None),
    }
    return render(request, "desk/take_up.html", context)


def _row(line: benefits.TakeUpLine, title: str, url: str, request: ActingRequest) -> dict[str, Any]:
    counts = (line.accepted, line.waiting, line.declined, line.lapsed, line.not_reached)
    told = dict(zip(FIGURES, counts, strict=True))
    return {
        "title": title,
        "url": url,
        "shares": [(_(FIGURES[name][0]), count, FIGURES[name][1]) for name, count in told.items()],
        "figures": [
            {"count": f"{count:,}", "url": _opens(request, line, figure)}
            for figure, count in {"entitled": line.entitled, **told}.items()
        ],
        "gap": line.gap,
        "gap_told": f"{line.gap:,}",
        "unknown": f"{line.unknown:,}" if line.unknown else "",
        "share": f"{min(100, 100 * line.accepted // line.entitled)}%" if line.entitled else "",
        "entitled": line.entitled,
    }


def _opens(request: ActingRequest, line: benefits.TakeUpLine, figure: str) -> str:
    """Where a figure opens; nowhere for those who may not see people."""
    if not request.actor.may("registry.read-person"):
        return ""
    url = reverse("desk:policy-take-up-people", args=[line.code, figure])
    return url if line.division == request.actor.division else f"{url}?county={line.division}"


def _title(code: str, book: Book) -> str:
    return book.benefits[code].title if code in book.benefits else code


def _sorts(chosen: str) -> list[dict[str, Any]]:
    words = {"gap": _("差额大的在前"), "entitled": _("人多的在前"), "title": _("按名称")}
    return [{"value": each, "label": words[each], "selected": each == chosen} for each in SORTS]


def _by(sort: str) -> Any:
    if sort == "title":
        return lambda row: row["title"]
    return lambda row: (-row[sort], row["title"])
