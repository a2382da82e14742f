"""The door of `insurance`: what other packages import."""

from rongjun.insurance.actions import (
    draft_payments,
    know_institutions,
    open_books,
    pay_in,
)
from rongjun.insurance.actions.money import Drafted
from rongjun.insurance.actions.roster import Renewed, renew_roster, send_results
from rongjun.insurance.cases import Answer, Case, CaseError, Step, answer, parse_case, read_case
from rongjun.insurance.checking import check_plan
from rongjun.insurance.cover import CoverBook, Insured
from rongjun.insurance.hospital import CODE as HOSPITAL
from rongjun.insurance.hospital_simulator import hospital_signer
from rongjun.insurance.loading import PlanFile, load_plan
from rongjun.insurance.logic.bills import PAYERS, Bill, BillRef, Parts, Refund, Ruling
from rongjun.insurance.logic.deciding import Decision, Line, Share, YearSoFar, decide
from rongjun.insurance.logic.plans import Plan, StopLoss, Terms, owed
from rongjun.insurance.logic.reasons import TITLES, Cover, Reason, Standing
from rongjun.insurance.logic.years import History, NoTerms, take, take_all, to_post
from rongjun.insurance.papers import bill_paper
from rongjun.insurance.queries.bills import (
    BillSaid,
    PayoutSaid,
    YearSaid,
    bill,
    bills_of,
    has_bills,
    payouts_of,
    years_of_person,
)
from rongjun.insurance.queries.work import balance, review_of
from rongjun.insurance.telling import answer_text, answer_value, decision_value

__all__ = [
    "HOSPITAL",
    "PAYERS",
    "TITLES",
    "Answer",
    "Bill",
    "BillRef",
    "BillSaid",
    "Case",
    "CaseError",
    "Cover",
    "CoverBook",
    "Decision",
    "Drafted",
    "History",
    "Insured",
    "Line",
    "NoTerms",
    "Parts",
    "PayoutSaid",
    "Plan",
    "PlanFile",
    "Reason",
    "Refund",
    "Renewed",
    "Ruling",
    "Share",
    "Standing",
    "Step",
    "StopLoss",
    "Terms",
    "YearSaid",
    "YearSoFar",
    "answer",
    "answer_text",
    "answer_value",
    "balance",
    "bill",
    "bill_paper",
    "bills_of",
    "check_plan",
    "decide",
    "decision_value",
    "draft_payments",
    "has_bills",
    "hospital_signer",
    "know_institutions",
    "load_plan",
    "open_books",
    "owed",
    "parse_case",
    "pay_in",
    "payouts_of",
    "read_case",
    "renew_roster",
    "review_of",
    "send_results",
    "take",
    "take_all",
    "to_post",
    "years_of_person",
]
