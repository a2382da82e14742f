"""Every write of the ledger. Whoever calls has decided that they may; here is judged whether the money may.

Each action is one transaction, or a part of its caller's: refused, it leaves nothing behind. It writes in a
scope of its own, because one transfer may touch accounts of several divisions.
"""

from rongjun.ledger.actions.accounts import change_limit, close_account, open_account
from rongjun.ledger.actions.booking import post, post_linked
from rongjun.ledger.actions.budgets import add_budget_line, amend_budget
from rongjun.ledger.actions.corrections import reverse
from rongjun.ledger.actions.holds import expire_holds, hold, release_hold, settle_hold
from rongjun.ledger.actions.totals import draw_totals

__all__ = [
    "add_budget_line",
    "amend_budget",
    "change_limit",
    "close_account",
    "draw_totals",
    "expire_holds",
    "hold",
    "open_account",
    "post",
    "post_linked",
    "release_hold",
    "reverse",
    "settle_hold",
]
