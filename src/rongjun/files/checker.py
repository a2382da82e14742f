"""Checks a file in a process of its own, with little memory and little time, so that no file can do harm.

The process reads the file from its input and answers one line of JSON; it knows no database and no key.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

from rongjun.files import checks
from rongjun.files.checks import Sound
from rongjun.kernel.errors import Refused

MOST_MEMORY = 1024 * 1024 * 1024
MOST_CPU_SECONDS = 10
MOST_SECONDS = 60
_KNOWN = ("PATH", "LANG", "PYTHONPATH", "LD_LIBRARY_PATH")


def inspect_apart(content: bytes) -> Sound:
    """As `checks.inspect`; a file that takes too much is Refused("files.too-hard-to-check")."""
    environment = {name: os.environ[name] for name in _KNOWN if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "rongjun.files.checker"],
            input=content,
            capture_output=True,
            timeout=MOST_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused("files.too-hard-to-check") from error
    if done.returncode != 0:
        raise Refused("files.too-hard-to-check")
    return _understood(done.stdout)


def _understood(answer: bytes) -> Sound:
    """The checker's answer; it has touched the file, so only what it may say is believed."""
    told = json.loads(answer)
    if "code" in told:
        # Its sentence is checked where it is first raised, in `checks`.
        refusal, params = Refused, told["params"]
        assert str(told["code"]).startswith("files.")
        raise refusal(told["code"], **{str(name): int(value) for name, value in params.items()})
    return Sound(str(told["media_type"]), tuple(map(str, told["notes"])))


def _answer(content: bytes) -> dict[str, object]:
    try:
        found = checks.inspect(content)
    except Refused as refused:
        return {"code": refused.code, "params": refused.params}
    return {"media_type": found.media_type, "notes": found.notes}


def main() -> None:
    """Read the file from the input, answer on the output."""
    limits = {
        resource.RLIMIT_AS: MOST_MEMORY,
        resource.RLIMIT_CPU: MOST_CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))
    sys.stdout.write(json.dumps(_answer(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
