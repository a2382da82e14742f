"""What payments do by themselves: files go out, answers come in. It reads the clock."""

from __future__ import annotations

from django.utils import timezone

from rongjun.ledger.payments import actions

AT_ONCE = 2000  # answers a run; the next run comes in seconds


def send_payments() -> None:
    """Make the file of the oldest released batch."""
    actions.send_released(by="job:ledger.send-payments", now=timezone.now())


def deliver_payments() -> int:
    """Put files that wait into their bank's folder; returns how many."""
    return actions.deliver_files(now=timezone.now())


def take_payment_answers() -> actions.Taken:
    """Take up what banks answered."""
    return actions.take_answers(most=AT_ONCE, by="job:ledger.take-payment-answers", now=timezone.now())
