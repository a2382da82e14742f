"""Signatures by Ed25519, P-256 and SM2, all over bare keys: 32 secret bytes, 64 bytes of signature."""

import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rongjun.kernel.crypto import sm2
from rongjun.kernel.crypto.algorithms import SIGNING, Algorithm

SIGNATURE_BYTES = 64
_P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
_POINT_BYTES = {Algorithm.ED25519: 32, Algorithm.P256: 65, Algorithm.SM2: 65}
_MARKS = {Algorithm.ED25519: 0x21, Algorithm.P256: 0x22, Algorithm.SM2: 0x23}
_BY_MARK = {mark: algorithm for algorithm, mark in _MARKS.items()}
_LAYOUT = struct.Struct(f">BH{SIGNATURE_BYTES}s")


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature with the key version that made it; ``value`` is R and S or r and s, 64 bytes."""

    algorithm: Algorithm
    key_version: int
    value: bytes

    def to_bytes(self) -> bytes:
        """Return 67 bytes to store: mark of the algorithm, key version, value."""
        return _LAYOUT.pack(_MARKS[self.algorithm], self.key_version, self.value)

    @classmethod
    def from_bytes(cls, packed: bytes) -> Self:
        """Read what ``to_bytes`` gave; raises ``ValueError`` for anything else."""
        if len(packed) != _LAYOUT.size or packed[0] not in _BY_MARK:
            raise ValueError("this is not a stored signature")
        mark, version, value = _LAYOUT.unpack(packed)
        return cls(_BY_MARK[mark], version, value)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, ours or a partner's: 32 bytes for Ed25519, else the uncompressed point of 65 bytes.

    ``user_id`` is the SM2 signer's id and stands with the key, because partners differ about it;
    the others have none.
    """

    algorithm: Algorithm
    point: bytes
    user_id: bytes | None = None

    def __post_init__(self) -> None:
        if self.algorithm not in SIGNING or len(self.point) != _POINT_BYTES[self.algorithm]:
            raise ValueError("this is not a public key of that algorithm")
        if (self.user_id is None) == (self.algorithm is Algorithm.SM2):
            raise ValueError("an SM2 key, and only that, names its user id")

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` (64 bytes) over ``message`` is this key's.

        Raises ``ValueError`` when the point is not on its curve, ``Sm2UnavailableError`` without libcrypto.
        """
        if len(signature) != SIGNATURE_BYTES:
            return False
        if self.algorithm is Algorithm.SM2:
            return sm2.verify(self.point, message, signature, user_id=self.user_id or b"")
        try:
            if self.algorithm is Algorithm.ED25519:
                Ed25519PublicKey.from_public_bytes(self.point).verify(signature, message)
            else:
                _verify_p256(self.point, message, signature)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """A private key ready to sign; printing it shows nothing of it."""

    public_key: PublicKey
    sign: Callable[[bytes], bytes]


def new_secret(algorithm: Algorithm) -> bytes:
    """Return a fresh private key of 32 bytes from the system's random source."""
    if algorithm is Algorithm.SM2:
        return sm2.new_private_key()
    if algorithm is Algorithm.P256:
        return (1 + secrets.randbelow(_P256_ORDER - 1)).to_bytes(32, "big")
    return secrets.token_bytes(32)


def load_signer(algorithm: Algorithm, secret: bytes, *, user_id: bytes | None = None) -> Signer:
    """Return the signer of a private key; SM2 needs its ``user_id``, the others take none."""
    if algorithm is Algorithm.SM2:
        public = PublicKey(algorithm, sm2.public_point(secret), user_id)
        return Signer(public, partial(sm2.sign, secret, user_id=user_id or b""))
    if algorithm is Algorithm.ED25519:
        edwards = Ed25519PrivateKey.from_private_bytes(secret)
        return Signer(PublicKey(algorithm, edwards.public_key().public_bytes_raw(), user_id), edwards.sign)
    nist = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    point = nist.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Signer(PublicKey(algorithm, point, user_id), partial(_sign_p256, nist))


def _sign_p256(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _verify_p256(point: bytes, message: bytes, signature: bytes) -> None:
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise ValueError("this is not a point of the P-256 curve") from error
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
