"""The chain written to a file that an outside auditor can check alone."""

from __future__ import annotations

from pathlib import Path

from rongjun.audit import transcript
from rongjun.audit.keys import public_keys
from rongjun.audit.queries import Progress, anchor_key_versions, rows


def export(path: Path, *, progress: Progress | None = None) -> int:
    """Write every sealed event with its link and the anchors; return how many links.

    The file appears when it is whole; check it with `python -m rongjun.audit.verifier FILE`.
    Needs a role that may read everything.
    """
    part = path.with_name(path.name + ".part")
    count = 0
    with part.open("w", encoding="utf-8") as file:
        file.write(transcript.head_line(public_keys(anchor_key_versions())))
        for row in rows(progress=progress):
            file.write(transcript.row_line(row))
            count += row.link is not None
    part.replace(path)
    return count
