"""The algorithms a key can be made for."""

from enum import StrEnum


class Algorithm(StrEnum):
    """国密 algorithms and their international twins; the name is recorded with every key."""

    SM4_GCM = "sm4-gcm"
    AES_256_GCM = "aes-256-gcm"
    HMAC_SM3 = "hmac-sm3"
    HMAC_SHA256 = "hmac-sha256"
    ED25519 = "ed25519"
    P256 = "es256"
    SM2 = "sm2"


SEALING = frozenset({Algorithm.SM4_GCM, Algorithm.AES_256_GCM})
INDEXING = frozenset({Algorithm.HMAC_SM3, Algorithm.HMAC_SHA256})
SIGNING = frozenset({Algorithm.ED25519, Algorithm.P256, Algorithm.SM2})

# GM/T 0009-2012. Editions differ about the default, so it is always passed and recorded, never implied.
SM2_DEFAULT_USER_ID = b"1234567812345678"
