"""What is done in the insurance: one function an intention, one transaction each."""

from rongjun.insurance.actions.claims import Taken, look_again, match_waiting, take_message
from rongjun.insurance.actions.conflicts import check_standing, propose_standing, take_standing
from rongjun.insurance.actions.money import Drafted, draft_payments, follow_payments, open_books, pay_in
from rongjun.insurance.actions.recovering import propose_write_off, repay, write_off
from rongjun.insurance.actions.reviews import answer_appeal, appeal, check_review, propose_answer
from rongjun.insurance.actions.roster import Renewed, renew_roster, send_results
from rongjun.insurance.actions.setting_up import know_institutions

__all__ = [
    "Drafted",
    "Renewed",
    "Taken",
    "answer_appeal",
    "appeal",
    "check_review",
    "check_standing",
    "draft_payments",
    "follow_payments",
    "know_institutions",
    "look_again",
    "match_waiting",
    "open_books",
    "pay_in",
    "propose_answer",
    "propose_standing",
    "propose_write_off",
    "renew_roster",
    "repay",
    "send_results",
    "take_message",
    "take_standing",
    "write_off",
]
