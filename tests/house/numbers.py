"""Finds what could be a real person's number in a text, or a host that is not ours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_WEIGHTS = [pow(2, 17 - place, 11) for place in range(17)]
# A digest of hexadecimal or base64 signs holds any run of digits one likes.
_DIGEST = re.compile(r"\b[0-9a-f]{32,}\b|\bsha(?:256|384|512)-[A-Za-z0-9+/=]+")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")  # full-width, Arabic and other ways to write one
_IDENTITY = re.compile(r"(?<!\d)[1-8]\d{16}[\dXx](?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:86)?1[3-9]\d(?:\d{8}|[ -]\d{4}[ -]\d{4})(?!\d)")
_CARD = re.compile(r"(?<!\d)(?!\d{17}[Xx])\d{16,19}(?!\d)|(?<![\d ])\d{4}(?: \d{4}){3}(?: \d{1,3})?(?![\d ])")
_HOST = re.compile(r"(?:https?|wss?)://([A-Za-z0-9.-]+)", re.IGNORECASE)


def identity_check_sign(first: str) -> str:
    """The eighteenth sign of an identity number (GB 11643), worked out apart from the kernel."""
    total = sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def luhn_holds(number: str) -> bool:
    """Whether the last digit closes the number by the Luhn rule."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def is_invented(number: str) -> bool:
    """Whether 16 to 19 digits are an invented card (999999…) or an invented identity number (99xxxx…)."""
    return number.startswith("999999") or (len(number) == 18 and number.startswith("99"))


def could_be_somebodys(text: str) -> Iterator[str]:
    """What kind of number stands on which line, never the number itself."""
    plain = _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), _DIGEST.sub("", text))
    for number, line in enumerate(plain.splitlines(), 1):
        if any(identity_check_sign(found[:17]) == found[17].upper() for found in _IDENTITY.findall(line)):
            yield f"{number}: an identity number"
        if _PHONE.search(line):
            yield f"{number}: a phone number"
        cards = (found.replace(" ", "") for found in _CARD.findall(line))
        if any(luhn_holds(card) and not is_invented(card) for card in cards):
            yield f"{number}: a bank card"


def hosts_in(text: str) -> set[str]:
    """Every host an address in the text names."""
    return {host.lower().rstrip(".") for host in _HOST.findall(text)}
