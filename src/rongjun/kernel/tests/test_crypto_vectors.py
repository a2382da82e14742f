"""The published vectors, and a second implementation to disagree with."""

from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.kernel.crypto import (
    SM2_DEFAULT_USER_ID,
    Algorithm,
    PublicKey,
    SelfTestError,
    Sm2UnavailableError,
    Tampered,
    self_test,
    sm2,
    sm3,
    vectors,
)
from rongjun.kernel.crypto.signing import load_signer, new_secret
from rongjun.kernel.crypto.symmetric import decrypt, encrypt, keyed_digest

FOLDER = Path(cryptography_vectors.__file__).parent
ALL = ("SM3", "HMAC", "SM4", "SM4-GCM", "AES-256-GCM", "Ed25519", "P-256", "SM2")


def read_vectors(name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (section, fields) of a file in NIST's form; a field that comes again begins the next round."""
    section, fields = "", dict[str, str]()
    for line in [*(FOLDER / name).read_text().splitlines(), "[end]"]:
        key, equals, value = (part.strip() for part in line.partition("="))
        starts_anew = not line.strip() or line.startswith("[") or key.upper() in fields
        if starts_anew and len(fields) > 1:
            yield section, fields
            fields = {}
        if line.startswith("["):
            section = line.strip("[] ")
        elif equals:
            fields[key.upper()] = value
        elif line.strip() == "FAIL":
            fields["FAIL"] = ""


def test_sm3_gives_the_published_digests() -> None:
    rounds = [fields for _, fields in read_vectors("hashes/SM3/oscca.txt")]
    for fields in rounds:
        message = bytes.fromhex(fields["MSG"])[: int(fields["LEN"]) // 8]
        assert sm3(message).hex() == fields["MD"]
    assert len(rounds) >= 5


def test_hmac_gives_the_published_digests() -> None:
    rounds = [fields for _, fields in read_vectors("HMAC/rfc-4231-sha256.txt")]
    for fields in rounds:
        digest = keyed_digest(
            Algorithm.HMAC_SHA256, bytes.fromhex(fields["KEY"]), bytes.fromhex(fields["MSG"])
        )
        assert digest.hex() == fields["MD"]
    assert len(rounds) >= 5


@given(st.binary(min_size=16, max_size=64), st.binary(max_size=300))
def test_hmac_sm3_agrees_with_another_implementation(key: bytes, message: bytes) -> None:
    assert keyed_digest(Algorithm.HMAC_SM3, key, message) == gmssl_pyx.sm3_hmac(key, message)


def test_sm4_gives_the_published_blocks() -> None:
    rounds = [fields for _, fields in read_vectors("ciphers/SM4/draft-ribose-cfrg-sm4-10-ecb.txt")]
    for fields in rounds:
        encryptor = Cipher(algorithms.SM4(bytes.fromhex(fields["KEY"])), modes.ECB()).encryptor()
        assert encryptor.update(bytes.fromhex(fields["PLAINTEXT"])) == bytes.fromhex(fields["CIPHERTEXT"])
    assert len(rounds) >= 2


def test_sm4_gcm_gives_the_published_ciphertext_and_opens_it() -> None:
    rounds = [fields for _, fields in read_vectors("ciphers/SM4/rfc8998.txt") if "TAG" in fields]
    for fields in rounds:
        assert_seals(Algorithm.SM4_GCM, fields, plaintext="PLAINTEXT", ciphertext="CIPHERTEXT")
    assert len(rounds) == 1


@pytest.mark.parametrize("name", ["gcmEncryptExtIV256.rsp", "gcmDecrypt256.rsp"])
def test_aes_gcm_gives_the_published_answers(name: str) -> None:
    rounds = [
        fields
        for _, fields in read_vectors(f"ciphers/AES/GCM/{name}")
        if len(fields.get("IV", "")) == 24 and len(fields.get("TAG", "")) == 32
    ]
    for fields in rounds:
        assert_seals(Algorithm.AES_256_GCM, fields, plaintext="PT", ciphertext="CT")
    assert len(rounds) > 300


def assert_seals(algorithm: Algorithm, fields: dict[str, str], *, plaintext: str, ciphertext: str) -> None:
    key, nonce, bound_to = (bytes.fromhex(fields[name]) for name in ("KEY", "IV", "AAD"))
    sealed = bytes.fromhex(fields[ciphertext]) + bytes.fromhex(fields["TAG"])
    if "FAIL" in fields:
        with pytest.raises(Tampered):
            decrypt(algorithm, key, nonce=nonce, sealed=sealed, bound_to=bound_to)
        return
    text = bytes.fromhex(fields[plaintext])
    assert encrypt(algorithm, key, nonce=nonce, plaintext=text, bound_to=bound_to) == sealed
    assert decrypt(algorithm, key, nonce=nonce, sealed=sealed, bound_to=bound_to) == text


def test_ed25519_gives_the_published_signatures() -> None:
    lines = (FOLDER / "asymmetric/Ed25519/sign.input").read_text().splitlines()
    for line in lines[::4]:
        secret, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        signer = load_signer(Algorithm.ED25519, secret[:32])
        assert signer.public_key == PublicKey(Algorithm.ED25519, public)
        assert signer.sign(message) == signed[:64]
        assert signer.public_key.verify(message, signed[:64])
    assert len(lines) == 1024


def test_p256_judges_the_published_signatures() -> None:
    rounds = [
        fields
        for section, fields in read_vectors("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp")
        if section == "P-256,SHA-256"
    ]
    for fields in rounds:
        point = bytes.fromhex("04" + fields["QX"].zfill(64) + fields["QY"].zfill(64))
        signature = bytes.fromhex(fields["R"].zfill(64) + fields["S"].zfill(64))
        assert judged(point, bytes.fromhex(fields["MSG"]), signature) == fields["RESULT"].startswith("P")
    assert len(rounds) == 15


def judged(point: bytes, message: bytes, signature: bytes) -> bool:
    try:
        return PublicKey(Algorithm.P256, point).verify(message, signature)
    except ValueError:  # the published point is not on the curve
        return False


def test_p256_accepts_the_published_deterministic_signatures() -> None:
    text = (FOLDER / "asymmetric/ECDSA/RFC6979/evppkey_ecdsa_rfc6979.txt").read_text()
    pem = text.split("PublicKey=P-256_PUB\n")[1].split("\n\n")[0]
    public = load_pem_public_key(pem.encode())
    assert isinstance(public, EllipticCurvePublicKey)
    key = PublicKey(Algorithm.P256, public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    rounds = [
        dict(line.split(" = ") for line in part.splitlines() if " = " in line)
        for part in text.split("\n\n")
        if "DigestSign = SHA256\nKey = P-256_PRIV\n" in part
    ]
    for fields in rounds:
        signature = raw(bytes.fromhex(fields["Output"]))
        assert key.verify(fields["Input"].strip('"').encode(), signature)
        assert not key.verify(b"another message", signature)
    assert len(rounds) == 2


def raw(der: bytes) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


def der(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


def test_sm2_derives_the_published_public_key() -> None:
    private = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
    point = sm2.public_point(private)
    assert point.hex().startswith("0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020")
    signature = sm2.sign(private, b"message digest", user_id=SM2_DEFAULT_USER_ID)
    assert sm2.verify(point, b"message digest", signature, user_id=SM2_DEFAULT_USER_ID)


user_ids = st.sampled_from([SM2_DEFAULT_USER_ID, b"partner-0001", b"x"])


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300), user_ids)
def test_sm2_of_another_implementation_accepts_our_signatures(message: bytes, user_id: bytes) -> None:
    private = sm2.new_private_key()
    point = sm2.public_point(private)
    signature = sm2.sign(private, message, user_id=user_id)
    assert gmssl_pyx.sm2_verify(point[1:], message, der(signature), user_id)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300), user_ids)
def test_we_accept_sm2_signatures_of_another_implementation(message: bytes, user_id: bytes) -> None:
    point, private = gmssl_pyx.sm2_key_generate()
    assert sm2.public_point(private) == b"\x04" + point
    signature = raw(gmssl_pyx.sm2_sign(private, point, message, user_id))
    assert sm2.verify(b"\x04" + point, message, signature, user_id=user_id)
    assert not sm2.verify(b"\x04" + point, message + b".", signature, user_id=user_id)
    assert not sm2.verify(b"\x04" + point, message, signature, user_id=user_id + b".")


@pytest.mark.parametrize("algorithm", [Algorithm.ED25519, Algorithm.P256, Algorithm.SM2])
def test_one_flipped_bit_spoils_a_signature(algorithm: Algorithm) -> None:
    user_id = SM2_DEFAULT_USER_ID if algorithm is Algorithm.SM2 else None
    signer = load_signer(algorithm, new_secret(algorithm), user_id=user_id)
    signature = signer.sign(b"approve batch 7")
    assert signer.public_key.verify(b"approve batch 7", signature)
    for place in range(0, 512, 37):
        wrong = bytearray(signature)
        wrong[place // 8] ^= 1 << place % 8
        assert not signer.public_key.verify(b"approve batch 7", bytes(wrong))
    for wrong_length in (signature[:-1], signature + b"\0", b"", bytes(64), b"\xff" * 64):
        assert not signer.public_key.verify(b"approve batch 7", wrong_length)


@pytest.mark.parametrize(
    ("algorithm", "point", "user_id"),
    [
        (Algorithm.SM4_GCM, bytes(32), None),
        (Algorithm.ED25519, bytes(31), None),
        (Algorithm.P256, bytes(64), None),
        (Algorithm.SM2, bytes(65), None),
        (Algorithm.P256, bytes(65), SM2_DEFAULT_USER_ID),
    ],
)
def test_what_is_no_public_key_is_refused(algorithm: Algorithm, point: bytes, user_id: bytes | None) -> None:
    with pytest.raises(ValueError, match="key"):
        PublicKey(algorithm, point, user_id)


@pytest.mark.parametrize(("algorithm", "user_id"), [(Algorithm.P256, None), (Algorithm.SM2, b"1")])
def test_a_point_off_the_curve_is_named_as_such(algorithm: Algorithm, user_id: bytes | None) -> None:
    key = PublicKey(algorithm, b"\x04" + b"\x01" * 64, user_id)
    with pytest.raises(ValueError, match="curve"):
        key.verify(b"", bytes(64))


@pytest.mark.parametrize("private", [bytes(32), b"\xff" * 32, b"\x01" * 31])
def test_an_impossible_sm2_key_is_refused(private: bytes) -> None:
    with pytest.raises(ValueError, match="private key"):
        sm2.sign(private, b"", user_id=SM2_DEFAULT_USER_ID)


def test_the_library_in_the_driver_wheel_serves_where_the_system_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sm2, "_SYSTEM_NAMES", ("libcrypto.so.nowhere",))
    sm2._libcrypto.cache_clear()
    try:
        assert "SM2" in self_test().passed
        assert "psycopg_binary" in sm2._libcrypto()._name
    finally:
        sm2._libcrypto.cache_clear()


@pytest.fixture
def no_libcrypto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sm2, "_candidates", lambda: ["libcrypto.so.nowhere"])
    sm2._libcrypto.cache_clear()
    yield
    sm2._libcrypto.cache_clear()


@pytest.mark.usefixtures("no_libcrypto")
def test_without_libcrypto_only_those_who_ask_for_sm2_hear_of_it() -> None:
    report = self_test()
    assert (report.passed, report.absent) == (ALL[:-1], ("SM2",))
    with pytest.raises(Sm2UnavailableError, match="请安装 libssl3"):
        load_signer(Algorithm.SM2, bytes(31) + b"\x01", user_id=SM2_DEFAULT_USER_ID)


def test_the_self_test_passes_here() -> None:
    report = self_test()
    assert (report.passed, report.absent) == (ALL, ())


def test_the_self_test_names_the_algorithm_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "sm3", lambda _: bytes(32))
    with pytest.raises(SelfTestError, match="SM3"):
        self_test()


def test_a_verifier_that_accepts_everything_fails_the_self_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2, "verify", lambda *_, **__: True)
    with pytest.raises(SelfTestError, match="SM2"):
        self_test()
