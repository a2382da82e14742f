"""SM3, keyed digests and authenticated encryption, each one call into ``cryptography``."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC

from rongjun.kernel.crypto.algorithms import Algorithm
from rongjun.kernel.crypto.errors import Tampered

NONCE_BYTES = 12
TAG_BYTES = 16
SECRET_BYTES = {
    Algorithm.SM4_GCM: 16,
    Algorithm.AES_256_GCM: 32,
    Algorithm.HMAC_SM3: 32,
    Algorithm.HMAC_SHA256: 32,
}


def sm3(data: bytes) -> bytes:
    """Return the SM3 digest (GB/T 32905) of ``data``: 32 bytes."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


def keyed_digest(algorithm: Algorithm, key: bytes, data: bytes) -> bytes:
    """Return the HMAC of ``data`` with SM3 or SHA-256: 32 bytes."""
    digest = HMAC(key, SM3() if algorithm is Algorithm.HMAC_SM3 else SHA256())
    digest.update(data)
    return digest.finalize()


def encrypt(algorithm: Algorithm, key: bytes, *, nonce: bytes, plaintext: bytes, bound_to: bytes) -> bytes:
    """Return ciphertext and 16-byte tag by SM4-GCM or AES-256-GCM; a nonce never repeats under one key."""
    if algorithm is Algorithm.AES_256_GCM:
        return AESGCM(key).encrypt(nonce, plaintext, bound_to)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bound_to)
    return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def decrypt(algorithm: Algorithm, key: bytes, *, nonce: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """Return the plaintext of ciphertext and tag; raises ``Tampered``."""
    if len(sealed) < TAG_BYTES:
        raise Tampered
    try:
        if algorithm is Algorithm.AES_256_GCM:
            return AESGCM(key).decrypt(nonce, sealed, bound_to)
        decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
        decryptor.authenticate_additional_data(bound_to)
        return decryptor.update(sealed[:-TAG_BYTES]) + decryptor.finalize()
    except InvalidTag:
        raise Tampered from None
