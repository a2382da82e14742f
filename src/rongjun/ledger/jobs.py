"""What the ledger does by itself; it reads the clock."""

from __future__ import annotations

from django.utils import timezone

from rongjun.ledger import actions
from rongjun.ledger.payments.jobs import deliver_payments, send_payments, take_payment_answers

__all__ = ["deliver_payments", "draw_totals", "expire_holds", "send_payments", "take_payment_answers"]

EXPIRE = "ledger.expire-holds"


def expire_holds() -> int:
    """Give back what was held past its time."""
    return actions.expire_holds(on=timezone.localdate(), by=f"job:{EXPIRE}", now=timezone.now())


def draw_totals() -> int:
    """Bring the totals of accounts up to date."""
    return actions.draw_totals()
