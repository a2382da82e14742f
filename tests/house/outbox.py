"""What was sent to partners, for the tests of the apps that sent it."""

from __future__ import annotations

from uuid import UUID

from rongjun.partners.models import OutboundBatch
from rongjun.partners.queries.outbox import open_rows


def lines_sent(batch: UUID) -> list[list[str]]:
    """The lines of a batch in the outbox, key first, in the caller's scope."""
    return [list(row) for row in open_rows(OutboundBatch.objects.get(pk=batch))]
