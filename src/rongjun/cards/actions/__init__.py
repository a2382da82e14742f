"""What changes cards: one function for each intention, one transaction each."""

from rongjun.cards.actions.opening import TakenOver, new_reference, take_over
from rongjun.cards.actions.telling import Told, happened_to, hold, tell

__all__ = ["TakenOver", "Told", "happened_to", "hold", "new_reference", "take_over", "tell"]
