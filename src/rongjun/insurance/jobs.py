"""What the insurance does by itself: it reads the clock."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from rongjun.insurance.actions import claims, conflicts, files, money, roster

AT_ONCE = 10  # a transaction; calls wait for the fund as long as one lasts
QUIET_HOUR = 1


def take_settlement_files() -> int:
    """The oldest lines of settlement files that wait; returns how many were taken up."""
    return files.take_lines(most=AT_ONCE, by="job:insurance.take-settlement-files", now=timezone.now())


def renew_roster() -> None:
    """Once a night who is insured, and what was decided yesterday for the insurer; else do nothing."""
    now = timezone.localtime()
    if now.hour == QUIET_HOUR:
        by, today = "job:insurance.renew-roster", now.date()
        roster.renew_roster(on=today, by=by, now=now)
        roster.send_results(of=today - timedelta(days=1), by=by, now=now)


def match_waiting() -> int:
    """Records whose person has got a file since."""
    return claims.match_waiting(most=AT_ONCE, by="job:insurance.match-waiting", now=timezone.now())


def look_again() -> int:
    """Bills that were held for a fact that reads otherwise now."""
    return claims.look_again(most=AT_ONCE, by="job:insurance.look-again", now=timezone.now())


def take_standing() -> int:
    """Later contents of a settlement that two people said stand."""
    return conflicts.take_standing(most=AT_ONCE, by="job:insurance.take-standing", now=timezone.now())


def fill_short() -> int:
    """Payouts that waited for money."""
    return money.fill_short(by="job:insurance.fill-short", now=timezone.now())


def follow_payments() -> int:
    """Payouts that have arrived."""
    return money.follow_payments(most=1000)
