"""Where a record that arrived stands, in words: what became of it, and what it is worth in the year."""

from typing import Final

from rongjun.kernel.words import Words

SETTLEMENT, REFUND = "settlement", "refund"
KINDS: Final = (SETTLEMENT, REFUND)

WAITING, DECIDED, REVIEW, MEND, REFUSED, DUPLICATE, CONFLICT = (
    "waiting",  # for a person's file, or for the settlement it takes back
    "decided",
    "review",  # for a person's name
    "mend",  # quarantined: only a corrected record of the hospital helps
    "refused",
    "duplicate",
    "conflict",
)
STATES: Words[dict[str, str]] = {
    WAITING: "等待",
    DECIDED: "已判定",
    REVIEW: "等人复核",
    MEND: "隔离，待更正",
    REFUSED: "不予计入",
    DUPLICATE: "重复收到",
    CONFLICT: "同号内容不同",
}
OPEN_STATES: Final = frozenset({WAITING, REVIEW, MEND, CONFLICT})
# What came under a number that was taken already: kept, and not counted.
SET_ASIDE: Final = frozenset({DUPLICATE, CONFLICT})
STANDINGS: Final = ("sound", "held", "mend", "admitted", "refused")
