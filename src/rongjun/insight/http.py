"""全市一屏: figures of the visitor's scope, and the rows each of them opens into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest, Scope, staff
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.files import api as files
from rongjun.insight import panels, queries
from rongjun.insight.logic import Panel, Screen, channel_in_words
from rongjun.insight.printing import pdf_of
from rongjun.insight.savings import Asked, narrow, rows_panel, table_of, whole
from rongjun.insight.savings import screen_of as savings_screen
from rongjun.insight.workbook import workbook_of
from rongjun.kernel.words import translatable, worded
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import AREAS
from rongjun.ui.api import address, attachment, page_asked, pager_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHINESE = "zh-hans"  # what leaves as a file is Chinese, whoever takes it
SCREEN_NAME, SAVINGS_NAME = "全市一屏", "节省了多少"
MOST_DAYS = 366 * 20
MAP_WIDTH = 320
NARROW = 38  # pixels: a county's name and figure would run into its neighbours'


@staff("insight.read")
@require_safe
def screen(request: ActingRequest) -> HttpResponse:
    """One screen of the city, or of the county asked for."""
    found = _swept(request)
    shown = _screen(request, found)
    context = {
        "screen": shown,
        "counties": _county_options(found),
        "county": found.county if found else None,
        "map": _map(shown, found),
        "exports": _county_query(found),
    }
    return render(request, "insight/screen.html", context)


@staff("insight.read")
@require_safe
def workbook(request: ActingRequest) -> HttpResponse:
    """The figures of the screen, whole, as a workbook; the taking out is logged."""
    with override(CHINESE):
        content = workbook_of(_whole(request))
    return _taken(request, "xlsx", content, XLSX)


@staff("insight.read")
@require_safe
def printed(request: ActingRequest) -> HttpResponse:
    """The screen as pages to print; the taking out is logged."""
    who = " ".join((request.actor.name, request.actor.role_label))
    with override(CHINESE):
        shown = _screen(request, _swept(request))
    content = pdf_of(shown, who=who, at=timezone.localtime(request.now))
    return _taken(request, "pdf", content, "application/pdf")


@staff("insight.read")
@require_safe
def panel(request: ActingRequest, panel: str) -> HttpResponse:
    """One panel, whole."""
    found, area = _swept(request), request.GET.get("area", "")
    if area:
        if found is None or panel != "benefits" or area not in AREAS:
            raise Http404
        return _panel_page(request, panels.benefits_of(found, area=area), found)
    whole = next((each for each in _panels(request, found) if each.code == panel), None)
    if whole is None:
        raise Http404
    return _panel_page(request, whole, found)


@staff("insight.read")
@require_safe
def benefit(request: ActingRequest, benefit: str) -> HttpResponse:
    """One benefit, county by county."""
    found = _shown(request, benefit)
    return _panel_page(request, panels.by_county(found, benefit), found)


@staff("insight.read")
@require_safe
def entitled(request: ActingRequest, benefit: str, answer: str) -> HttpResponse:
    """The people behind one figure of a benefit, as the kept sweep found them."""
    found = _shown(request, benefit)
    if answer not in benefits.WORDS:
        raise Http404
    ids = benefits.kept_verdict(found.kept, benefit, answer, county=found.county)
    title = worded(
        "{title}：{answer}", title=found.book.benefits[benefit].title, answer=benefits.WORDS[answer]
    )
    return _people_page(request, ids, found, title=title, purpose="查看判定人数")


@staff("insight.read")
@require_safe
def people(request: ActingRequest, group: str, value: str) -> HttpResponse:
    """The people behind one figure of a group, as the kept sweep found them."""
    found = _swept(request)
    if found is None:
        raise Http404
    title = _title_of(found, group, value)
    if title is None:
        raise Http404
    if value in found.hidden:
        raise PermissionDenied
    ids = benefits.kept_group(found.kept, group, value, county=found.county)
    return _people_page(request, ids, found, title=title, purpose="查看统计人数")


@staff("insight.read")
@require_safe
def waiting(request: ActingRequest, listed: str) -> HttpResponse:
    """The rows behind one figure of the work lists: what, where, since when. Names nobody."""
    if listed not in panels.LISTS:
        raise Http404
    if listed == queries.MISSING_FILES:
        return _missing_page(request)
    number, county, column = page_asked(request), _county(request), request.GET.get("column", "")
    now, on = timezone.localtime(request.now), _today(request)
    within = queries.range_of(request.actor, county)
    if column and (listed, column) not in _columns(within):
        raise Http404
    most = files.PAGE if listed == queries.PAPERS else registry.PAGE
    first = (number - 1) * most
    if listed == queries.PAPERS:
        found, total = files.work_list(now=now, first=first, within=within)
        rows = [registry.WaitingRow(line.kind_label, line.division, line.uploaded_at) for line in found]
    else:
        rows, total = registry.waiting_rows(listed, within=within, first=first, limit=most, column=column)
    paths = places.paths_of({row.division for row in rows}, on=on)
    title = panels.LISTS[listed]
    context = {
        "title": worded("{title}：{column}", title=title, column=column) if column else title,
        "total": f"{total:,}",
        "columns": [
            {"label": _("是什么")},
            {"label": _("在哪里")},
            {"label": _("哪天起"), "short": True},
            {"label": _("等了几天"), "number": True},
        ],
        "rows": [
            {
                "cells": [
                    row.what,
                    paths[row.division],
                    timezone.localtime(row.since).strftime("%Y-%m-%d"),
                    f"{(now - row.since).days:,}",
                ]
            }
            for row in rows
        ],
        "pager": pager_of(number, total, most=most, county=county, column=column),
        "owner": _owner(request, listed),
        "back": _back(county),
    }
    return render(request, "insight/rows.html", context)


@staff("insight.read")
@require_safe
def balance(request: ActingRequest) -> HttpResponse:
    """One channel day by day, or every one."""
    channel = request.GET.get("channel", "")
    told = queries.work(request.actor, county=None, now=timezone.localtime(request.now)).balances
    days = [each for each in told if channel in ("", each.channel)]
    if channel and not days:
        raise Http404
    words = translatable(("日期", "渠道", "收下", "办完", "退回", "待办", "差额"))
    context = {
        "title": channel_in_words(channel) if channel else _("近 7 天收下的，去了哪里"),
        "total": f"{len(days):,}",
        "columns": [{"label": _(word), "number": at > 1, "short": at < 2} for at, word in enumerate(words)],
        "rows": [
            {
                "cells": [
                    each.day.isoformat(),
                    channel_in_words(each.channel),
                    *(f"{n:,}" for n in (each.taken_in, each.done, each.refused, each.waiting, each.gap)),
                ]
            }
            for each in days
        ],
        "back": _back(None),
    }
    return render(request, "insight/rows.html", context)


# --- savings ------------------------------------------------------------------------------------------------

SAVINGS_PRINTED = "{moment}。"
MOST_ROWS = 200


@staff("insight.read")
@require_safe
def savings(request: ActingRequest) -> HttpResponse:
    """What the card saved in the visitor's scope, on the days asked for or this year until yesterday."""
    found, asked = _saved(request)
    context = {
        "screen": _savings_screen(request, found, asked),
        "asked": asked,
        "exports": _exports_of(asked),
        "is_open": not found.network.sources,
    }
    return render(request, "insight/savings.html", context)


@staff("insight.read")
@require_safe
def savings_rows(request: ActingRequest) -> HttpResponse:
    """The lines a figure of the savings is the sum of."""
    found, asked = _saved(request)
    lines = narrow(found, asked.narrowed)
    number = page_asked(request)
    first = (number - 1) * MOST_ROWS
    names = _district_names(request, found)
    panel = rows_panel(found, lines[first : first + MOST_ROWS], names=names, title=_("节省的行"))
    context = {
        "title": panel.title,
        "total": f"{len(lines):,}",
        **table_of(panel),
        "pager": pager_of(number, len(lines), most=MOST_ROWS, **_given(asked)),
        "back": replace(asked, narrowed={}).url("insight:savings"),
        "from_savings": True,
    }
    return render(request, "insight/rows.html", context)


@staff("insight.read")
@require_safe
def savings_days(request: ActingRequest) -> HttpResponse:
    """The days operators did not deliver."""
    found, asked = _saved(request)
    wanted = asked.narrowed.get("source")
    missing = [
        (day, found.network.source_titles.get(each.source, str(each.source)))
        for each in found.coverage
        if wanted in (None, str(each.source))
        for day in each.missing
    ]
    context = {
        "title": _("没有报来的日子"),
        "total": f"{len(missing):,}",
        "columns": [{"label": _(word), "short": True} for word in translatable(("日期", "运营单位"))],
        "rows": [{"cells": [day.isoformat(), name]} for day, name in sorted(missing)[:MOST_DAYS]],
        "back": replace(asked, narrowed={}).url("insight:savings"),
        "from_savings": True,
    }
    return render(request, "insight/rows.html", context)


@staff("insight.read")
@require_safe
def savings_workbook(request: ActingRequest) -> HttpResponse:
    """The figure with every line as a workbook; the taking out is logged."""
    with override(CHINESE):
        found, asked = _saved(request)
        names = _district_names(request, found)
        rows = rows_panel(found, list(found.lines), names=names, title=_("节省的行"))
        content = workbook_of(whole(_savings_screen(request, found, asked), rows), tiles=SAVINGS_NAME)
    return _taken(request, "xlsx", content, XLSX, name=SAVINGS_NAME)


@staff("insight.read")
@require_safe
def savings_printed(request: ActingRequest) -> HttpResponse:
    """The figure as pages to print; the taking out is logged."""
    who = " ".join((request.actor.name, request.actor.role_label))
    with override(CHINESE):
        found, asked = _saved(request)
        shown = _savings_screen(request, found, asked)
    at = timezone.localtime(request.now)
    content = pdf_of(shown, who=who, at=at, title=SAVINGS_NAME, words=SAVINGS_PRINTED)
    return _taken(request, "pdf", content, "application/pdf", name=SAVINGS_NAME)


def _saved(request: ActingRequest) -> tuple[benefits.Figure, Asked]:
    today = _today(request)
    # A day that is not over is nobody's to have delivered.
    over = today - timedelta(days=1)
    last = _day_given(request, "to") or over
    first = _day_given(request, "from") or last.replace(month=1, day=1)
    if last < first or (last - first).days > MOST_DAYS:
        raise Http404
    narrowed = {by: request.GET[by] for by in benefits.BY if request.GET.get(by)}
    found = benefits.savings_figure(first, last, fares=benefits.book().fares, known_at=today)
    return found, Asked(first, last, narrowed)


def _day_given(request: ActingRequest, name: str) -> date | None:
    """A day of the address; 404 for what is none."""
    text = request.GET.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Http404 from error


def _savings_screen(request: ActingRequest, found: benefits.Figure, asked: Asked) -> Screen:
    names = _district_names(request, found)
    return savings_screen(found, asked, names=names, place=request.actor.division_label)


def _district_names(request: ActingRequest, found: benefits.Figure) -> Mapping[int, str]:
    return places.names_of({line.division for line in found.lines}, on=_today(request))


def _given(asked: Asked) -> dict[str, str]:
    return {"from": asked.first.isoformat(), "to": asked.last.isoformat(), **asked.narrowed}


def _exports_of(asked: Asked) -> str:
    return address(**{"from": asked.first.isoformat(), "to": asked.last.isoformat()})


# --- what was asked for -------------------------------------------------------------------------------------


def _today(request: ActingRequest) -> date:
    return timezone.localtime(request.now).date()


def _county(request: ActingRequest) -> int | None:
    """The county asked for; 404 for what is none of the visitor's."""
    text = request.GET.get("county", "")
    if not text:
        return None
    if not (text.isdecimal() and text.isascii() and len(text) == 12) or int(text) % 10**6:
        raise Http404
    if not request.actor.scope.contains(int(text)):
        raise Http404
    return int(text)


def _columns(within: Scope) -> set[tuple[str, str]]:
    """The columns in which refused rows have faults; no other list has any."""
    return {(queries.REFUSED_ROWS, column) for column, _count in registry.refusals_by_column(within=within)}


def _swept(request: ActingRequest) -> queries.Swept | None:
    found = queries.swept(request.actor, county=_county(request), on=_today(request))
    if found is not None and not found.chosen:
        raise Http404
    return found


def _shown(request: ActingRequest, code: str) -> queries.Swept:
    """The sweep, where it judged by this benefit and may tell of it."""
    found = _swept(request)
    if found is None or code not in found.book.benefits:
        raise Http404
    if not found.shows(code):
        raise PermissionDenied
    return found


def _panels(request: ActingRequest, found: queries.Swept | None) -> tuple[Panel, ...]:
    now = timezone.localtime(request.now)
    told = queries.work(request.actor, county=_county(request), now=now)
    return panels.panels_of(found, told, now=now)


def _screen(request: ActingRequest, found: queries.Swept | None) -> Screen:
    now = timezone.localtime(request.now)
    told = queries.work(request.actor, county=_county(request), now=now)
    return panels.screen_of(found, told, place=_place(request, found), now=now)


def _whole(request: ActingRequest) -> Screen:
    """The screen with no panel cut."""
    found = _swept(request)
    shown, whole = _screen(request, found), _panels(request, found)
    return Screen(shown.place, shown.moment, shown.tiles, whole)


def _place(request: ActingRequest, found: queries.Swept | None) -> str:
    if found is not None and found.county is not None:
        return found.names[found.county]
    return request.actor.division_label


def _title_of(found: queries.Swept, group: str, value: str) -> str | None:
    """What a group is called; None for what is no group."""
    if (group, value) == ("everybody", "all"):
        return _("在册健在")
    if group == "age" and value in panels.AGE_WORDS:
        return _(panels.AGE_WORDS[value])
    if group == "category":
        return panels.category_words().get(value)
    fact = found.book.vocabulary.facts.get(value)
    if fact is not None and group == "missing" and value in registry.BASICS:
        return worded("缺{fact}", fact=fact.label)
    if fact is not None and group == "waited-for":
        return worded("差{fact}", fact=fact.label)
    return None


# --- pages --------------------------------------------------------------------------------------------------


def _panel_page(request: ActingRequest, whole: Panel, found: queries.Swept | None) -> HttpResponse:
    county = found.county if found else None
    return render(
        request,
        "insight/panel.html",
        {
            "panel": whole,
            "place": _place(request, found),
            "moment": panels.moment_of(found) if found else "",
            "back": _back(county),
        },
    )


def _people_page(
    request: ActingRequest, ids: Sequence[UUID], found: queries.Swept, *, title: str, purpose: str
) -> HttpResponse:
    number, on = page_asked(request), _today(request)
    first = (number - 1) * registry.PAGE
    lines = registry.lines_of(ids[first : first + registry.PAGE], on=on, known_at=request.now)
    registry.note_people_listed(
        [line.id for line in lines], by=request.actor, purpose=purpose, source=request.path, now=request.now
    )
    paths = places.paths_of({line.division for line in lines}, on=on)
    context = {
        "title": title,
        "place": _place(request, found),
        "moment": panels.moment_of(found),
        "total": f"{len(ids):,}",
        "columns": [
            {"label": _(word), "short": True} for word in translatable(("姓名", "证件号码", "服务站"))
        ],
        "rows": [
            {
                "cells": [
                    {"text": line.name, "url": reverse("desk:person", args=[line.id])},
                    line.number_mask,
                    paths[line.division],
                ]
            }
            for line in lines
        ],
        "pager": pager_of(number, len(ids), most=registry.PAGE, county=found.county),
        "gone": len(ids[first : first + registry.PAGE]) - len(lines),
        "back": _back(found.county),
    }
    return render(request, "insight/rows.html", context)


def _missing_page(request: ActingRequest) -> HttpResponse:
    now = timezone.localtime(request.now)
    late = queries.work(request.actor, county=_county(request), now=now).missing
    context = {
        "title": panels.LISTS[queries.MISSING_FILES],
        "total": f"{len(late):,}",
        "columns": [
            {"label": _(word), "short": True} for word in translatable(("部门", "来件", "哪一天的", "应到"))
        ],
        "rows": [
            {"cells": [each.partner_name, each.title, each.business_date.isoformat(), each.hour]}
            for each in late
        ],
        "owner": _owner(request, queries.MISSING_FILES),
        "back": _back(None),
    }
    return render(request, "insight/rows.html", context)


# Where each list is worked off, and the permission to do so.
_OWNERS = {
    queries.REFUSED_ROWS: ("registry:imports", "registry.import-roster"),
    "feed-candidates": ("registry:feeds", "registry.decide-feed"),
    "duplicates": ("registry:duplicates", "registry.propose-merge"),
    "merges": ("registry:duplicates", "registry.propose-merge"),
    queries.PAPERS: ("desk:papers", "files.read"),
    "proposals": ("desk:proposals", "registry.check"),
    "rights-requests": ("desk:rights-open", "registry.handle-rights"),
    queries.MISSING_FILES: ("partners:inbox", "partners.read"),
}


def _owner(request: ActingRequest, listed: str) -> str:
    """Where the visitor can work the list off; "" for those who only look."""
    name, permission = _OWNERS[listed]
    return reverse(name) if request.actor.may(permission) else ""


def _back(county: int | None) -> str:
    return reverse("insight:screen") + (address(county=county) if county else "")


def _county_options(found: queries.Swept | None) -> list[dict[str, Any]]:
    """The counties to choose from; none where there is only one."""
    if found is None or len(found.counties) < 2:
        return []
    listed = [(each.county, found.names[each.county]) for each in found.counties]
    return [
        {"value": code, "label": name, "selected": code == found.county}
        for code, name in (("", _("全部区市")), *listed)
    ]


def _county_query(found: queries.Swept | None) -> str:
    return address(county=found.county) if found and found.county else ""


def _map(shown: Screen, found: queries.Swept | None) -> dict[str, Any] | None:
    """The counties' outlines with their people; None for one county alone, or before the pages were built."""
    drawn = places.county_map(MAP_WIDTH) if found and len(found.counties) > 1 else None
    if drawn is None or found is None:
        return None
    people = {each.county: each.people for each in found.counties}
    areas = [
        {
            "shape": shape,
            "people": f"{people.get(shape.code, 0):,}",
            "shade": shown.shades.get(shape.code, 1),
            "url": reverse("insight:screen") + address(county=shape.code),
            "is_here": shape.code == found.county,
            "is_tight": shape.room < NARROW,
        }
        for shape in drawn.shapes
        if shape.code in people
    ]
    return {"width": drawn.width, "height": drawn.height, "areas": areas}


def _taken(
    request: ActingRequest, kind: str, content: bytes, media_type: str, *, name: str = SCREEN_NAME
) -> HttpResponse:
    audit.note(
        "insight.screen-exported",
        by=request.actor.text,
        role=request.actor.role,
        about="insight:savings" if name == SAVINGS_NAME else "insight:screen",
        division=request.actor.division,
        detail={"kind": kind},
        at=request.now,
    )
    return attachment(content, f"{name}-{_today(request).isoformat()}.{kind}", kind=media_type)
