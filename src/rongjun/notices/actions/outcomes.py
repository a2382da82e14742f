"""What floors below announce and people are told: wired by name in `config/wiring.py`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from rongjun.kernel.words import Words
from rongjun.notices.actions import tell

OUTCOMES: Words[dict[bool, str]] = {True: "办了", False: "没有办"}
CHANGES: Words[dict[str, str]] = {"granted": "生效了", "ended": "结束了"}


def tell_request_answered(
    *,
    person: UUID,
    division: int,
    request: str,
    asked: str,
    answer: str,
    is_done: bool,
    reads: Collection[str],
    now: datetime,
) -> None:
    """What somebody asked of us was answered, done or not."""
    values = {"asked": asked, "answer": answer, "outcome": OUTCOMES[is_done]}
    tell(
        "request-answered",
        person=person,
        division=division,
        about=f"request:{request}",
        values=values,
        now=now,
        reads=reads,
    )


def tell_mandate_changed(
    *, person: UUID, division: int, mandate: UUID, relation: str, change: str, now: datetime
) -> None:
    """Somebody may act for a person from now on, or no longer."""
    tell(
        "mandate-changed",
        person=person,
        division=division,
        about=f"mandate:{mandate}:{change}",
        values={"relation": relation, "change": CHANGES[change]},
        now=now,
    )
