"""The whole population, in a process of its own for its peak memory: `python -m bench.everybody FOLDER`."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from bench.measuring import each_timed, keep_to_cores, peak_bytes, timed
from bench.setting import ON, Setting, opened
from rongjun.rules.api import PERSON, sweep


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds for a sweep with relations and without, and the most memory held: book, people and result."""
    book, everybody = setting.book(), setting.population("people")
    whole = partial(sweep, book, frame=everybody.people, relations=everybody.relations, on=ON)
    first = timed(whole)
    runs = each_timed(setting.size.sweeps * [whole])
    peak = peak_bytes()
    alone = partial(sweep, book, frame=everybody.people, on=ON)
    wide = whole().drop(PERSON)
    cells = wide.height * wide.width
    granted = int(wide.select(pl.sum_horizontal(pl.all().sum()))[0, 0])
    unknown = int(wide.null_count().sum_horizontal()[0])
    return {
        "people": wide.height,
        "relations": everybody.relations.height,
        "cells": {"granted": granted, "unknown": unknown, "not-granted": cells - granted - unknown},
        "first": first[0],
        "sweep": runs.plain(),
        "without_relations": each_timed(setting.size.sweeps * [alone]).plain(),
        "peak_bytes": peak,
        "threads": pl.thread_pool_size(),
    }


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "everybody.json").write_text(json.dumps(measure(opened(place))), "utf-8")
