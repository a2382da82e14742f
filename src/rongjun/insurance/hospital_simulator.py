"""The invented hospital as a process of its own: it sends its day by signed calls, and asks when unsure.

`python -m rongjun.insurance.hospital_simulator --url URL --people FILE --day DAY …` knows what a hospital
knows of us: an address, its own key, its people. It keeps in one file what was answered, so that it can be
killed and go on: what was not answered is asked again with the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import create_connection
from urllib.parse import urlsplit

from rongjun.insurance.hospital import BEIJING, Letter, People, letters
from rongjun.kernel.crypto import Algorithm, sm3
from rongjun.kernel.crypto.signing import Signer, load_signer

PARTNER = "hospital"
PATH = "/insurance/settlements"
OK = 200
_PATIENCE = 180  # seconds in which a server starts, also on a busy machine
Send = Callable[[bytes, Mapping[str, str]], tuple[int, bytes]]


def hospital_signer() -> Signer:
    """The key of the invented hospital. Anybody can make it anew: it may sign nothing but invented bills."""
    return load_signer(Algorithm.ED25519, sm3(f"rongjun simulator {PARTNER}".encode()))


@dataclass(frozen=True, slots=True)
class Heard:
    """What one letter came to: an HTTP status, and what was said."""

    msgid: str
    way: str
    status: int
    said: Mapping[str, object]


def headers_of(letter: Letter, *, moment: datetime, signer: Signer) -> dict[str, str]:
    """The signed headers of a call; the key is the message's id, so asking again is the same call."""
    digest = sm3(letter.body).hex()
    stamp = moment.isoformat()
    signed = "\n".join(("POST", PATH, stamp, letter.msgid, digest)).encode()
    return {
        "Content-Type": "application/fhir+json" if letter.as_fhir else "application/json",
        "X-Rongjun-Partner": PARTNER,
        "X-Rongjun-Timestamp": stamp,
        "Idempotency-Key": letter.msgid,
        "X-Rongjun-Digest": digest,
        "X-Rongjun-Signature": signer.sign(signed).hex(),
    }


def deliver(letter: Letter, send: Send, *, now: Callable[[], datetime], signer: Signer) -> Heard:
    """Send one letter as this hospital does: with its clock as it is, and again when it heard nothing."""
    status, said = 0, b"{}"
    if letter.unheard:
        send(letter.body, headers_of(letter, moment=now(), signer=signer))  # accepted; the answer is lost
    if letter.skew_minutes:
        skewed = now() + timedelta(minutes=letter.skew_minutes)
        status, said = send(letter.body, headers_of(letter, moment=skewed, signer=signer))
    if status != OK:
        status, said = send(letter.body, headers_of(letter, moment=now(), signer=signer))
    return Heard(letter.msgid, letter.way, status, json.loads(said))


def wait_for(url: str) -> None:
    """Wait until somebody listens there, as long as a start may take."""
    parts = urlsplit(url)
    for _ in range(_PATIENCE):
        try:
            with create_connection((parts.hostname or "localhost", parts.port or 80), timeout=1):
                return
        except OSError:
            time.sleep(1)


def over_http(url: str) -> Send:
    """Calls to a server on this machine; a broken connection is tried three times."""
    parts = urlsplit(url)

    def send(body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        for attempt in range(3):
            connection = HTTPConnection(parts.hostname or "localhost", parts.port, timeout=20)
            try:
                connection.request("POST", PATH, body, dict(headers))
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, HTTPException):
                time.sleep(0.3 * (attempt + 1))
            finally:
                connection.close()
        return 0, b"{}"

    return send


def _clock() -> datetime:
    return datetime.now(BEIJING)  # noqa: TID251 - a process of its own, with the hospital's own clock


def day_of(letters_sent: list[Letter], send: Send, *, memory: Path, pause: float) -> Iterator[Heard]:
    """Everything that was not answered yet, in order; each answer is kept before the next letter."""
    done = set(memory.read_text("utf-8").split()) if memory.exists() else set[str]()
    signer = hospital_signer()
    with memory.open("a", encoding="utf-8") as kept:
        for letter in letters_sent:
            if letter.msgid in done:
                continue
            heard = deliver(letter, send, now=_clock, signer=signer)
            if heard.status:
                kept.write(f"{letter.msgid}\n")
                kept.flush()
            yield heard
            time.sleep(pause)


def read_people(file: Path) -> People:
    """The people of a JSON file: insured, not_insured, unknown."""
    said = json.loads(file.read_text("utf-8"))
    return People(said["insured"], said.get("not_insured", ()), said.get("unknown", ()))


def main() -> int:
    """Send one day; print what became of it, as JSON, or in a word where it stays beside a server."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--url", required=True)
    asked.add_argument("--people", type=Path, required=True)
    asked.add_argument("--day", type=date.fromisoformat, required=True)
    asked.add_argument("--count", type=int, default=20)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--pause", type=float, default=0.2)
    asked.add_argument("--memory", type=Path, required=True)
    asked.add_argument("--letters", type=Path, help="instead of a drawn day, these messages")
    asked.add_argument("--stay", action="store_true", help="do not end: wait for the server, then stay")
    asked.add_argument("--fhir", action="store_true", help="write every message as a FHIR resource")
    given = asked.parse_args()
    if given.stay:
        wait_for(given.url)
    if given.letters:
        told = json.loads(given.letters.read_text("utf-8"))
        sent = [Letter("plain", message) for message in told]
    else:
        sent = letters(read_people(given.people), day=given.day, count=given.count, seed=given.seed)
    sent = [replace(letter, as_fhir=given.fhir) for letter in sent]
    states: Counter[str] = Counter()
    for heard in day_of(sent, over_http(given.url), memory=given.memory, pause=given.pause):
        states[str(heard.said.get("state") or heard.status)] += 1
        if given.stay:
            continue
        told = {"msgid": heard.msgid, "way": heard.way, "status": heard.status, **heard.said}
        sys.stdout.write(f"{json.dumps(told, ensure_ascii=False)}\n")
        sys.stdout.flush()
    if given.stay:
        sys.stdout.write(f"示范医院 发出 {states.total()} 张结算单\n")
        sys.stdout.flush()
    else:
        sys.stderr.write(f"{json.dumps({'sent': len(sent), 'states': dict(states)}, ensure_ascii=False)}\n")
    while given.stay:
        time.sleep(_PATIENCE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
