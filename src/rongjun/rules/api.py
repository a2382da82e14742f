"""The door of `rules`: what other packages import."""

from rongjun.rules.book import (
    AREAS,
    CLASSES,
    CONFIDENCES,
    GRADES,
    KINDS,
    UNITS,
    VERDICTS,
    WAYS,
    Basis,
    Benefit,
    Book,
    Confirmation,
    Figure,
    Grant,
    Venue,
    Verdict,
    Version,
)
from rongjun.rules.check import Report, check_book, explain_benefit
from rongjun.rules.comparing import (
    KIND_WORDS,
    Change,
    Reach,
    compare_books,
    facts_read,
    reach_of_change,
)
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
from rongjun.rules.drafting import drafts, witnesses
from rongjun.rules.engines import as_polars, as_sql
from rongjun.rules.errors import ConditionError, PolicyError, Problem
from rongjun.rules.folding import fold
from rongjun.rules.loading import files_of, load_book, read_folder
from rongjun.rules.phrases import phrase
from rongjun.rules.reading import Fields, Node, Sheet, closest, plain, read_sheet, read_text
from rongjun.rules.sweeping import PERSON, as_long, sweep, sweep_sql
from rongjun.rules.tree import Region
from rongjun.rules.vocabulary import Fact, Value, Vocabulary

__all__ = [
    "AREAS",
    "CLASSES",
    "CONFIDENCES",
    "GRADES",
    "KINDS",
    "KIND_WORDS",
    "PERSON",
    "UNITS",
    "VERDICTS",
    "WAYS",
    "Basis",
    "Benefit",
    "Book",
    "Change",
    "ConditionError",
    "Confirmation",
    "Decision",
    "Fact",
    "FactUsed",
    "Fields",
    "Figure",
    "Grant",
    "MissingFact",
    "Node",
    "PolicyError",
    "Problem",
    "Reach",
    "Reason",
    "Region",
    "Report",
    "Sheet",
    "State",
    "Value",
    "Venue",
    "Verdict",
    "Version",
    "Vocabulary",
    "as_long",
    "as_polars",
    "as_sql",
    "check_book",
    "closest",
    "compare_books",
    "decide",
    "decide_all",
    "decision_bytes",
    "drafts",
    "explain_benefit",
    "facts_read",
    "files_of",
    "fold",
    "latest_start",
    "load_book",
    "months_between",
    "parse_condition",
    "phrase",
    "plain",
    "reach_of_change",
    "read_folder",
    "read_sheet",
    "read_text",
    "span",
    "sweep",
    "sweep_sql",
    "verdicts",
    "witnesses",
]
