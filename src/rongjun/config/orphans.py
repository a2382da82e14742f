"""Processes that do not outlive the one that started them, however that one ends.

A parent that is killed can tell its children nothing, so the kernel does (Linux: PR_SET_PDEATHSIG). Elsewhere
children end by the orderly word of their parent only.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """Be killed as soon as the process `parent`, which must be our own parent, is gone.

    Killed, not asked: whoever dies without a word leaves nobody to wait for an orderly end, and what was not
    committed is rolled back by the database either way.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before we had asked
        os.kill(os.getpid(), signal.SIGKILL)


def end_with_server() -> None:
    """For a process of the application server: end with the one that spawned it; elsewhere do nothing."""
    server = multiprocessing.parent_process()
    if server is not None and server.pid is not None:
        end_with_parent(server.pid)
