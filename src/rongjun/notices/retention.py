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
)
