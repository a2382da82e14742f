"""The door of benefits."""

from rongjun.benefits.actions import adopt_book, confirm_wording, entitle, put_in_force, record_decisions
from rongjun.benefits.logic import OUTCOME_WORDS, Replayed
from rongjun.benefits.queries import (
    EditionLine,
    Impact,
    KeptSweep,
    Recording,
    book,
    book_with_digest,
    counts_by_benefit,
    decisions_for,
    editions,
    facts_of,
    files_in_force,
    impact,
    kept_bytes,
    kept_sweep,
    kept_verdicts,
    people_with,
    recorded,
    recordings,
    relations_of,
    replay,
    sweep_everybody,
    swept_verdicts,
)
from rongjun.benefits.questions import ANSWER_HOLDS, Asking, best_questions, read_answer, stated_in_words
from rongjun.benefits.retention import RETENTION
from rongjun.benefits.wording import LEVELS, ExampleLine, Wording, examples_of, wording_of
from rongjun.kernel.words import Words

WORDS: Words[dict[str, str]] = {"granted": "能享受", "unknown": "差情况", "not-granted": "不能享受"}
MARKS = {"met": "✔", "unknown": "？", "failed": "✘"}

__all__ = [
    "ANSWER_HOLDS",
    "LEVELS",
    "MARKS",
    "OUTCOME_WORDS",
    "RETENTION",
    "WORDS",
    "Asking",
    "EditionLine",
    "ExampleLine",
    "Impact",
    "KeptSweep",
    "Recording",
    "Replayed",
    "Wording",
    "adopt_book",
    "best_questions",
    "book",
    "book_with_digest",
    "confirm_wording",
    "counts_by_benefit",
    "decisions_for",
    "editions",
    "entitle",
    "examples_of",
    "facts_of",
    "files_in_force",
    "impact",
    "kept_bytes",
    "kept_sweep",
    "kept_verdicts",
    "people_with",
    "put_in_force",
    "read_answer",
    "record_decisions",
    "recorded",
    "recordings",
    "relations_of",
    "replay",
    "stated_in_words",
    "sweep_everybody",
    "swept_verdicts",
    "wording_of",
]
