"""What is read of cards."""

from rongjun.cards.queries.spans import Carrier, carriers, changed_since, spans_frame

__all__ = ["Carrier", "carriers", "changed_since", "spans_frame"]
