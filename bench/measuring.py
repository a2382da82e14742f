"""Clocks and memory: medians of wall time beside the processor time of the same runs."""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

CORES: Final = 2
# Polars takes as many threads as it finds processors; children read this before it does.
THREADS: Final = {"POLARS_MAX_THREADS": str(CORES)}


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: the median and the 95th percentile of wall time, the median of processor time, how many runs.

    Where the machine has other work, wall time on one core is well above processor time.
    """

    wall: float
    p95: float
    cpu: float
    runs: int

    def plain(self) -> dict[str, float | int]:
        """As JSON has it."""
        return {"wall": self.wall, "p95": self.p95, "cpu": self.cpu, "runs": self.runs}


def timing(samples: Sequence[tuple[float, float]]) -> Timing:
    """Sum up (wall, processor) seconds of at least two runs."""
    walls = [wall for wall, _ in samples]
    return Timing(median(walls), quantiles(walls, n=20)[-1], median(cpu for _, cpu in samples), len(samples))


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall and processor seconds of one run. Garbage is collected as always; the result is thrown away."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def each_timed(work: Iterable[Callable[[], Any]]) -> Timing:
    """Time many pieces of work, one after another."""
    return timing([timed(piece) for piece in work])


def keep_to_cores() -> None:
    """Let this process use two processors only, where the system can be asked to."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def peak_bytes() -> int:
    """The most memory this process has held.

    Linux is asked for the mark of this program alone: `getrusage` remembers the parent from before `exec`.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
