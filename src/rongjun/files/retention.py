"""Papers nobody put on file: discarded at the end of their period, then destroyed as all such are."""

from __future__ import annotations

from rongjun.access.api import RetentionRule

RETENTION = (
    RetentionRule(
        code="files.unlinked-papers",
        what="一直没有归档的材料（作废，随后销毁）",
        table="files_upload",
        since="t.uploaded_at",
        since_words="收下那天",
        choice="unlinked-papers",
        only="t.state = 'stored' and t.linked_to = ''",
        about="array[t.about]",
        clears={
            "state": "'discarded'",
            "discarded_at": "%(now)s",
            "discarded_by": "%(by)s",
            "discard_reason": "'一直没有归档，已过保存期'",
            "destroy_after": "%(now)s",
            "file_name": "'（已过保存期）'",
        },
    ),
)
