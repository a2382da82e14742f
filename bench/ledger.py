"""Two-leg transfers by eight writers, with what guards them and without: `python -m bench.ledger FOLDER`.

Both are the ledger's own statements, to its own tables and to copies of them with the same keys and indexes
and no trigger of ours. Rounds of one and the other take turns, so that a busy moment meets both.
"""

import json
import os
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.measuring import keep_to_cores
from bench.setting import Setting, opened

WRITERS: Final = 8
# Rounds of each kind, and seconds a round.
_ROUNDS: Final = {"full": (9, 4.0), "small": (5, 1.0)}
_CITY: Final = 370200000000
_ACCOUNTS: Final = 64
_ON: Final = date(2026, 3, 2)
_COPIES: Final = """
    create table bench_transfer (like ledger_transfer including all);
    create table bench_entry (like ledger_entry including all);
    alter table bench_transfer
        add foreign key (ends_id) references bench_transfer deferrable initially deferred,
        add foreign key (corrects_id) references bench_transfer deferrable initially deferred,
        add foreign key (budget_id) references ledger_budgetline deferrable initially deferred;
    alter table bench_entry
        add foreign key (transfer_id) references bench_transfer deferrable initially deferred;
    grant select, insert on bench_transfer, bench_entry to app_batch;
"""
# What is asked of the tables: pairs of many accounts, of one pair, or out of one limited account.
SPREAD, HOT, LIMITED = "spread", "hot", "limited"


def measure(setting: Setting) -> dict[str, Any]:
    """Transfers a second of every round, with triggers and without, and through the door."""
    rounds, seconds = _ROUNDS[setting.size.name]
    with own_database():
        _open_accounts()
        context = get_context("spawn")
        with ProcessPoolExecutor(WRITERS, mp_context=context, initializer=_ready) as pool:

            def rate(work: Callable[[float, int], int]) -> float:
                seeds = [random.randrange(2**31) for _ in range(WRITERS)]
                booked = sum(pool.map(work, WRITERS * [seconds], seeds))
                return booked / seconds

            rate(partial(_raw, "ledger", SPREAD))  # a server and writers that have been running for a while
            rate(partial(_raw, "bench", SPREAD))
            taken: list[dict[str, float]] = []
            for number in range(rounds):
                pair = [
                    ("guarded", partial(_raw, "ledger", SPREAD)),
                    ("bare", partial(_raw, "bench", SPREAD)),
                ]
                told = {name: rate(work) for name, work in (pair if number % 2 else pair[::-1])}
                taken.append({**told, "ratio": told["guarded"] / told["bare"]})
            others = {
                "hot": rate(partial(_raw, "ledger", HOT)),
                "limited": rate(partial(_raw, "ledger", LIMITED)),
                "door": rate(_door),
                "door_limited": rate(_door_limited),
            }
        faults, transfers = _checked()
    return {
        "rounds": taken,
        "ratio": median(each["ratio"] for each in taken),
        "guarded": median(each["guarded"] for each in taken),
        "bare": median(each["bare"] for each in taken),
        "transfers": transfers,
        "faults": faults,
        **others,
    }


@contextmanager
def own_database() -> Iterator[None]:
    """A server of this measurement alone, which keeps what it says it kept; gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="rongjun-bench-", dir="/tmp"))
    place.chmod(0o755)
    os.environ.pop("DATABASE_URL", None)
    os.environ.update(RONGJUN_DATA=str(place), DJANGO_SETTINGS_MODULE="rongjun.config.settings")
    from rongjun.config import database
    from rongjun.config.serve import run_as_owner

    try:
        database.make_ready()
        run_as_owner("migrate", "-v", "0")
        import django

        django.setup()
        yield
    finally:
        database.cluster().stop()
        shutil.rmtree(place, ignore_errors=True)


def _open_accounts() -> None:
    from django.utils import timezone

    from rongjun.config.database import cluster
    from rongjun.kernel.money import Fen
    from rongjun.ledger import api as ledger

    told: dict[str, Any] = {"division": _CITY, "by": "bench", "now": timezone.now()}
    for number in range(_ACCOUNTS):
        ledger.open_account(f"bench.{number}", kind="payable", title="测量", **told)
    ledger.open_account("bench.fund", kind="fund", title="测量", floor=Fen(-(10**15)), **told)
    cluster().as_superuser(_COPIES, database="rongjun")


def _ready() -> None:
    import django

    django.setup()


def _raw(table: str, pattern: str, seconds: float, seed: int) -> int:
    """One writer with the ledger's own two statements; how many it booked."""
    import psycopg

    from rongjun.config.database import connection_parameters
    from rongjun.ledger.actions import booking

    dice, booked = random.Random(seed), 0
    transfers = booking.WRITE_TRANSFERS.replace("ledger_transfer", f"{table}_transfer")
    entries = booking.WRITE_ENTRIES.replace("ledger_entry", f"{table}_entry")
    with psycopg.connect(**connection_parameters("login"), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute("select set_config('role', 'app_batch', false), set_config('app.lo', '0', false)")
        connection.execute("select set_config('app.hi', '999999999999', false)")
        known: dict[str, int] = dict(connection.execute("select code, id from ledger_account").fetchall())
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            legs = _legs(pattern, dice, known)
            made, now = uuid.UUID(int=dice.getrandbits(128)), time.time()
            with connection.transaction():
                connection.execute(transfers, _transfer_columns(made, now))
                connection.execute(entries, _entry_columns(made, now, legs))
            booked += 1
    return booked


def _legs(pattern: str, dice: random.Random, known: dict[str, int]) -> list[tuple[int, int]]:
    if pattern == LIMITED:
        source, target = "bench.fund", f"bench.{dice.randrange(_ACCOUNTS)}"
    elif pattern == HOT:
        source, target = "bench.0", "bench.1"
    else:
        source, target = (f"bench.{each}" for each in dice.sample(range(_ACCOUNTS), 2))
    fen = dice.randrange(1, 10_000)
    return [(known[source], -fen), (known[target], fen)]


def _transfer_columns(made: uuid.UUID, now: float) -> list[list[Any]]:
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(now, UTC)
    row = [made, "post", _ON, at, "bench", "", "", "", bytes(32), 2, None, None, None, None, None]
    return [[each] for each in row]


def _entry_columns(made: uuid.UUID, now: float, legs: list[tuple[int, int]]) -> list[list[Any]]:
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(now, UTC)
    rows = [
        (made, line, account, _CITY, "posted", fen, _ON, at)
        for line, (account, fen) in enumerate(legs, start=1)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _door(seconds: float, seed: int) -> int:
    """One writer through `ledger.post`, between accounts without a limit."""
    return _through_the_door(seconds, seed, source="bench.0")


def _door_limited(seconds: float, seed: int) -> int:
    """One writer through `ledger.post`, all out of one limited account."""
    return _through_the_door(seconds, seed, source="bench.fund")


def _through_the_door(seconds: float, seed: int, *, source: str) -> int:
    from django.utils import timezone

    from rongjun.kernel.money import Fen
    from rongjun.ledger import api as ledger

    dice, booked = random.Random(seed), 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        legs = ledger.between(source, f"bench.{dice.randrange(1, _ACCOUNTS)}", Fen(dice.randrange(1, 100)))
        made = ledger.Transfer(uuid.UUID(int=dice.getrandbits(128)), legs, _ON)
        ledger.post(made, by="bench", now=timezone.now())
        booked += 1
    return booked


def _checked() -> tuple[int, int]:
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.ledger import api as ledger

    with acting_as_job("bench.check"):
        return len(ledger.faults(now=timezone.now())), ledger.counts()[0]


if __name__ == "__main__":
    keep_to_cores()
    folder = Path(sys.argv[1])
    (folder / "ledger.json").write_text(json.dumps(measure(opened(folder))), "utf-8")
