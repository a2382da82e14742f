import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.kernel.crypto import (
    SM2_DEFAULT_USER_ID,
    Algorithm,
    CryptoError,
    FileKeys,
    KeyFileError,
    KeyProvider,
    MissingKeyError,
    Signature,
    Tampered,
)
from rongjun.kernel.crypto.key_files import make_key, read_keys, write_key

PURPOSE = "registry.identity-number"
PLACE = b"registry_document:number:7"
SIGNING = {"audit.anchor": Algorithm.ED25519, "cards.issuer": Algorithm.P256, "ledger.batch": Algorithm.SM2}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys"


@pytest.fixture
def keys(folder: Path) -> FileKeys:
    return FileKeys(folder, algorithms={**SIGNING, "aes.twin": Algorithm.AES_256_GCM})


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_file_keys_are_a_key_provider(keys: FileKeys) -> None:
    provider: KeyProvider = keys
    assert provider.open(PURPOSE, provider.seal(PURPOSE, b"", PLACE), PLACE) == b""


@pytest.mark.parametrize("purpose", [PURPOSE, "aes.twin"])
def test_a_sealed_value_opens_in_its_place_and_nowhere_else(keys: FileKeys, purpose: str) -> None:
    token = keys.seal(purpose, b"990001195001010023", PLACE)
    assert len(token) == 18 + 31
    assert b"990001" not in token
    assert keys.open(purpose, token, PLACE) == b"990001195001010023"
    with pytest.raises(Tampered):
        keys.open(purpose, token, b"registry_document:number:8")
    keys.seal("registry.phone", b"", PLACE)
    with pytest.raises(Tampered):
        keys.open("registry.phone", token, PLACE)


def test_a_purpose_and_a_place_cannot_run_into_each_other(keys: FileKeys, folder: Path) -> None:
    token = keys.seal("a.b", b"secret", b"c:d")
    key = json.loads((folder / "a.b.seal.1.key").read_text())
    (folder / "a.bc.seal.1.key").write_text(json.dumps({**key, "purpose": "a.bc"}))
    (folder / "a.bc.seal.1.key").chmod(0o600)
    with pytest.raises(Tampered):
        FileKeys(folder).open("a.bc", token, b":d")


@pytest.mark.parametrize("purpose", [PURPOSE, "aes.twin"])
def test_every_flipped_bit_is_noticed(keys: FileKeys, purpose: str) -> None:
    token = keys.seal(purpose, b"secret", PLACE)
    for place in range(len(token) * 8):
        wrong = bytearray(token)
        wrong[place // 8] ^= 1 << place % 8
        names_another_key = place // 8 in (1, 2)
        with pytest.raises(MissingKeyError if names_another_key else Tampered):
            keys.open(purpose, bytes(wrong), PLACE)


@given(st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(tmp_path_factory: pytest.TempPathFactory, token: bytes) -> None:
    keys = FileKeys(tmp_path_factory.mktemp("keys") / "keys")
    keys.seal(PURPOSE, b"", PLACE)
    with pytest.raises(CryptoError):
        keys.open(PURPOSE, token, PLACE)


def test_the_mark_of_the_other_algorithm_does_not_choose_the_algorithm(keys: FileKeys) -> None:
    token = keys.seal(PURPOSE, b"secret", PLACE)
    twin = keys.seal("aes.twin", b"secret", PLACE)
    assert (token[0], twin[0]) == (0x11, 0x12)
    with pytest.raises(Tampered):
        keys.open(PURPOSE, twin[:1] + token[1:], PLACE)


def test_no_nonce_repeats_in_a_hundred_thousand_seals(keys: FileKeys) -> None:
    nonces = {keys.seal(PURPOSE, b"", PLACE)[3:15] for _ in range(100_000)}
    assert len(nonces) == 100_000


def test_an_index_is_equal_for_equal_values_under_one_purpose_only(keys: FileKeys, folder: Path) -> None:
    index = keys.index(PURPOSE, b"990001195001010023")
    assert index == FileKeys(folder).index(PURPOSE, b"990001195001010023")
    assert len(index) == 32
    assert index != keys.index(PURPOSE, b"990001195001010015")
    assert index != keys.index("registry.other", b"990001195001010023")


def test_rotation_seals_with_the_new_key_and_still_opens_the_old(keys: FileKeys) -> None:
    old = keys.seal(PURPOSE, b"old", PLACE)
    index = keys.index(PURPOSE, b"value")
    assert keys.rotate(PURPOSE) == 2
    new = keys.seal(PURPOSE, b"new", PLACE)
    assert (old[1:3], new[1:3]) == (b"\0\1", b"\0\2")
    assert keys.open(PURPOSE, old, PLACE) == b"old"
    assert keys.open(PURPOSE, new, PLACE) == b"new"
    assert keys.index(PURPOSE, b"value") == index


def test_another_process_learns_of_a_rotation_without_a_restart(keys: FileKeys, folder: Path) -> None:
    keys.seal(PURPOSE, b"", PLACE)
    other = FileKeys(folder)
    time.sleep(0.02)  # folder times are kept in ticks of the kernel's clock
    keys.rotate(PURPOSE)
    assert other.open(PURPOSE, keys.seal(PURPOSE, b"new", PLACE), PLACE) == b"new"
    assert other.seal(PURPOSE, b"", PLACE)[1:3] == b"\0\2"


def test_a_key_keeps_its_algorithm_when_new_keys_get_another(folder: Path) -> None:
    old = FileKeys(folder, algorithms={PURPOSE: Algorithm.AES_256_GCM}).seal(PURPOSE, b"old", PLACE)
    keys = FileKeys(folder, algorithms={PURPOSE: Algorithm.SM4_GCM})
    assert keys.seal(PURPOSE, b"", PLACE)[0] == old[0] == 0x12
    keys.rotate(PURPOSE)
    assert keys.seal(PURPOSE, b"", PLACE)[0] == 0x11
    assert keys.open(PURPOSE, old, PLACE) == b"old"


@pytest.mark.parametrize("purpose", SIGNING)
def test_a_signature_is_verified_under_its_own_purpose_and_version(keys: FileKeys, purpose: str) -> None:
    signature = keys.sign(purpose, b"message")
    assert signature.algorithm is SIGNING[purpose]
    assert keys.verify(purpose, b"message", signature)
    assert not keys.verify(purpose, b"another", signature)
    assert keys.rotate(purpose, "sign") == 2
    assert keys.sign(purpose, b"message").key_version == 2
    assert keys.verify(purpose, b"message", signature)
    moved = Signature(signature.algorithm, 2, signature.value)
    assert not keys.verify(purpose, b"message", moved)
    assert keys.public_key(purpose, 1).verify(b"message", signature.value)
    assert not keys.public_key(purpose).verify(b"message", signature.value)
    with pytest.raises(MissingKeyError, match="第 3 版"):
        keys.verify(purpose, b"message", Signature(signature.algorithm, 3, signature.value))


@pytest.mark.parametrize("purpose", SIGNING)
def test_a_signature_survives_storage_and_names_its_algorithm(keys: FileKeys, purpose: str) -> None:
    signature = keys.sign(purpose, b"message")
    packed = signature.to_bytes()
    assert len(packed) == 67
    assert Signature.from_bytes(packed) == signature
    for wrong in (packed[:-1], packed + b"\0", b"\0" + packed[1:], b""):
        with pytest.raises(ValueError, match="stored signature"):
            Signature.from_bytes(wrong)


def test_a_signature_of_another_algorithm_is_not_even_tried(keys: FileKeys) -> None:
    signature = keys.sign("audit.anchor", b"message")
    assert not keys.verify("audit.anchor", b"message", Signature(Algorithm.P256, 1, signature.value))


def test_the_sm2_user_id_is_recorded_with_the_key(keys: FileKeys, folder: Path) -> None:
    assert keys.public_key("ledger.batch").user_id == SM2_DEFAULT_USER_ID
    stored = json.loads((folder / "ledger.batch.sign.1.key").read_text())
    assert bytes.fromhex(stored["user_id"]) == SM2_DEFAULT_USER_ID
    assert stored["algorithm"] == "sm2"


def test_keys_lie_in_a_closed_folder_in_closed_files(keys: FileKeys, folder: Path) -> None:
    keys.seal(PURPOSE, b"", PLACE)
    keys.index(PURPOSE, b"")
    assert mode(folder) == 0o700
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        f"{PURPOSE}.seal.1.key": 0o600,
        f"{PURPOSE}.index.1.key": 0o600,
    }


@pytest.mark.parametrize("open_mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_file_open_to_others_stops_the_start(keys: FileKeys, folder: Path, open_mode: int) -> None:
    keys.seal(PURPOSE, b"", PLACE)
    file = folder / f"{PURPOSE}.seal.1.key"
    file.chmod(open_mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        FileKeys(folder)
    file.chmod(0o600)
    FileKeys(folder)


def test_a_folder_open_to_others_stops_the_start(keys: FileKeys, folder: Path) -> None:
    folder.chmod(0o750)
    with pytest.raises(KeyFileError, match="chmod 700"):
        FileKeys(folder)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"use": []}',
        '{"purpose": "x", "use": "seal", "version": 1, "algorithm": "sm4-gcm"}',
    ],
)
def test_a_broken_key_file_says_to_restore_it(folder: Path, content: str) -> None:
    FileKeys(folder).seal(PURPOSE, b"", PLACE)
    (folder / f"{PURPOSE}.seal.1.key").write_text(content)
    with pytest.raises(KeyFileError, match="从备份恢复"):
        FileKeys(folder)


def test_a_key_too_short_for_its_algorithm_or_of_the_wrong_kind_is_broken(folder: Path) -> None:
    FileKeys(folder).seal(PURPOSE, b"", PLACE)
    file = folder / f"{PURPOSE}.seal.1.key"
    good = json.loads(file.read_text())
    for wrong in ({"secret": "00"}, {"algorithm": "hmac-sm3"}, {"secret": "zz" * 16}, {"use": "open"}):
        file.write_text(json.dumps({**good, **wrong}))
        with pytest.raises(KeyFileError, match="已损坏"):
            FileKeys(folder)


def test_a_renamed_linked_or_unknown_file_is_not_taken_for_a_key(folder: Path) -> None:
    FileKeys(folder).seal(PURPOSE, b"", PLACE)
    file = folder / f"{PURPOSE}.seal.1.key"
    renamed = file.rename(folder / f"{PURPOSE}.seal.2.key")
    with pytest.raises(KeyFileError, match="文件名不符"):
        FileKeys(folder)
    target = renamed.rename(folder.parent / "elsewhere")
    file.symlink_to(target)
    with pytest.raises(KeyFileError, match="打不开"):
        FileKeys(folder)
    file.rename(folder / "notes.key")
    with pytest.raises(KeyFileError, match="不认识的文件"):
        FileKeys(folder)


def test_without_leave_to_create_a_missing_key_is_an_error(folder: Path) -> None:
    FileKeys(folder).seal(PURPOSE, b"", PLACE)
    keys = FileKeys(folder, create=False)
    keys.seal(PURPOSE, b"", PLACE)
    for ask in (
        lambda: keys.index(PURPOSE, b""),
        lambda: keys.seal("registry.phone", b"", PLACE),
        lambda: keys.sign("audit.anchor", b""),
    ):
        with pytest.raises(MissingKeyError, match="备份"):
            ask()
    assert len(list(folder.iterdir())) == 1


def test_the_inventory_tells_a_restored_key_from_a_new_one_and_shows_no_secret(
    keys: FileKeys, folder: Path
) -> None:
    keys.seal(PURPOSE, b"", PLACE)
    keys.rotate(PURPOSE)
    keys.index("a.b", b"")
    inventory = keys.inventory()
    assert [(record.purpose, record.use, record.version, record.algorithm) for record in inventory] == [
        ("a.b", "index", 1, Algorithm.HMAC_SM3),
        (PURPOSE, "seal", 1, Algorithm.SM4_GCM),
        (PURPOSE, "seal", 2, Algorithm.SM4_GCM),
    ]
    assert FileKeys(folder).inventory() == inventory
    assert len({record.fingerprint for record in inventory}) == 3
    secrets = [key.secret.hex() for key in read_keys(folder)]
    printed = repr(inventory) + "".join(repr(key) for key in read_keys(folder)) + repr(keys.__dict__)
    assert not any(secret in printed for secret in secrets)


def test_of_two_who_create_one_version_the_first_wins(folder: Path) -> None:
    FileKeys(folder)
    first, second = (make_key(PURPOSE, use="seal", version=1, algorithm=Algorithm.SM4_GCM) for _ in range(2))
    assert write_key(folder, first)
    assert not write_key(folder, second)
    assert list(read_keys(folder)) == [first]
    assert [path.name for path in folder.iterdir()] == [first.file_name]


RACER = """
import sys, pathlib
from rongjun.kernel.crypto import FileKeys
folder, go = map(pathlib.Path, sys.argv[1:])
keys = FileKeys(folder)
print("ready", flush=True)
while not go.exists():
    pass
print(*(keys.index(f"race.number-{n}", b"value").hex() for n in range(20)))
"""


def test_processes_that_start_at_once_agree_on_every_key(folder: Path, tmp_path: Path) -> None:
    go = tmp_path / "go"
    command = [sys.executable, "-c", RACER, str(folder), str(go)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    go.touch()
    answers = {racer.communicate(timeout=30)[0] for racer in racers}
    assert len(answers) == 1
    assert len(answers.pop().split()) == 20
    assert sorted(path.suffix for path in folder.iterdir()) == [".key"] * 20


@pytest.mark.parametrize("purpose", ["", "Registry", "../escape", "a/b", "a..b", "a.b.", "a b"])
def test_a_purpose_is_a_plain_name(keys: FileKeys, folder: Path, purpose: str) -> None:
    with pytest.raises(AssertionError):
        keys.seal(purpose, b"", PLACE)
    assert list(folder.iterdir()) == []


def test_a_value_bound_to_nothing_is_our_own_mistake(keys: FileKeys) -> None:
    with pytest.raises(AssertionError):
        keys.seal(PURPOSE, b"", b"")
