"""Tables of the insurance: who is insured, what arrived, what was decided, who looked, what is paid."""

from rongjun.insurance.models.claims import ClaimDecision, Settlement
from rongjun.insurance.models.conflicts import Conflict
from rongjun.insurance.models.insured import Institution, InsuredYear, Member
from rongjun.insurance.models.payouts import Payout
from rongjun.insurance.models.receivables import Receivable, ReceivableStep
from rongjun.insurance.models.reviews import Review
from rongjun.insurance.models.roster import RosterSpan

__all__ = [
    "ClaimDecision",
    "Conflict",
    "Institution",
    "InsuredYear",
    "Member",
    "Payout",
    "Receivable",
    "ReceivableStep",
    "Review",
    "RosterSpan",
    "Settlement",
]
