"""Only the rooms that face the world read the clock: the fence around it stands where it should."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.tree import ROOT

READINGS = [
    "from datetime import datetime\nprint(datetime.now())\n",
    "import datetime\nprint(datetime.datetime.now(datetime.UTC))\n",
    "from datetime import datetime\nprint(datetime.utcnow())\n",
    "from datetime import datetime\nprint(datetime.today())\n",
    "from datetime import date\nprint(date.today())\n",
    "from django.utils import timezone\nprint(timezone.now())\n",
    "from django.utils.timezone import now\nprint(now())\n",
    "from django.utils import timezone\nprint(timezone.localdate())\n",
    "import time\nprint(time.time())\n",
]
FENCED = [
    "registry/logic.py",
    "registry/actions/rosters.py",
    "registry/queries/feeds.py",
    "registry/models/people.py",
    "registry/facts.py",
    "registry/api.py",
    "desk/cards.py",
    "kernel/worktime.py",
    "rules/api.py",
    "registry/tests/test_actions.py",
]
OUTSIDE = ["partners/http.py", "registry/jobs.py", "config/demo.py"]


@pytest.mark.parametrize("reading", READINGS)
def test_every_way_of_reading_the_clock_is_known(reading: str) -> None:
    assert _clock_faults("registry/logic.py", reading) == 1


@pytest.mark.parametrize("file", FENCED)
def test_a_room_that_decides_may_not_read_the_clock(file: str) -> None:
    assert _clock_faults(file, READINGS[0]) == 1


@pytest.mark.parametrize("file", OUTSIDE)
def test_a_room_that_faces_the_world_may(file: str) -> None:
    assert _clock_faults(file, READINGS[0]) == 0


def _clock_faults(file: str, text: str) -> int:
    name = ROOT / "src" / "rongjun" / file
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--output-format", "concise"]
    done = subprocess.run(
        [*command, "--no-cache", "--stdin-filename", str(name), "-"],
        input=text,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.count("TID251")
