"""An invented population: people, their relations, and which of their facts anybody knows.

Everything comes from a seed, so two machines measure the same people. Each column has a stream of chance
of its own, named after it: a new fact changes no other column. The shares are plausible, not counted;
a fact the tables do not mention gets one by its type, so a new fact needs nothing here.
Nobody in it exists, and nothing in it could name anybody: only the facts conditions speak of.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final

import polars as pl

from rongjun.rules.api import PERSON, Fact, Region, Vocabulary

FULL: Final = 310_000
SEED: Final = 20_261_201

# Who somebody is, before any fact.
GROUPS: Final[Mapping[str, float]] = {
    "veteran": 0.80,
    "retiree": 0.012,
    "kin": 0.018,
    "family": 0.06,
    "active": 0.01,
    "citizen": 0.10,
}
_SERVED: Final = ("veteran", "retiree", "active")
# The ages of each group as (from, below, share).
_AGES: Final[Mapping[str, tuple[tuple[int, int, float], ...]]] = {
    "veteran": ((20, 30, 12), (30, 45, 26), (45, 60, 28), (60, 75, 23), (75, 90, 10), (90, 96, 1)),
    "retiree": ((50, 60, 20), (60, 75, 40), (75, 90, 33), (90, 96, 7)),
    "kin": ((3, 18, 8), (18, 60, 47), (60, 80, 30), (80, 96, 15)),
    "family": ((0, 18, 30), (18, 35, 35), (35, 60, 25), (60, 85, 10)),
    "active": ((18, 22, 55), (22, 35, 35), (35, 55, 10)),
    "citizen": ((0, 18, 15), (18, 60, 60), (60, 90, 25)),
}
# Whose kin the kin of the dead are; the flag that says so is `is_martyr_kin`.
_KIN_OF: Final = {"martyr": 0.35, "duty_death": 0.25, "illness_death": 0.40}

# Identities and cards of nearly everybody are on file; what this table leaves out is nobody's.
_STATUS: Final[Mapping[str, Mapping[str, float]]] = {
    "is_active_soldier": {"active": 1},
    "is_veteran": {"veteran": 1, "retiree": 1},
    "is_disabled_soldier": {"veteran": 0.035, "retiree": 0.12, "active": 0.01},
    "is_soldier_family": {"family": 1},
    "is_military_retiree": {"retiree": 1},
    "is_martyr_child": {"veteran": 0.002, "kin": 0.1},
    "is_combat_veteran": {"veteran": 0.03, "retiree": 0.15},
    "is_nuclear_test_veteran": {"veteran": 0.004, "retiree": 0.02},
    "is_sick_returned_veteran": {"veteran": 0.012},
    "receives_regular_subsidy": {"veteran": 0.09, "kin": 0.8},
    "is_key_pension_group": {"veteran": 0.10, "kin": 0.8, "retiree": 0.1},
    "is_in_state_home": {"veteran": 0.001, "kin": 0.01},
    "is_military_civilian": {"citizen": 0.03},
    "rights_suspended": dict.fromkeys(GROUPS, 0.0015),
    "rights_cancelled": dict.fromkeys(GROUPS, 0.0005),
    "holds_rongjun_card": {"veteran": 0.42, "retiree": 0.5, "kin": 0.45, "family": 0.2, "active": 0.1},
    "holds_yongjun_card": {"family": 0.3, "citizen": 0.02},
    "is_accompanying_family": {"family": 0.3},
    "is_unemployed_accompanying_spouse": {"family": 0.1},
    "is_transferring_family": {"citizen": 0.02},
}
# Circumstances: how often known, and how often true when known.
_BOOLS: Final[Mapping[str, tuple[float, float]]] = {
    "was_student_before_service": (0.7, 0.25),
    "has_medical_insurance": (0.75, 0.95),
    "in_hardship": (0.25, 0.12),
    "income_below_local_average": (0.15, 0.35),
    "has_no_labour_capacity": (0.15, 0.1),
    "cannot_care_for_self": (0.2, 0.08),
    "is_unsupported": (0.2, 0.03),
    "is_job_seeker": (0.3, 0.15),
    "has_employer": (0.4, 0.6),
    "holds_pref_card": (0.9, 0.7),
    "holds_disabled_cert": (0.95, 0.002),
    "holds_service_id": (0.9, 0.002),
    "is_registered_unemployed": (0.5, 0.06),
    "is_hard_to_employ": (0.3, 0.05),
    "is_person_with_disability": (0.4, 0.07),
    "is_party_member": (0.6, 0.35),
    "is_public_employee": (0.5, 0.15),
    "runs_business": (0.5, 0.12),
    "is_unmarried": (0.5, 0.25),
    "on_basic_living_aid": (0.6, 0.03),
    "on_combat_mission": (0.01, 0.5),
    "near_discharge": (0.02, 0.5),
    "travels_with_entitled": (0.02, 0.8),
    "was_rural_at_discharge": (0.7, 0.6),
    "was_supported_by_deceased": (0.6, 0.7),
}
_ENUMS: Final[Mapping[str, tuple[float, Mapping[str, float]]]] = {
    "disability_cause": (0.98, {"war": 0.12, "duty": 0.55, "illness": 0.33}),
    "sex": (0.995, {"male": 0.86, "female": 0.14}),
    "household_kind": (0.85, {"rural": 0.55, "urban": 0.45}),
    "rank_group": (
        0.9,
        {"officer": 0.1, "nco": 0.17, "nco_junior": 0.13, "conscript": 0.59, "cadet": 0.01},
    ),
    "placement_mode": (
        0.85,
        {
            "self_employed": 0.68,
            "job_arranged": 0.14,
            "monthly_pension": 0.02,
            "demobilised": 0.06,
            "transferred": 0.08,
            "retired": 0.015,
            "state_supported": 0.005,
        },
    ),
    "school_stage": (0.5, {"none": 0.9, "primary": 0.03, "junior": 0.02, "senior": 0.02, "college": 0.03}),
    "deceased_kind": (0.9, {"none": 0.75, "martyr": 0.08, "duty_death": 0.07, "illness_death": 0.1}),
}
_INTS: Final[Mapping[str, tuple[float, Mapping[int, float]]]] = {
    "merit_rank": (0.7, {0: 0.72, 1: 0.15, 2: 0.08, 3: 0.04, 4: 0.007, 5: 0.002, 6: 0.001}),
    "sponsor_merit_rank": (0.4, {0: 0.75, 1: 0.15, 2: 0.06, 3: 0.04}),
    "disability_grade": (0.99, dict(zip(range(1, 11), (1, 1, 2, 3, 5, 9, 14, 20, 23, 22), strict=True))),
}
# Years of service, by share.
_SERVICE: Final = {2: 0.55, 3: 0.06, 5: 0.12, 8: 0.08, 12: 0.07, 16: 0.05, 20: 0.04, 30: 0.03}
_ELSEWHERE: Final = (410_100_000_000, 320_100_000_000, 110_100_000_000)
_DATES: Final = {"birth_date": 0.995, "service_years": 0.85, "enlisted_on": 0.85, "discharged_on": 0.92}
_OF_SERVICE: Final = frozenset(
    {
        "service_years",
        "enlisted_on",
        "discharged_on",
        "rank_group",
        "merit_rank",
        "settlement_city",
        "was_student_before_service",
    }
)
# What follows from another fact: true this often for those of whom that one is true.
_IF: Final = {
    "holds_disabled_cert": ("is_disabled_soldier", 0.97),
    "holds_service_id": ("is_active_soldier", 0.98),
}
# For facts no table mentions: how often known, by type.
_KNOWN: Final[Mapping[str, float]] = {"bool": 0.3, "enum": 0.6, "int": 0.7, "date": 0.3, "division": 0.9}
_TRUE: Final = 0.2
# Relations: the share of each group with one, and of those who have a second.
_RELATED: Final[Mapping[str, float]] = {"veteran": 0.03, "kin": 1, "family": 1, "active": 0.1, "citizen": 0.3}
_SECOND: Final = 0.12
_SPONSORS: Final[Mapping[str, Mapping[str, float]]] = {
    "family": {"active_soldier": 1},
    "active": {"active_soldier": 0.7, "veteran": 0.3},
    "citizen": {"veteran": 0.85, "disabled_soldier": 0.1, "active_soldier": 0.05},
    "veteran": {"veteran": 0.75, "active_soldier": 0.15, "martyr": 0.05, "illness_death": 0.05},
}
_RELATIONS: Final = {"spouse": 0.4, "parent": 0.25, "child": 0.32, "sibling": 0.03}


@dataclass(frozen=True, slots=True)
class Population:
    """`people` has one row a person, `relations` any number; both begin with `person_id`, a UUID as text."""

    people: pl.DataFrame
    relations: pl.DataFrame


def invent(
    vocabulary: Vocabulary,
    *,
    regions: Mapping[str, Region],
    count: int,
    on: date,
    seed: int = SEED,
    complete: bool = False,
) -> Population:
    """Invent people as a registry would hold them on a day. Same arguments, same population.

    With `complete` nothing is null: every fact of everybody is known, also where it means little, and
    everybody has one relation, which says `none` where there is nobody.
    """
    chance = _Chance(seed, complete)
    here = {region.level: region.code for region in regions.values()}
    ids = chance.identities(count)
    group = chance.pick("group", GROUPS, count)
    kin_of = chance.pick("kin of", _KIN_OF, count).zip_with(
        group == "kin", pl.Series([None], dtype=pl.String)
    )
    life = _life(chance, group, on=on)
    people = {PERSON: ids}
    for fact in vocabulary.stored():
        if not fact.per_relation:
            people[fact.name] = _own(chance, fact, group, kin_of, life, here=here, on=on)
    for name, (given, share) in _IF.items():
        if {name, given} <= people.keys():
            follows = chance.holds(f"{name} follows", share, count)
            people[name] = follows.zip_with(people[given].fill_null(value=False), people[name])
    relations = _relations(
        chance, vocabulary, pl.DataFrame({PERSON: ids, "group": group, "of": kin_of}), here, on
    )
    return Population(_gated(chance, vocabulary, pl.DataFrame(people)), _gated(chance, vocabulary, relations))


@dataclass(frozen=True, slots=True)
class _Chance:
    """Streams of chance by name, made of Python's own generator, which promises never to change."""

    seed: int
    complete: bool

    def bytes(self, stream: str, size: int) -> bytes:
        return random.Random(f"{self.seed} {stream}").randbytes(size)

    def uniform(self, stream: str, count: int) -> pl.Series:
        """A number in [0, 1) each."""
        whole = pl.Series([self.bytes(stream, 4 * count)])
        return whole.bin.reinterpret(dtype=pl.Array(pl.UInt32, count), endianness="little").explode() / 2**32

    def pick(self, stream: str, shares: Mapping[str, float] | Mapping[int, float], count: int) -> pl.Series:
        """One of the values each, by share."""
        ends = list(accumulate(shares.values()))
        edges = pl.Series([end / ends[-1] for end in ends[:-1]], dtype=pl.Float64)
        return pl.Series(list(shares)).gather(edges.search_sorted(self.uniform(stream, count), "right"))

    def holds(self, stream: str, share: float | pl.Series, count: int) -> pl.Series:
        """Yes with this share, or with each one's own."""
        return self.uniform(stream, count) < share

    def known(self, stream: str, values: pl.Series, share: float) -> pl.Series:
        """The same values, null where nobody knows them."""
        return values if self.complete else _where(self.holds(f"{stream} known", share, values.len()), values)

    def identities(self, count: int) -> pl.Series:
        """Random UUIDs as text."""
        signs = self.bytes(PERSON, 16 * count).hex()
        each = (signs[at : at + 32] for at in range(0, len(signs), 32))
        return pl.Series([f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}" for h in each], dtype=pl.String)


def _where(mask: pl.Series, values: pl.Series) -> pl.Series:
    """The values where the mask is true, null elsewhere."""
    return values.zip_with(mask.fill_null(value=False), pl.Series([None], dtype=values.dtype))


def _by_group(group: pl.Series, shares: Mapping[str, float]) -> pl.Series:
    return group.replace_strict(dict(shares), default=0.0, return_dtype=pl.Float64)


def _life(chance: _Chance, group: pl.Series, *, on: date) -> pl.DataFrame:
    """The dates of a life, which hang together: birth, enlistment, discharge."""
    count = group.len()
    age = pl.Series([0.0]).new_from_index(0, count)
    for name, spans in _AGES.items():
        span = chance.pick(f"age of {name}", {place: share for place, (*_, share) in enumerate(spans)}, count)
        low, high = (pl.Series([float(ends[side]) for ends in spans]).gather(span) for side in (0, 1))
        drawn = low + (high - low) * chance.uniform(f"years of {name}", count)
        age = drawn.zip_with(group == name, age)
    frame = pl.DataFrame(
        {
            "age": age,
            "joined": 18 + 5 * chance.uniform("joined", count),
            "years": chance.pick("years served", _SERVICE, count),
            "extra": chance.pick("days more", dict.fromkeys(range(200), 1.0), count),
        }
    )
    birth, joined = _before(pl.lit(on), pl.col("age")), pl.min_horizontal("joined", "age")
    years = pl.min_horizontal("years", (pl.col("age") - joined).floor()).cast(pl.Int64)
    start = _before(birth, -joined)
    end = _before(start, -years) + pl.duration(days=pl.col("extra"))
    return frame.select(
        birth_date=birth,
        enlisted_on=pl.min_horizontal(start, pl.lit(on)),
        discharged_on=pl.min_horizontal(end, pl.lit(on)),
        service_years=years,
    )


def _before(day: pl.Expr, years: pl.Expr) -> pl.Expr:
    return day - pl.duration(days=(years * 365.25).floor().cast(pl.Int64))


def _own(
    chance: _Chance,
    fact: Fact,
    group: pl.Series,
    kin_of: pl.Series,
    life: pl.DataFrame,
    *,
    here: Mapping[str, int],
    on: date,
) -> pl.Series:
    """One fact of everybody."""
    if fact.name in life.columns:
        values = chance.known(fact.name, life[fact.name], _DATES[fact.name])
    elif fact.name.removeprefix("is_").removesuffix("_kin") in _KIN_OF:
        values = (kin_of == fact.name.removeprefix("is_").removesuffix("_kin")).fill_null(value=False)
    elif fact.absent_false:
        share = _by_group(group, _STATUS.get(fact.name, {}))
        values = chance.known(fact.name, chance.holds(fact.name, share, group.len()), 0.98)
    else:
        values = _fact(chance, fact, group.len(), here=here, on=on)
    if fact.name in _OF_SERVICE and not chance.complete:
        return _where(group.is_in(list(_SERVED)), values)
    return values


def _fact(chance: _Chance, fact: Fact, count: int, *, here: Mapping[str, int], on: date) -> pl.Series:
    """One fact of that many, by its table or else by its type."""
    known = _KNOWN.get(fact.kind, 0.5)
    if fact.kind == "bool":
        known, share = _BOOLS.get(fact.name, (known, _TRUE))
        values = chance.holds(fact.name, share, count)
    elif fact.kind == "enum":
        known, shares = _ENUMS.get(fact.name, (known, dict.fromkeys(fact.values, 1.0)))
        values = chance.pick(fact.name, {v: s for v, s in shares.items() if v in fact.values}, count)
    elif fact.kind == "division":
        home = {here.get(fact.level, 0): 0.8} if fact.level in here else {}
        values = chance.pick(fact.name, {**home, **dict.fromkeys(_ELSEWHERE, 0.07)}, count)
    elif fact.kind == "int":
        known, numbers = _INTS.get(
            fact.name, (known, dict.fromkeys(range(fact.lowest, fact.lowest + 7), 1.0))
        )
        values = chance.pick(fact.name, numbers, count).clip(fact.lowest, fact.highest)
    else:
        assert fact.kind == "date", f"no way to invent {fact.kind} yet"
        ago = chance.pick(fact.name, dict.fromkeys(range(7_300), 1.0), count)
        values = pl.DataFrame({"ago": ago}).select(pl.lit(on) - pl.duration(days=pl.col("ago"))).to_series()
    return chance.known(fact.name, values, known)


def _relations(
    chance: _Chance, vocabulary: Vocabulary, people: pl.DataFrame, here: Mapping[str, int], on: date
) -> pl.DataFrame:
    """Everybody's relations: who has one, on whose account, and the facts of each."""
    each = _related(chance, people)
    count, group, nobody = each.height, each["group"], ~each["related"]
    columns = {PERSON: each[PERSON]}
    for fact in vocabulary.stored():
        if not fact.per_relation:
            continue
        if fact.name == "dependant_of":
            values = _sponsor(chance, each)
        elif fact.name == "relation":
            values = chance.pick("relation", _RELATIONS, count)
        elif fact.absent_false:
            share = _by_group(group, _STATUS.get(fact.name, {}))
            values = chance.known(fact.name, chance.holds(fact.name, share, count), 0.98)
        else:
            values = _fact(chance, fact, count, here=here, on=on)
        if fact.titles_relation:
            values = pl.Series([fact.absent], dtype=pl.String).zip_with(nobody, values)
        columns[fact.name] = values
    return pl.DataFrame(columns)


def _related(chance: _Chance, people: pl.DataFrame) -> pl.DataFrame:
    """One row a relation, those of one person together."""
    drawn = chance.holds("related", _by_group(people["group"], _RELATED), people.height)
    marked = people.with_columns(related=drawn)
    if chance.complete:
        return marked
    first = marked.filter("related")
    second = first.filter(chance.holds("second", _SECOND, first.height))
    return pl.concat([first, second.with_columns(of=None)]).sort(PERSON, maintain_order=True)


def _sponsor(chance: _Chance, each: pl.DataFrame) -> pl.Series:
    """Whose dependant: the dead soldier's for the kin of the dead, others by their group."""
    found = each["of"]
    for name, shares in _SPONSORS.items():
        drawn = chance.pick(f"sponsors of {name}", shares, each.height)
        found = drawn.zip_with((each["group"] == name) & found.is_null(), found)
    return found.fill_null("veteran")


def _gated(chance: _Chance, vocabulary: Vocabulary, frame: pl.DataFrame) -> pl.DataFrame:
    """Without what has no meaning: a grade where there is no rating."""
    if chance.complete:
        return frame
    gates = {name: vocabulary[name].meaningful_when for name in frame.columns if name != PERSON}
    return frame.with_columns(
        pl.when(pl.col(gate)).then(pl.col(name)).alias(name)
        for name, gate in gates.items()
        if gate in frame.columns
    )
