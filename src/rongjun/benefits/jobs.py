"""What benefits do by themselves: they read the clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from rongjun.benefits import actions, queries
from rongjun.benefits.actions import offers, savings, top_ups, use_files, use_replay, use_signals, uses
from rongjun.benefits.logic import uses as logic

CLOSING_HOUR = 4  # after the night's replay
QUIET_HOUR = 2
LOOK_BACK = 3  # days
BACK = 4  # months before this one that a use may still come for, by USES_LATE_DAYS


def judge_everybody() -> None:
    """Judge everybody anew on the first occasion of a day, and after a new book was adopted."""
    today, kept = timezone.localdate(), queries.kept_sweep()
    if kept is None or kept.on != today or kept.book != queries.book().digest:
        actions.entitle(on=today, by="job:benefits.judge-everybody", now=timezone.now())


def make_offers() -> None:
    """One county's offers by the newest judgement, then what was answered or left lying since."""
    by, now = "job:benefits.make-offers", timezone.now()
    if offers.offer_next(by=by, now=now) is None:
        offers.lapse_offers(by=by, now=now)


def open_months() -> None:
    """Keep the months of uses open, three ahead."""
    uses.open_months(back=BACK, today=timezone.localdate())


def keep_months() -> None:
    """Once a night close the months that are over and let the oldest single uses go; else do nothing."""
    now = timezone.localtime()
    if now.hour == CLOSING_HOUR:
        savings.keep_months(folder=Path(settings.CLOSED_MONTHS), by="job:benefits.keep-months", now=now)


def load_use_files() -> None:
    """The next part of the oldest file of uses that waits."""
    use_files.load_part(by="job:benefits.load-use-files", now=timezone.now())


def load_top_ups() -> None:
    """The next part of the oldest file of top-ups that waits."""
    top_ups.load_top_ups(now=timezone.now())


def judge_uses_again() -> None:
    """What is known of cards by now, said of uses that came in before."""
    use_replay.replay(by="job:benefits.judge-uses-again", now=timezone.now())


def find_use_signals() -> None:
    """Once a night, look over the days that may still have got uses since; at any other hour do nothing."""
    now = timezone.localtime()
    if now.hour == QUIET_HOUR:
        for back in range(1, LOOK_BACK + 1):
            use_signals.find_signals(now.date() - timedelta(days=back), now=now)
        *before, this = logic.months_around(now.date(), back=BACK, ahead=0)
        use_signals.find_twice(this, before=before, now=now)
