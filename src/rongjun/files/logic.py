"""What an upload may be called, in which states it can be, and what each means. No clock, no Django."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta

from rongjun.kernel.words import Words

# What a paper is evidence of. An open list (待局方确认): the database keeps any word.
KINDS: Words[Mapping[str, str]] = {
    "identity": "身份证件",
    "household": "户口簿",
    "discharge": "退役证件",
    "disability": "残疾证件",
    "martyr": "烈士证明、遗属证件",
    "kinship": "亲属关系证明",
    "death": "死亡证明",
    "medical": "医疗材料",
    "account": "银行账户材料",
    "application": "申请书、签字表",
    "photo": "证件照",
    "delivery": "政策落实佐证",
    "other": "其他材料",
}

WAITING_FOR_SCAN = "waiting-for-scan"
STORED = "stored"
QUARANTINED = "quarantined"
REFUSED = "refused"
DISCARDED = "discarded"
MISSING = "missing"
STATES = (WAITING_FOR_SCAN, STORED, QUARANTINED, REFUSED, DISCARDED, MISSING)
# States in which there must be a file on the shelf.
WITH_CONTENT = (WAITING_FOR_SCAN, STORED, QUARANTINED)

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
MEDIA: Mapping[str, str] = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png"}

LATE_AFTER = timedelta(hours=24)
# 待局方确认: how long a discarded paper can still be brought back by an order of the bureau.
DESTROY_AFTER = timedelta(days=30)
_LONGEST_NAME = 120
_LONG_NUMBER = re.compile(r"\d(?:[ _-]?\d){10,}[XxＸｘ]?")


def wait_before_try(tries: int) -> timedelta:
    """How long to leave a scanner alone that did not answer `tries` times: at most ten minutes."""
    return timedelta(seconds=min(600, 5 * 2 ** min(tries - 1, 7)))


def fit_name(typed: str, *, media_type: str = "") -> str:
    """The file's name fit to keep, show and save: one line, no path, no steering signs, nobody's number.

    The ending is that of what the file really is.
    """
    name = unicodedata.normalize("NFC", typed).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(sign for sign in name if sign.isprintable() and unicodedata.category(sign) != "Cf")
    name = "".join("_" if sign in '<>:"|?*/' else sign for sign in mask_numbers(name)).strip(" .")
    ending = MEDIA.get(media_type)
    if ending is None:
        return name[:_LONGEST_NAME] or "未命名"
    stem = re.sub(r"\.[0-9A-Za-z]{1,5}$", "", name).strip(" .")
    return (stem[: _LONGEST_NAME - len(ending)] or "未命名") + ending


def mask_numbers(text: str) -> str:
    """Of every run of eleven or more digits only the first two and last two signs stay."""
    return _LONG_NUMBER.sub(lambda found: f"{found[0][:2]}…{found[0][-2:]}", text.strip())


def is_owned(state: str, *, linked_to: str) -> bool:
    """Whether nothing is left to do with an upload in this state."""
    if state in (REFUSED, DISCARDED):
        return True
    return state == STORED and bool(linked_to)
