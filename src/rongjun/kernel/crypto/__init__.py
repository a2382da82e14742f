"""国密 algorithms and their international twins behind one key provider."""

from rongjun.kernel.crypto import symmetric
from rongjun.kernel.crypto.algorithms import SM2_DEFAULT_USER_ID, Algorithm
from rongjun.kernel.crypto.errors import (
    CryptoError,
    KeyFileError,
    MissingKeyError,
    SelfTestError,
    Sm2UnavailableError,
    Tampered,
)
from rongjun.kernel.crypto.keys import FileKeys, KeyProvider, KeyRecord
from rongjun.kernel.crypto.signing import PublicKey, Signature
from rongjun.kernel.crypto.symmetric import sm3
from rongjun.kernel.crypto.vectors import SelfTestReport, self_test

__all__ = [
    "SM2_DEFAULT_USER_ID",
    "Algorithm",
    "CryptoError",
    "FileKeys",
    "KeyFileError",
    "KeyProvider",
    "KeyRecord",
    "MissingKeyError",
    "PublicKey",
    "SelfTestError",
    "SelfTestReport",
    "Signature",
    "Sm2UnavailableError",
    "Tampered",
    "self_test",
    "sm3",
    "symmetric",
]
