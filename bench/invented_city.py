"""A real data place with the invented city in it, for what is measured with a database.

`python -m bench.invented_city FOLDER` fills one; later processes of the run take it up with `over_city`.
`RONGJUN_BENCH_CITY` names a place that has a city already; it is left as it is.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.measuring import keep_to_cores
from bench.setting import ROOT, Setting, opened

GIVEN: Final = "RONGJUN_BENCH_CITY"
RONGJUN: Final = [sys.executable, "-m", "rongjun.config.cli"]


def fill(setting: Setting) -> dict[str, Any]:
    """Seconds to put everybody on file by the command, its peak memory, and the size of the database."""
    given = os.environ.get(GIVEN)
    place = Path(given) if given else Path(tempfile.mkdtemp(prefix="rongjun-bench-", dir="/tmp"))
    place.chmod(0o755)
    told = {"place": str(place), "is_ours": not given, "people": setting.size.city}
    (setting.folder / "place.json").write_text(json.dumps(told), "utf-8")
    began = time.perf_counter()
    command = [*RONGJUN, "city", "--people", str(setting.size.city)]
    subprocess.run(command, env=environment(place), cwd=ROOT, check=True)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    with over_city(setting):
        from django.db import connection

        from rongjun.access.api import acting_as_job
        from rongjun.registry import api as registry

        with acting_as_job("bench.count"), connection.cursor() as cursor:
            cursor.execute("select pg_database_size(current_database())")
            size = cursor.fetchone()[0]
            people = registry.counts()["people"]
    return {**told, "on_file": people, "seconds": seconds, "peak_bytes": peak, "database_bytes": size}


def environment(place: Path) -> dict[str, str]:
    """What a command over this place is told; nothing of the caller's own installation."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RONGJUN_", "DJANGO_", "DATABASE_"))
    }
    return {**kept, "RONGJUN_DATA": str(place)}


@contextmanager
def over_city(setting: Setting) -> Iterator[Path]:
    """Django over the city of this run, its database running; stopped afterwards if it was not before.

    Import nothing of Django before: this decides where data lies.
    """
    place = Path(json.loads((setting.folder / "place.json").read_text("utf-8"))["place"])
    os.environ.pop("DATABASE_URL", None)
    os.environ.update(RONGJUN_DATA=str(place), DJANGO_SETTINGS_MODULE="rongjun.config.settings")
    from rongjun.config import database

    started = database.make_ready()
    try:
        import django

        django.setup()
        yield place
    finally:
        if started:
            database.cluster().stop()


def forget(folder: Path) -> None:
    """Delete the place of a run that is over, unless it was given to us."""
    kept = folder / "place.json"
    if not kept.exists():
        return
    told = json.loads(kept.read_text("utf-8"))
    if told["is_ours"]:
        command = [*RONGJUN, "database", "stop"]
        subprocess.run(
            command, env=environment(Path(told["place"])), cwd=ROOT, check=False, capture_output=True
        )
        shutil.rmtree(told["place"], ignore_errors=True)


if __name__ == "__main__":
    keep_to_cores()
    folder = Path(sys.argv[1])
    (folder / "invented_city.json").write_text(json.dumps(fill(opened(folder))), "utf-8")
