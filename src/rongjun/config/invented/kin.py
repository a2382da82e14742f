"""The relations of an invented person to soldiers, living or dead. No unit, posting or mission."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from uuid import UUID

from rongjun.config.invented.lives import Life
from rongjun.registry.api import SaidRecord

_FALLEN = {
    "martyr-kin": "martyr",
    "duty-death-kin": "duty_death",
    "illness-death-kin": "illness_death",
    "martyr-child": "martyr",
}


def relations_of(life: Life, *, seed: int, chance: Random) -> Iterator[SaidRecord]:
    """What somebody is kin by: one relation, of one in six a second one."""
    ties = []
    if life.kind in _FALLEN:
        ties.append(fallen(life, _FALLEN[life.kind], chance))
    elif life.kind == "soldier-family":
        ties.append(serving(life, chance))
    if ties and chance.random() < 0.17:
        ties.append(serving(life, chance) if life.kind in _FALLEN else fallen(life, "martyr", chance))
    for place, said in enumerate(ties):
        yield relation(life, place, said, seed=seed)


def relation(life: Life, place: int, said: dict[str, object], *, seed: int) -> SaidRecord:
    """One relation as a record; its series is the same every time."""
    series = UUID(int=Random(f"{seed}:{life.number}:relation:{place}").getrandbits(128), version=4)  # noqa: S311
    since = max(life.born, date(2000, 1, 1))
    evidence = f"示例证明 {life.number:06d}-{place + 1} 号"
    return SaidRecord("relation", since, {"series": series, **said}, evidence=evidence)


def fallen(life: Life, of: str, chance: Random) -> dict[str, object]:
    """Kin of a soldier who died; who is young is a child."""
    age = life.age(life.opened)
    if life.kind == "martyr-child" or age < 25:
        how = "child"
    else:
        how = chance.choices(("child", "spouse", "sibling", "parent"), (5, 3, 2, 2 if age > 45 else 0))[0]
    stated: dict[str, object] = {"was_supported_by_deceased": chance.random() < 0.6}
    if how in ("child", "sibling"):
        stated["was_adult_when_pension_began"] = chance.random() < 0.5
    return {"dependant_of": of, "relation": how, "deceased_kind": "none", "stated": stated}


def serving(life: Life, chance: Random) -> dict[str, object]:
    """Family of a serving soldier: children are young, parents are not."""
    age = life.age(life.opened)
    how = "child" if age < 20 else "parent" if age > 45 else "spouse"
    rank = chance.choice(("officer", "nco", "nco_junior", "conscript"))
    if how == "spouse" and rank == "conscript":
        rank = "nco"
    stated: dict[str, object] = {"sponsor_rank_group": rank}
    if how == "spouse":
        follows = chance.random() < 0.5
        stated["is_accompanying_family"] = follows
        stated["is_unemployed_accompanying_spouse"] = follows and chance.random() < 0.5
    return {"dependant_of": "active_soldier", "relation": how, "deceased_kind": "none", "stated": stated}
