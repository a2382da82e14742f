"""What the registry does by itself: it reads the clock."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from rongjun.registry import actions
from rongjun.registry.actions.feeds import match_waiting
from rongjun.registry.feed_lines import FEEDS

AT_ONCE = 500  # lines a run; the next run comes in a second
_QUIET_HOUR = 2


def match_feeds() -> int:
    """Compare what waits of each feed with the people on file; returns how many lines were taken up."""
    now, today = timezone.now(), timezone.localdate()
    return sum(
        match_waiting(feed, most=AT_ONCE, synthetic=settings.SYNTHETIC, now=now, today=today)
        for feed in FEEDS
    )


def load_rosters() -> None:
    """Load the next rows of the oldest roster that waits: one part a run, one transaction."""
    actions.load_waiting(synthetic=settings.SYNTHETIC, now=timezone.now(), today=timezone.localdate())


def find_duplicates() -> None:
    """Once a night, look for files that may be one person's; at any other hour do nothing."""
    now = timezone.localtime()
    if now.hour == _QUIET_HOUR:
        actions.find_duplicates(by="job:registry.find-duplicates", on=now.date(), now=now)
