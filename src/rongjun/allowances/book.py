"""The book allowances are reckoned by, as the files in force say; read once a process."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from django.conf import settings

from rongjun.allowances.drafts import DraftBook, read_draft
from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.rates import FictionalUse
from rongjun.allowances.logic.schemes import AllowanceBook, Publicity
from rongjun.allowances.queries.rates import confirmations
from rongjun.rules.api import Confirmation, read_folder


def book_in_force() -> AllowanceBook:
    """The city's book: schemes, rates, settings. No rate of it pays that only the bureau makes pay.

    What is marked 虚构 pays only where the installation is a demo or a bench.
    """
    return _book(settings.CITY, settings.ALLOWANCES_FICTIONAL, frozenset())


def paying_book() -> AllowanceBook:
    """The same book with the bureau's confirmations of its rate orders, as they stand at this moment."""
    return _book(settings.CITY, settings.ALLOWANCES_FICTIONAL, confirmations())


def draft_over_book(text: str, *, known_on: date) -> DraftBook:
    """A draft rate order over the city's files, for a what-if. Raises `PolicyError` with every fault."""
    return read_draft(
        text,
        files=read_folder(settings.POLICY_ROOT),
        place=f"cities/{settings.CITY}",
        fictional=_use_of(settings.ALLOWANCES_FICTIONAL),
        known_on=known_on,
    )


@lru_cache(maxsize=6)
def _book(city: str, fictional: str, confirmed: frozenset[Confirmation]) -> AllowanceBook:
    return load_allowances(
        settings.POLICY_ROOT,
        place=f"cities/{city}",
        confirmations=confirmed,
        fictional=_use_of(fictional),
    )


def _use_of(fictional: str) -> FictionalUse:
    assert fictional in {"left-out", "paid"}
    return "paid" if fictional == "paid" else "left-out"


def publicity_of(scheme: str, *, on: date) -> Publicity | None:
    """How long an award of a scheme approved on a day has to be public (公示); None where it has not."""
    return book_in_force().publicity_for(scheme, on=on)
