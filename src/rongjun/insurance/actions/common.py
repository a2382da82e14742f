"""What actions of the insurance ask of the words they keep."""

from __future__ import annotations

from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused


def fit_words(text: str, *, least: int, most: int) -> str:
    """Words that may be kept. Refused("insurance.words-missing"), ("insurance.no-numbers")."""
    said = " ".join(text.split())
    if not least <= len(said) <= most:
        raise Refused("insurance.words-missing", least=least, most=most)
    if audit.looks_personal(said):
        raise Refused("insurance.no-numbers")
    return said
