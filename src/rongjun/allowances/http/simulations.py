"""What if: a draft is handed in, what it would cost is read, a notice is drafted. Nothing here pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.allowances import actions
from rongjun.allowances.http.shared import acting, heads, names_of, refused_page, today_of
from rongjun.allowances.logic.months import month_text
from rongjun.allowances.logic.rates import PAYERS
from rongjun.allowances.models import Simulation
from rongjun.allowances.queries import simulations as queries
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, translatable
from rongjun.places import api as places

_MOST: Final = 200_000
STATES: Words[Mapping[str, tuple[str, str]]] = {
    "asked": ("正在算", "info"),
    "done": ("算好了", "ok"),
    "failed": ("没算成", "late"),
}


@require_safe
@staff("allowances.simulate")
def simulations(request: ActingRequest) -> HttpResponse:
    """Those in scope, newest first, and the form that hands in a draft."""
    rows = queries.simulations()
    names = names_of_actors({row.made_by for row in rows})
    context = {
        "rows": [
            {
                "cells": [
                    {"text": row.title, "url": reverse("allowances:simulation", args=[row.id])},
                    {"text": "", "chip": dict(zip(("word", "tone"), _word(row), strict=True))},
                    month_text(row.month),
                    names.get(row.made_by, row.made_by),
                    f"{row.made_at:%Y-%m-%d %H:%M}",
                ]
            }
            for row in rows
        ],
        "columns": heads(*translatable(("草案", "状态", "从哪个月起发", "谁测算的", "什么时候"))),
    }
    return render(request, "allowances/simulations.html", context)


def _word(row: Simulation) -> tuple[str, str]:
    word, tone = STATES[row.state]
    return _(word), tone


@require_POST
@staff("allowances.simulate")
def ask(request: ActingRequest) -> HttpResponse:
    """Take in a draft, from a file or as text."""
    handed = request.FILES.get("file")
    try:
        if handed is None:
            text = request.POST.get("text", "")
        elif handed.size is not None and handed.size <= _MOST:
            text = handed.read().decode("utf-8")
        else:
            raise Refused("allowances.draft-unfit", faults=_("文件太大"))
        wanted = actions.ask_simulation(text, month=request.POST.get("month", ""), **acting(request))
    except UnicodeDecodeError:
        unfit = Refused("allowances.draft-unfit", faults=_("文件不是 UTF-8 编码的文字"))
        return refused_page(request, unfit)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("草案读过了，正在算，过一会儿刷新就能看到。"))
    return redirect("allowances:simulation", simulation=wanted)


@require_safe
@staff("allowances.simulate")
def simulation(request: ActingRequest, simulation: UUID) -> HttpResponse:
    """What a draft would change: the whole, by county, payer and scheme, the biggest changes, the notice."""
    row = queries.simulation(simulation)
    if row is None:
        raise Http404
    word, tone = _word(row)
    context: dict[str, Any] = {
        "row": row,
        "state": {"word": word, "tone": tone},
        "month": month_text(row.month),
        "made_by": names_of_actors({row.made_by}).get(row.made_by, row.made_by),
    }
    if row.state == "done":
        context |= _found(request, row.result)
    return render(request, "allowances/simulation.html", context)


def _found(request: ActingRequest, told: Mapping[str, Any]) -> dict[str, Any]:
    counties = places.names_of([code for code, _tally in told["districts"]], on=today_of(request))
    biggest = [(UUID(person), *sums) for person, *sums in told["biggest"]]
    people = names_of(request, [person for person, *_ in biggest], purpose=_("测算新标准"))
    whole = told["whole"]
    by_county = [(counties.get(code, str(code)), tally) for code, tally in told["districts"]]
    by_payer = [
        (_(PAYERS[payer]) if payer else _("草案没有写明谁承担"), tally) for payer, tally in told["payers"]
    ]
    return {
        "told": told,
        "tiles": {"year": Fen(whole["year"]).text, "back": Fen(whole["back"]).text},
        "panes": [
            _pane("district", _("按区市"), _("区市"), by_county),
            _pane("payer", _("按资金来源"), _("谁承担"), by_payer),
            _pane("scheme", _("按项目"), _("项目"), [(title, tally) for _c, title, tally in told["schemes"]]),
        ],
        "amounts": [
            {"cells": [title, Fen(b).text, Fen(a).text, Fen(year).text, f"{count:,}"]}
            for _code, title, b, a, year, count in told["amounts"][:40]
        ],
        "amount_columns": heads(
            *translatable(("项目", "原来每月（元）#", "草案每月（元）#", "一年差（元）#", "人数#"))
        ),
        "biggest": [
            {
                "cells": [
                    {"text": people.get(person, "—"), "url": reverse("desk:person", args=[person])},
                    Fen(before).text, Fen(after).text, Fen(year).text, Fen(back).text,
                ]
            }
            for person, before, after, year, back in biggest
        ],
        "biggest_columns": heads(
            *translatable(("姓名", "原来每月（元）#", "草案每月（元）#", "一年差（元）#", "补发（元）#"))
        ),
        "notice": [
            {"title": title, "before": Fen(b).text, "after": Fen(a).text, "year": Fen(year).text}
            for _code, title, b, a, year, _count in told["amounts"]
            if a > b
        ][:20],
    }  # fmt: skip


def _pane(code: str, title: str, of: str, rows: Sequence[tuple[str, Mapping[str, int]]]) -> dict[str, Any]:
    return {
        "code": code,
        "title": title,
        "of": of,
        "lines": [
            {
                "label": label,
                "year": Fen(tally["year"]).text,
                "back": Fen(tally["back"]).text,
                "people": f"{tally['people']:,}",
            }
            for label, tally in rows
        ],
    }
