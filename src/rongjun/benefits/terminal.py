"""What the command line works out of closed months without a database."""

from rongjun.benefits.closed import ClosedMonthError, verified
from rongjun.benefits.duck import Month, settle_month
from rongjun.benefits.logic.savings import (
    SETTLEMENT_TEXT,
    Settled,
    fates_of,
    first_of,
    month_prices,
    months_of,
)

__all__ = [
    "SETTLEMENT_TEXT",
    "ClosedMonthError",
    "Month",
    "Settled",
    "fates_of",
    "first_of",
    "month_prices",
    "months_of",
    "settle_month",
    "verified",
]
