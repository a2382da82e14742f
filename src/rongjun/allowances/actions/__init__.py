"""What is done about allowances, one transaction each, in the scope of whoever does it."""

from rongjun.allowances.actions.awards import (
    annul_award,
    answer_objection,
    decline_award,
    end_award,
    grant_award,
    object_to_award,
    propose_annulment,
    propose_award,
    propose_end,
    publicise_award,
    withdraw_award,
)
from rongjun.allowances.actions.findings import check_finding, propose_finding
from rongjun.allowances.actions.heirs import check_shares, propose_shares
from rongjun.allowances.actions.rates import confirm_rates, propose_confirmation, withdraw_confirmation
from rongjun.allowances.actions.recoveries import plan_recovery, propose_write_off, repay, write_off
from rongjun.allowances.actions.runs import (
    ask_run,
    check_run,
    draw_up_asked,
    follow_payments,
    release_run,
    withdraw_run,
)
from rongjun.allowances.actions.simulations import ask_simulation, draw_up_simulations, month_asked_for
from rongjun.allowances.actions.takeovers import adopt_takeover, propose_takeover, withdraw_takeover
from rongjun.allowances.actions.yearly import (
    check_campaign,
    check_confirmed,
    confirm_person,
    open_campaign,
    remind,
    withdraw_confirmed,
)

__all__ = [
    "adopt_takeover",
    "annul_award",
    "answer_objection",
    "ask_run",
    "ask_simulation",
    "check_campaign",
    "check_confirmed",
    "check_finding",
    "check_run",
    "check_shares",
    "confirm_person",
    "confirm_rates",
    "decline_award",
    "draw_up_asked",
    "draw_up_simulations",
    "end_award",
    "follow_payments",
    "grant_award",
    "month_asked_for",
    "object_to_award",
    "open_campaign",
    "plan_recovery",
    "propose_annulment",
    "propose_award",
    "propose_confirmation",
    "propose_end",
    "propose_finding",
    "propose_share",
    "propose_shares",
    "propose_takeover",
    "propose_write_off",
    "publicise_award",
    "release_run",
    "remind",
    "repay",
    "withdraw_award",
    "withdraw_confirmation",
    "withdraw_confirmed",
    "withdraw_run",
    "withdraw_takeover",
    "write_off",
]
