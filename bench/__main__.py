"""Measure the policy book: `python -m bench [--size full|small] [--only NAME ...] [--write]`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import environments, invented_city, openfisca, results
from bench.measuring import THREADS
from bench.setting import ON, ROOT, SIZES, Setting
from tools.steps import SetupError, report, say, stop_on_terminate

NAMES = (
    "person",
    "openfisca",
    "sweep",
    "by-hand",
    "check",
    "insurance",
    "city",
    "entitle",
    "pages",
    "import",
    "ledger",
    "uses",
    "savings",
    "claims",
    "allowances",
)
# Measured when asked for by name until their bars have been seen met on a quiet machine.
ON_REQUEST = frozenset({"allowances", "claims"})
BY_DEFAULT = tuple(name for name in NAMES if name not in ON_REQUEST)
_IN_CITY = {"claims", "savings", "uses", "import", "city", "entitle", "pages"}
_SECONDS = 1800
# Name, where its figures stand, the process, what is said; each has a database.
_PROCESSES = (
    (
        "entitle",
        "entitling",
        "entitling",
        "全体判定并存下（数据库）",
        "everybody judged and kept, with a database",
    ),
    ("pages", "pages", "pages", "查找和档案页，8 个人同时用", "search and files, eight people at work"),
    ("import", "importing", "importing", "导入花名册（数据库）", "a roster imported, with a database"),
    ("ledger", "ledger", "ledger", "记账，8 个人同时记（数据库）", "transfers booked by eight writers"),
    (
        "uses",
        "uses",
        "uses",
        "使用记录：经接口，旁边是 COPY；一天的文件",
        "uses through HTTP beside COPY, a day by file",
    ),
    (
        "savings",
        "savings",
        "saving_figures",
        "节省额和领导的页面，一亿次使用",
        "the savings figure over 100 million uses",
    ),
    ("claims", "claims", "claims", "医院结算单，每秒二十张", "hospital bills, twenty a second"),
    (
        "allowances",
        "allowances",
        "allowances",
        "抚恤补助：一个月的批次，17 年重算",
        "a pay run, and everybody over seventeen years",
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; 0 if every bar is met, 1 if one is missed, 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the policy book.")
    parser.add_argument("--size", choices=SIZES, default="full", help="310,000 people or 20,000")
    parser.add_argument("--city", default="qingdao", help="a folder of policy/cities")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, default=BY_DEFAULT, metavar="NAME", help=", ".join(NAMES)
    )
    parser.add_argument("--write", action="store_true", help="keep the figures in bench/results")
    asked = parser.parse_args(arguments)
    if asked.write and (asked.size != "full" or set(asked.only) != set(BY_DEFAULT)):
        parser.error("only a whole run of full size is kept")
    stop_on_terminate()
    try:
        return _run(asked)
    except SetupError as error:
        report(error)
        return 1
    except KeyboardInterrupt:
        print("\n已中断 · interrupted", flush=True)
        return 130


def _run(asked: argparse.Namespace) -> int:
    load = os.getloadavg()[0]
    if results.is_busy(load):
        say(
            f"机器还有别的工作（负载 {load:.1f}），数字只供参考",
            f"the machine has other work (load {load:.1f}), figures are provisional",
        )
    with tempfile.TemporaryDirectory(prefix="rongjun-bench-") as folder:
        setting = Setting(Path(folder), SIZES[asked.size], asked.city)
        say(f"虚构 {setting.size.people:,} 人", "inventing people")
        setting.save(everybody="by-hand" in asked.only)
        try:
            found = measure(setting, asked.only)
        finally:
            invented_city.forget(Path(folder))
    rows = results.rows(found, wanted=asked.only)
    print(results.table(rows), flush=True)
    if asked.write:
        about = {
            "date": results.today(),
            "book": setting.book().digest,
            "judged_on": ON.isoformat(),
            "city": asked.city,
            **results.machine(load=load),
            **_versions(found),
        }
        results.write(rows, found, about)
    return 1 if any(row.outcome == "fail" for row in rows) else 0


def measure(setting: Setting, wanted: Sequence[str]) -> dict[str, Any]:
    """Run one process after another; what cannot be installed is a sentence instead of figures."""
    found: dict[str, Any] = {"size": setting.size.name}
    if {"person", "openfisca"} & set(wanted):
        say("一个人", "one person")
        found["one_person"] = _child("one_person", setting)
    if "openfisca" in wanted:
        say("一个人，OpenFisca-Core（另一个环境）", "one person in OpenFisca-Core, in its own environment")
        found["openfisca"] = _unless_missing(
            environments.openfisca_python, lambda python: openfisca.measure(setting, python=python)
        )
    if "sweep" in wanted:
        say("全体扫描", "everybody")
        found["everybody"] = _child("everybody", setting)
    if "by-hand" in wanted:
        say("全体，手写 NumPy", "everybody, by hand in NumPy")
        found["by_hand"] = _unless_missing(
            environments.numpy_folder, lambda folder: _child("by_hand", setting, folder)
        )
    if "check" in wanted:
        say("检查全册", "checking the whole book")
        found["whole_book"] = _child("whole_book", setting)
    if "insurance" in wanted:
        say("荣军保一次判定", "one decision of the insurance")
        found["insurance"] = _child("insurance", setting)
    if set(_IN_CITY) & set(wanted):
        say(f"虚构城市 {setting.size.city:,} 人（数据库）", "the invented city on file, with a database")
        found["city"] = _child("invented_city", setting)
    for name, key, module, *words in _PROCESSES:
        if name in wanted:
            say(words[0], words[1])
            found[key] = _child(module, setting)
    return found


def _unless_missing(
    install: Callable[[], Path], work: Callable[[Path], dict[str, Any]]
) -> dict[str, Any] | str:
    """The figures, or a sentence when what we measure against cannot be installed here."""
    try:
        place = install()
    except SetupError as error:
        report(error)
        return "could not be installed from the package index of this machine"
    return work(place)


def _child(module: str, setting: Setting, *packages: Path) -> dict[str, Any]:
    """What a measuring process found; it sees our packages and the folders named."""
    told = [] if sys.flags.ignore_environment else [os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(filter(None, [*map(str, packages), *told]))
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    env |= THREADS | ({"PYTHONPATH": path} if path else {})
    command = [sys.executable, "-m", f"bench.{module}", str(setting.folder)]
    try:
        subprocess.run(command, cwd=ROOT, env=env, check=True, timeout=_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise SetupError(
            f"测量 {module} 失败。", f"Measuring {module} failed.", details=str(error)
        ) from error
    answer: dict[str, Any] = json.loads((setting.folder / f"{module}.json").read_text("utf-8"))
    return answer


def _versions(found: dict[str, Any]) -> dict[str, str]:
    told = {"numpy": found["by_hand"], "openfisca-core": found["openfisca"]}
    keys = {"numpy": "numpy", "openfisca-core": "version"}
    return {name: said if isinstance(said, str) else said[keys[name]] for name, said in told.items()}


if __name__ == "__main__":
    sys.exit(main())
