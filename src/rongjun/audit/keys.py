"""The one place of the house that opens the key folder, and the signature of the chain's anchors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from django.conf import settings

from rongjun.audit.logic import Anchor, anchor_statement
from rongjun.kernel.crypto import Algorithm, FileKeys, KeyProvider, MissingKeyError, PublicKey, Signature

ANCHOR = "audit.anchor"


@cache
def keys() -> KeyProvider:
    """The house's key provider, over the folder `settings.KEYS_FOLDER`; opened once."""
    return FileKeys(Path(settings.KEYS_FOLDER))


def sign(anchor: Anchor) -> Anchor:
    """The anchor with our signature under the newest key."""
    signed = keys().sign(ANCHOR, anchor_statement(anchor))
    return replace(
        anchor, algorithm=signed.algorithm.value, key_version=signed.key_version, signature=signed.value
    )


def is_genuine(anchor: Anchor) -> bool | None:
    """Whether we signed the anchor; None when its key is not in the folder, so that nobody can tell."""
    if anchor.algorithm not in set(Algorithm):
        return False
    signature = Signature(Algorithm(anchor.algorithm), anchor.key_version, anchor.signature)
    try:
        return keys().verify(ANCHOR, anchor_statement(anchor), signature)
    except MissingKeyError:
        return None


def public_keys(versions: Iterable[int]) -> dict[int, PublicKey]:
    """The public halves of these anchor keys; a version that is not in the folder is left out."""
    found = {}
    for version in versions:
        try:
            found[version] = keys().public_key(ANCHOR, version)
        except MissingKeyError:
            continue
    return found
