"""The first page: what matters today."""

from __future__ import annotations

from collections import Counter

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest
from rongjun.benefits import api as benefits
from rongjun.citizen.http.messages import unread_of
from rongjun.citizen.http.offers import offered_to
from rongjun.citizen.http.savings import saved_this_year
from rongjun.citizen.http.shared import Mine, look, on_file, today_of
from rongjun.insurance import api as insurance
from rongjun.kernel.money import Fen
from rongjun.places import api as places
from rongjun.registry import api as registry


@require_safe
@on_file("the first page of one's own file")
def home(request: ActingRequest, mine: Mine) -> HttpResponse:
    """What one is entitled to, what waits for a word, what is missing, what was asked for, who looked."""
    today = today_of(request)
    look(request, mine, purpose="本人查看首页" if mine.is_own else "代办查看首页")
    is_closed = registry.is_closed(mine.id)
    counted: Counter[str] = Counter()
    saved = benefits.summed_savings(())
    if not is_closed:
        book = benefits.book()
        judged = benefits.decisions_for(
            mine.id, on=today, known_at=request.now, by_book=book, without=mine.hidden
        )
        counted.update(each.verdict for each in judged)
        saved = benefits.summed_savings(saved_this_year(book, today=today))
        counted["waiting"] = sum(each.is_waiting for each in offered_to(mine, book, today=today))
    asked = [each for each in registry.requests_of(mine.id, today=today) if each.state == "open"]
    return render(
        request,
        "citizen/home.html",
        {
            "name": mine.name,
            "is_own": mine.is_own,
            "is_closed": is_closed,
            "granted": counted["granted"],
            "unknown": counted["unknown"],
            "waiting": counted["waiting"],
            "saved": Fen(saved.savings_fen).text if saved.uses else "",
            "bills": not is_closed and insurance.has_bills(registry.file_ids_of(mine.id)),
            "unread": 0 if is_closed else unread_of(mine),
            "asked": asked,
            "station": places.served_by([mine.division], on=today)[mine.division].name,
        },
    )
