"""What of messages goes at the end of its retention; that somebody was told of a decision stays for ever."""

from __future__ import annotations

from rongjun.access.api import RetentionRule

RETENTION = (
    RetentionRule(
        code="notices.values",
        what="消息里填的内容（事由、日期、理由）",
        table="notices_message",
        column="values",
        since="t.settled_at",
        since_words="送达或告知那天",
        only="t.values <> '{}'::jsonb",
        about="array['person:' || t.person_id]",
        clears={"values": "'{}'::jsonb", "words": "''"},
    ),
    RetentionRule(
        code="notices.addresses",
        what="消息发到的号码（打了星号的）",
        table="notices_sending",
        column="address_mask",
        since="t.settled_at",
        since_words="发送有结果那天",
        only="t.address_mask <> ''",
        about="array['person:' || t.person_id]",
        clears={"address_mask": "''"},
    ),
    RetentionRule(
        code="notices.receipts",
        what="消息的回执",
        table="notices_receipt",
        column="person_id",
        since="t.received_at",
        since_words="收到回执那天",
        about="array['person:' || t.person_id]",
    ),
)
