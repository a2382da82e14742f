"""The door of `insurance`: what other packages import."""

from rongjun.insurance.cases import Answer, Case, CaseError, Step, answer, parse_case, read_case
from rongjun.insurance.checking import check_plan
from rongjun.insurance.cover import CoverBook, Insured
from rongjun.insurance.loading import PlanFile, load_plan
from rongjun.insurance.logic.bills import PAYERS, Bill, BillRef, Parts, Refund, Ruling
from rongjun.insurance.logic.deciding import Decision, Line, Share, YearSoFar, decide
from rongjun.insurance.logic.plans import Plan, StopLoss, Terms, owed
from rongjun.insurance.logic.reasons import TITLES, Cover, Reason, Standing
from rongjun.insurance.logic.years import History, NoTerms, take, take_all, to_post
from rongjun.insurance.telling import answer_text, answer_value, decision_value

__all__ = [
    "PAYERS",
    "TITLES",
    "Answer",
    "Bill",
    "BillRef",
    "Case",
    "CaseError",
    "Cover",
    "CoverBook",
    "Decision",
    "History",
    "Insured",
    "Line",
    "NoTerms",
    "Parts",
    "Plan",
    "PlanFile",
    "Reason",
    "Refund",
    "Ruling",
    "Share",
    "Standing",
    "Step",
    "StopLoss",
    "Terms",
    "YearSoFar",
    "answer",
    "answer_text",
    "answer_value",
    "check_plan",
    "decide",
    "decision_value",
    "load_plan",
    "owed",
    "parse_case",
    "read_case",
    "take",
    "take_all",
    "to_post",
]
