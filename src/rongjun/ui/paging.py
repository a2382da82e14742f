"""Pages of a list: which one is asked for, and the way to its neighbours."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest


def address(**given: object) -> str:
    """The query of a page with what is given; empty values are left out."""
    kept = {name: value for name, value in given.items() if value not in ("", None)}
    return "?" + urlencode(kept)


def page_asked(request: HttpRequest, name: str = "page") -> int:
    """The number of the page asked for, 1 for anything else."""
    text = request.GET.get(name, "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def pages_of(total: int, *, most: int) -> int:
    """How many pages so many rows fill, `most` on each; an empty list is one page."""
    return max(1, -(-total // most))


def pager_of(number: int, total: int, *, most: int, name: str = "page", **kept: object) -> dict[str, Any]:
    """The page a list stands at and the addresses of its neighbours, for the part `pager`.

    `kept` goes along in the addresses.
    """
    pages = pages_of(total, most=most)
    return {
        "page": number,
        "pages": pages,
        "earlier": address(**kept, **{name: number - 1}) if number > 1 else "",
        "later": address(**kept, **{name: number + 1}) if number < pages else "",
    }
