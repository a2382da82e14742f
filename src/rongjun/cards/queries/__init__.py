"""What is read of cards."""

from rongjun.cards.queries.cards import (
    CardLine,
    EndLine,
    EventLine,
    StopLine,
    card,
    cards_of,
    ends_waiting,
    events_of,
    kinds_to_apply_for,
    overdue_stops,
    waiting_cards,
)
from rongjun.cards.queries.spans import (
    Carrier,
    carriers,
    changed_since,
    holders,
    spans_frame,
    usable_throughout,
)

__all__ = [
    "CardLine",
    "Carrier",
    "EndLine",
    "EventLine",
    "StopLine",
    "card",
    "cards_of",
    "carriers",
    "changed_since",
    "ends_waiting",
    "events_of",
    "holders",
    "kinds_to_apply_for",
    "overdue_stops",
    "spans_frame",
    "usable_throughout",
    "waiting_cards",
]
