"""What is asked back, as officers look at it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rongjun.insurance.models import Receivable, ReceivableStep


@dataclass(frozen=True, slots=True)
class ReceivableFile:
    """One recovery and what happened since, the oldest step first."""

    row: Receivable
    steps: tuple[ReceivableStep, ...]


def receivables(*, state: str = "", first: int = 0, limit: int = 50) -> tuple[list[Receivable], int]:
    """Recoveries in scope, the newest first, and how many there are; of one state when one is named."""
    rows = Receivable.objects.filter(**({"state": state} if state else {}))
    page = rows.select_related("decision").order_by("-made_at", "id")[first : first + limit]
    return list(page), rows.count()


def receivable_file(receivable: UUID) -> ReceivableFile | None:
    """One recovery; None out of scope."""
    row = Receivable.objects.select_related("decision").filter(pk=receivable).first()
    if row is None:
        return None
    return ReceivableFile(row, tuple(ReceivableStep.objects.filter(receivable=row).order_by("id")))
