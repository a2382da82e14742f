"""Hands in uploads in forked processes, each of which kills itself at one line; run by `test_kills`.

Reads the numbers of the lines from its arguments; whoever gets to the end says so, with the upload's key.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any

import django

_OURS = "/rongjun/files/"


class _Killer:
    """Counts lines of our own code and of the last steps of a transaction; kills at one of them."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        if _OURS not in name and not name.endswith(("/db/transaction.py", "/access/scope.py")):
            return None
        if event == "line":
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def hand_in_once(at: int) -> None:
    """One upload, acknowledged on the output after its transaction has committed."""
    from rongjun.files import checks
    from rongjun.files.actions import intake
    from rongjun.files.tests import papers, scene

    setattr(intake, "inspect_apart", checks.inspect)  # noqa: B010 - as in the tests' conftest
    content = papers.png(size=(64, 48 + at % 7))
    sys.settrace(_Killer(at))
    upload = scene.hand_in(content)
    sys.settrace(None)
    os.write(1, f"{upload} {content.hex()}\n".encode())


def main(lines: list[int]) -> None:
    """One forked process a line, one after the other."""
    from rongjun.files.tests import papers, scene  # what a fork then need not load

    assert papers.png()
    assert scene.NOW
    for at in lines:
        child = os.fork()
        if not child:
            hand_in_once(at)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    django.setup()
    main([int(word) for word in sys.argv[1:]])
