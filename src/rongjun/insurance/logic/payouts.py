"""What is to be paid to a member now: owed by final decisions, less what is on its way or has arrived."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from rongjun.insurance.logic.recovering import Claimed, Lift, lifts, standing_claims
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
    """One payout of the member: its id, fen, state, and the settlement whose decision made it due."""

    id: object
    fen: int
    state: str
    settlement: object = None


class Move(NamedTuple):
    """What has to happen: payouts to cancel, what to set aside anew, what the member owes back.

    `lift` is what is owed after all of what was asked back of this settlement.
    """

    cancel: tuple[object, ...]
    reserve: Fen
    owed_back: Fen
    lift: tuple[Lift, ...] = ()


def owed_now(posted: Iterable[Posted]) -> Fen:
    """What may be paid in all: final decisions, and no more than is left when those that wait are final.

    So a refund that waits for a signature is not outrun by the payout of its own bill.
    """
    kept = list(posted)
    final = sum(each.fen for each in kept if not each.waits)
    return Fen(max(0, min(final, sum(each.fen for each in kept))))


def move(
    posted: Iterable[Posted],
    payouts: Sequence[Standing],
    *,
    claims: Sequence[Claimed] = (),
    about: object = None,
) -> Move:
    """Bring what is on its way to what is owed after a decision about one settlement.

    Payouts and claims come oldest first. What was asked back before is a matter of its own: it takes nothing
    from what is owed now. Run again, with what it found owed back among the claims, it moves nothing.
    """
    committed = sum(each.fen for each in payouts if each.state in COMMITTED)
    apart = int(owed_now(posted)) + int(standing_claims(claims)) - committed
    if apart >= 0:
        lifted = tuple(lifts(claims, settlement=about, owed=Fen(apart)))
        return Move((), Fen(apart - sum(each.fen for each in lifted)), Fen(0), lifted)
    return _take_back(-apart, payouts, claims=claims, about=about)


def _take_back(over: int, payouts: Sequence[Standing], *, claims: Sequence[Claimed], about: object) -> Move:
    """What nobody has sent of this settlement gives way, then what has gone of it is owed back.

    Only what the year owes less for other bills is taken from what is on its way for them: money that was
    paid for this one is never kept out of the next one's.
    """
    loose = [each for each in reversed(payouts) if each.state in LOOSE]
    own = [each for each in loose if each.settlement == about]
    others = [each for each in loose if each.settlement != about]
    cancel, over = _cancelled(own, over)
    gone = sum(e.fen for e in payouts if e.state in COMMITTED - LOOSE and e.settlement == about)
    asked = int(standing_claims(each for each in claims if each.settlement == about))
    back = max(0, min(over, gone - asked))
    more, over = _cancelled(others, over - back)
    return Move((*cancel, *more), Fen(max(0, -over)), Fen(back + max(0, over)))


def _cancelled(loose: Iterable[Standing], over: int) -> tuple[list[object], int]:
    """Payouts to cancel until nothing is over, and what is over then: below zero when it was too much."""
    cancel: list[object] = []
    for each in loose:
        if over <= 0:
            break
        cancel.append(each.id)
        over -= each.fen
    return cancel, over
