"""The door of the ledger."""

from rongjun.ledger.actions import (
    add_budget_line,
    amend_budget,
    change_limit,
    close_account,
    hold,
    open_account,
    post,
    post_linked,
    release_hold,
    reverse,
    settle_hold,
)
from rongjun.ledger.logic import Booked, Leg, Standing, Transfer, between
from rongjun.ledger.payments.actions import (
    add_lines,
    check_batch,
    draft_batch,
    misfit_lines,
    release_batch,
    withdraw_batch,
)
from rongjun.ledger.payments.bank_simulator import bank_signer
from rongjun.ledger.payments.logic.batches import NewLine
from rongjun.ledger.payments.queries import (
    BatchReport,
    LineReport,
    Paid,
    bank_key,
    batch_report,
    failures,
    living,
    paid,
    payment_balance,
)
from rongjun.ledger.queries import BudgetState, balance_at, budgets, standing

__all__ = [
    "BatchReport",
    "Booked",
    "BudgetState",
    "Leg",
    "LineReport",
    "NewLine",
    "Paid",
    "Standing",
    "Transfer",
    "add_budget_line",
    "add_lines",
    "amend_budget",
    "balance_at",
    "bank_key",
    "bank_signer",
    "batch_report",
    "between",
    "budgets",
    "change_limit",
    "check_batch",
    "close_account",
    "draft_batch",
    "failures",
    "hold",
    "living",
    "misfit_lines",
    "open_account",
    "paid",
    "payment_balance",
    "post",
    "post_linked",
    "release_batch",
    "release_hold",
    "reverse",
    "settle_hold",
    "standing",
    "withdraw_batch",
]
