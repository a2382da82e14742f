"""What cards do by themselves: they read the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from rongjun.cards import actions
from rongjun.cards.actions import checks, exchange
from rongjun.kernel.errors import Refused

# Whoever told the registry something may have begun that long before it is seen.
OVERLAP = timedelta(hours=2)
QUIET_HOUR = 3
EXCHANGE = "job:cards.exchange-lists"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def end_by_themselves() -> None:
    """Holds whose moment has come are off, cards whose moment has come have expired: their state says so."""
    actions.end_due(by="job:cards.end-by-themselves", now=timezone.now())


def follow_registry() -> None:
    """Deaths and stopped treatment of the last two hours; each night everything there is."""
    now = timezone.localtime()
    since = _EVER if now.hour == QUIET_HOUR else now - OVERLAP
    actions.follow_registry(since=since, now=now)


def plan_checks() -> None:
    """Once a night, the yearly checks that come near; at any other hour do nothing."""
    now = timezone.localtime()
    if now.hour == QUIET_HOUR:
        checks.plan_checks(by="job:cards.plan-checks", now=now, today=now.date())


# --- with the bank and the operators ------------------------------------------------------------------------


def take_returns() -> int:
    """What the bank has told of cards."""
    return exchange.take_returns(by="job:cards.take-returns", now=timezone.now())


def exchange_lists() -> None:
    """First lists and stops at once; once a night what `exchange_by_night` does.

    Where nobody has agreed to take them, nothing is sent, and the next run asks again.
    """
    now = timezone.localtime()
    exchange.note_acknowledged()
    _if_agreed(lambda: exchange.send_first_lists(by=EXCHANGE, now=now))
    _if_agreed(lambda: exchange.send_stops(by=EXCHANGE, now=now))
    if now.hour == QUIET_HOUR:
        exchange_by_night()


def exchange_by_night() -> tuple[int, int]:
    """Orders to the bank, the day's difference, on Sundays the whole list; how many cards of each of two."""
    now = timezone.localtime()
    ordered = _if_agreed(lambda: exchange.order_cards(by=EXCHANGE, now=now, today=now.date()))
    changed = _if_agreed(lambda: exchange.send_changes(by=EXCHANGE, now=now))
    if now.isoweekday() == 7:
        _if_agreed(lambda: exchange.send_weekly_lists(by=EXCHANGE, now=now))
    return ordered, changed


def _if_agreed(send: Callable[[], int]) -> int:
    try:
        with transaction.atomic():
            return send()
    except Refused as refused:
        if refused.code not in ("partners.unknown-partner", "partners.send-not-agreed"):
            raise
        return 0
