"""What people type, brought to one form before it is judged: full-width signs, spaces, dashes."""

import re

# Only the full-width twins of ASCII: general compatibility forms would turn "1²" into "12".
_TWINS = {0xFF01 + offset: 0x21 + offset for offset in range(0x5E)} | {0x3000: 0x20, 0xFFE5: 0xA5}
# What people and spreadsheets put between groups of digits: spaces, also invisible ones, and dashes.
_SEPARATORS = re.compile("[\\-\\s\u200b\ufeff\u2010-\u2015\u2212\ufe63]+")


def half_width(text: str) -> str:
    """Return ``text`` trimmed, with full-width letters, digits and signs as ordinary ones."""
    return (text if text.isascii() else text.translate(_TWINS)).strip()


def compact(text: str) -> str:
    """Return ``text`` half-width, in capitals, without spaces, dashes and invisible signs."""
    return _SEPARATORS.sub("", half_width(text)).upper()
