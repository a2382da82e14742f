"""The tables of allowances: awards and what was found, pay runs and what they paid, recoveries, rates."""

from rongjun.allowances.models.awards import Award, Finding, HeirShare, Objection
from rongjun.allowances.models.confirmations import RateConfirmation
from rongjun.allowances.models.recoveries import Receivable, ReceivableStep
from rongjun.allowances.models.runs import PayChange, PayException, PayLine, PayOrder, PayRun
from rongjun.allowances.models.yearly import Campaign, Confirmed

__all__ = [
    "Award",
    "Campaign",
    "Confirmed",
    "Finding",
    "HeirShare",
    "Objection",
    "PayChange",
    "PayException",
    "PayLine",
    "PayOrder",
    "PayRun",
    "RateConfirmation",
    "Receivable",
    "ReceivableStep",
]
