"""Whom the simulated single sign-on offers to sign in as: one of each kind of the invented people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from rongjun.config.invented.lives import Life

_FITS: tuple[tuple[str, Callable[[Life, int], bool]], ...] = (
    ("退役军人", lambda life, age: life.kind == "veteran" and age == 78),
    ("残疾军人", lambda life, age: life.kind == "veteran" and life.grade is not None and 50 <= age <= 75),
    ("参战退役军人", lambda life, _age: life.kind == "veteran" and "combat" in life.traits),
    ("军队离退休干部", lambda life, _age: life.kind == "military-retiree"),
    ("烈士遗属", lambda life, age: life.kind == "martyr-kin" and age >= 60),
    ("现役军人家属", lambda life, age: life.kind == "soldier-family" and 25 <= age <= 45),
    ("退役军人", lambda life, age: life.kind == "veteran" and 24 <= age <= 34),
    ("现役军人", lambda life, _age: life.kind == "active-soldier"),
)


def arrivals(lives: Iterable[Life | None], *, on: date) -> Iterator[dict[str, str]]:
    """The first of these people who fits each kind: name, identity number, and who it is in a few words."""
    living = [life for life in lives if life is not None and life.died is None]
    for words, fits in _FITS:
        life = next((each for each in living if fits(each, each.age(on))), None)
        if life:
            note = f"{life.age(on)} 岁，{words}"
            yield {"name": life.name, "number": life.identity.number, "note": note}
