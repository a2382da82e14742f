"""How one upload lies on disk: a sealed head with a key of its own, then numbered, sealed chunks.

The key of the house seals only the head; the head's key seals the chunks. Each chunk is bound to the upload,
to its number and to whether it is the last, so that none can be swapped, left out, repeated or added.
The head also carries what is known of the upload: a file whose row was lost still says whose it is.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from rongjun.kernel.crypto import Algorithm, KeyProvider, Tampered, symmetric

PURPOSE = "files.content"
CHUNK_BYTES = 256 * 1024
_MAGIC = b"RJF1"
_LENGTH = struct.Struct(">I")
_PLACE = struct.Struct(">4s16sQ?")  # magic, upload, number of the chunk, whether it is the last
_NONCE = struct.Struct(">IQ")
_LARGEST_HEAD = 64 * 1024
_CIPHER = Algorithm.SM4_GCM


@dataclass(frozen=True, slots=True)
class Opened:
    """What came out of a sealed upload; `particulars` is what `seal` was given."""

    content: bytes
    particulars: Mapping[str, object]


def seal(content: bytes, *, upload: UUID, particulars: Mapping[str, object], keys: KeyProvider) -> bytes:
    """Return `content` sealed for this upload and no other; `particulars` are plain JSON values."""
    secret = os.urandom(symmetric.SECRET_BYTES[_CIPHER])
    head = {"key": secret.hex(), "cipher": _CIPHER.value, "size": len(content), "of": dict(particulars)}
    token = keys.seal(PURPOSE, json.dumps(head, ensure_ascii=False).encode(), _bound_to(upload))
    last = max(0, len(content) - 1) // CHUNK_BYTES
    chunks = (
        symmetric.encrypt(
            _CIPHER,
            secret,
            # The key is this file's own and never used twice, so the number is nonce enough.
            nonce=_NONCE.pack(0, number),
            plaintext=content[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES],
            bound_to=_PLACE.pack(_MAGIC, upload.bytes, number, number == last),
        )
        for number in range(last + 1)
    )
    return b"".join([_MAGIC, _LENGTH.pack(len(token)), token, *chunks])


def unseal(sealed: bytes, *, upload: UUID, keys: KeyProvider) -> Opened:
    """Return what was sealed; raises `Tampered` unless every bit of it is as it was written."""
    head, at = _head(sealed, upload=upload, keys=keys)
    cipher = Algorithm(str(head["cipher"]))
    secret = bytes.fromhex(str(head["key"]))
    content = b"".join(
        symmetric.decrypt(
            cipher,
            secret,
            nonce=_NONCE.pack(0, number),
            sealed=chunk,
            bound_to=_PLACE.pack(_MAGIC, upload.bytes, number, is_last),
        )
        for number, chunk, is_last in _chunks(sealed, at)
    )
    if len(content) != head["size"]:
        raise Tampered
    return Opened(content, _particulars(head))


def particulars_of(sealed: bytes, *, upload: UUID, keys: KeyProvider) -> Mapping[str, object]:
    """What the head says of the upload; raises `Tampered`. The chunks are not looked at."""
    return _particulars(_head(sealed, upload=upload, keys=keys)[0])


def _head(sealed: bytes, *, upload: UUID, keys: KeyProvider) -> tuple[Mapping[str, object], int]:
    start = len(_MAGIC) + _LENGTH.size
    if len(sealed) < start or not sealed.startswith(_MAGIC):
        raise Tampered
    (length,) = _LENGTH.unpack(sealed[len(_MAGIC) : start])
    if length > _LARGEST_HEAD or len(sealed) < start + length:
        raise Tampered
    plain = keys.open(PURPOSE, sealed[start : start + length], _bound_to(upload))
    head: Mapping[str, object] = json.loads(plain)
    return head, start + length


def _chunks(sealed: bytes, at: int) -> Iterator[tuple[int, bytes, bool]]:
    step = CHUNK_BYTES + symmetric.TAG_BYTES
    starts = range(at, max(len(sealed), at + 1), step)
    for number, start in enumerate(starts):
        yield number, sealed[start : start + step], start + step >= len(sealed)


def _particulars(head: Mapping[str, object]) -> Mapping[str, object]:
    found = head["of"]
    assert isinstance(found, dict)
    return found


def _bound_to(upload: UUID) -> bytes:
    return f"files_upload:content:{upload}".encode()
