"""clamd's protocol over a real socket, against a simulator that behaves well, badly, or not at all."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

from rongjun.files.scanner_simulator import EICAR, FOUND, simulate
from rongjun.files.scanning import Scanner, ScannerUnavailable
from rongjun.files.tests import papers


def test_a_clean_file_is_clean_and_the_test_virus_is_found(scanner: Scanner) -> None:
    assert scanner.scan(papers.pdf()).is_clean
    assert scanner.scan(b"").is_clean
    assert scanner.scan(EICAR).found == FOUND
    assert scanner.scan(papers.infected_jpeg()).found == FOUND


def test_the_virus_is_found_across_the_border_of_two_chunks(scanner: Scanner) -> None:
    assert scanner.scan(bytes(64 * 1024 - 30) + EICAR + bytes(5 * 1024 * 1024)).found == FOUND


@pytest.mark.parametrize("way", ["refuse", "garbage", "hang-up", "hang-up-midway", "too-large"])
def test_whatever_else_it_says_the_file_was_not_scanned(scanner: Scanner, way: str) -> None:
    simulate(scanner.address, way)
    with pytest.raises(ScannerUnavailable):
        scanner.scan(papers.png())
    simulate(scanner.address, "well")
    assert scanner.scan(papers.png()).is_clean


@pytest.mark.parametrize("way", ["silent", "slow"])
def test_a_scanner_that_dawdles_is_not_waited_for(scanner: Scanner, way: str) -> None:
    simulate(scanner.address, way)
    before = time.monotonic()
    with pytest.raises(ScannerUnavailable):
        Scanner(scanner.address, seconds=1.0).scan(papers.png())
    assert time.monotonic() - before < 4


def test_nobody_there_is_no_verdict() -> None:
    for address in ("unix:/tmp/rongjun-there-is-none.sock", "tcp:127.0.0.1:1", ""):
        with pytest.raises(ScannerUnavailable):
            Scanner(address, seconds=1).scan(b"x")


def test_it_speaks_over_tcp_as_well() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp:127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, "-m", "rongjun.files.scanner_simulator", address])
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                found = Scanner(address, seconds=5).scan(EICAR).found
                break
            except ScannerUnavailable:
                time.sleep(0.05)
        assert found == FOUND
    finally:
        process.kill()
        process.wait()
