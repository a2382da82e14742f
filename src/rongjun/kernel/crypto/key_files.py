"""Keys as files: one key, one file, mode 0600 in a folder of mode 0700, created whole or not at all."""

import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rongjun.kernel.crypto.algorithms import INDEXING, SEALING, SIGNING, SM2_DEFAULT_USER_ID, Algorithm
from rongjun.kernel.crypto.errors import KeyFileError
from rongjun.kernel.crypto.signing import new_secret
from rongjun.kernel.crypto.symmetric import SECRET_BYTES, keyed_digest

Use = Literal["seal", "index", "sign"]
ALGORITHMS_OF: Mapping[str, frozenset[Algorithm]] = {"seal": SEALING, "index": INDEXING, "sign": SIGNING}
HIGHEST_VERSION = 0xFFFF

_PURPOSE = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*")
_FILE_NAME = re.compile(r"(?P<purpose>.+)\.(?P<use>seal|index|sign)\.(?P<version>\d{1,5})\.key")
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, repr=False)
class StoredKey:
    """One version of a key; printing it shows nothing of the secret."""

    purpose: str
    use: Use
    version: int
    algorithm: Algorithm
    secret: bytes
    user_id: bytes | None = None

    @property
    def file_name(self) -> str:
        """Where the key lies in its folder."""
        return f"{self.purpose}.{self.use}.{self.version}.key"

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that tell this key from another and give nothing of it away."""
        return keyed_digest(Algorithm.HMAC_SM3, self.secret, b"rongjun key fingerprint").hex()[:16]


def make_key(purpose: str, *, use: Use, version: int, algorithm: Algorithm) -> StoredKey:
    """Make a fresh key from the system's random source, not yet written anywhere."""
    assert _PURPOSE.fullmatch(purpose), f"a purpose reads area.item, not {purpose!r}"
    assert algorithm in ALGORITHMS_OF[use], f"{algorithm} is not for use {use!r}"
    assert 1 <= version <= HIGHEST_VERSION
    secret = new_secret(algorithm) if use == "sign" else secrets.token_bytes(SECRET_BYTES[algorithm])
    user_id = SM2_DEFAULT_USER_ID if algorithm is Algorithm.SM2 else None
    return StoredKey(purpose, use, version, algorithm, secret, user_id)


def open_folder(folder: Path) -> None:
    """Make the folder (0700) if it is missing; raises ``KeyFileError`` when others may look into it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_open_to_others(folder, folder.stat(), wanted="700")


def write_key(folder: Path, key: StoredKey) -> bool:
    """Write a new key whole, or not at all; ``False`` when another process was first with this version."""
    draft = folder / f".{secrets.token_hex(8)}.draft"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_to_json(key))
            file.flush()
            os.fsync(file.fileno())
        # A hard link appears at once and never replaces: of two processes exactly one creates the key.
        os.link(draft, folder / key.file_name)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    _sync(folder)
    return True


def read_keys(folder: Path) -> Iterator[StoredKey]:
    """Yield every key of the folder; raises ``KeyFileError`` for one that is open to others or unreadable."""
    for path in sorted(folder.glob("*.key")):
        name = _FILE_NAME.fullmatch(path.name)
        if name is None:
            raise KeyFileError(f"密钥文件夹里有不认识的文件 {path.name}，请移走后重试。")
        key = _from_json(path, _read_private(path))
        if key.file_name != path.name:
            raise KeyFileError(f"密钥文件 {path.name} 的内容与文件名不符，请从备份恢复原来的文件名。")
        yield key


def _to_json(key: StoredKey) -> bytes:
    fields = {
        "purpose": key.purpose,
        "use": key.use,
        "version": key.version,
        "algorithm": key.algorithm,
        "secret": key.secret.hex(),
        "user_id": None if key.user_id is None else key.user_id.hex(),
    }
    return json.dumps(fields, indent=1).encode()


def _from_json(path: Path, text: bytes) -> StoredKey:
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        fields = json.loads(text)
        key = StoredKey(
            purpose=str(fields["purpose"]),
            use=fields["use"],
            version=int(fields["version"]),
            algorithm=Algorithm(fields["algorithm"]),
            secret=bytes.fromhex(fields["secret"]),
            user_id=None if fields["user_id"] is None else bytes.fromhex(fields["user_id"]),
        )
        if key.algorithm in ALGORITHMS_OF[key.use] and len(key.secret) == SECRET_BYTES.get(key.algorithm, 32):
            return key
    raise KeyFileError(f"密钥文件 {path.name} 已损坏，请从备份恢复；不要删除，否则用它加密的数据无法再读。")


def _read_private(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise KeyFileError(
            f"密钥文件 {path.name} 打不开（{error.strerror}），请检查它的属主和权限。"
        ) from error
    with os.fdopen(handle, "rb") as file:
        _refuse_open_to_others(path, os.fstat(file.fileno()), wanted="600")
        return file.read()


def _refuse_open_to_others(path: Path, status: os.stat_result, *, wanted: str) -> None:
    if status.st_mode & _OPEN_TO_OTHERS:
        raise KeyFileError(
            f"{path} 可以被其他用户读取，系统拒绝使用其中的密钥。"
            f"请执行 chmod {wanted} {path}，并考虑更换可能已泄露的密钥。"
        )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
