"""What comes in from partners and what goes out to them. Each is one transaction."""

from rongjun.partners.actions.intake import (
    CALL,
    CLOSING,
    FILE,
    Call,
    Settled,
    add_partner,
    check_batch,
    close_batch,
    close_batches,
    hold_partner,
    is_signed,
    keep_batch,
    read_call,
    receive_call,
    receive_file,
    settle_items,
)

__all__ = [
    "CALL",
    "CLOSING",
    "FILE",
    "Call",
    "Settled",
    "add_partner",
    "check_batch",
    "close_batch",
    "close_batches",
    "hold_partner",
    "is_signed",
    "keep_batch",
    "read_call",
    "receive_call",
    "receive_file",
    "settle_items",
]
