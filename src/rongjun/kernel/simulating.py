"""What every simulated office and bank shares: its key, our key as told, how it puts a file down."""

from __future__ import annotations

from pathlib import Path

from rongjun.kernel.crypto import SM2_DEFAULT_USER_ID, Algorithm, PublicKey, sm3
from rongjun.kernel.crypto.signing import Signer, load_signer


def signer_of(code: str) -> Signer:
    """The key of an invented office. Anybody can make it anew, so it may sign nothing but invented files."""
    return load_signer(Algorithm.ED25519, sm3(f"rongjun simulator {code}".encode()))


def key_as_told(text: str) -> PublicKey | None:
    """Our public key as it was handed over, `algorithm:point in hex`; none for an empty text."""
    name, _, point = text.partition(":")
    if not text:
        return None
    user = SM2_DEFAULT_USER_ID if name == Algorithm.SM2 else None
    return PublicKey(Algorithm(name), bytes.fromhex(point), user)


def put_down(path: Path, content: bytes) -> None:
    """Whole or not at all, as every office is asked to: whoever collects leaves .part alone."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
