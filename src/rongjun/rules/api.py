"""The door of `rules`: what other packages import."""

from rongjun.rules.book import (
    AREAS,
    CLASSES,
    CONFIDENCES,
    GRADES,
    KINDS,
    VERDICTS,
    WAYS,
    Basis,
    Benefit,
    Book,
    Confirmation,
    Grant,
    Verdict,
    Version,
)
from rongjun.rules.check import Report, check_book, explain_benefit
from rongjun.rules.conditions import parse_condition
from rongjun.rules.days import latest_start, months_between, span
from rongjun.rules.deciding import (
    Decision,
    FactUsed,
    MissingFact,
    Reason,
    State,
    decide,
    decide_all,
    decision_bytes,
    verdicts,
)
from rongjun.rules.engines import as_polars, as_sql
from rongjun.rules.errors import ConditionError, PolicyError, Problem
from rongjun.rules.folding import fold
from rongjun.rules.loading import load_book
from rongjun.rules.phrases import phrase
from rongjun.rules.reading import Fields, Node, Sheet, plain, read_sheet, read_text
from rongjun.rules.sweeping import PERSON, as_long, sweep, sweep_sql
from rongjun.rules.tree import Region
from rongjun.rules.vocabulary import Fact, Value, Vocabulary

__all__ = [
    "AREAS",
    "CLASSES",
    "CONFIDENCES",
    "GRADES",
    "KINDS",
    "PERSON",
    "VERDICTS",
    "WAYS",
    "Basis",
    "Benefit",
    "Book",
    "ConditionError",
    "Confirmation",
    "Decision",
    "Fact",
    "FactUsed",
    "Fields",
    "Grant",
    "MissingFact",
    "Node",
    "PolicyError",
    "Problem",
    "Reason",
    "Region",
    "Report",
    "Sheet",
    "State",
    "Value",
    "Verdict",
    "Version",
    "Vocabulary",
    "as_long",
    "as_polars",
    "as_sql",
    "check_book",
    "decide",
    "decide_all",
    "decision_bytes",
    "explain_benefit",
    "fold",
    "latest_start",
    "load_book",
    "months_between",
    "parse_condition",
    "phrase",
    "plain",
    "read_sheet",
    "read_text",
    "span",
    "sweep",
    "sweep_sql",
    "verdicts",
]
