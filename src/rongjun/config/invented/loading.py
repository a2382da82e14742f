"""Puts an invented city's people on file, chunk by chunk; what is there already stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from rongjun.access.api import Actor, acting_as, acting_as_job
from rongjun.cards import api as cards
from rongjun.config.invented.carriers import carriers_of
from rongjun.config.invented.heaviest import HEAVIEST, NAME
from rongjun.config.invented.lives import file_id
from rongjun.config.invented.people import people
from rongjun.config.invented.weights import Weights, read_weights
from rongjun.config.postgres import LauncherError
from rongjun.registry import api as registry

CHUNK = 2000
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many files came, how many had been there, and assertions of kinds the registry has no table for."""

    opened: int
    on_file: int
    left_out: int


def weights() -> Weights:
    """The shares of the city this installation serves."""
    return read_weights(settings.POLICY_ROOT / "cities" / settings.CITY / "invented-city.yaml")


def open_people(
    count: int,
    *,
    seed: int,
    by: Actor,
    now: datetime,
    streets: Sequence[int],
    on_part: Told = lambda _done, _all: None,
) -> Loaded:
    """Put people 0 to `count` of this seed on file, two thousand a transaction, each with one event.

    Whoever is on file stays, so a broken run goes on and a larger count adds the rest. `on_part` hears after
    each chunk how many of how many are on file. LauncherError when people of another seed are.
    """
    _refuse_other(seed, at=now)
    drawn, done = weights(), Loaded(0, 0, 0)
    for numbers in chunks(count):
        done = _plus(done, _chunk(numbers, seed=seed, drawn=drawn, by=by, now=now, streets=streets))
        on_part(numbers.stop, count)
    return done


def chunks(count: int) -> Iterator[range]:
    """The numbers of each transaction, in order."""
    return (range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))


def is_begun(seed: int) -> bool:
    """Whether people of this seed are on file."""
    with acting_as_job("city.look"):
        return bool(registry.on_file([file_id(seed, 0)]))


def _refuse_other(seed: int, *, at: datetime) -> None:
    # The heaviest person is called the same in every city, but has the key of one.
    with acting_as_job("city.look"):
        lines, _ = registry.find_people(NAME, on=at.date(), known_at=at)
    if lines and file_id(seed, HEAVIEST) not in {line.id for line in lines}:
        raise LauncherError(
            "这里已经有另一个种子的虚构城市。请用原来的种子，或用 RONGJUN_DATA 另开一个目录。"
        )


def _chunk(
    numbers: range, *, seed: int, drawn: Weights, by: Actor, now: datetime, streets: Sequence[int]
) -> Loaded:
    keys = {file_id(seed, number): number for number in numbers}
    with acting_as(by):
        held = registry.on_file(keys)
        missing = [number for key, number in keys.items() if key not in held]
        if not missing:
            return Loaded(0, len(held), 0)
        source = f"虚构城市 第{seed}座"
        records = list(people(missing, seed=seed, weights=drawn, streets=streets))
        opened = registry.open_files(records, source=source, by=by, synthetic=settings.SYNTHETIC, now=now)
        held_cards = [
            card for record in records for card in carriers_of(record, keys[record.id], seed=seed, now=now)
        ]
        cards.take_over(held_cards, source=source, by=by.text, role=by.role, now=now)
    return Loaded(opened.opened, len(held), sum(opened.left_out.values()))


def _plus(one: Loaded, other: Loaded) -> Loaded:
    return Loaded(one.opened + other.opened, one.on_file + other.on_file, one.left_out + other.left_out)
