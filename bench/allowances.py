"""A pay run of 42,000 with its comparison, and everybody over 17 years: `python -m bench.allowances FOLDER`.

The run is the real one: asked for, drawn up, checked, released, with payment batch, accounts and ledger, in a
database of its own. The month before was paid. The recomputation is after a rate order back-dated fifteen
months: every month of seventeen years of everybody again, against what was paid for it, with reasons, by as
many processes as there are cores. The differences are not written.
"""

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

from bench.ledger import own_database
from bench.measuring import keep_to_cores
from bench.setting import Setting, opened

RECIPIENTS: Final = {"full": 42_000, "small": 4_000}
YEARS: Final = 17
_BACK_DATED: Final = 15  # months a late rate order reaches back
_CITY: Final = 370200000000
_NOW: Final = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
_FIRST_RUN: Final = 2026 * 12 + 9  # October
_CHUNK: Final = 3000


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds of each part, how many were paid, and whether the books foot."""
    count = RECIPIENTS[setting.size.name]
    os.environ["RONGJUN_PROFILE"] = "demo"
    with own_database():
        from rongjun.allowances.tests import scene

        with scene.paying():
            scene.agree(fen=10**13)
            people = _people(count)
            first, begun = _paid_month(_FIRST_RUN, now=_NOW - timedelta(days=30))
            second, taken = _paid_month(_FIRST_RUN + 1, now=_NOW)
            recomputed = _recompute(people)
    return {
        "people": count,
        "first": begun,
        "lines": [first, second],
        "run": taken,
        "run_seconds": sum(taken.values()),
        **recomputed,
    }


def _people(count: int) -> list[UUID]:
    """So many disabled veterans of the city with an account and an award, put on file as rows."""
    from rongjun.allowances.tests import scene

    chance = Random(1)
    opened = _NOW - timedelta(days=400)
    made: list[UUID] = []
    for start in range(0, count, _CHUNK):
        records = [
            scene.veteran_record(
                grade=chance.randint(1, 10),
                cause=chance.choice(("war", "duty")),
                rated_on=date(chance.randint(1997, 2009), chance.randint(1, 12), 1),
                opened=opened,
            )
            for _ in range(start, min(start + _CHUNK, count))
        ]
        made += scene.on_file(records, now=opened)
    _grant(made, opened)
    return made


def _grant(people: list[UUID], now: datetime) -> None:
    """Awards as rows: forty thousand proposals by hand are not what is measured."""
    from rongjun.config.database import cluster

    told = "', '".join(str(person) for person in people)
    cluster().as_superuser(
        f"""
        alter table allowances_award disable trigger allowances_award_stands;
        insert into allowances_award (id, number, person_id, division, scheme, category, approved_on,
            document, details, first_month, facts, book, verdict, reasons, state, made_by, made_at,
            decided_by, decided_at, decided_why, ended_why, ended_document, ended_by, ended_checked_by,
            annulled_why, annulled_by, annulled_checked_by)
        select gen_random_uuid(), nextval('allowances_award_number'), id, division, 'disability-pension',
            'soldier', '2010-01-01', '示例', '{{}}', {_FIRST_RUN}, '{{}}', '', 'entitled', '[]', 'granted',
            'staff:maker', '{now.isoformat()}', 'staff:checker', '{now.isoformat()}', '', '', '', '', '', '',
            '', ''
        from registry_person where id in ('{told}');
        alter table allowances_award enable trigger allowances_award_stands;
        analyze;
        """,
        database="rongjun",
    )


def _paid_month(month: int, *, now: datetime) -> tuple[int, dict[str, float]]:
    """One month through three people's hands; how many lines, and seconds of each step."""
    from rongjun.access.api import acting_as, acting_as_job
    from rongjun.allowances import actions
    from rongjun.allowances.tests import scene

    taken = {}
    with acting_as(scene.MAKER):
        run = actions.ask_run(division=_CITY, month=month, pay_on=now.date(), by=scene.MAKER, now=now)
    for step in ("draw-up", "check", "release"):
        begun = time.perf_counter()
        if step == "draw-up":
            with acting_as_job("bench"):
                actions.draw_up_asked(now=now, today=now.date())
        elif step == "check":
            with acting_as(scene.CHECKER):
                actions.check_run(run, by=scene.CHECKER, now=now)
        else:
            with acting_as(scene.RELEASER):
                actions.release_run(run, by=scene.RELEASER, now=now)
        taken[step] = time.perf_counter() - begun
        print(step, f"{taken[step]:.1f} s", flush=True)
    return scene.look(run).count, taken


# --- everybody over seventeen years -------------------------------------------------------------------------


def _recompute(people: list[UUID]) -> dict[str, Any]:
    """Gather, then reckon every month of everybody against what was paid for it by a lower rate."""
    from rongjun.access.api import acting_as_job
    from rongjun.allowances.queries.histories import histories

    begun = time.perf_counter()
    told: list[Any] = []
    with acting_as_job("bench"):
        for start in range(0, len(people), _CHUNK):
            told += histories(people[start : start + _CHUNK], known_at=_NOW).values()
    gathered = time.perf_counter() - begun
    print("gathered", f"{gathered:.1f} s", flush=True)
    cores = len(os.sched_getaffinity(0))
    parts = [told[core::cores] for core in range(cores)]
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_reckoned, parts))
    reckoned = max(seconds for seconds, _months, _reasons in found)
    print("reckoned", f"{reckoned:.1f} s", flush=True)
    return {
        "gather_seconds": gathered,
        "reckon_seconds": reckoned,
        "recompute_seconds": gathered + reckoned,
        "months": sum(months for _seconds, months, _reasons in found),
        "reasons": sum(reasons for _seconds, _months, reasons in found),
        "cores": cores,
    }


@cache
def _book() -> Any:
    from bench.setting import POLICY
    from rongjun.allowances.loading import load_allowances

    return load_allowances(POLICY, place="cities/qingdao", fictional="paid")


def _reckoned(histories: list[Any]) -> tuple[float, int, int]:
    """Seconds, months that differ, and reasons, where the last fifteen months had been paid by another rate.

    What was paid is made up before the clock starts; then every month of seventeen years is reckoned anew.
    """
    from rongjun.allowances.logic.owing import months_owed
    from rongjun.allowances.logic.settling import settle

    last = _FIRST_RUN + 1
    first = last - YEARS * 12 + 1
    asked = [(history, _paid(history, first, last)) for history in histories]
    months = reasons = 0
    begun = time.perf_counter()
    for history, paid in asked:
        owed = months_owed(history, first=first, last=last, known_at=_NOW, book=_book())
        settled = settle(owed, paid, run_month=last)
        months += len(settled.payments)
        reasons += sum(len(delta.reasons) for delta in settled.deltas)
    return time.perf_counter() - begun, months, reasons


def _paid(history: Any, first: int, last: int) -> list[Any]:
    from rongjun.allowances.logic.owing import months_owed
    from rongjun.allowances.logic.settling import Payment
    from rongjun.kernel.money import Fen

    owed = months_owed(history, first=first, last=last, known_at=_NOW, book=_book())
    return [
        Payment(line.code, month, fen, line.standard, line.award, None, "", line.picked)
        if month <= last - _BACK_DATED
        else Payment(line.code, month, Fen(int(fen) * 9 // 10), "1/1", line.award, None, "", line.picked)
        for line in owed.lines
        if line.state == "owed"
        for month, fen in line.by_month()
    ]


if __name__ == "__main__":
    keep_to_cores()
    folder = Path(sys.argv[1])
    (folder / "allowances.json").write_text(json.dumps(measure(opened(folder))), "utf-8")
