"""What a message says, and which states it can be in. No Django, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rongjun.kernel.words import Words

# --- states -------------------------------------------------------------------------------------------------

# A message: told to nobody yet; an outside channel has it in hand; the station has to tell it by hand.
QUEUED, SENDING, BY_HAND = "queued", "sending", "by-hand"
# And its ends.
DELIVERED, TOLD, FAILED, EXPIRED = "delivered", "told-by-hand", "failed", "expired"
OPEN: Final = (QUEUED, SENDING, BY_HAND)
FINAL: Final = (DELIVERED, TOLD, FAILED, EXPIRED)
STATES: Words[dict[str, tuple[str, str]]] = {
    QUEUED: ("待发送", "info"),
    SENDING: ("发送中", "info"),
    BY_HAND: ("等站里当面告知", "pause"),
    DELIVERED: ("已送达", "ok"),
    TOLD: ("已当面告知", "ok"),
    FAILED: ("没能告知", "no"),
    EXPIRED: ("过期未读", "pause"),
}

# --- templates ----------------------------------------------------------------------------------------------

IN_APP, SMS, WECHAT = "in-app", "sms", "wechat"
CHANNELS: Words[dict[str, str]] = {IN_APP: "站内消息", SMS: "短信", WECHAT: "公众号"}
# GB/T of the trade: one part of a Chinese text message; each of several parts loses three to its head.
SMS_ONE_PART, SMS_EACH_PART = 70, 67
# A field of a template message of the 公众号.
WECHAT_FIELD = 20
# In the app there is room for whole sentences.
IN_APP_VALUE = 400
CUT = "…"
_PLACE: Final = re.compile(r"\{([a-z][a-z_]*)\}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value a template waits for, and how many characters of it a text message or the 公众号 shows."""

    name: str
    most: int


@dataclass(frozen=True, slots=True)
class Example:
    """Values, and what a text message made of them reads."""

    name: str
    values: Mapping[str, str]
    sms: str


@dataclass(frozen=True, slots=True)
class Version:
    """A wording in force from a day on. `wechat` is (label, text), in the order they are shown."""

    start: date
    placeholders: tuple[Placeholder, ...]
    title: str
    body: str
    title_en: str
    body_en: str
    sms: str
    wechat: tuple[tuple[str, str], ...]
    parts: int
    examples: tuple[Example, ...]

    @property
    def names(self) -> frozenset[str]:
        """The values it waits for, all of them."""
        return frozenset(each.name for each in self.placeholders)

    @property
    def most(self) -> dict[str, int]:
        """How many characters of each value there is room for outside the app."""
        return {each.name: each.most for each in self.placeholders}


@dataclass(frozen=True, slots=True)
class Template:
    """模板: what is told on one occasion. Urgent ones may be sent at night.

    After `valid_days` a message nobody read is of no use to anybody any more.
    """

    code: str
    title: str
    owner: str
    urgent: bool
    valid_days: int
    confirmed: bool
    note: str
    file: str
    versions: tuple[Version, ...]

    def on(self, day: date) -> Version | None:
        """The wording in force on a day."""
        return max((each for each in self.versions if each.start <= day), key=_start, default=None)

    def starting(self, start: date) -> Version | None:
        """The wording of a message that was told by it."""
        return next((each for each in self.versions if each.start == start), None)


def _start(version: Version) -> date:
    return version.start


def places_in(text: str) -> set[str]:
    """The placeholders a text names."""
    return set(_PLACE.findall(text))


def stray_braces(text: str) -> bool:
    """Whether a text holds a brace that belongs to no placeholder."""
    return bool(re.search(r"[{}]", _PLACE.sub("", text)))


def fitted(value: str, *, most: int) -> str:
    """A value in one line and no longer than it may be; what is cut off ends in `…`."""
    line = " ".join(value.split())
    return line if len(line) <= most else line[: most - 1] + CUT


def fill(text: str, values: Mapping[str, str], *, most: Mapping[str, int]) -> str:
    """The text with its values, each cut to so many characters."""
    return _PLACE.sub(lambda found: fitted(values[found[1]], most=most[found[1]]), text)


def longest(text: str, placeholders: Sequence[Placeholder]) -> int:
    """How many characters a text has when every value is as long as it may be."""
    most = {each.name: each.most for each in placeholders}
    return len(_PLACE.sub("", text)) + sum(most.get(name, 0) for name in _PLACE.findall(text))


def sms_parts(length: int) -> int:
    """How many parts a text message of so many characters is sent, and paid, in."""
    return 1 if length <= SMS_ONE_PART else -(-length // SMS_EACH_PART)


@dataclass(frozen=True, slots=True)
class Said:
    """What one channel says."""

    title: str
    body: str


def said_in_app(version: Version, values: Mapping[str, str], *, english: bool = False) -> Said:
    """Title and body of the message in the app."""
    title, body = (version.title_en, version.body_en) if english else (version.title, version.body)
    most = dict.fromkeys(version.names, IN_APP_VALUE)
    return Said(fill(title, values, most=most), fill(body, values, most=most))


def said_by_sms(version: Version, values: Mapping[str, str]) -> str:
    """The text message."""
    return fill(version.sms, values, most=version.most)


def said_by_wechat(version: Version, values: Mapping[str, str]) -> dict[str, str]:
    """The fields of the template message of the 公众号."""
    return {label: fill(text, values, most=version.most) for label, text in version.wechat}
