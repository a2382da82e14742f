"""As what somebody may act for another."""

from __future__ import annotations

from collections.abc import Mapping

from rongjun.kernel.words import Words

RELATIONS: Words[Mapping[str, str]] = {
    "spouse": "配偶",
    "child": "子女",
    "parent": "父母",
    "sibling": "兄弟姐妹",
    "guardian": "监护人",
    "carer": "受托照料的人",
}
