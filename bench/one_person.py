"""One person now, in a process of its own: `python -m bench.one_person FOLDER`."""

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.measuring import each_timed, keep_to_cores, timed
from bench.setting import ON, Person, Setting, flat, one_by_one, opened
from rongjun.rules.api import Book, Verdict, decide_all, sweep, verdicts

_ROUNDS = 5
_QUICK = 20  # rounds of what takes microseconds: long enough to outlast a hiccup of the machine
_WORDS: dict[bool | None, Verdict] = {True: "granted", False: "not-granted", None: "unknown"}


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds for the verdicts and for every reason, of people with nulls and of people without."""
    book, size = setting.book(), setting.size
    people = one_by_one(setting.population("people"), size.sampled)
    known: list[Person] = [(facts, []) for facts in flat(one_by_one(setting.population("known"), size.alone))]
    first = timed(lambda: verdicts(book, facts={}, on=ON))
    _agree(book, setting, people)
    return {
        "benefits": len(verdicts(book, facts={}, on=ON)),
        "first": first[0],
        "verdicts": each_timed(_QUICK * _verdicts(book, people)).plain(),
        "decide_all": each_timed(_ROUNDS * _decide_all(book, people)).plain(),
        "known_verdicts": each_timed(_QUICK * _verdicts(book, known)).plain(),
        "known_decide_all": each_timed(_ROUNDS * _decide_all(book, known)).plain(),
    }


def _verdicts(book: Book, people: Sequence[Person]) -> list[Any]:
    return [partial(verdicts, book, facts=facts, on=ON, relations=kin) for facts, kin in people]


def _decide_all(book: Book, people: Sequence[Person]) -> list[Any]:
    return [partial(decide_all, book, facts=facts, on=ON, relations=kin) for facts, kin in people]


def _agree(book: Book, setting: Setting, people: Sequence[Person]) -> None:
    """What is timed must be the same answer: verdicts, reasons and sweep."""
    everybody = setting.population("people")
    swept = sweep(book, frame=everybody.people, relations=everybody.relations, on=ON).head(len(people))
    for (facts, kin), row in zip(people, swept.iter_rows(named=True), strict=True):
        found = verdicts(book, facts=facts, on=ON, relations=kin)
        assert found == {d.code: d.verdict for d in decide_all(book, facts=facts, on=ON, relations=kin)}
        assert found == {code: _WORDS[row[code]] for code in found}


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "one_person.json").write_text(json.dumps(measure(opened(place))), "utf-8")
