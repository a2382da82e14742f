"""What the insurance's tests set up in other apps, past their doors; `rooms` leans on them in turn."""

from __future__ import annotations

from rongjun.ledger.payments.actions import send_released
from rongjun.ledger.payments.tests import scene as bank
from rongjun.ledger.tests.scene import settle_now
from rongjun.notices.models import Message
from rongjun.partners.models import OutboundBatch
from rongjun.partners.queries.outbox import open_rows
from rongjun.registry.models import Household, Status
from rongjun.registry.tests.scene import add_places, hand_in, open_file, report_of, tell
from rongjun.registry.tests.strategies import HOME, cells, number

__all__ = [
    "HOME",
    "Household",
    "Message",
    "OutboundBatch",
    "Status",
    "add_places",
    "bank",
    "cells",
    "hand_in",
    "number",
    "open_file",
    "open_rows",
    "report_of",
    "send_released",
    "settle_now",
    "tell",
]
