"""The book allowances are reckoned by, as the files in force say; read once a process."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from django.conf import settings

from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.schemes import AllowanceBook, Publicity


def book_in_force() -> AllowanceBook:
    """The city's book. What is marked 虚构 pays only where the installation is a demo or a bench."""
    return _book(settings.CITY, settings.ALLOWANCES_FICTIONAL)


@lru_cache(maxsize=4)
def _book(city: str, fictional: str) -> AllowanceBook:
    assert fictional in {"left-out", "paid"}
    return load_allowances(
        settings.POLICY_ROOT, place=f"cities/{city}", fictional="paid" if fictional == "paid" else "left-out"
    )


def publicity_of(scheme: str, *, on: date) -> Publicity | None:
    """How long an award of a scheme approved on a day has to be public (公示); None where it has not."""
    return book_in_force().publicity_for(scheme, on=on)
