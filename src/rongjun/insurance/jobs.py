"""What the insurance does by itself: it reads the clock."""

from __future__ import annotations

from django.utils import timezone

from rongjun.insurance.actions import claims, files, money

AT_ONCE = 200


def take_settlement_files() -> int:
    """The oldest lines of settlement files that wait; returns how many were taken up."""
    return files.take_lines(most=AT_ONCE, by="job:insurance.take-settlement-files", now=timezone.now())


def match_waiting() -> int:
    """Records whose person has got a file since."""
    return claims.match_waiting(most=AT_ONCE, by="job:insurance.match-waiting", now=timezone.now())


def fill_short() -> int:
    """Payouts that waited for money."""
    return money.fill_short(by="job:insurance.fill-short", now=timezone.now())


def follow_payments() -> int:
    """Payouts that have arrived."""
    return money.follow_payments(most=1000)
