"""The heaviest person of the city: everything a file can hold, so that pages are measured at worst."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from rongjun.config.invented.kin import fallen, relation, serving
from rongjun.config.invented.lives import Life
from rongjun.kernel.identifiers import DocumentType, MilitaryCard, Passport, Phone
from rongjun.registry.api import DocumentRecord, FileRecord, SaidRecord

HEAVIEST = 7  # in every city of eight people or more
NAME = "测试万事全0007"
_CATEGORIES = (
    "disabled-soldier",
    "combat-veteran",
    "military-retiree",
    "martyr-kin",
    "soldier-family",
    "regular-subsidy",
    "key-pension-group",
)
_ANSWERS = {
    "holds_pref_card": "true",
    "holds_disabled_cert": "true",
    "has_medical_insurance": "true",
    "in_hardship": "false",
    "income_below_local_average": "false",
    "has_no_labour_capacity": "false",
    "is_unsupported": "false",
    "is_job_seeker": "false",
    "has_employer": "false",
    "holds_service_id": "true",
    "commended_at_province_level": "false",
    "meets_combat_subsidy_rules": "true",
    "was_combat_unit_commander": "false",
    "has_contracted_land": "true",
    "is_rural_collective_member": "true",
    "was_rural_at_discharge": "true",
    "has_service_chronic_illness": "true",
    "disability_is_mental": "false",
    "old_wound_relapse": "true",
    "needs_aid_device": "true",
    "is_registered_unemployed": "false",
    "is_hard_to_employ": "false",
    "is_person_with_disability": "true",
    "is_party_member": "true",
    "party_transferred": "true",
    "is_public_employee": "false",
    "runs_business": "false",
    "is_unmarried": "false",
    "has_no_income_source": "false",
    "on_basic_living_aid": "false",
    "meets_housing_rules": "true",
    "has_unsafe_rural_house": "false",
    "meets_cemetery_rules": "true",
}


def with_all_there_is(file: FileRecord, life: Life, *, seed: int) -> FileRecord:
    """The file of somebody who keeps every kind of assertion, most of them several times, some corrected."""
    chance = Random(f"{seed}:heaviest")  # noqa: S311 - as the others
    kept = tuple(each for each in file.said if each.kind == "particulars")
    return replace(
        file,
        name=NAME,
        documents=(
            *file.documents,
            DocumentRecord(str(DocumentType.PASSPORT), Passport(f"EO{9_000_000 + HEAVIEST:07d}")),
            DocumentRecord(str(DocumentType.OFFICER_CARD), MilitaryCard(f"测字第{HEAVIEST:08d}号")),
        ),
        phones=(Phone.from_text(life.phone), Phone.from_text(f"110{HEAVIEST:08d}")),
        said=(
            *(replace(each, said={**each.said, "name": NAME}) for each in kept),
            *_moves(life),
            *_periods(life),
            *_categories(life),
            *_ratings(life),
            *_answers(life),
            *(relation(life, place, said, seed=seed) for place, said in enumerate(_ties(life, chance))),
        ),
    )


def _ties(life: Life, chance: Random) -> Iterator[dict[str, object]]:
    for of in ("martyr", "martyr", "duty_death", "illness_death"):
        yield fallen(life, of, chance)
    for _ in range(4):
        yield serving(life, chance)


def _moves(life: Life) -> Iterator[SaidRecord]:
    day = life.opened - timedelta(days=400 * 6)
    for place in range(6):
        end = None if place == 5 else day + timedelta(days=400)
        kind = "rural" if place % 2 else "urban"
        yield SaidRecord("household", day, {"county": str(life.county), "kind": kind}, valid_to=end)
        day += timedelta(days=400)


def _periods(life: Life) -> Iterator[SaidRecord]:
    first = life.born.replace(year=life.born.year + 18, month=9, day=1)
    for place, rank in enumerate(("conscript", "nco_junior", "nco", "officer")):
        start = first.replace(year=first.year + 4 * place)
        end = start.replace(year=start.year + 4)
        said = {
            "enlisted_on": start,
            "discharged_on": end,
            "rank_group": rank,
            "placement_mode": "demobilised",
        }
        yield SaidRecord("service", start, said)


def _categories(life: Life) -> Iterator[SaidRecord]:
    for category in ("veteran", *_CATEGORIES):
        yield SaidRecord("status", life.opened - timedelta(days=30), {"category": category})


def _ratings(life: Life) -> Iterator[SaidRecord]:
    day = life.opened - timedelta(days=300 * 5)
    for place, grade in enumerate((10, 9, 8, 7, 6)):
        end = None if place == 4 else day + timedelta(days=300)
        said = {"grade": grade, "cause": "war"}
        yield SaidRecord("rating", day, said, valid_to=end, evidence=f"示例评残 {HEAVIEST:06d}-{place} 号")
        day += timedelta(days=300)


def _answers(life: Life) -> Iterator[SaidRecord]:
    """Each question answered twice: the first answer ran out and was asked again."""
    again = life.opened + timedelta(days=30)
    for fact, value in _ANSWERS.items():
        old = {"fact": fact, "value": "false" if value == "true" else "true"}
        yield SaidRecord("statement", life.opened, old, valid_to=again)
        yield SaidRecord("statement", again, {"fact": fact, "value": value})
