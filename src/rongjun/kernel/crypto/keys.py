"""One door to every key: operations by purpose, so that the key itself never leaves its provider."""

import os
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from rongjun.kernel.crypto import symmetric
from rongjun.kernel.crypto.algorithms import Algorithm
from rongjun.kernel.crypto.errors import MissingKeyError, Tampered
from rongjun.kernel.crypto.key_files import StoredKey, Use, make_key, open_folder, read_keys, write_key
from rongjun.kernel.crypto.signing import PublicKey, Signature, Signer, load_signer

_HEADER = struct.Struct(">BH")
_MARKS = {Algorithm.SM4_GCM: 0x11, Algorithm.AES_256_GCM: 0x12}
_DEFAULTS: Mapping[Use, Algorithm] = {
    "seal": Algorithm.SM4_GCM,
    "index": Algorithm.HMAC_SM3,
    "sign": Algorithm.ED25519,
}

Ring = Mapping[tuple[str, Use], Mapping[int, StoredKey]]


class KeyProvider(Protocol):
    """What the house asks of keys, whether they lie in files or in a certified module (GM/T 0018).

    A purpose names what is protected (``registry.identity-number``); sealing, indexing and signing
    under one purpose use separate keys.
    """

    def index(self, purpose: str, value: bytes) -> bytes:
        """Return the keyed blind index of ``value``: 32 bytes, equal for equal values.

        Its key does not rotate; a new index key is a new purpose and a re-index.
        """
        ...

    def seal(self, purpose: str, plaintext: bytes, bound_to: bytes) -> bytes:
        """Encrypt ``plaintext`` so that it opens only in the place ``bound_to`` (``table:column:key``).

        The token is 31 bytes longer: mark of format and algorithm 1, key version 2, nonce 12, tag 16.
        """
        ...

    def open(self, purpose: str, token: bytes, bound_to: bytes) -> bytes:
        """Return what ``seal`` was given; raises ``Tampered`` when token or place is not the same.

        A token that names a key version nobody has raises ``MissingKeyError``.
        """
        ...

    def sign(self, purpose: str, message: bytes) -> Signature:
        """Sign ``message`` with the newest key of ``purpose``."""
        ...

    def verify(self, purpose: str, message: bytes, signature: Signature) -> bool:
        """Whether ``signature`` over ``message`` was made under ``purpose``.

        A key version nobody has raises ``MissingKeyError``.
        """
        ...

    def public_key(self, purpose: str, version: int | None = None) -> PublicKey:
        """Return the public key of ``purpose``, the newest unless ``version`` is named."""
        ...

    def rotate(self, purpose: str, use: Literal["seal", "sign"] = "seal") -> int:
        """Make the next key version and return it; older versions still open and verify."""
        ...


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One line of the key inventory; the fingerprint tells a restored key from a newly made one."""

    purpose: str
    use: Use
    version: int
    algorithm: Algorithm
    fingerprint: str


class FileKeys:
    """A ``KeyProvider`` on files in ``folder``, which is neither in the database nor in git.

    Starting reads and checks every file: one that others may read raises ``KeyFileError``.
    A key is made when first asked for, unless ``create`` is off, which raises ``MissingKeyError``.
    ``algorithms`` names the algorithm of new keys by purpose; without it sealing is SM4-GCM,
    indexing HMAC-SM3, signing Ed25519. What a key was made for stays with the key.
    Threads and processes may share a folder.
    """

    def __init__(
        self, folder: Path, *, algorithms: Mapping[str, Algorithm] | None = None, create: bool = True
    ) -> None:
        self._folder = folder
        self._algorithms = dict(algorithms or {})
        self._create = create
        self._lock = threading.Lock()
        self._signers: dict[str, Signer] = {}
        open_folder(folder)
        self._stamp = -1
        self._ring: Ring = {}
        self._read_folder()

    def index(self, purpose: str, value: bytes) -> bytes:
        """See ``KeyProvider``."""
        key = self._newest(purpose, "index")
        return symmetric.keyed_digest(key.algorithm, key.secret, value)

    def seal(self, purpose: str, plaintext: bytes, bound_to: bytes) -> bytes:
        """See ``KeyProvider``. Nonces are random: rotate before 2**32 values are sealed under one version."""
        key = self._newest(purpose, "seal")
        header = _HEADER.pack(_MARKS[key.algorithm], key.version)
        nonce = os.urandom(symmetric.NONCE_BYTES)
        place = _place(header, purpose, bound_to)
        sealed = symmetric.encrypt(
            key.algorithm, key.secret, nonce=nonce, plaintext=plaintext, bound_to=place
        )
        return header + nonce + sealed

    def open(self, purpose: str, token: bytes, bound_to: bytes) -> bytes:
        """See ``KeyProvider``."""
        header, rest = token[: _HEADER.size], token[_HEADER.size :]
        if len(rest) < symmetric.NONCE_BYTES + symmetric.TAG_BYTES:
            raise Tampered
        mark, version = _HEADER.unpack(header)
        if mark not in _MARKS.values():
            raise Tampered
        key = self._version(purpose, "seal", version)
        # The key decides the algorithm; what the token says is only checked against it.
        if mark != _MARKS[key.algorithm]:
            raise Tampered
        return symmetric.decrypt(
            key.algorithm,
            key.secret,
            nonce=rest[: symmetric.NONCE_BYTES],
            sealed=rest[symmetric.NONCE_BYTES :],
            bound_to=_place(header, purpose, bound_to),
        )

    def sign(self, purpose: str, message: bytes) -> Signature:
        """See ``KeyProvider``."""
        key = self._newest(purpose, "sign")
        return Signature(key.algorithm, key.version, self._signer(key).sign(message))

    def verify(self, purpose: str, message: bytes, signature: Signature) -> bool:
        """See ``KeyProvider``."""
        key = self._version(purpose, "sign", signature.key_version)
        if key.algorithm is not signature.algorithm:
            return False
        return self._signer(key).public_key.verify(message, signature.value)

    def public_key(self, purpose: str, version: int | None = None) -> PublicKey:
        """See ``KeyProvider``."""
        key = self._newest(purpose, "sign") if version is None else self._version(purpose, "sign", version)
        return self._signer(key).public_key

    def rotate(self, purpose: str, use: Literal["seal", "sign"] = "seal") -> int:
        """See ``KeyProvider``. Two rotations at the same moment make one new version."""
        self._read_folder()
        version = max(self._ring.get((purpose, use), {}), default=0) + 1
        self._write(purpose, use, version)
        return version

    def inventory(self) -> tuple[KeyRecord, ...]:
        """List every key without its secret, in the order of purpose, use and version."""
        self._read_folder()
        keys = [key for versions in self._ring.values() for key in versions.values()]
        return tuple(
            KeyRecord(key.purpose, key.use, key.version, key.algorithm, key.fingerprint)
            for key in sorted(keys, key=lambda key: (key.purpose, key.use, key.version))
        )

    def _newest(self, purpose: str, use: Use) -> StoredKey:
        if self._folder.stat().st_mtime_ns != self._stamp:
            self._read_folder()
        if (purpose, use) not in self._ring:
            if not self._create:
                raise MissingKeyError(f"没有用途为 {purpose} 的密钥（{use}），请先从备份恢复密钥文件夹。")
            self._write(purpose, use, 1)
        versions = self._ring[purpose, use]
        return versions[max(versions)]

    def _version(self, purpose: str, use: Use, version: int) -> StoredKey:
        if version not in self._ring.get((purpose, use), {}):
            self._read_folder()
        try:
            return self._ring[purpose, use][version]
        except KeyError:
            raise MissingKeyError(
                f"没有用途为 {purpose} 的第 {version} 版密钥（{use}），请从备份恢复密钥文件夹。"
            ) from None

    def _write(self, purpose: str, use: Use, version: int) -> None:
        algorithm = self._algorithms.get(purpose, _DEFAULTS[use])
        write_key(self._folder, make_key(purpose, use=use, version=version, algorithm=algorithm))
        self._read_folder()

    def _read_folder(self) -> None:
        with self._lock:
            # The stamp is taken before the reading: a key that arrives meanwhile is seen next time.
            stamp = self._folder.stat().st_mtime_ns
            ring: dict[tuple[str, Use], dict[int, StoredKey]] = {}
            for key in read_keys(self._folder):
                ring.setdefault((key.purpose, key.use), {})[key.version] = key
            self._ring, self._stamp = ring, stamp

    def _signer(self, key: StoredKey) -> Signer:
        if key.file_name not in self._signers:
            self._signers[key.file_name] = load_signer(key.algorithm, key.secret, user_id=key.user_id)
        return self._signers[key.file_name]


def _place(header: bytes, purpose: str, bound_to: bytes) -> bytes:
    """Return what the tag also covers: the header, the purpose, and the place; none can run into another."""
    assert bound_to, "a sealed value is bound to its place"
    name = purpose.encode()
    return header + bytes([len(name)]) + name + bound_to
