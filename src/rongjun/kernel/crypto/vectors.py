"""The published vectors, run when the system starts: a wrong answer stops it before it writes anything."""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from rongjun.kernel.crypto.algorithms import SM2_DEFAULT_USER_ID, Algorithm
from rongjun.kernel.crypto.errors import SelfTestError, Sm2UnavailableError
from rongjun.kernel.crypto.signing import PublicKey
from rongjun.kernel.crypto.symmetric import encrypt, keyed_digest, sm3

_hex = bytes.fromhex


@dataclass(frozen=True, slots=True)
class SelfTestReport:
    """Which algorithms gave the published results, and which are absent from this machine."""

    passed: tuple[str, ...]
    absent: tuple[str, ...]


def self_test() -> SelfTestReport:
    """Run one public vector per algorithm (a few milliseconds); raises ``SelfTestError`` naming what failed.

    SM2 may be absent, since only those who ask for it need libcrypto; every other algorithm must work.
    """
    passed, absent = [], []
    for name, check in _CHECKS.items():
        try:
            good = check()
        except Sm2UnavailableError:
            absent.append(name)
            continue
        if not good:
            raise SelfTestError(
                f"密码算法自检失败：{name} 的结果与公开标准向量不符。"
                "系统已停止启动，请重新安装 cryptography 和 OpenSSL 后重试。"
            )
        passed.append(name)
    return SelfTestReport(tuple(passed), tuple(absent))


def _sm3_is_right() -> bool:
    """GB/T 32905, example 1."""
    return sm3(b"abc") == _hex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")


def _hmac_sha256_is_right() -> bool:
    """RFC 4231, case 2; HMAC-SM3 runs the same code over the digest checked above."""
    return keyed_digest(Algorithm.HMAC_SHA256, b"Jefe", b"what do ya want for nothing?") == _hex(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def _sm4_is_right() -> bool:
    """GB/T 32907, example 1."""
    key = _hex("0123456789abcdeffedcba9876543210")
    block = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 - one block, as published
    return block.update(key) == _hex("681edf34d206965e86b3e94f536e4246")


def _sm4_gcm_is_right() -> bool:
    """RFC 8998, A.1."""
    sealed = encrypt(
        Algorithm.SM4_GCM,
        _hex("0123456789abcdeffedcba9876543210"),
        nonce=_hex("00001234567800000000abcd"),
        plaintext=b"".join(bytes([value]) * 8 for value in _hex("aabbccddeeffeeaa")),
        bound_to=_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
    )
    return sealed == _hex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )


def _aes_gcm_is_right() -> bool:
    """The GCM specification's test case 14: 256-bit key, one block of zeros."""
    sealed = encrypt(Algorithm.AES_256_GCM, bytes(32), nonce=bytes(12), plaintext=bytes(16), bound_to=b"")
    return sealed == _hex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")


def _ed25519_is_right() -> bool:
    """RFC 8032, test 2."""
    key = PublicKey(
        Algorithm.ED25519, _hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    )
    signature = _hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    return _tells_apart(key, b"\x72", signature)


def _p256_is_right() -> bool:
    """RFC 6979, A.2.5, SHA-256, message "sample"."""
    point = _hex(
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    )
    signature = _hex(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )
    return _tells_apart(PublicKey(Algorithm.P256, point), b"sample", signature)


def _sm2_is_right() -> bool:
    """GB/T 32918.5, A.2."""
    point = _hex(
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    )
    signature = _hex(
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )
    return _tells_apart(PublicKey(Algorithm.SM2, point, SM2_DEFAULT_USER_ID), b"message digest", signature)


def _tells_apart(key: PublicKey, message: bytes, signature: bytes) -> bool:
    return key.verify(message, signature) and not key.verify(message + b".", signature)


_CHECKS: dict[str, Callable[[], bool]] = {
    "SM3": _sm3_is_right,
    "HMAC": _hmac_sha256_is_right,
    "SM4": _sm4_is_right,
    "SM4-GCM": _sm4_gcm_is_right,
    "AES-256-GCM": _aes_gcm_is_right,
    "Ed25519": _ed25519_is_right,
    "P-256": _p256_is_right,
    "SM2": _sm2_is_right,
}
