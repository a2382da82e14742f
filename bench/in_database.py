"""A throw-away PostgreSQL with an invented registry in it, for what is measured with a database.

The people are made by SQL, as quickly as the server can write them; only the columns facts are made of are
filled, so nobody in it could be named. Import it before anything of Django: it decides where data lies.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.population import SEED
from bench.setting import ON, ROOT

COUNTIES: Final = (370202, 370203, 370211, 370212, 370213, 370214, 370215, 370281, 370283, 370285)
_STATED: Final = {
    "holds_pref_card": (0.9, "(random() < 0.7)::text"),
    "in_hardship": (0.25, "(random() < 0.12)::text"),
    "has_medical_insurance": (0.75, "(random() < 0.95)::text"),
    "has_employer": (0.4, "(random() < 0.6)::text"),
    "residence_city": (0.3, "'370200000000'"),
}


@contextmanager
def invented_registry(people: int) -> Iterator[None]:
    """A migrated database with so many people, Django set up over it; stopped and deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rongjun-bench-", dir="/tmp"))
    folder.chmod(0o755)
    os.environ.pop("DATABASE_URL", None)
    os.environ.update(
        RONGJUN_PROFILE="test",
        RONGJUN_DATA=str(folder),
        DJANGO_SETTINGS_MODULE="rongjun.config.settings",
    )
    from rongjun.config.database import cluster

    server = cluster()
    try:
        server.start()
        server.prepare()
        environment = {**os.environ, "RONGJUN_DB_ROLE": "owner"}
        migrate = [sys.executable, "-m", "django", "migrate", "-v", "0"]
        subprocess.run(migrate, env=environment, cwd=ROOT, check=True)
        server.as_superuser(_script(people), database="rongjun")
        import django

        django.setup()
        yield
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _script(people: int) -> str:
    """Everybody is served by one of thirty stations; shares are plausible, not counted."""
    stations = ", ".join(f"{county}90{station}000" for county in COUNTIES for station in (1, 2, 3))
    return f"""
        select setseed({SEED % 1000 / 1000});
        create temporary table invented as
        select md5('person ' || i)::uuid as id, i, random() as kind,
               (array[{stations}]::bigint[])[1 + i % {3 * len(COUNTIES)}] as division,
               date '{ON}' - (365 * (20 + 75 * random()))::int as born
        from generate_series(1, {people}) i;
        insert into registry_person (id, division, name, name_grams, opened_at, opened_by)
        select id, division, '测试' || i, array[]::varchar[], now(), 'x' from invented;
        {"".join(map(_filled, _TABLES))}
        analyze;
    """


@dataclass(frozen=True, slots=True)
class _Table:
    """What is asserted of whom: columns with the SQL that invents them."""

    name: str
    said: Mapping[str, str]
    whom: str = "true"


def _filled(table: _Table) -> str:
    names, values = ", ".join(table.said), ", ".join(table.said.values())
    return f"""
        insert into registry_{table.name}
        (person_id, division, valid_from, recorded_at, source, evidence, recorded_by, {names})
        select id, division, '2020-01-01', now(), '虚构', '', 'x', {values} from invented where {table.whom};
    """


def _one_of(*words: str) -> str:
    return f"(array{list(words)})[1 + (random() * {len(words) - 1})::int]"


_TABLES: Final = (
    _Table("particulars", {"name": "'测试'", "sex": _one_of("male", "female"), "birth_date": "born"}),
    _Table(
        "status",
        {
            "category": "case when kind < 0.85 then 'veteran' when kind < 0.9 then 'martyr-kin'"
            " else 'soldier-family' end"
        },
    ),
    _Table("status", {"category": "'disabled-soldier'"}, "kind < 0.035"),
    _Table(
        "disabilityrating",
        {"grade": "1 + (random() * 9)::int", "cause": _one_of("war", "duty", "illness")},
        "kind < 0.035",
    ),
    _Table("household", {"county": "left(division::text, 6)", "kind": _one_of("rural", "urban")}),
    _Table(
        "service",
        {
            "enlisted_on": "born + 7000",
            "discharged_on": "born + 7000 + 730 * (1 + (random() * 6)::int)",
            "rank_group": _one_of("conscript", "nco", "officer"),
            "placement_mode": _one_of("self_employed", "job_arranged"),
        },
        "kind < 0.85",
    ),
    *(
        _Table("statement", {"fact": f"'{fact}'", "value": value}, f"random() < {known}")
        for fact, (known, value) in _STATED.items()
    ),
    _Table(
        "relation",
        {
            "series": "gen_random_uuid()",
            "dependant_of": "case when kind < 0.9 then 'martyr' else 'active_soldier' end",
            "relation": _one_of("child", "spouse", "parent"),
            "deceased_kind": "'none'",
            "stated": "'{}'",
        },
        "kind >= 0.85",
    ),
)
