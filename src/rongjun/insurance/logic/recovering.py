"""Money asked back, as values: its states, its steps, and what of it is no longer owed."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

WAITING, OPEN, SETTLED = "waiting", "open", "settled"
RECEIVABLE_STATES: Words[dict[str, str]] = {
    WAITING: "等人署名",
    OPEN: "还没还清",
    SETTLED: "办完",
}
REPAID, WRITTEN_OFF, LIFTED = "repaid", "written-off", "lifted"
STEP_KINDS: Words[dict[str, str]] = {
    REPAID: "还了",
    WRITTEN_OFF: "核销",
    LIFTED: "又应付了，追回取消",
}


class Claimed(NamedTuple):
    """What was asked back of one settlement: its id, fen in all, what was lifted, what is left."""

    id: UUID
    settlement: object
    fen: int
    lifted: int
    remaining: int


class Lift(NamedTuple):
    """So much of a receivable is owed after all."""

    id: UUID
    fen: Fen


def standing_claims(claims: Iterable[Claimed]) -> Fen:
    """What has been asked back and still stands: repaid or given up, it is not paid out again."""
    return Fen(sum(each.fen - each.lifted for each in claims))


def lifts(claims: Iterable[Claimed], *, settlement: object, owed: Fen) -> list[Lift]:
    """What gives way when more is owed for the settlement money was asked back of, the newest first.

    Only of this settlement: what is owed for another bill is paid out whole, and nothing is netted.
    """
    left, found = int(owed), []
    for each in reversed(list(claims)):
        part = min(left, each.remaining) if each.settlement == settlement else 0
        if part > 0:
            found.append(Lift(each.id, Fen(part)))
            left -= part
    return found
