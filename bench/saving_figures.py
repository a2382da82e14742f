"""The savings figure and its page over 100 million uses, from rollups of that size, in a cluster of our own.

`python -m bench.saving_figures [--days 1096] [--rounds 30]`: three years, twelve operators, five programmes,
ten districts, some 400 rows of the rollup a day. Bar: p95 of the figure and of the page's questions 200 ms.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.invented_city import RONGJUN, environment
from bench.measuring import timed, timing
from bench.setting import ROOT

LAST = date(2026, 11, 29)
DISTRICTS = (202, 203, 211, 212, 213, 214, 215, 281, 283, 285)
# Operator, programme, bands, prices paid, share of the uses in a thousand.
NETWORK = (
    *((number, 1, (1, 2), (0, 50), 130) for number in range(1, 7)),
    (7, 2, (1, 2, 3, 4, 5, 6, 7, 8), (0,), 110),
    (8, 2, (1, 2, 3, 4, 5, 6), (0,), 90),
    (9, 3, (1,), (0, 500), 5),
    (10, 4, (1, 2, 3, 4), (0,), 5),
    (11, 4, (2, 3, 4), (0, 1000), 5),
    (12, 5, (1, 2, 3), (0, 2900), 5),
)
CODES = {1: "bus", 2: "metro", 3: "ferry", 4: "scenic", 5: "telecom"}


def fill(days: int, *, uses: int) -> tuple[int, int, int]:
    """Rollups by day and month; the rows of each, and the uses they hold."""
    from django.db import connection

    from rongjun.access.api import acting_as_job

    first = LAST - timedelta(days=days - 1)
    keys = [
        (source, programme, 370000000000 + 1_000_000 * district, band, paid, share)
        for source, programme, bands, prices, share in NETWORK
        for district in DISTRICTS
        for band in bands
        for paid in prices
    ]
    whole = sum(key[5] for key in keys)
    with acting_as_job("bench.fill"), connection.cursor() as cursor:
        for number, code in CODES.items():
            cursor.execute(
                "insert into benefits_programme values (%s, %s, %s, 'transport.x', 'fiscal')",
                [number, code, code],
            )
        for number in range(1, 13):
            cursor.execute(
                "insert into benefits_use_source values (%s, %s, %s, %s, 'file', 370200000000, %s)",
                [number, f"s{number}", f"测试单位{number}", f"p{number}", first],
            )
        cursor.execute(
            """insert into benefits_use_day (day, source, programme, division, band, paid, n)
            select %s + d, source, programme, division, band, paid,
                   (%s::bigint * share / %s / %s * (80 + (d * 7 + source * 13 + band) %% 41) / 100)
            from generate_series(0, %s) d,
                 unnest(%s::smallint[], %s::smallint[], %s::bigint[], %s::smallint[], %s::int[], %s::int[])
                     as k(source, programme, division, band, paid, share)
            where (d + source) %% 97 <> 0""",
            [first, uses, whole, days, days - 1, *(list(column) for column in zip(*keys, strict=True))],
        )
        cursor.execute(
            """insert into benefits_use_month (month, span, source, programme, division, band, paid, n)
            select (extract(year from day) * 100 + extract(month from day))::int,
                   date_trunc('month', day)::date, source, programme, division, band, paid, sum(n)
            from benefits_use_day group by 1, 2, 3, 4, 5, 6, 7"""
        )
        cursor.execute("select count(*), sum(n) from benefits_use_day")
        by_day, held = cursor.fetchone()
        cursor.execute("select count(*) from benefits_use_month")
        by_month = cursor.fetchone()[0]
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return by_day, by_month, int(held)


def measure(rounds: int, *, days: int) -> dict[str, Any]:
    """Milliseconds, median and 95th percentile, of the figure of several periods."""
    from rongjun.access.api import acting_as_job
    from rongjun.benefits import api as benefits
    from rongjun.kernel.money import Fen

    first = LAST - timedelta(days=days - 1)
    with acting_as_job("bench.book"):
        fares = benefits.book().fares

    def asked(start: date, end: date) -> Callable[[], Any]:
        def ask() -> Any:
            with acting_as_job("bench.figure"):
                return benefits.savings_figure(start, end, fares=fares, known_at=LAST)

        return ask

    periods = {
        "everything": (first, LAST),
        "this year": (date(LAST.year, 1, 1), LAST),
        "whole year before": (date(LAST.year - 1, 1, 1), date(LAST.year - 1, 12, 31)),
        "one month": (date(LAST.year, 10, 1), date(LAST.year, 10, 31)),
        "half a month": (date(LAST.year, 10, 10), date(LAST.year, 10, 24)),
    }
    told: dict[str, Any] = {}
    for name, (start, end) in periods.items():
        ask = asked(start, end)
        figure = ask()
        found = timing([timed(ask) for _ in range(rounds)])
        told[name] = {
            "p50_ms": round(found.wall * 1000, 1),
            "p95_ms": round(found.p95 * 1000, 1),
            "uses": figure.total.uses,
            "yuan": str(Fen(figure.total.savings_fen)),
            "missing_days": figure.bounds.missing_days,
        }
        print(name, told[name], flush=True)
    return told


def main(arguments: list[str] | None = None) -> int:
    """Make a place, fill its rollups, measure, forget the place."""
    parser = argparse.ArgumentParser(prog="python -m bench.saving_figures")
    parser.add_argument("--days", type=int, default=1096)
    parser.add_argument("--uses", type=int, default=100_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rongjun-bench-", dir="/tmp") as folder:
        place = Path(folder)
        place.chmod(0o755)
        env = environment(place)
        subprocess.run([*RONGJUN, "migrate"], env=env, cwd=ROOT, check=True, capture_output=True)
        os.environ.pop("DATABASE_URL", None)
        os.environ.update(RONGJUN_DATA=folder, DJANGO_SETTINGS_MODULE="rongjun.config.settings")
        from rongjun.config import database

        started = database.make_ready()
        try:
            import django

            django.setup()
            began = time.perf_counter()
            by_day, by_month, held = fill(asked.days, uses=asked.uses)
            print(f"{by_day:,} + {by_month:,} rows hold {held:,} uses, {time.perf_counter() - began:.0f} s")
            told = measure(asked.rounds, days=asked.days)
        finally:
            if started:
                database.cluster().stop()
    print(json.dumps({"rows_by_day": by_day, "rows_by_month": by_month, "uses": held, **told}))
    return 0 if all(each["p95_ms"] <= 200 for each in told.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
