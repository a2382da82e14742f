"""What is to be paid to a member now: owed by final decisions, less what is on its way or has arrived."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

SHORT, RESERVED, DRAFTED, PAID, CANCELLED = "short", "reserved", "drafted", "paid", "cancelled"
PAYOUT_STATES: Words[dict[str, str]] = {
    SHORT: "资金不足，等拨款",
    RESERVED: "已留出，等制批次",
    DRAFTED: "付款中",
    PAID: "已到账",
    CANCELLED: "未付已撤销",
}
COMMITTED: Final = frozenset({SHORT, RESERVED, DRAFTED, PAID})
# Nobody has put it into a batch: it can be taken back without asking a bank.
LOOSE: Final = frozenset({SHORT, RESERVED})


class Posted(NamedTuple):
    """What one decision owes; `waits` while nobody has signed what needs a name."""

    fen: int
    waits: bool


class Standing(NamedTuple):
    """One payout of the member: its id, fen and state."""

    id: object
    fen: int
    state: str


class Move(NamedTuple):
    """What has to happen: payouts to cancel, what to set aside anew, what the member owes back."""

    cancel: tuple[object, ...]
    reserve: Fen
    owed_back: Fen


def owed_now(posted: Iterable[Posted]) -> Fen:
    """What may be paid in all: final decisions, and no more than is left when those that wait are final.

    So a refund that waits for a signature is not outrun by the next payout.
    """
    kept = list(posted)
    final = sum(each.fen for each in kept if not each.waits)
    return Fen(max(0, min(final, sum(each.fen for each in kept))))


def move(posted: Iterable[Posted], payouts: Sequence[Standing]) -> Move:
    """Bring what is on its way to what is owed: the newest loose payouts give way first.

    Run again it moves nothing. What has gone to the bank stays; the rest is owed back.
    """
    owed = int(owed_now(posted))
    committed = sum(each.fen for each in payouts if each.state in COMMITTED)
    cancel: list[object] = []
    for each in reversed(payouts):
        if committed <= owed:
            break
        if each.state in LOOSE:
            cancel.append(each.id)
            committed -= each.fen
    return Move(tuple(cancel), Fen(max(0, owed - committed)), Fen(max(0, committed - owed)))
