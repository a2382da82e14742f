"""A sealed upload opens as it was written, in its own place, or not at all."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongjun.files import sealing
from rongjun.kernel.crypto import FileKeys, MissingKeyError, Tampered, symmetric

UPLOAD = UUID("11111111-2222-4333-8444-555555555555")
SAID = {"division": 370202001000, "file_name": "测试.pdf", "notes": []}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> FileKeys:
    folder: Path = tmp_path_factory.mktemp("keys") / "keys"
    return FileKeys(folder)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of sixteen bytes, so that a short text has several."""
    monkeypatch.setattr(sealing, "CHUNK_BYTES", 16)


anyhow = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
STEP = 16 + symmetric.TAG_BYTES


def sealed_by(keys: FileKeys, content: bytes) -> bytes:
    return sealing.seal(content, upload=UPLOAD, particulars=SAID, keys=keys)


def parts(sealed: bytes) -> tuple[bytes, list[bytes]]:
    start = 8 + int.from_bytes(sealed[4:8], "big")
    return sealed[:start], [sealed[at : at + STEP] for at in range(start, len(sealed), STEP)]


@anyhow
@given(st.binary(max_size=100))
def test_what_was_sealed_opens_with_all_that_was_said_of_it(keys: FileKeys, content: bytes) -> None:
    opened = sealing.unseal(sealed_by(keys, content), upload=UPLOAD, keys=keys)
    assert (opened.content, opened.particulars) == (content, SAID)


@anyhow
@given(st.binary(min_size=20, max_size=100), st.data())
def test_one_changed_bit_anywhere_and_it_does_not_open(
    keys: FileKeys, content: bytes, data: st.DataObject
) -> None:
    sealed = bytearray(sealed_by(keys, content))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Tampered, MissingKeyError)):  # another version of the key is one nobody has
        sealing.unseal(bytes(sealed), upload=UPLOAD, keys=keys)


@anyhow
@given(st.binary(min_size=20, max_size=100), st.data())
def test_cut_anywhere_it_does_not_open(keys: FileKeys, content: bytes, data: st.DataObject) -> None:
    sealed = sealed_by(keys, content)
    with pytest.raises(Tampered):
        sealing.unseal(sealed[: data.draw(st.integers(0, len(sealed) - 1))], upload=UPLOAD, keys=keys)


@anyhow
@given(st.binary(min_size=40, max_size=100), st.data())
def test_chunks_in_another_order_do_not_open(keys: FileKeys, content: bytes, data: st.DataObject) -> None:
    head, chunks = parts(sealed_by(keys, content))
    shuffled = data.draw(st.permutations(chunks).filter(lambda order: order != chunks))
    with pytest.raises(Tampered):
        sealing.unseal(head + b"".join(shuffled), upload=UPLOAD, keys=keys)


def test_a_chunk_left_out_at_the_end_or_said_twice_is_noticed(keys: FileKeys) -> None:
    head, chunks = parts(sealed_by(keys, bytes(48)))
    assert len(chunks) == 3
    for changed in (chunks[:2], chunks[1:], [*chunks, chunks[2]], [chunks[0], chunks[0], chunks[2]]):
        with pytest.raises(Tampered):
            sealing.unseal(head + b"".join(changed), upload=UPLOAD, keys=keys)


def test_a_chunk_of_another_file_does_not_fit(keys: FileKeys) -> None:
    head, chunks = parts(sealed_by(keys, bytes(48)))
    _, others = parts(sealed_by(keys, bytes(48)))
    with pytest.raises(Tampered):
        sealing.unseal(head + others[0] + b"".join(chunks[1:]), upload=UPLOAD, keys=keys)


def test_a_file_put_in_anothers_place_does_not_open(keys: FileKeys) -> None:
    with pytest.raises(Tampered):
        sealing.unseal(sealed_by(keys, b"content"), upload=uuid4(), keys=keys)


def test_after_a_new_key_older_files_still_open(keys: FileKeys) -> None:
    before = sealed_by(keys, b"before")
    keys.rotate(sealing.PURPOSE)
    assert sealing.unseal(before, upload=UPLOAD, keys=keys).content == b"before"


def test_nothing_of_the_content_or_its_name_shows_in_the_file(keys: FileKeys) -> None:
    sealed = sealed_by(keys, b"a very readable sentence " * 4)
    assert b"readable" not in sealed
    assert "测试".encode() not in sealed
