"""What of the kept judgement of everybody goes at the end of its retention: its parts; the totals stay."""

from __future__ import annotations

from rongjun.access.api import RetentionRule

RETENTION = (
    RetentionRule(
        code="benefits.swept-parts",
        what="全体判定的逐人结果",
        table="benefits_sweptpart",
        column="verdicts",
        since="select known_at from benefits_sweep where id = t.sweep_id",
        since_words="判定那天",
    ),
    RetentionRule(
        code="benefits.unanswered",
        what="没有答复的情况",
        table="benefits_unanswered",
        column="lines",
        since="select known_at from benefits_sweep where id = t.sweep_id",
        since_words="判定那天",
    ),
)
