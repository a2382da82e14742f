"""What of partners' batches goes at the end of its retention; rows and counts stay, so that days balance."""

from __future__ import annotations

from rongjun.access.api import RetentionRule

GONE = "'（已过保存期）'"

RETENTION = (
    RetentionRule(
        code="partners.quarantined-contents",
        what="隔离件的原文（封存），已更正或已作废的",
        table="partners_inboundbatch",
        since="t.received_at",
        since_words="收到那天",
        choice="quarantined-contents",
        only="t.content_sealed <> '' and (t.state = 'closed' or t.replaced_by_id is not null)",
        clears={"content_sealed": "''"},
    ),
    RetentionRule(
        code="partners.lines",
        what="部门来件逐行的内容",
        table="partners_inbounditem",
        column="content_sealed",
        since="t.settled_at",
        since_words="办完或退回那天",
        only="t.content_sealed <> ''",
        about="array['item:' || t.id]",
        # A digest of so little can be guessed, and so goes with what it is of.
        clears={"content_sealed": "''", "digest": "''", "key": "''", "reason": GONE},
    ),
    RetentionRule(
        code="partners.bulk-parts",
        what="大批来件的内容",
        table="partners_bulkpart",
        column="content_sealed",
        since="(select b.processed_at from partners_inboundbatch b where b.id = t.batch_id)",
        since_words="办完那天",
        only="t.content_sealed <> ''",
        clears={"content_sealed": "''"},
    ),
    RetentionRule(
        code="partners.bulk-refusals",
        what="大批来件退回的行",
        table="partners_bulkrefusal",
        column="content_sealed",
        since="t.refused_at",
        since_words="退回那天",
        only="t.content_sealed <> ''",
        clears={"content_sealed": "''", "key": "''", "reason": GONE},
    ),
    RetentionRule(
        code="partners.calls",
        what="部门的接口调用：幂等键和答复",
        table="partners_partnercall",
        column="answer",
        since="t.received_at",
        since_words="调用那天",
    ),
    RetentionRule(
        code="partners.outbound",
        what="发给部门的件的内容",
        table="partners_outboundbatch",
        column="content_sealed",
        since="coalesce(t.acknowledged_at, t.closed_at)",
        since_words="有回执或作废那天",
        only="t.content_sealed <> '' and t.state in ('acknowledged', 'closed')",
        clears={"content_sealed": "''", "made_by": GONE},
    ),
    RetentionRule(
        code="partners.batches",
        what="部门来件的文件名和收件的人",
        table="partners_inboundbatch",
        column="file_name",
        since="t.received_at",
        since_words="收到那天（办完、已更正或已作废的）",
        only=f"""
            t.received_by <> {GONE}
            and (t.state in ('processed', 'closed') or t.replaced_by_id is not null)
        """,
        clears={"file_name": "''", "received_by": GONE},
    ),
)
