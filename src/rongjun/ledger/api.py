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
from rongjun.ledger.queries import BudgetState, balance_at, budgets, standing

__all__ = [
    "Booked",
    "BudgetState",
    "Leg",
    "Standing",
    "Transfer",
    "add_budget_line",
    "amend_budget",
    "balance_at",
    "between",
    "budgets",
    "change_limit",
    "close_account",
    "hold",
    "open_account",
    "post",
    "post_linked",
    "release_hold",
    "reverse",
    "settle_hold",
    "standing",
]
