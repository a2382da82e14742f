"""What changes cards: one function for each intention, one transaction each."""

from rongjun.cards.actions.following import end_due, follow_person, follow_registry
from rongjun.cards.actions.handling import (
    accept_replacement,
    apply_for,
    decide_end,
    hand_over,
    propose_end,
    report_loss,
    review,
    take_step,
)
from rongjun.cards.actions.opening import TakenOver, new_reference, take_over
from rongjun.cards.actions.telling import Told, happened_to, hold, tell

__all__ = [
    "TakenOver",
    "Told",
    "accept_replacement",
    "apply_for",
    "decide_end",
    "end_due",
    "follow_person",
    "follow_registry",
    "hand_over",
    "happened_to",
    "hold",
    "new_reference",
    "propose_end",
    "report_loss",
    "review",
    "take_over",
    "take_step",
    "tell",
]
