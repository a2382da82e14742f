"""Puts a file down or makes a call, outside any transaction. What goes wrong is an outcome, not an error."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests
from django.conf import settings

from rongjun.audit.api import keys
from rongjun.kernel.crypto import PublicKey, sm3
from rongjun.partners.actions.outbox import Parcel
from rongjun.partners.logic import statement
from rongjun.partners.logic.outbound import FAILED, SENT, US, Outcome, fault_of_address, outcome_of_answer

KEY = "partners"  # the purpose of our own signing key
_SECONDS = 5
_LONGEST_ANSWER = 64 * 1024


def our_key() -> PublicKey:
    """What partners check our signatures with."""
    return keys().public_key(KEY)


def deliver(parcel: Parcel, *, now: datetime) -> Outcome:
    """One try. Done twice, the partner finds the same file, or gets a call of the same key."""
    return _put_down(parcel) if parcel.channel == "file" else _call(parcel, now=now)


def _put_down(parcel: Parcel) -> Outcome:
    folder = Path(settings.OUT_FOLDER) / parcel.partner
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The signature first, so that no file is met without it.
        _write_whole(folder / f"{parcel.name}.sig", keys().sign(KEY, parcel.content).value.hex().encode())
        _write_whole(folder / parcel.name, parcel.content)
    except OSError as error:
        return Outcome(FAILED, f"写不进发件文件夹：{error.strerror}")
    return Outcome(SENT)


def _write_whole(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _call(parcel: Parcel, *, now: datetime) -> Outcome:
    fault = fault_of_address(parcel.address, synthetic=settings.SYNTHETIC)
    if fault:
        return Outcome(FAILED, fault)
    digest = sm3(parcel.content).hex()
    path = urlsplit(parcel.address).path or "/"
    signed = statement(method="POST", path=path, timestamp=now.isoformat(), key=parcel.key, digest=digest)
    headers = {
        "Content-Type": "application/json",
        "X-Rongjun-Partner": US,
        "X-Rongjun-Timestamp": now.isoformat(),
        "Idempotency-Key": parcel.key,
        "X-Rongjun-Digest": digest,
        "X-Rongjun-Signature": keys().sign(KEY, signed).value.hex(),
    }
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy of the environment between us and the partner
            answer = session.post(
                parcel.address,
                data=parcel.content,
                headers=headers,
                timeout=_SECONDS,
                allow_redirects=False,
                stream=True,
            )
            said = answer.raw.read(_LONGEST_ANSWER, decode_content=True)
    except (requests.RequestException, OSError) as error:
        return Outcome(FAILED, f"没有接通：{type(error).__name__}")
    return outcome_of_answer(answer.status_code, said, count=parcel.count)
