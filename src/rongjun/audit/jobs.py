"""Jobs of the evidence chain: they read the clock."""

from __future__ import annotations

from django.utils import timezone

from rongjun.audit import actions
from rongjun.audit.actions import Sealed


def seal_chain() -> Sealed:
    """Seal what is settled; run every second by one worker, in a job's scope."""
    return actions.seal(at=timezone.now())
