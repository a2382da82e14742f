"""Words and shapes of what can be told of a person besides categories and relations. No clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DivisionCode
from rongjun.kernel.words import Words, worded

SEXES: Words[Mapping[str, str]] = {"male": "男", "female": "女"}
# What an account is for. 待局方确认: one for each, or one for all.
PURPOSES: Words[Mapping[str, str]] = {
    "allowance": "抚恤补助",
    "claim": "医疗补助",
    "relief": "慰问救助",
}
PAYEE_KINDS: Words[Mapping[str, str]] = {
    "guardian": "监护人",
    "proxy": "代理人",
    "heir": "继承人",
    "institution": "集中供养机构",
}
MERITS: Words[Mapping[int, str]] = {
    6: "勋章、荣誉称号",
    5: "一等战功或一级表彰",
    4: "二等战功、一等功或二级表彰",
    3: "三等战功或二等功",
    2: "四等战功或三等功",
    1: "嘉奖",
    0: "无",
}


class Told:
    """What somebody tells, read name by name; what is not told is as it was in `old`, where there is one.

    Every reading raises Unfit with a sentence that names the field and never repeats what was told.
    """

    def __init__(self, given: Mapping[str, object], old: object | None = None) -> None:
        self._given, self._old = given, old

    def says(self, *names: str) -> bool:
        """Whether any of these is told."""
        return any(name in self._given for name in names)

    def text(self, name: str, label: str, *, longest: int, required: bool = False) -> str:
        """A text of at most so many signs; a required one is not empty."""
        text = str(self._word(name) or "").strip()
        if (required and not text) or len(text) > longest:
            raise Unfit(
                "registry.unfit-told",
                worded("{label}要填写，最多 {longest} 个字。", label=label, longest=longest),
            )
        return text

    def choice(self, name: str, label: str, words: Mapping[str, str], *, required: bool = True) -> str:
        """One of the words."""
        text = str(self._word(name) or "")
        if text not in words and (required or text):
            raise Unfit("registry.unfit-told", worded("{label}请从给出的选项里选。", label=label))
        return text

    def day(self, name: str, label: str) -> date | None:
        """A day, or None when there is none."""
        word = self._word(name)
        if word in (None, "") or isinstance(word, date):
            return word or None  # type: ignore[return-value]
        try:
            return date.fromisoformat(str(word))
        except ValueError as error:
            raise Unfit(
                "registry.unfit-told", worded("{label}写成 2024-11-24 这样。", label=label)
            ) from error

    def number(self, name: str, label: str, *, least: int, most: int) -> int:
        """A whole number in a range."""
        text = str(self._word(name))
        if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
            raise Unfit(
                "registry.unfit-told",
                worded("{label}填 {least} 到 {most} 的整数。", label=label, least=least, most=most),
            )
        return int(text)

    def county(self, name: str, label: str, *, required: bool = True) -> str:
        """The six digits of a county."""
        text = str(self._word(name) or "").strip()
        if not text and not required:
            return ""
        try:
            return DivisionCode.from_text(text).text[:6]
        except Unfit as unfit:
            raise Unfit(
                "registry.unfit-told", worded("{label}填区县的 6 位区划代码。", label=label)
            ) from unfit

    def key(self, name: str, label: str) -> UUID | None:
        """The key of another person, or None."""
        word = self._word(name)
        if word in (None, "") or isinstance(word, UUID):
            return word or None  # type: ignore[return-value]
        try:
            return UUID(str(word))
        except ValueError as error:
            raise Unfit("registry.unfit-told", worded("{label}没有选对。", label=label)) from error

    def mapping(self, name: str) -> Mapping[str, object]:
        """Several things by name."""
        word = self._word(name)
        if not isinstance(word, Mapping):
            raise Unfit("registry.unfit-told", "没有写明是哪些情况。")
        return word

    def _word(self, name: str) -> object:
        return self._given[name] if name in self._given else getattr(self._old, name, None)
