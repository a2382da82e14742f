"""The door of `allowances`."""

from rongjun.allowances.actions import (
    ask_run,
    check_run,
    draw_up_asked,
    follow_payments,
    grant_award,
    month_asked_for,
    propose_award,
    release_run,
)
from rongjun.allowances.book import draft_over_book
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
from rongjun.allowances.logic.months import month_of, months_in_chinese
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.rates import PAYERS, Gap, Rate
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.logic.service import Service
from rongjun.allowances.logic.settling import Delta, Payment, Settlement, net, settle
from rongjun.allowances.models import PayLine as PaidLine
from rongjun.allowances.queries.histories import owed
from rongjun.allowances.queries.pages import (
    Received,
    are_there,
    next_pay_day,
    receivables_of,
    received_by,
    title_of,
)
from rongjun.allowances.queries.supposing import as_kept, suppose_everybody
from rongjun.allowances.queries.yearly import standing_of as confirmation_of
from rongjun.allowances.quoting import Quote, as_json, as_plain, as_text, quote, quote_case
from rongjun.allowances.terminal import answer_case

__all__ = [
    "PAYERS",
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
    "PaidLine",
    "Payment",
    "Quote",
    "Rate",
    "Reason",
    "Received",
    "RefusedAward",
    "Residence",
    "Ruling",
    "Service",
    "Settlement",
    "Suspension",
    "answer_case",
    "are_there",
    "as_json",
    "as_kept",
    "as_plain",
    "as_text",
    "ask_run",
    "check_run",
    "confirmation_of",
    "draft_over_book",
    "draw_up_asked",
    "follow_payments",
    "grant_award",
    "load_allowances",
    "month_asked_for",
    "month_of",
    "months_in_chinese",
    "months_owed",
    "net",
    "next_pay_day",
    "owed",
    "propose_award",
    "quote",
    "quote_case",
    "read_case",
    "receivables_of",
    "received_by",
    "release_run",
    "settle",
    "suppose_everybody",
    "title_of",
]
