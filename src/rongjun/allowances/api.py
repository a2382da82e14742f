"""The door of `allowances`."""

from rongjun.allowances.cases import Case, read_case
from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.history import (
    Asserted,
    Award,
    Cancellation,
    Confirmation,
    Death,
    Fact,
    Handover,
    Residence,
    Ruling,
    Suspension,
)
from rongjun.allowances.logic.lines import Line, Owed, Reason, RefusedAward
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.rates import Gap, Rate
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.logic.service import Service
from rongjun.allowances.logic.settling import Delta, Payment, Settlement, net, settle
from rongjun.allowances.quoting import Quote, as_json, as_plain, as_text, quote, quote_case
from rongjun.allowances.terminal import answer_case

__all__ = [
    "AllowanceBook",
    "Asserted",
    "Award",
    "Cancellation",
    "Case",
    "Confirmation",
    "Death",
    "Delta",
    "Fact",
    "Gap",
    "Handover",
    "Line",
    "Owed",
    "Payment",
    "Quote",
    "Rate",
    "Reason",
    "RefusedAward",
    "Residence",
    "Ruling",
    "Service",
    "Settlement",
    "Suspension",
    "answer_case",
    "as_json",
    "as_plain",
    "as_text",
    "load_allowances",
    "months_owed",
    "net",
    "quote",
    "quote_case",
    "read_case",
    "settle",
]
