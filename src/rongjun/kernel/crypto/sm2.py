"""SM2 signatures (GB/T 32918) by OpenSSL's libcrypto through ctypes: ``cryptography`` leaves them out.

Keys and signatures cross this module as plain bytes: a 32-byte scalar, a 65-byte point, 64 bytes of r and s.
"""

import ctypes
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ulong, c_void_p
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from rongjun.kernel.crypto.errors import Sm2UnavailableError

_ORDER = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
_LONGEST_SIGNATURE = 72  # bytes of DER for two 32-byte numbers

# DER around a bare key, PKCS #8 and SPKI: AlgorithmIdentifier {id-ecPublicKey, sm2 (1.2.156.10197.1.301)}.
_ALGORITHM = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
_PRIVATE_HEAD = bytes.fromhex("3041020100") + _ALGORITHM + bytes.fromhex("042730250201010420")
_PUBLIC_HEAD = bytes.fromhex("3059") + _ALGORITHM + bytes.fromhex("034200")

# Only names that carry a version: others may be another library, and loading them kills Python on macOS.
_SYSTEM_NAMES = ("libcrypto.so.3", "libcrypto.so.4", "libcrypto.3.dylib", "libcrypto.4.dylib")
_OLDEST = 0x30000000

_PROTOTYPES: dict[str, tuple[type | None, list[type]]] = {
    "OpenSSL_version_num": (c_ulong, []),
    "ERR_clear_error": (None, []),
    "EVP_sm3": (c_void_p, []),
    "d2i_AutoPrivateKey": (c_void_p, [c_void_p, POINTER(c_char_p), c_long]),
    "d2i_PUBKEY": (c_void_p, [c_void_p, POINTER(c_char_p), c_long]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_PKEY_get_octet_string_param": (
        c_int,
        [c_void_p, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)],
    ),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_set1_id": (c_int, [c_void_p, c_char_p, c_int]),
    "EVP_DigestSignInit": (c_int, [c_void_p, POINTER(c_void_p), c_void_p, c_void_p, c_void_p]),
    "EVP_DigestSign": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_DigestVerifyInit": (c_int, [c_void_p, POINTER(c_void_p), c_void_p, c_void_p, c_void_p]),
    "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
}


def new_private_key() -> bytes:
    """Return a fresh scalar from the system's random source."""
    return (1 + secrets.randbelow(_ORDER - 2)).to_bytes(32, "big")


def public_point(private: bytes) -> bytes:
    """Return the uncompressed public point (04, x, y) of a scalar; raises ``ValueError`` for a bad scalar."""
    lib, point, size = _libcrypto(), ctypes.create_string_buffer(65), c_size_t()
    with _private_key(private) as key:
        _check(lib.EVP_PKEY_get_octet_string_param(key, b"encoded-pub-key", point, 65, byref(size)))
    return point.raw


def sign(private: bytes, message: bytes, *, user_id: bytes) -> bytes:
    """Return r and s (64 bytes) over ``message`` by the signer ``user_id``."""
    lib, der, size = (
        _libcrypto(),
        ctypes.create_string_buffer(_LONGEST_SIGNATURE),
        c_size_t(_LONGEST_SIGNATURE),
    )
    with _private_key(private) as key, _operation(lib.EVP_DigestSignInit, key, user_id) as context:
        _check(lib.EVP_DigestSign(context, der, byref(size), message, len(message)))
    r, s = decode_dss_signature(der.raw[: size.value])
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(point: bytes, message: bytes, signature: bytes, *, user_id: bytes) -> bool:
    """Whether ``signature`` (r and s, 64 bytes) over ``message`` was made by the holder of ``point``.

    Raises ``ValueError`` when ``point`` does not lie on the curve.
    """
    if len(signature) != 64:
        return False
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    lib = _libcrypto()
    with _public_key(point) as key, _operation(lib.EVP_DigestVerifyInit, key, user_id) as context:
        answer: int = lib.EVP_DigestVerify(context, der, len(der), message, len(message))
        lib.ERR_clear_error()
    return answer == 1


@contextmanager
def _private_key(private: bytes) -> Iterator[c_void_p]:
    if len(private) != 32 or not 0 < int.from_bytes(private, "big") < _ORDER - 1:
        raise ValueError("an SM2 private key is a number from 1 to n-2 in 32 bytes")
    with _key(_libcrypto().d2i_AutoPrivateKey, _PRIVATE_HEAD + private) as key:
        yield key


@contextmanager
def _public_key(point: bytes) -> Iterator[c_void_p]:
    if len(point) != 65:
        raise ValueError("an SM2 public key is an uncompressed point of 65 bytes")
    with _key(_libcrypto().d2i_PUBKEY, _PUBLIC_HEAD + point) as key:
        yield key


@contextmanager
def _key(load: Callable[..., int | None], der: bytes) -> Iterator[c_void_p]:
    lib = _libcrypto()
    key = c_void_p(load(None, byref(c_char_p(der)), len(der)))
    if not key:
        lib.ERR_clear_error()
        raise ValueError("this is not a point of the SM2 curve")
    try:
        yield key
    finally:
        lib.EVP_PKEY_free(key)


@contextmanager
def _operation(init: Callable[..., int], key: c_void_p, user_id: bytes) -> Iterator[c_void_p]:
    lib, inner = _libcrypto(), c_void_p()
    context = c_void_p(lib.EVP_MD_CTX_new())
    try:
        # The context owns ``inner``; the signer's id goes into Z before the first byte of the message.
        _check(init(context, byref(inner), lib.EVP_sm3(), None, key))
        _check(lib.EVP_PKEY_CTX_set1_id(inner, user_id, len(user_id)))
        yield context
    finally:
        lib.EVP_MD_CTX_free(context)


def _check(result: int) -> None:
    if result != 1:
        _libcrypto().ERR_clear_error()
        raise RuntimeError("libcrypto refused an SM2 operation")


@cache
def _libcrypto() -> ctypes.CDLL:
    for name in _candidates():
        lib = _open(name)
        if lib is not None:
            return lib
    raise Sm2UnavailableError(
        "这台机器上没有找到支持 SM2 的 OpenSSL 3 加密库（libcrypto）。"
        "请安装 libssl3（Debian、Ubuntu：apt install libssl3）后重试；不用 SM2 的功能不受影响。"
    )


def _candidates() -> list[str]:
    """Name the system's library first, then the one that comes with the database driver's wheel."""
    driver = find_spec("psycopg_binary")
    shipped = (
        Path(driver.origin).parent.with_name("psycopg_binary.libs") if driver and driver.origin else None
    )
    return [*_SYSTEM_NAMES, *(map(str, sorted(shipped.glob("libcrypto*"))) if shipped else ())]


def _open(name: str) -> ctypes.CDLL | None:
    """Return the library ``name`` ready for use, or ``None`` when it is absent, too old or without SM2."""
    try:
        lib = ctypes.CDLL(name)
        for function, (result, arguments) in _PROTOTYPES.items():
            getattr(lib, function).restype = result
            getattr(lib, function).argtypes = arguments
    except (OSError, AttributeError):
        return None
    if lib.OpenSSL_version_num() < _OLDEST:
        return None
    probe = _PRIVATE_HEAD + (1).to_bytes(32, "big")
    key = c_void_p(lib.d2i_AutoPrivateKey(None, byref(c_char_p(probe)), len(probe)))
    lib.EVP_PKEY_free(key)
    lib.ERR_clear_error()
    return lib if key else None
