"""Loading and checking the whole book, in a process of its own: `python -m bench.whole_book FOLDER`."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from bench.measuring import each_timed, keep_to_cores, timed
from bench.setting import POLICY, Setting, opened
from rongjun.rules.api import check_book

_RUNS = 9


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds for every file read, every example run, every condition looked at."""
    check = partial(check_book, POLICY, city=setting.city)
    first = timed(check)
    report = check()
    return {
        "first": first[0],
        "check_book": each_timed(_RUNS * [check]).plain(),
        "examples": report.examples,
        "problems": len(report.problems),
    }


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "whole_book.json").write_text(json.dumps(measure(opened(place))), "utf-8")
