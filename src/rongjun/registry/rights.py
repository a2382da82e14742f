"""The words of rights and consents, and when an answer is due. Plain values; no clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from rongjun.kernel.words import Words, translatable

KINDS: Final[Words[Mapping[str, str]]] = {
    "see": "查阅",
    "copy": "复制、转移",
    "correct": "更正、补充",
    "delete": "删除",
    "restrict": "限制处理",
    "explain": "解释说明",
    "withdraw": "撤回全部同意",
}
# 近亲属: only after the person's death, for their own lawful interest (PIPL 49).
ASKED_BY: Final[Words[Mapping[str, str]]] = {
    "self": "本人",
    "kin": "近亲属（本人已去世）",
    "guardian": "监护人",
    "proxy": "受托人",
}
# Who may say that something on file is wrong: whoever may ask, and the office that notices it itself.
SAID_BY: Final[Mapping[str, str]] = {**ASKED_BY, "office": translatable("经办人核对发现")}
HOW: Final[Words[Mapping[str, str]]] = {
    "window": "窗口当面",
    "paper": "书面",
    "phone": "电话",
    "online": "网上",
}
STATES: Final[Words[Mapping[str, str]]] = {"open": "待答复", "done": "已办", "refused": "不予办理"}
RESTRICTED: Final[Words[Mapping[str, str]]] = {
    "asked": "本人要求限制处理",
    "storage-only": "申请删除，法定期限内只存储",
}
# Kinds that say nothing without a sentence of what is meant.
NEEDS_WISH: Final = frozenset({"correct", "delete", "restrict", "explain"})
# 不满十四周岁: an optional consent is the guardian's.
CHILD_UNTIL: Final = 14
# What answering yes to these does to the file, and so is decided above the counter.
RESTRICTS: Final[Mapping[str, str]] = {"restrict": "asked", "delete": "storage-only"}


def due_on(received: date, *, days: int) -> date:
    """The last day for an answer."""
    return received + timedelta(days=days)


def is_child(born: date, *, on: date) -> bool:
    """Whether somebody is under 14, up to the day before the fourteenth birthday (PIPL 31)."""
    return (on.year - born.year) - ((on.month, on.day) < (born.month, born.day)) < CHILD_UNTIL


def is_overdue(due: date, *, today: date) -> bool:
    """Whether the last day has passed."""
    return today > due


def may_ask_again(said_no_at: datetime | None, *, now: datetime, days: int) -> bool:
    """Whether somebody who refused or withdrew may be asked again: not for so many days (no nagging)."""
    return said_no_at is None or now - said_no_at >= timedelta(days=days)


def covered_name(name: str) -> str:
    """A restricted person's name in a list: the first sign, and that there is more."""
    return name[:1] + "＊" * max(1, len(name) - 1)
