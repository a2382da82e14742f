"""The simulated operators and the making bank, as processes over folders; no database, nobody exists."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from rongjun.kernel.identifiers import BankCard
from rongjun.kernel.simulating import put_down
from rongjun.partners.formats import formats_in
from rongjun.partners.logic import write_file
from rongjun.partners.logic.outbound import US
from rongjun.partners.operators import ORDERS, RIDES, WHY_NOT
from rongjun.partners.tests.strategies import CONTRACTS

DAY = date(2026, 11, 29)
CARDS = [str(10**13 + n) for n in range(1, 7)]


def put(folder: Path, code: str, rows: Sequence[list[str]], *, sequence: int = 1) -> None:
    """A file of ours for a partner, as the outbox puts it down."""
    folder.mkdir(parents=True, exist_ok=True)
    known = formats_in(CONTRACTS / "files")[code]
    content = write_file(known, rows, partner=US, business_date=DAY, sequence=sequence)
    name = code.partition("/")[0]
    put_down(folder / f"{name}-{DAY:%Y%m%d}-{sequence:04d}.csv", content)


def order(*cards: str) -> list[list[str]]:
    return [
        [
            f"C-{'gh'[n % 2]}{'jkmn'[n % 4]}-0",
            card,
            "rongjun",
            "测试持卡",
            "990001194105060119",
            "1",
            str(DAY),
        ]
        for n, card in enumerate(cards)
    ]


def work(root: Path, code: str, *more: str, day: date = DAY) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rongjun.partners.operators", code, "--day", day.isoformat()),
            *("--drop", str(root / "drop"), "--out", str(root / "out"), "--memory", str(root / "memory")),
            *("--contracts", str(CONTRACTS / "files"), *more),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def sent(root: Path, code: str, kind: str) -> dict[str, list[list[str]]]:
    """The lines of what was put down, by the file's name."""
    found = {}
    for file in sorted((root / "drop" / code).glob(f"*{kind}*.csv")):
        rows = list(csv.reader(file.read_text("utf-8").splitlines()))
        found[file.name] = [row for row in rows if row[0] not in ("H", "T")]
    return found


def test_the_bank_makes_what_was_ordered_and_says_the_numbers(tmp_path: Path) -> None:
    put(tmp_path / "out" / "agent-bank", ORDERS, order(*CARDS[:2]))
    work(tmp_path, "agent-bank")
    ((name, rows),) = sent(tmp_path, "agent-bank", "card-returns").items()
    assert [(row[2], row[3]) for row in rows] == [(card, "made") for card in CARDS[:2]]
    numbers = [BankCard.from_text(row[6]) for row in rows]
    assert all(number.is_synthetic for number in numbers)
    assert len({number.number for number in numbers}) == len(rows)
    work(tmp_path, "agent-bank", day=DAY + timedelta(days=1))
    assert list(sent(tmp_path, "agent-bank", "card-returns")) == [name]  # nothing ordered, nothing said


def test_a_card_that_was_not_made_is_made_when_it_is_ordered_again(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "agent-bank"
    put(folder, ORDERS, order(*CARDS[:3]))
    work(tmp_path, "agent-bank", "--misbehave", "not-made", "--seed", "3")
    put(folder, ORDERS, order(CARDS[0], CARDS[1]), sequence=2)
    work(tmp_path, "agent-bank", "--misbehave", "not-made", day=DAY + timedelta(days=1))
    first, again = sent(tmp_path, "agent-bank", "card-returns").values()
    assert [row[3] for row in first] == ["made", "failed", "made"]
    assert first[1][8] == WHY_NOT[0]
    assert [row[3] for row in again] == ["made", "made"]


@pytest.mark.parametrize(
    ("way", "kinds"),
    [
        ("twice", ["csv", "twice"]),
        ("wrong-total", ["csv", "wrong-total"]),
        ("unsigned", ["csv", "unsigned"]),
        ("truncated", ["csv", "truncated"]),
        ("late", []),
    ],
)
def test_the_bank_misbehaves_on_demand(tmp_path: Path, way: str, kinds: list[str]) -> None:
    for back in range(9):  # each way goes wrong on about a third of the days
        put(tmp_path / "out" / "agent-bank", ORDERS, order(CARDS[0]), sequence=back + 1)
        day = DAY + timedelta(days=back)
        work(tmp_path, "agent-bank", "--misbehave", way, day=day)
        of_day = [n for n in sent(tmp_path, "agent-bank", "card-returns") if n.startswith(f"{day:%Y%m%d}")]
        found = sorted(name.split(".")[1] for name in of_day)
        if found != ["csv"]:
            break
    assert found == kinds


def test_an_operator_carries_the_cards_of_its_list_and_no_stopped_one(tmp_path: Path) -> None:
    later = DAY + timedelta(days=900)
    rows = [
        [f"L-{'jkmnpq'[n]}", card, "stop" if n == 0 else "add", f"{DAY}T00:00:00+08:00", str(DAY)]
        for n, card in enumerate(CARDS)
    ]
    # What is known to come is no reason not to carry somebody today.
    rows.append(["L-r", CARDS[1], "stop", f"{later}T00:00:00+08:00", str(later)])
    put(tmp_path / "out" / "transit", RIDES, rows)
    work(tmp_path, "transit", "--lines", "200")
    ((_, rides),) = sent(tmp_path, "transit", "uses").items()
    carried = {row[2] for row in rides}
    assert set(CARDS[1:]) <= carried
    assert CARDS[0] not in carried
    unknown = [row for row in rides if row[2] not in CARDS]
    assert 0 < len(unknown) < 20  # one in fifty is on no list of ours
