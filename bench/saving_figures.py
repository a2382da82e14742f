"""The savings figure and the leader's pages over 100 million uses: `python -m bench.saving_figures FOLDER`.

The rollups are written by SQL as that many uses make them, for inventing the uses would take an hour: three
years, twelve operators, five programmes, ten districts, some 550 lines a day, and every operator has
days that it did not deliver. The figure is asked for in this process, the pages over HTTP.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.invented_city import over_city
from bench.measuring import keep_to_cores, timed, timing
from bench.pages import Visitor
from bench.serving import served
from bench.setting import Setting, opened

DAYS: Final = 1096
USES: Final = 100_000_000
_ROUNDS: Final = {"full": 40, "small": 20}
DISTRICTS: Final = (202, 203, 211, 212, 213, 214, 215, 281, 283, 285)
# Programme, bands, prices paid, share of the uses in a thousand, of each operator.
NETWORK: Final = (
    *(6 * (("bus", (1, 2), (0, 50), 130),)),
    ("metro", (1, 2, 3, 4, 5, 6, 7, 8), (0,), 110),
    ("metro", (1, 2, 3, 4, 5, 6), (0,), 90),
    ("ferry", (1,), (0, 500), 5),
    ("scenic", (1, 2, 3, 4), (0,), 5),
    ("scenic", (2, 3, 4), (0, 1000), 5),
    ("telecom", (1, 2, 3), (0, 2900), 5),
)
_FIRST_SOURCE: Final = 31_001
LEADER: Final = "bench-leader"
Told = dict[str, float]


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds of the figure of several periods, of its parts, and of the pages that show it."""
    rounds = _ROUNDS[setting.size.name]
    with over_city(setting) as place:
        from django.utils import timezone

        last = timezone.localdate() - timedelta(days=1)
        first = last - timedelta(days=DAYS - 1)
        began = time.perf_counter()
        held = _fill(first)
        filled = time.perf_counter() - began
        figures = _figures(first, last, rounds=rounds)
        login = _leader()
        with served(place, with_pages=True) as port:
            pages = _pages(Visitor(port, login), first, last, rounds=rounds)
    return {
        **held,
        "filled": filled,
        "rounds": rounds,
        "figures": figures,
        "pages": pages,
        "figure_p95": max(each["p95"] for each in figures.values()),
        "page_p95": max(each["p95"] for each in pages.values()),
    }


# --- the rollups --------------------------------------------------------------------------------------------

_LINES = """
    insert into benefits_use_day (day, source, programme, division, band, paid, n)
    select %(first)s + d, source, programme, division, band, paid,
           (%(uses)s::bigint * share / %(whole)s / %(days)s * (80 + (d * 7 + source * 13 + band) %% 41) / 100)
    from generate_series(0, %(days)s - 1) d,
         unnest(%(source)s::smallint[], %(programme)s::smallint[], %(division)s::bigint[],
                %(band)s::smallint[], %(paid)s::int[], %(share)s::int[])
             as k(source, programme, division, band, paid, share)
    where (d + source) %% 97 <> 0
"""
_MONTHS = """
    insert into benefits_use_month (month, span, source, programme, division, band, paid, n)
    select (extract(year from day) * 100 + extract(month from day))::int, date_trunc('month', day)::date,
           source, programme, division, band, paid, sum(n)
    from benefits_use_day where source >= %(from)s group by 1, 2, 3, 4, 5, 6, 7
"""
_HELD = """
    select count(*), coalesce(sum(n), 0)::bigint,
           (select count(*) from benefits_use_month where source >= %(from)s)
    from benefits_use_day where source >= %(from)s
"""


def _fill(first: date) -> dict[str, int]:
    """Operators and rollups, unless this place has them already; how many lines, and the uses."""
    from django.db import connection

    from rongjun.access.api import acting_as_job

    mark = {"from": _FIRST_SOURCE}
    with acting_as_job("bench.fill"), connection.cursor() as cursor:
        cursor.execute("select 1 from benefits_use_source where id = %(from)s", mark)
        if cursor.fetchone() is None:
            _agree(cursor, first)
            cursor.execute(_LINES, {**_keys(_programmes(cursor)), "first": first, "uses": USES, "days": DAYS})
            cursor.execute(_MONTHS, mark)
        cursor.execute(_HELD, mark)
        by_day, uses, by_month = cursor.fetchone()
    with _owner() as owner:
        owner.execute("analyze benefits_use_day, benefits_use_month, benefits_use_days_held")
    return {"by_day": by_day, "by_month": by_month, "uses": uses}


def _agree(cursor: Any, first: date) -> None:
    """Programmes and operators."""
    for number, code in enumerate(dict.fromkeys(each[0] for each in NETWORK)):
        cursor.execute(
            "insert into benefits_programme values (%s, %s, %s, 'bench', 'fiscal')"
            " on conflict (code) do nothing",
            [31_001 + number, code, f"测量{code}"],
        )
    for number in range(len(NETWORK)):
        source = _FIRST_SOURCE + number
        cursor.execute(
            "insert into benefits_use_source values (%s, %s, %s, %s, 'file', 370200000000, %s)",
            [source, f"bench-s{number}", f"测量单位{number + 1}", f"bench-p{number}", first],
        )


def _programmes(cursor: Any) -> dict[str, int]:
    cursor.execute("select code, id from benefits_programme")
    return dict(cursor.fetchall())


def _keys(programmes: Mapping[str, int]) -> dict[str, Any]:
    """The lines every day has, column by column."""
    keys = [
        (_FIRST_SOURCE + number, programmes[code], 370000000000 + 1_000_000 * district, band, paid, share)
        for number, (code, bands, prices, share) in enumerate(NETWORK)
        for district in DISTRICTS
        for band in bands
        for paid in prices
    ]
    names = ("source", "programme", "division", "band", "paid", "share")
    columns = dict(zip(names, map(list, zip(*keys, strict=True)), strict=True))
    return {**columns, "whole": sum(key[5] for key in keys)}


@contextmanager
def _owner() -> Iterator[Any]:
    import psycopg

    from rongjun.config.database import connection_parameters

    with psycopg.connect(**connection_parameters("owner"), autocommit=True) as connection:  # type: ignore[arg-type]
        yield connection


# --- the figure ---------------------------------------------------------------------------------------------


def _figures(first: date, last: date, *, rounds: int) -> dict[str, Told]:
    """The figure of each period, and that of three years by each of its parts."""
    from rongjun.access.api import acting_as_job
    from rongjun.benefits import api as benefits

    with acting_as_job("bench.book"):
        fares = benefits.book().fares

    def ask(start: date, end: date, by: str = "") -> Any:
        with acting_as_job("bench.figure"):
            found = benefits.savings_figure(start, end, fares=fares, known_at=last)
        return benefits.grouped(found.lines, by=by) if by else found

    year = last.year - 1
    periods = {
        "three years": (first, last),
        "this year": (date(last.year, 1, 1), last),
        "the year before": (date(year, 1, 1), date(year, 12, 31)),
        "one month": (date(year, 10, 1), date(year, 10, 31)),
        "half a month": (date(year, 10, 10), date(year, 10, 24)),
    }
    works: dict[str, Callable[[], Any]] = {name: partial(ask, *days) for name, days in periods.items()}
    works |= {f"three years by {by}": partial(ask, first, last, by) for by in benefits.BY}
    whole = ask(first, last)
    assert whole.total.uses >= 0.9 * USES, "the figure is not of all the uses"
    assert whole.bounds.missing_days > 0, "every operator has days it did not deliver"
    return {name: _timed(work, rounds) for name, work in works.items()}


def _timed(work: Callable[[], Any], rounds: int) -> Told:
    work()
    found = timing([timed(work) for _ in range(rounds)])
    return {"p50": found.wall, "p95": found.p95}


# --- the pages ----------------------------------------------------------------------------------------------


def _leader() -> str:
    """Somebody who leads the bureau and can sign in."""
    from django.utils import timezone

    from rongjun.access.api import actor_named
    from rongjun.config import demo

    if actor_named(LEADER, on=timezone.localdate()) is None:
        (like,) = (row for row in demo.cast() if row[0] == "leader")
        demo.open_account(LEADER, "测试测量领导", *like[2:])
    return LEADER


def _pages(visitor: Visitor, first: date, last: date, *, rounds: int) -> dict[str, Told]:
    """What the leader's pages take, from asking to the last byte."""
    visitor.sign_in()
    whole = f"?from={first.isoformat()}&to={last.isoformat()}"
    paths = {
        "screen": "/insight/",
        "savings this year": "/insight/savings/",
        "savings three years": f"/insight/savings/{whole}",
        "rows": f"/insight/savings/rows/{whole}",
        "days": f"/insight/savings/days/{whole}",
    }

    def ask(path: str) -> None:
        status, _, where = visitor.ask(path)
        assert status == 200, f"{path}: {status} {where}"

    for path in paths.values():  # each of the server's processes reads its book and its texts once
        for _ in range(8):
            ask(path)
    return {name: _timed(partial(ask, path), rounds) for name, path in paths.items()}


if __name__ == "__main__":
    keep_to_cores()
    os.environ.setdefault("TZ", "Asia/Shanghai")
    time.tzset()
    folder = Path(sys.argv[1])
    (folder / "saving_figures.json").write_text(json.dumps(measure(opened(folder))), "utf-8")
