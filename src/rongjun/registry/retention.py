"""What of the registry goes at the end of its retention; files themselves stay while they are on file."""

from __future__ import annotations

from rongjun.access.api import RetentionRule

GONE = "'（已过保存期）'"
_PERSON = "array['person:' || t.person_id]"
# Keys stay, so that a page of an old row still reads; what they said is gone.
_BLANK = "(select coalesce(jsonb_object_agg(key, ''), '{{}}') from jsonb_object_keys(t.{column}) key)"
_HANDED_IN = {"file_name": GONE, "uploaded_by": GONE}

RETENTION = (
    RetentionRule(
        code="registry.refused-originals",
        what="花名册退回行的原文（封存）",
        table="registry_importedrow",
        since="select uploaded_at from registry_rosterimport where id = t.roster_id",
        since_words="交来那天",
        choice="refused-originals",
        only="t.original_sealed is not null",
        clears={"original_sealed": "null"},
    ),
    RetentionRule(
        code="registry.imported-rows",
        what="花名册逐行结果",
        table="registry_importedrow",
        column="faults",
        since="select uploaded_at from registry_rosterimport where id = t.roster_id and state = 'done'",
        since_words="交来那天（装完的）",
        about=_PERSON,
    ),
    RetentionRule(
        code="registry.rosters",
        what="花名册的文件名和交来的人",
        table="registry_rosterimport",
        column="file_name",
        since="t.uploaded_at",
        since_words="交来那天（装完的）",
        only=f"t.state = 'done' and t.file_name <> {GONE}",
        clears=_HANDED_IN,
    ),
    RetentionRule(
        code="registry.cutover-files",
        what="割接文件的文件名、退回的行",
        table="registry_cutoverimport",
        column="refused_sealed",
        since="t.uploaded_at",
        since_words="交来那天",
        only=f"t.file_name <> {GONE}",
        clears={**_HANDED_IN, "faults": "'[]'", "refused_sealed": "null"},
    ),
    RetentionRule(
        code="registry.feed-candidates",
        what="部门数据比对的内容",
        table="registry_feedcandidate",
        column="said",
        since="t.decided_at",
        since_words="决定那天",
        only=f"t.state <> 'open' and t.source <> {GONE}",
        about=_PERSON,
        clears={
            "source": GONE,
            "key": "''",
            "said": _BLANK.format(column="said"),
            "change": _BLANK.format(column="change"),
            "reasons": "'[]'",
            "decision_reason": "''",
        },
    ),
    RetentionRule(
        code="registry.mandates",
        what="代办授权，已经结束或没有同意的",
        table="registry_mandate",
        column="decision",
        since="coalesce(t.ends_at, t.decided_at)",
        since_words="结束或不同意那天",
        about=_PERSON,
    ),
    RetentionRule(
        code="registry.duplicates",
        what="疑似重复，已经有结论的",
        table="registry_duplicatecandidate",
        column="reasons",
        since="t.decided_at",
        since_words="有结论那天",
        about="array['person:' || t.person_a_id, 'person:' || t.person_b_id]",
    ),
    RetentionRule(
        code="registry.notice-receipts",
        what="告知记录，后来又出示过的",
        table="registry_noticereceipt",
        column="shown_at",
        since="t.shown_at",
        since_words="出示那天",
        # What a standing consent was given upon stays with it, and so does the last showing.
        only="""
            exists (select from registry_noticereceipt later where later.person_id = t.person_id
                    and later.notice = t.notice and later.shown_at > t.shown_at)
            and not exists (select from registry_consent yes where yes.person_id = t.person_id
                            and yes.given and yes.withdrawn_at is null)
        """,
        about=_PERSON,
    ),
    RetentionRule(
        code="registry.consents",
        what="不同意和已撤回的同意",
        table="registry_consent",
        column="answered_at",
        since="case when t.given then t.withdrawn_at else t.answered_at end",
        since_words="撤回或答复那天",
        about=_PERSON,
    ),
    RetentionRule(
        code="registry.rights-requests",
        what="答复过的行权申请",
        table="registry_rightsrequest",
        column="wish",
        since="t.decided_at",
        since_words="答复那天",
        # What a restriction rests on stays as long as the restriction is on file.
        only="not exists (select from registry_restriction where request_id = t.id)",
        about=_PERSON,
    ),
    RetentionRule(
        code="registry.exports",
        what="批量导出申请，下载过、没批准或过了时的",
        table="registry_exportrequest",
        column="sought",
        since="coalesce(t.taken_at, t.open_until, t.decided_at)",
        since_words="下载、作废或不批准那天",
    ),
    RetentionRule(
        code="registry.look-ups",
        what="全市查找记录",
        table="registry_lookup",
        column="by",
        since="t.at",
        since_words="查找那天",
    ),
)
