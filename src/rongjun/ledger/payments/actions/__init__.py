"""What is done to payments: made by three people, sent, answered, mended."""

from rongjun.ledger.payments.actions.answers import Taken, take_answers
from rongjun.ledger.payments.actions.batches import (
    add_lines,
    check_batch,
    draft_batch,
    misfit_lines,
    release_batch,
    withdraw_batch,
)
from rongjun.ledger.payments.actions.mending import (
    draft_for_repeat,
    requeue_payment,
    settle_dispute,
    take_over,
    write_back_payment,
)
from rongjun.ledger.payments.actions.sending import deliver_files, send_released

__all__ = [
    "Taken",
    "add_lines",
    "check_batch",
    "deliver_files",
    "draft_batch",
    "draft_for_repeat",
    "misfit_lines",
    "release_batch",
    "requeue_payment",
    "send_released",
    "settle_dispute",
    "take_answers",
    "take_over",
    "withdraw_batch",
    "write_back_payment",
]
