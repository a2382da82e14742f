"""Replay to a settlement on DuckDB: one month of 8.4 million uses, and twelve of them, 100 million.

`python -m bench.replaying [--uses 8400000] [--months 12] [--folder FOLDER]`
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bench.invented_uses import PROGRAMMES, write_month
from bench.setting import POLICY
from rongjun.benefits.duck import Month, settle_month
from rongjun.benefits.logic.savings import Settled, fates_of, month_prices, next_month
from rongjun.kernel.money import Fen
from rongjun.rules.api import FareBook, load_book

KNOWN = date(2026, 11, 30)
FIRST = 202512


def replay(folder: Path, *, months: Sequence[int], fares: FareBook) -> tuple[list[Settled], list[float]]:
    """Settle month after month; the seconds of each."""
    found: list[Settled] = []
    seconds = []
    for month in months:
        began = time.perf_counter()
        prices = month_prices(fares, month=month, known_at=KNOWN, programmes=PROGRAMMES)
        found += settle_month(Month(folder / str(month), month, prices))
        seconds.append(time.perf_counter() - began)
        print(f"{month}: {seconds[-1]:.1f} s", flush=True)
    return found, seconds


def main(arguments: list[str] | None = None) -> int:
    """Make the months that are missing, settle them, print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.replaying")
    parser.add_argument("--uses", type=int, default=8_400_000, help="rows of a month")
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--folder", type=Path, help="keep the Parquet here")
    parser.add_argument("--city", default="qingdao")
    asked = parser.parse_args(arguments)
    fares = load_book(POLICY, city=asked.city).fares
    months = [FIRST]
    while len(months) < asked.months:
        months.append(next_month(months[-1]))
    with tempfile.TemporaryDirectory(prefix="rongjun-bench-") as spare:
        folder = asked.folder or Path(spare)
        for month in months:
            began = time.perf_counter()
            write_month(folder, month=month, uses=asked.uses)
            print(f"{month}: made in {time.perf_counter() - began:.1f} s", flush=True)
        made = _peak()
        lines, seconds = replay(folder, months=months, fares=fares)
    fates = fates_of(lines)
    told = {
        "uses": sum(fates.values()),
        "fates": fates,
        "savings": str(Fen(sum(line.savings_fen for line in lines))),
        "first_month_s": round(seconds[0], 2),
        "all_s": round(sum(seconds), 2),
        "peak_mib_before_and_after": [
            made // 1024,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        ],
    }
    print(json.dumps(told, ensure_ascii=False))
    return 0


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    sys.exit(main())
