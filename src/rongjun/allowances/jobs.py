"""What allowances do by themselves; it reads the clock."""

from __future__ import annotations

from django.utils import timezone

from rongjun.allowances import actions


def draw_up_runs() -> int:
    """Draw up the oldest run that is asked for."""
    return actions.draw_up_asked(now=timezone.now(), today=timezone.localdate())


def draw_up_simulations() -> int:
    """Reckon the oldest what-if that is asked for."""
    return actions.draw_up_simulations(now=timezone.now())


def follow_payments() -> int:
    """Take over what banks answered to payments of runs, and tell people of what arrived."""
    return actions.follow_payments(now=timezone.now())


def remind_yearly() -> int:
    """Remind whoever is left in a campaign of the yearly confirmation, once."""
    return actions.remind(now=timezone.now(), today=timezone.localdate())
