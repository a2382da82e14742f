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
    RetentionRule(
        code="benefits.refused-uses",
        what="没有收下的使用记录的原样",
        table="benefits_use_refusal",
        column="fields",
        since="t.recorded_at",
        since_words="收到那天",
        only="t.fields <> '{}'",
        # A digest of so little can be guessed, and so goes with what it is of.
        clears={"fields": "'{}'", "stands": "'{\"gone\": true}'", "digest": "sha256(t.id::text::bytea)"},
    ),
    RetentionRule(
        code="benefits.use-signals",
        what="已经了结的异常线索",
        table="benefits_use_signal",
        column="evidence",
        since="t.ended_at",
        since_words="了结那天",
    ),
    RetentionRule(
        code="benefits.top-ups",
        what="充值记录",
        table="benefits_top_up",
        column="topped_at",
        since="t.recorded_at",
        since_words="收到那天",
    ),
    RetentionRule(
        code="benefits.manual-uses",
        what="外地证件登记里的姓名",
        table="benefits_manual_use",
        column="name",
        since="t.recorded_at",
        since_words="登记那天",
        only="t.name <> '（已过保存期）'",
        clears={"name": "'（已过保存期）'"},
    ),
)
