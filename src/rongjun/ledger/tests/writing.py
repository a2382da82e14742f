"""A process that books without end, to be killed: `python -m rongjun.ledger.tests.writing SEED`.

It prints the id of each transfer after it was acknowledged, and nothing else.
"""

from __future__ import annotations

import random
import sys
from uuid import UUID

import django


def told_of(transfer: UUID) -> None:
    """It is in the books: say so, at once."""
    sys.stdout.write(f"{transfer}\n")
    sys.stdout.flush()


def main(seed: int) -> None:
    """Book linked pairs, holds and their settlements."""
    from rongjun.kernel.money import Fen
    from rongjun.ledger import api as ledger
    from rongjun.ledger.tests.scene import BANK, FUND, PAYEE, SOON, TODAY, told, transfer

    dice = random.Random(seed)
    while True:
        first = dice.getrandbits(100)
        pair = [transfer(first, BANK, FUND, 2), transfer(first + 1, FUND, PAYEE, 1)]
        for booked in ledger.post_linked(pair, **told):
            told_of(booked.id)
        held = ledger.hold(transfer(first + 2, FUND, PAYEE, 1), expires_at=SOON, **told)
        told_of(held.id)
        settled = ledger.settle_hold(UUID(int=first + 3), hold=held.id, fen=Fen(1), on=TODAY, **told)
        told_of(settled.id)


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
