"""A worker of the day's test, a process of its own, to be killed: `calls LETTERS HEARD`, or `file`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongjun.config.settings")
django.setup()

from datetime import datetime  # noqa: E402
from unittest import mock  # noqa: E402

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402

from rongjun.access.api import acting_as_job  # noqa: E402
from rongjun.insurance.actions.files import take_lines  # noqa: E402
from rongjun.insurance.hospital import Letter  # noqa: E402
from rongjun.insurance.hospital_simulator import PATH, deliver, hospital_signer  # noqa: E402
from rongjun.insurance.tests.scene import NOW  # noqa: E402


def call(post: Path, memory: Path) -> None:
    """Every letter nobody has heard an answer to; what is answered is written down after."""
    done = set(memory.read_text().split()) if memory.exists() else set[str]()
    client, signer = Client(), hospital_signer()

    def send(body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        kept = {name: value for name, value in headers.items() if name != "Content-Type"}
        answer = client.post(PATH, body, content_type="application/json", headers=kept)
        return answer.status_code, answer.content

    def now() -> datetime:
        return NOW

    with memory.open("a") as heard, mock.patch("django.utils.timezone.now", now):
        for way, message, skew, unheard in json.loads(post.read_text()):
            letter = Letter(way, message, skew, unheard)
            if letter.msgid in done:
                continue
            said = deliver(letter, send, now=now, signer=signer)  # type: ignore[arg-type]
            assert said.status == 200, said
            heard.write(f"{letter.msgid}\n")
            heard.flush()


def take_file() -> None:
    """Lines of the daily file, ten a transaction of the worker, until none waits."""
    by = "job:insurance.take-settlement-files"
    while True:
        with acting_as_job("insurance.take-settlement-files"):
            if not take_lines(most=10, by=by, now=NOW):
                return


if __name__ == "__main__":
    settings.ALLOWED_HOSTS = ["*"]
    sys.stdout.write("at work\n")
    sys.stdout.flush()
    if sys.argv[1] == "calls":
        call(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        take_file()
