"""The tables of allowances: awards and findings, pay runs, recoveries, rates, what an old system had paid."""

from rongjun.allowances.models.awards import Award, Finding, HeirShare, Objection
from rongjun.allowances.models.confirmations import RateConfirmation
from rongjun.allowances.models.recoveries import Receivable, ReceivableStep
from rongjun.allowances.models.runs import PayChange, PayException, PayLine, PayOrder, PayRun
from rongjun.allowances.models.simulations import Simulation
from rongjun.allowances.models.takeovers import OldPayment, Takeover
from rongjun.allowances.models.yearly import Campaign, Confirmed

__all__ = [
    "Award",
    "Campaign",
    "Confirmed",
    "Finding",
    "HeirShare",
    "Objection",
    "OldPayment",
    "PayChange",
    "PayException",
    "PayLine",
    "PayOrder",
    "PayRun",
    "RateConfirmation",
    "Receivable",
    "ReceivableStep",
    "Simulation",
    "Takeover",
]
