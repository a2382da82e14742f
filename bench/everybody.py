"""The whole population, in a process of its own for its peak memory: `python -m bench.everybody FOLDER`."""

import dataclasses
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from bench.measuring import each_timed, keep_to_cores, peak_bytes, timed
from bench.population import Population
from bench.setting import ON, Setting, opened
from rongjun.rules.api import PERSON, Book, Holds, Reach, Vocabulary, compare_books, reach_of_change, sweep


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds for a sweep with relations and without, and the most memory held: book, people and result."""
    book, everybody = setting.book(), setting.population("people")
    whole = partial(sweep, book, frame=everybody.people, relations=everybody.relations, on=ON)
    first = timed(whole)
    runs = each_timed(setting.size.sweeps * [whole])
    peak = peak_bytes()
    alone = partial(sweep, book, frame=everybody.people, on=ON)
    wide = whole().drop(PERSON)
    changed = narrower(book)
    compared = partial(_compare, book, changed, everybody)
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
        "difference": each_timed(setting.size.sweeps * [compared]).plain(),
        "differing": len(compare_books(book, changed, on=ON)),
        "peak_bytes": peak,
        "threads": pl.thread_pool_size(),
    }


def narrower(book: Book) -> Book:
    """The same book, had “三属” to be a martyr's kin: many benefits judge differently."""
    kin, martyrs = book.vocabulary["is_three_kin"], book.vocabulary["is_martyr_kin"]
    less = dataclasses.replace(kin, derived=Holds(martyrs.name, absent_false=martyrs.absent_false))
    vocabulary = Vocabulary({**book.vocabulary.facts, kin.name: less})
    return dataclasses.replace(book, vocabulary=vocabulary, digest=f"{book.digest}, kin narrower")


def _compare(old: Book, new: Book, everybody: Population) -> tuple[Reach, ...]:
    codes = [change.code for change in compare_books(old, new, on=ON) if change.judges_differently]
    return reach_of_change(
        old, new, codes=codes, frame=everybody.people, relations=everybody.relations, on=ON
    )


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "everybody.json").write_text(json.dumps(measure(opened(place))), "utf-8")
