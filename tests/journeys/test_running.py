"""The command that starts the city: stopped in order, killed in the middle, started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import City, free_port


@pytest.fixture
def small_city() -> Iterator[City]:
    folder = Path(tempfile.mkdtemp(prefix="rongjun-run-", dir="/tmp"))
    folder.chmod(0o755)
    city = City(folder / "place", free_port())
    yield city
    if city.process and city.process.poll() is None:
        city.process.kill()
        city.process.wait()
    city.run("database", "stop")


def people(city: City) -> str:
    told = city.run("people", "sweep", "--as", "city")
    assert told.returncode == 0, told.stderr
    return told.stdout.split("\n", 1)[1]


def postmaster(city: City) -> int:
    return int((city.place / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    direct = [int(line) for line in listed.stdout.split()]
    return direct + [grandchild for child in direct for grandchild in children(child)]


def is_gone(pid: int) -> bool:
    return (
        not Path(f"/proc/{pid}").exists()
        or "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    )


def test_killed_and_started_again_it_loses_nothing_and_stops_what_it_started(small_city: City) -> None:
    city = small_city
    city.start()
    with urllib.request.urlopen(f"{city.url}/health") as answer:
        assert answer.read() == b"ok"
    before = people(city)
    assert city.process is not None
    database = postmaster(city)
    kept = {database, *children(database)}  # the database outlives the command, and is taken up again
    started = [pid for pid in children(city.process.pid) if pid not in kept]
    assert len(started) >= 3
    city.process.send_signal(signal.SIGKILL)
    city.process.wait()
    deadline = time.monotonic() + 20
    while not all(map(is_gone, started)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert all(map(is_gone, started)), "a child outlived its parent"

    os.kill(database, signal.SIGKILL)
    seconds = city.start()
    assert seconds < 60
    assert people(city) == before
    started = children(city.process.pid)
    assert city.stop() == 0, city.log.read_text()[-3000:]
    assert all(map(is_gone, started))
    assert "没有运行" in city.run("database", "status").stdout


def test_a_busy_port_and_a_second_city_over_one_place_are_told_what_to_do(small_city: City) -> None:
    city = small_city
    with socket.socket() as other:
        other.bind(("127.0.0.1", city.port))
        other.listen()
        told = city.run("demo")
    assert told.returncode == 1
    assert f"端口 {city.port} 已被别的程序占用" in told.stderr
    assert "Traceback" not in told.stderr
    city.start()
    told = city.run("demo")
    assert told.returncode == 1
    assert "已经在运行" in told.stderr
