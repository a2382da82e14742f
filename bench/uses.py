"""Uses through HTTP beside COPY of the same batches, and a day by file: `python -m bench.uses FOLDER`.

The served application is the real one. The same client processes send each batch twice, signed to the server
and as text COPY into a table of the same shape, in turns; rates are medians of the turns.
"""

import http.client
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.invented_city import over_city
from bench.measuring import keep_to_cores, timed
from bench.population import SEED
from bench.serving import served
from bench.setting import Setting, opened

BATCH: Final = 500
CLIENTS: Final = 4  # processes, each with one connection that is kept
PATH: Final = "/uses/batches"
_TURNS: Final = 5
_BATCHES: Final = {"full": 100, "small": 30}  # of one client in one turn
_FILE: Final = {"full": 300_000, "small": 30_000}
_GATES, _FILES = "bench-gates", "bench-files"
_PLACES: Final = 200
_COLUMNS: Final = ("reference", "card", "used_at", "programme", "place", "band", "paid")
Rows = list[tuple[str, int, str, str, str, int, int]]


def measure(setting: Setting) -> dict[str, Any]:
    """Rates through HTTP and by COPY, and the seconds of a file."""
    with over_city(setting) as place:
        run = f"{int(time.time()):x}"
        cards, secret = _prepare(run)
        before = _differences()
        with served(place) as port:
            turns, spent = _in_turns(setting, run, cards, secret, port)
        told = _sound(before)
        return {
            "batch": BATCH,
            "clients": CLIENTS,
            "http": median(turn[0] for turn in turns),
            "copy": median(turn[1] for turn in turns),
            "ratio": median(turn[0] / turn[1] for turn in turns),
            "rows": sum(turn[2] for turn in turns),
            "processor": spent,
            "p50": median(turn[3] for turn in turns),
            "p95": median(turn[4] for turn in turns),
            "file": _by_file(setting, run, cards),
            **told,
        }


# --- the scene ----------------------------------------------------------------------------------------------


def _prepare(run: str) -> tuple[list[int], str]:
    """Sources, places, open months, a partner that may call; the references of cards and its secret."""
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.benefits.actions import uses
    from rongjun.partners import api as partners

    today, seat = timezone.localdate(), 370200000000
    with acting_as_job("bench.prepare"):
        from django.db import connection

        uses.open_months(back=4, today=today)
        secret = partners.add_partner(
            f"bench-{run}", name="测量", division=seat, agreed={"uses/1": ""}, channels=["call", "file"],
            expected_since=today, by="operator:bench", now=timezone.now(), daily_calls=10**6,
        )  # fmt: skip
        number = int(run, 16) % 10_000 + 10_000
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into benefits_programme values (100, 'bus', '公交', 'bench', 'fiscal')"
                " on conflict (code) do nothing"
            )
            for place, (code, record) in enumerate(((_GATES, "device"), (_FILES, "file"))):
                cursor.execute(
                    "insert into benefits_use_source values (%s, %s, %s, %s, %s, %s, %s)",
                    [number + 10_000 * place, f"{code}-{run}", "测量", f"bench-{run}", record, seat, today],
                )
                cursor.execute(
                    "insert into benefits_use_place (source_id, code, title, seat)"
                    " select %s, n::text, '测量' || n, %s from generate_series(1, %s) n",
                    [number + 10_000 * place, seat, _PLACES],
                )
            cursor.execute("select reference from cards_carrier where state = 'valid' order by reference")
            cards = [reference for (reference,) in cursor.fetchall()]
    assert cards, "the invented city has no cards"
    with _owner() as connection_:
        connection_.execute("drop table if exists bench_use")
        connection_.execute(
            "create table bench_use (like benefits_use including all) partition by range (month)"
        )
        connection_.execute("create table bench_use_all partition of bench_use default")
    return cards, secret


@contextmanager
def _owner() -> Iterator[Any]:
    import psycopg

    from rongjun.config.database import connection_parameters

    with psycopg.connect(**connection_parameters("owner"), autocommit=True) as connection:  # type: ignore[arg-type]
        yield connection


def _rows(run: str, cards: Sequence[int], *, client: int, turn: int, count: int) -> Rows:
    """Uses of the last days: as many cards as a day has, a few lines and bands."""
    chance = random.Random(f"{SEED} {client} {turn}")
    now = datetime.now().astimezone() - timedelta(minutes=1)
    return [
        (
            f"{run}-{client}-{turn}-{number}",
            chance.choice(cards),
            (now - timedelta(seconds=chance.randrange(86_400))).isoformat(timespec="seconds"),
            "bus",
            str(chance.randrange(1, _PLACES + 1)),
            1,
            0,
        )
        for number in range(count)
    ]


# --- in turns -----------------------------------------------------------------------------------------------


def _in_turns(
    setting: Setting, run: str, cards: Sequence[int], secret: str, port: int
) -> tuple[list[tuple[float, float, int, float, float]], dict[str, float]]:
    """Of each turn both rates, rows and latencies; milliseconds of processor a batch costs by each road."""
    batches = _BATCHES[setting.size.name]
    from rongjun.config.database import connection_parameters

    told = {
        "run": run, "cards": list(cards[:50_000]), "secret": secret, "port": port, "batches": batches,
        "owner": connection_parameters("owner"),
    }  # fmt: skip
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(CLIENTS + 1), context.SimpleQueue()
    workers = [
        context.Process(target=_client, args=(number, told, barrier, answers)) for number in range(CLIENTS)
    ]
    for worker in workers:
        worker.start()
    turns, spent = [], dict[str, list[float]](http=[], copy=[])
    for turn in range(_TURNS + 1):  # the first one warms everything up
        rates, latencies, refused = [], [], 0
        for _road in ("http", "copy"):
            before = _processor()
            barrier.wait(timeout=600)  # all have their batches ready
            began = time.perf_counter()
            barrier.wait(timeout=600)  # all are done
            if turn:
                spent[_road].append((_processor() - before) / (CLIENTS * batches) * 1000)
            rates.append(CLIENTS * batches * BATCH / (time.perf_counter() - began))
            for _ in workers:
                seconds, missed = answers.get()
                refused += missed
                if _road == "http":
                    latencies += seconds
        assert not refused, f"{refused} rows were not taken in"
        latencies.sort()
        if turn:
            at = (latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.95)])
            turns.append((rates[0], rates[1], CLIENTS * batches * BATCH, *at))
    for worker in workers:
        worker.join(timeout=60)
    return turns, {road: median(each) for road, each in spent.items()}


def _processor() -> float:
    """Seconds of processor that clients, application and database have used; 0 where that cannot be read.

    Neighbours bend what two roads take by the clock, and not alike; this they hardly bend.
    """
    from rongjun.config import database

    postmaster = int((database.cluster().data / "postmaster.pid").read_text("ascii").split()[0])
    held: dict[int, list[str]] = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # one that has just ended
            text = each.read_text("ascii", "replace")
            held[int(text.split(" ", 1)[0])] = text.rpartition(")")[2].split()
    ours, ticks = {os.getpid(), postmaster}, 0
    # The fields after the name begin with state and parent; 11 and 12 are the ticks of the process itself.
    while more := {pid for pid, said in held.items() if int(said[1]) in ours} - ours:
        ours |= more
    for pid in ours & held.keys():
        ticks += int(held[pid][11]) + int(held[pid][12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _client(number: int, told: dict[str, Any], barrier: Barrier, answers: Any) -> None:
    """One client process: sends its batches by both roads, in step with the others."""
    import psycopg

    keep_to_cores()
    kept = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=60)
    with psycopg.connect(**told["owner"], autocommit=True) as connection:
        for turn in range(_TURNS + 1):
            rows = _rows(told["run"], told["cards"], client=number, turn=turn, count=told["batches"] * BATCH)
            parts = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
            bodies = [_body(told["run"], part) for part in parts]
            texts = [_text(part) for part in parts]
            for work in (
                lambda bodies=bodies, turn=turn: _send(kept, bodies, told, f"{number}-{turn}"),
                lambda texts=texts: _copy(connection, texts),
            ):
                barrier.wait(timeout=600)
                done = work()  # type: ignore[no-untyped-call]
                barrier.wait(timeout=600)
                answers.put(done)


def _body(run: str, rows: Rows) -> bytes:
    columns = dict(zip(_COLUMNS, (list(column) for column in zip(*rows, strict=True)), strict=True))
    return json.dumps({"source": f"{_GATES}-{run}", **columns}).encode()


def _text(rows: Rows) -> bytes:
    """The same batch as the table holds it."""
    return "".join(
        f"{int(at[:4]) * 100 + int(at[5:7])}\t1\t{reference}\t{card}\t{at}\t{at[:10]}\t1\t{place}"
        f"\t{band}\t{paid}\t370202000000\t1\n"
        for reference, card, at, _, place, band, paid in rows
    ).encode()


def _send(
    kept: http.client.HTTPConnection, bodies: Sequence[bytes], told: dict[str, Any], name: str
) -> tuple[list[float], int]:
    from rongjun.kernel.crypto import Algorithm, sm3
    from rongjun.kernel.crypto.symmetric import keyed_digest

    secret, taken, seconds = bytes.fromhex(told["secret"]), 0, []
    for place, body in enumerate(bodies):
        moment, digest, key = datetime.now().astimezone().isoformat(), sm3(body).hex(), f"{name}-{place:06d}"
        signed = "\n".join(("POST", PATH, moment, key, digest)).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Rongjun-Partner": f"bench-{told['run']}",
            "X-Rongjun-Timestamp": moment,
            "Idempotency-Key": key,
            "X-Rongjun-Digest": digest,
            "X-Rongjun-Signature": keyed_digest(Algorithm.HMAC_SM3, secret, signed).hex(),
        }
        began = time.perf_counter()
        kept.request("POST", PATH, body=body, headers=headers)
        answer = kept.getresponse()
        content = answer.read()
        seconds.append(time.perf_counter() - began)
        assert answer.status == 200, content[:300]
        taken += json.loads(content)["accepted"]
    return seconds, len(bodies) * BATCH - taken


def _copy(connection: Any, texts: Sequence[bytes]) -> tuple[list[float], int]:
    for text in texts:
        with connection.cursor() as cursor, cursor.copy("copy bench_use from stdin") as copy:
            copy.write(text)
    return [], 0


def _differences() -> int:
    """Lines of the rollups of these months that are no recount; a place may hold some that were invented."""
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.benefits.queries.uses import rollup_differences

    today = timezone.localdate()
    with acting_as_job("bench.recount"):
        return sum(
            rollup_differences(month.year * 100 + month.month)
            for month in {today.replace(day=1), (today - timedelta(days=1)).replace(day=1)}
        )


def _sound(before: int) -> dict[str, Any]:
    """Whether the rollups are a recount of what came in, and what one small commit costs."""
    from django.db import connection

    from rongjun.access.api import acting_as_job

    assert _differences() == before, "the rollups are no recount of the rows"

    def commit() -> None:
        with acting_as_job("bench.commit"), connection.cursor() as cursor:
            cursor.execute("update benefits_use_source set title = title where id = 0 or title = '测量'")

    return {"commit": median(timed(commit)[0] for _ in range(50))}


# --- by file ------------------------------------------------------------------------------------------------


def _by_file(setting: Setting, run: str, cards: Sequence[int]) -> dict[str, Any]:
    """An operator's day: received and checked, loaded in parts, reconciled."""
    from django.conf import settings
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.benefits.actions.use_files import load_part
    from rongjun.partners import api as partners

    count, day = _FILE[setting.size.name], timezone.localdate() - timedelta(days=1)
    known = partners.formats_in(settings.CONTRACTS_ROOT / "files")["uses/1"]
    content = partners.write_file(
        known, _file_rows(run, cards, day=day, count=count), partner=f"bench-{run}", business_date=day,
        sequence=1,
    )  # fmt: skip

    def receive() -> None:
        with acting_as_job("bench.receive"):
            partners.receive_file(
                content, partner=f"bench-{run}", file_name="uses.csv", by="operator:bench", now=timezone.now()
            )

    def load() -> None:
        is_left = True
        while is_left:
            with acting_as_job("bench.load"):
                step = load_part(by="operator:bench", now=timezone.now())
                is_left = step is not None and step.settled < step.found

    balances: list[Any] = []

    def reconcile() -> None:
        today = timezone.localdate()
        with acting_as_job("bench.balance"):
            balances.extend(partners.balance(since=today, until=today))

    steps: dict[str, Callable[[], None]] = {"receive": receive, "load": load, "reconcile": reconcile}
    told = {name: timed(step) for name, step in steps.items()}
    (mine,) = [each for each in balances if each.channel == f"file:bench-{run}:uses/1"]
    assert (mine.taken_in, mine.done, mine.refused, mine.waiting, mine.gap) == (count, count, 0, 0, 0), mine
    return {
        "rows": count,
        "seconds": sum(wall for wall, _ in told.values()),
        "cpu": sum(cpu for _, cpu in told.values()),
        **{name: wall for name, (wall, _) in told.items()},
    }


def _file_rows(run: str, cards: Sequence[int], *, day: date, count: int) -> Iterator[list[str]]:
    chance = random.Random(f"{SEED} file")
    for number in range(count):
        second = number * 86_399 // count
        at = f"{day}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}+08:00"
        place = str(chance.randrange(1, _PLACES + 1))
        yield [f"F{run}-{number}", str(chance.choice(cards)), at, "bus", place, "1", "0"]


if __name__ == "__main__":
    keep_to_cores()
    os.environ.setdefault("TZ", "Asia/Shanghai")
    time.tzset()
    folder = Path(sys.argv[1])
    (folder / "uses.json").write_text(json.dumps(measure(opened(folder))), "utf-8")
