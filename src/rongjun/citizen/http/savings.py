"""今年这张卡替您省了多少: what one's cards saved since the first of January, by what they were used for."""

from __future__ import annotations

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest
from rongjun.benefits import api as benefits
from rongjun.citizen.http.shared import Mine, look, on_file, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.registry import api as registry
from rongjun.rules.api import Book


def saved_this_year(book: Book, *, today: date) -> list[benefits.Saved]:
    """What the cards of the file in hand saved since the first of January."""
    first = today.replace(month=1, day=1)
    return benefits.saved_in_hand(first, today, fares=book.fares, known_at=today)


@require_safe
@on_file("what one's own cards saved")
def savings(request: ActingRequest, mine: Mine) -> HttpResponse:
    """The sum, and by what the cards were used for; how it is worked out."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    look(request, mine, purpose="查看卡省了多少")
    book, today = benefits.book(), today_of(request)
    lines = saved_this_year(book, today=today)
    total = benefits.summed_savings(lines)
    titles = benefits.programme_titles()
    parts = benefits.grouped(lines, by="programme")
    shown = [
        {"title": titles.get(int(key), str(key)), "uses": sums.uses, "saved": Fen(sums.savings_fen).text}
        for key, sums in sorted(parts.items(), key=lambda held: -held[1].savings_fen)
    ]
    return render(
        request,
        "citizen/savings.html",
        {
            "year": today.year,
            "saved": Fen(total.savings_fen).text,
            "uses": total.uses,
            "parts": shown,
            "unconfirmed": bool(book.fares.unconfirmed),
        },
    )
