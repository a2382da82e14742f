"""What files do by themselves: scan, sweep, destroy. They read the clock."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from rongjun.files import actions
from rongjun.files.scanning import Scanner


def scan_waiting() -> None:
    """Ask the scanner about what waits. Each second, so that a clerk at the counter hardly notices."""
    actions.scan_waiting(Scanner(settings.SCANNER), by="job:files.scan-waiting", now=timezone.now())


def sweep_storage() -> None:
    """Find what is on the shelves and not in the rows, and the other way round."""
    actions.sweep_storage(by="job:files.sweep-storage", now=timezone.now())


def destroy_discarded() -> None:
    """Destroy what was discarded long enough ago."""
    actions.destroy_discarded(by="job:files.destroy-discarded", now=timezone.now())
