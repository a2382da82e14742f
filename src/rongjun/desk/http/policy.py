"""The policy book: the list, one benefit, other cities' items, whom it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest, staff
from rongjun.benefits import api as benefits
from rongjun.desk.catalogue import (
    CONFIRMED,
    UNCONFIRMED,
    Asked,
    Row,
    by_area,
    counts_by_area,
    matching,
    nearest_version,
    references_of,
    rows_of,
)
from rongjun.desk.http.shared import (
    edition_in_force,
    options,
    people_page,
    today_of,
)
from rongjun.kernel.words import listed
from rongjun.places import api as places
from rongjun.rules.api import AREAS, CLASSES, GRADES, KINDS, Benefit, Book, Version
from rongjun.ui.api import address, page_asked, pager_of, pages_of

PAGE = 50
LEVELS = {level: word for level, word in benefits.LEVELS.items() if level != "reference"}
SORTS = ("title", *benefits.WORDS)


@staff("policy.read")
def policy(request: ActingRequest) -> HttpResponse:
    """The benefits of the book that pass the filters, by area, in words a clerk would sign. Sweeps nobody."""
    book, asked, on = benefits.book(), Asked.read(request.GET.dict()), today_of(request)
    rows = rows_of(book, on=on)
    anywhere = matching(rows, Asked(**asked.kept() | {"area": ""}))
    found = [row for row in anywhere if asked.area in ("", row.area)]
    page = min(page_asked(request), pages_of(len(found), most=PAGE))
    context = {
        "groups": [
            {"title": title, "rows": [_listed(row) for row in group]}
            for title, group in by_area(found[(page - 1) * PAGE : page * PAGE])
        ],
        "filters": _filters(asked),
        "areas": _area_links(anywhere, asked),
        "total": len(found),
        "whole": len(rows),
        "is_filtered": bool(asked.kept()),
        "pager": pager_of(page, len(found), most=PAGE, **asked.kept()),
        "references": len(book.references),
        "may_reach": request.actor.may("registry.read-person"),
    }
    return render(request, "desk/policy.html", context | edition_in_force(book))


@staff("policy.read")
def references(request: ActingRequest) -> HttpResponse:
    """What other cities do, for comparison: in no list, no file and no figure of this city."""
    book, asked = benefits.book(), Asked.read(request.GET.dict())
    found = matching(references_of(book, on=today_of(request)), Asked(q=asked.q))
    context = {"groups": by_area(found), "total": len(found), "words": asked.q, "whole": len(book.references)}
    return render(request, "desk/references.html", context)


@staff("policy.read")
def benefit(request: ActingRequest, code: str) -> HttpResponse:
    """One benefit: who, what, how, by which document, how sure, its examples, whom it reaches here."""
    book, on = benefits.book(), today_of(request)
    item = book.benefits.get(code)
    if item is None:
        raise Http404
    version, standing = nearest_version(item, on=on)
    context = {
        "item": item,
        "wording": benefits.wording_of(book, item, version),
        "standing": standing,
        "others": _other_versions(book, item, version),
        "examples": [
            {**_told(example), "word": benefits.WORDS[example.verdict]}
            for example in benefits.examples_of(book, version)
        ],
        "area_url": reverse("desk:policy") + address(area=item.area),
        "reach": _reach(request, book, code) if standing == "in-force" else (),
        "counties": _by_county(request, code),
        "is_offered": any(each.code == code for each, _version, _told in book.offered(on=on)),
        "may_confirm": request.actor.may("policy.confirm") and standing == "in-force",
    }
    return render(request, "desk/benefit.html", context | edition_in_force(book))


@staff("registry.read-person")
def reached(request: ActingRequest, code: str, verdict: str) -> HttpResponse:
    """The people behind one figure of a benefit: the first page of them, logged like any list."""
    book, now, on = benefits.book(), request.now, today_of(request)
    if code not in book.benefits or verdict not in benefits.WORDS:
        raise Http404
    ids = benefits.people_with(code, verdict, on=on, known_at=now, by_book=book)
    return people_page(
        request, ids, item=book.benefits[code], word=benefits.WORDS[verdict], purpose="查看判定人数"
    )


@staff("registry.read-person")
def reach(request: ActingRequest) -> HttpResponse:
    """Every benefit with its three figures over the visitor's scope; judges everybody, so only on request."""
    book, on = benefits.book(), today_of(request)
    area, sort = request.GET.get("area", ""), request.GET.get("sort", "")
    codes = frozenset(code for code, item in book.benefits.items() if area in ("", item.area))
    counted = benefits.counts_by_benefit(on=on, known_at=request.now, by_book=book, codes=codes)
    sort = sort if sort in SORTS else "granted"
    context = {
        "rows": [_reach_row(code, title, figures) for code, title, *figures in _sorted(counted, sort)],
        "heads": _heads(sort, area),
        "area_options": options(AREAS, area, everything=_("全部领域")),
        "sort": sort,
        "people": sum(counted[0][2:]) if counted else 0,
        "total": len(counted),
        "on": on,
        "place": request.actor.division_label,
    }
    return render(request, "desk/reach.html", context)


# --- the list -----------------------------------------------------------------------------------------------


def _filters(asked: Asked) -> list[dict[str, Any]]:
    sure = {CONFIRMED: _("局方已确认"), UNCONFIRMED: _("待局方确认")}
    return [
        {"name": "area", "value": asked.area, "type": "hidden"},
        {"name": "q", "label": _("找"), "value": asked.q, "hint": _("名称、条件、文号、编号")},
        {
            "name": "level",
            "label": _("级别"),
            "options": options(LEVELS, asked.level, everything=_("全部")),
        },
        {"name": "who", "label": _("什么人"), "options": options(CLASSES, asked.who, everything=_("全部"))},
        {"name": "kind", "label": _("方式"), "options": options(KINDS, asked.kind, everything=_("全部"))},
        {"name": "grade", "label": _("来源"), "options": options(GRADES, asked.grade, everything=_("全部"))},
        {"name": "sure", "label": _("确认"), "options": options(sure, asked.sure, everything=_("全部"))},
    ]


def _area_links(rows: list[Row], asked: Asked) -> list[dict[str, Any]]:
    """All areas and each one, with how many pass the other filters."""
    counted = [("", len(rows)), *counts_by_area(rows)]
    return [
        {
            "label": AREAS[area] if area else _("全部"),
            "count": count,
            "url": address(**asked.kept() | {"area": area}),
            "current": area == asked.area,
        }
        for area, count in counted
    ]


def _listed(row: Row) -> dict[str, Any]:
    return {
        "title": row.title,
        "url": reverse("desk:policy-benefit", args=[row.code]),
        "sentence": row.sentence,
        "basis": row.basis,
        "level": LEVELS[row.level],
        "kind": KINDS[row.kind],
        "is_confirmed": row.is_confirmed,
        "grade": GRADES[row.grade],
        "standing": row.standing,
        "start": row.start,
    }


# --- one benefit --------------------------------------------------------------------------------------------


def _other_versions(book: Book, item: Benefit, shown: Version) -> list[benefits.Wording]:
    """Every other wording, the newest first."""
    others = [version for version in item.versions if version is not shown]
    return [benefits.wording_of(book, item, version) for version in reversed(others)]


def _told(example: benefits.ExampleLine) -> dict[str, Any]:
    return {
        "name": example.name,
        "date": example.date,
        "facts": example.facts,
        "verdict": example.verdict,
        "because": listed(example.because),
    }


def _reach(request: ActingRequest, book: Book, code: str) -> Iterator[tuple[str, str, str]]:
    """Three figures over the visitor's scope and where each opens: by today's sweep, or by the files."""
    kept, only, on = benefits.kept_sweep(), frozenset({code}), today_of(request)
    is_fresh = kept is not None and (kept.on, kept.book) == (on, book.digest)
    figures = benefits.kept_counts(kept.id).get(code) if kept and is_fresh else None
    if figures is None:
        counted = benefits.counts_by_benefit(on=on, known_at=request.now, by_book=book, codes=only)
        figures = next((row[2:] for row in counted), (0, 0, 0))
    for (verdict, word), count in zip(benefits.WORDS.items(), figures, strict=True):
        yield word, f"{count:,}", _reach_url(request, code, verdict)


def _by_county(request: ActingRequest, code: str) -> list[tuple[str, list[str]]]:
    """The same figures county by county, as the newest sweep counted; nothing below a county."""
    counted = benefits.reach_by_county(code)
    names = places.names_of({county for county, *_figures in counted}, on=today_of(request))
    return [
        (names.get(county, str(county)), [f"{count:,}" for count in figures]) for county, *figures in counted
    ]


def _reach_url(request: ActingRequest, code: str, verdict: str) -> str:
    """Where the figure opens; nowhere for those who may not see people."""
    if not request.actor.may("registry.read-person"):
        return ""
    return reverse("desk:policy-people", args=[code, verdict])


# --- figures of the city ------------------------------------------------------------------------------------


def _sorted(counted: list[tuple[str, str, int, int, int]], sort: str) -> list[tuple[Any, ...]]:
    if sort == "title":
        return sorted(counted, key=lambda row: (row[0].split(".")[0], row[1]))
    at = 2 + list(benefits.WORDS).index(sort)
    return sorted(counted, key=lambda row: (-int(row[at]), row[0]))


def _reach_row(code: str, title: str, figures: list[int]) -> dict[str, Any]:
    return {
        "title": title,
        "url": reverse("desk:policy-benefit", args=[code]),
        "figures": [
            {"count": f"{count:,}", "url": reverse("desk:policy-people", args=[code, verdict])}
            for verdict, count in zip(benefits.WORDS, figures, strict=True)
        ],
    }


def _heads(sort: str, area: str) -> list[dict[str, Any]]:
    words = {"title": _("优待"), **benefits.WORDS}
    return [
        {
            "label": label,
            "url": address(area=area, sort=name),
            "sorted": sort == name,
            "number": name != "title",
        }
        for name, label in words.items()
    ]
