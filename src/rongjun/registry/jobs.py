"""What the registry does by itself: it reads the clock."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from rongjun.registry import actions


def load_rosters() -> None:
    """Load the next rows of the oldest roster that waits: one part a run, one transaction."""
    actions.load_waiting(synthetic=settings.SYNTHETIC, now=timezone.now(), today=timezone.localdate())
