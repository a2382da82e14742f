"""The door of cards."""

from rongjun.cards.actions import TakenOver, Told, new_reference, take_over
from rongjun.cards.logic.life import STATES, STEP_WORDS, Happened, Span, opens_at
from rongjun.cards.logic.numbers import TransitNumber
from rongjun.cards.queries import Carrier, carriers, changed_since, spans_frame

__all__ = [
    "STATES",
    "STEP_WORDS",
    "Carrier",
    "Happened",
    "Span",
    "TakenOver",
    "Told",
    "TransitNumber",
    "carriers",
    "changed_since",
    "new_reference",
    "opens_at",
    "spans_frame",
    "take_over",
]
