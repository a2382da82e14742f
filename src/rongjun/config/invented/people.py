"""The people of an invented city as records of the registry: streaming, and the same for the same seed.

Person `number` depends on seed and number only, so a larger city holds the smaller one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from random import Random

from rongjun.config.invented.heaviest import HEAVIEST, with_all_there_is
from rongjun.config.invented.kin import relations_of
from rongjun.config.invented.lives import KIN, Life, file_id, live
from rongjun.config.invented.weights import Weights
from rongjun.kernel.identifiers import DocumentType, LegacyIdentityNumber, Passport, Phone
from rongjun.registry.api import DocumentRecord, FileRecord, SaidRecord

CHINA = timezone(timedelta(hours=8))
RESIDENT_ID, PASSPORT = str(DocumentType.RESIDENT_ID), str(DocumentType.PASSPORT)
_TRAITS = {
    "disabled": "disabled-soldier",
    "combat": "combat-veteran",
    "nuclear": "nuclear-test-veteran",
    "sick-returned": "sick-returned-veteran",
}


def people(
    numbers: Iterable[int], *, seed: int, weights: Weights, streets: Sequence[int]
) -> Iterator[FileRecord]:
    """The files of these people. `streets` are the last six digits of the stations each county has."""
    for number in numbers:
        yield person(number, seed=seed, weights=weights, streets=streets)


def person(number: int, *, seed: int, weights: Weights, streets: Sequence[int]) -> FileRecord:
    """The file of one person; three in a thousand are a second file of somebody before them."""
    chance = Random(f"{seed}:{number}")  # noqa: S311 - the same city every time, nothing secret
    if number != HEAVIEST and number > 0 and chance.random() < weights.twice:
        return _second_file(number, seed=seed, chance=chance, weights=weights, streets=streets)
    life = _life(number, chance=chance, weights=weights)
    record = _file(life, seed=seed, chance=chance, weights=weights, streets=streets)
    return with_all_there_is(record, life, seed=seed) if number == HEAVIEST else record


def life_of(number: int, *, seed: int, weights: Weights) -> Life | None:
    """What is true of a person; None for a number drawn to be a second file."""
    chance = Random(f"{seed}:{number}")  # noqa: S311 - as above
    if number != HEAVIEST and number > 0 and chance.random() < weights.twice:
        return None
    return _life(number, chance=chance, weights=weights)


def _life(number: int, *, chance: Random, weights: Weights) -> Life:
    life = live(number, chance=chance, weights=weights)
    while number == HEAVIEST and not (life.kind == "veteran" and 1940 <= life.born.year <= 1970):
        life = live(number, chance=chance, weights=weights)  # old enough for all that stands in the file
    return life


def moment(day: date) -> datetime:
    """Ten in the morning of a day in China."""
    return datetime.combine(day, time(10), CHINA)


def _file(life: Life, *, seed: int, chance: Random, weights: Weights, streets: Sequence[int]) -> FileRecord:
    missing = _missing(chance, weights)
    return FileRecord(
        id=file_id(seed, life.number),
        division=life.county * 10**6 + chance.choice(streets),
        name=life.name,
        opened_at=moment(life.opened),
        documents=(DocumentRecord(RESIDENT_ID, life.identity),),
        phones=() if "phone" in missing or chance.random() < 0.06 else (Phone.from_text(life.phone),),
        said=(
            SaidRecord(
                "particulars", life.born, {"name": life.name, "sex": life.sex, "birth_date": life.born}
            ),
            *_household(life, missing),
            *_service(life, missing),
            *_statuses(life),
            *_stated(life, chance, weights),
            *relations_of(life, seed=seed, chance=chance),
            *_death(life),
        ),
    )


def _missing(chance: Random, weights: Weights) -> frozenset[str]:
    """What nobody wrote down: of one person in twenty one thing."""
    if chance.random() >= weights.missing:
        return frozenset()
    return frozenset({chance.choice(("household", "service", "phone", "household-kind"))})


def _household(life: Life, missing: frozenset[str]) -> Iterator[SaidRecord]:
    if "household" not in missing:
        kind = "" if "household-kind" in missing else "rural" if life.rural else "urban"
        yield SaidRecord("household", life.opened, {"county": life.household, "kind": kind})


def _service(life: Life, missing: frozenset[str]) -> Iterator[SaidRecord]:
    served = life.service
    if served is None:
        return
    days: dict[str, object] = {"enlisted_on": served.enlisted, "discharged_on": served.discharged}
    if "service" in missing:
        days = {"enlisted_on": None, "discharged_on": None}
    said = {**days, "rank_group": served.rank, "placement_mode": served.mode}
    yield SaidRecord("service", served.enlisted, said)


def _statuses(life: Life) -> Iterator[SaidRecord]:
    served = life.service
    left = served.discharged if served and served.discharged else life.opened
    kinds = ["veteran", life.kind] if life.kind == "military-retiree" else [life.kind]
    if life.kind == "martyr-child":
        kinds = ["martyr-child", "martyr-kin"]
    for kind in kinds:
        since = left if kind in ("veteran", "military-retiree") else max(life.born, date(2000, 1, 1))
        yield SaidRecord("status", since, {"category": kind})
    for trait in sorted(life.traits):
        yield SaidRecord("status", left, {"category": _TRAITS[trait]})
    if life.grade is not None:
        rated = served.discharged if served and served.discharged else life.opened
        # 因病 is rated while in service; the others may be too.
        said = {"grade": life.grade, "cause": life.cause}
        yield SaidRecord(
            "rating", rated - timedelta(days=60), said, evidence=f"示例评残 {life.number:06d} 号"
        )
    for category, holds in (("regular-subsidy", life.regular), ("key-pension-group", life.key_group)):
        if holds:
            yield SaidRecord("status", life.opened, {"category": category})


def _stated(life: Life, chance: Random, weights: Weights) -> Iterator[SaidRecord]:
    for fact, (known, yes) in weights.stated.items():
        drawn, answer = chance.random(), chance.random() < yes
        works = fact != "has_employer" or 18 <= life.age(weights.as_of) < 60
        holds = fact != "holds_pref_card" or life.kind in ("veteran", "military-retiree", *KIN)
        if drawn < known and works:
            value = "true" if answer and holds else "false"
            yield SaidRecord("statement", life.opened, {"fact": fact, "value": value})
    certain = {
        "holds_disabled_cert": life.grade is not None,
        "has_service_chronic_illness": "sick-returned" in life.traits,
        "was_rural_at_discharge": life.rural and life.regular and not life.key_group,
        "cannot_care_for_self": life.grade is not None and life.grade <= 4,
    }
    for fact, is_so in certain.items():
        if is_so:
            yield SaidRecord("statement", life.opened, {"fact": fact, "value": "true"})


def _death(life: Life) -> Iterator[SaidRecord]:
    """What the registry was told, when it was told; who died lately may still stand there as living."""
    if life.died and life.death_noticed:
        yield SaidRecord(
            "death",
            life.died,
            {},
            recorded_at=moment(life.death_noticed),
            evidence=f"示例死亡证明 {life.number:06d} 号",
        )


def _second_file(
    number: int, *, seed: int, chance: Random, weights: Weights, streets: Sequence[int]
) -> FileRecord:
    """A mistake: somebody on file again, under another document, the name misread, the same telephone."""
    # Half of an even number comes from no other: nobody's old number stands on two second files.
    is_old = number % 2 == 0
    earlier = number // 2 if is_old else int(chance.random() * number)
    life = life_of(earlier, seed=seed, weights=weights)
    if life is None:  # a second file of a second file would be a third: take the person before it
        life = live(number, chance=chance, weights=weights)
        return _file(life, seed=seed, chance=chance, weights=weights, streets=streets)
    file = _file(life, seed=seed, chance=chance, weights=weights, streets=streets)
    name = _misread(life.name) if chance.random() < 0.4 else life.name
    said = tuple(
        replace(each, said={**each.said, "name": name}) if each.kind == "particulars" else each
        for each in file.said
        if each.kind not in ("relation", "death")
    )
    phones = file.phones or (Phone.from_text(life.phone),)
    return replace(
        file, id=file_id(seed, number), name=name, documents=_other_document(life, number, is_old=is_old),
        phones=phones, said=said,
    )  # fmt: skip


def _misread(name: str) -> str:
    """The two characters after the surname, or surname and name, exchanged; the number behind stays."""
    head, written, tail = (
        name[:2],
        name[2:].rstrip("0123456789"),
        name[2:].lstrip(name[2:].rstrip("0123456789")),
    )
    return head + written[:-2] + written[-1] + written[-2] + tail


def _other_document(life: Life, number: int, *, is_old: bool) -> tuple[DocumentRecord, ...]:
    if is_old and life.born.year < 2000:
        whole = life.identity.number
        return (DocumentRecord(RESIDENT_ID, LegacyIdentityNumber(whole[:6] + whole[8:17])),)
    return (DocumentRecord(PASSPORT, Passport(f"EO{number:07d}")),)
