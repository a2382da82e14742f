"""The door of benefits."""

from rongjun.benefits.queries import (
    book,
    counts_by_benefit,
    decisions_for,
    facts_of,
    people_with,
    sweep_everybody,
    swept_verdicts,
)

WORDS = {"granted": "能享受", "unknown": "差情况", "not-granted": "不能享受"}
MARKS = {"met": "✔", "unknown": "？", "failed": "✘"}

__all__ = [
    "MARKS",
    "WORDS",
    "book",
    "counts_by_benefit",
    "decisions_for",
    "facts_of",
    "people_with",
    "sweep_everybody",
    "swept_verdicts",
]
