"""People found by everything they are sought by, in a full registry: `python -m bench.searching FOLDER`."""

import json
import random
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.in_database import invented_registry
from bench.measuring import Timing, keep_to_cores, timed, timing
from bench.population import SEED
from bench.setting import ON, Setting, opened

_SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶"
    "阎单解仇"
)
_GIVEN: Final = (
    *("建国", "建军", "国强", "志强", "秀英", "桂英", "志明", "卫东", "红军", "爱国"),
    *"伟勇军杰涛明超磊敏静丽艳芳娟三山帅生胜松",
)
_SECOND: Final = "德永文玉海春国成金新立世庆兴忠学振少晓光华平云"
_ROUNDS: Final = 25
_CITY, _DISTRICT, _STATION = (0, 999999999999), (370202000000, 370202999999), (370202901000, 370202901999)
# What is typed, and how far into what was found the page lies.
_TYPED: Final = (
    ("测试", 0), ("测试", 950), ("建国", 0), ("建国", 500), ("国", 0), ("王", 0), ("zs", 0), ("zs", 500),
    ("zhangsan", 0), ("z", 0), ("jianguo", 0), ("0001", 0), ("", 0), ("", 9_900), ("没有的", 0),
)  # fmt: skip


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds a search takes inside the server, page by page, in scopes of a city, a district, a station."""
    with invented_registry(setting.size.people):
        from django.utils import timezone

        from rongjun.access.api import Scope, acting_as
        from rongjun.registry import api as registry

        _name_everybody()
        now = timezone.now()

        def page(text: str, first: int, scope: Scope) -> None:
            with acting_as(_actor(scope)):
                registry.find_people(text, on=ON, known_at=now, first=first, scope=scope)

        found: dict[str, Timing] = {}
        for label, (lo, hi) in {"city": _CITY, "district": _DISTRICT, "station": _STATION}.items():
            for text, first in _TYPED:
                work: Callable[[], None] = partial(page, text, first, Scope(lo, hi))
                work()
                found[f"{label} {text or '-'} +{first}"] = timing([timed(work) for _ in range(_ROUNDS)])
        worst = max(found, key=lambda name: found[name].p95)
        return {
            "people": setting.size.people,
            "searches": len(found),
            "worst": worst,
            "worst_timing": found[worst].plain(),
            "all": {name: each.plain() for name, each in found.items()},
        }


def _actor(scope: Any) -> Any:
    from uuid import UUID

    from rongjun.access.api import ROLES, Actor

    role = ROLES["city-officer"]
    return Actor(
        UUID(int=1), "bench", "测试测量", "staff", role.code, role.label, 0, "", scope, role.permissions
    )


def _name_everybody() -> None:
    """Plausible names, half of them with the mark of invented people before it, and numbers' last signs."""
    import psycopg

    from rongjun.config.database import connection_parameters

    with psycopg.connect(**connection_parameters("owner")) as connection:  # type: ignore[arg-type]
        people = connection.execute("select id, division from registry_person order by id").fetchall()
        with connection.cursor() as cursor:
            cursor.execute("create temporary table named (id uuid, name text)")
            with cursor.copy("copy named from stdin") as copy:
                names = dict(zip((key for key, _ in people), _names(), strict=False))
                for row in names.items():
                    copy.write_row(row)
            cursor.execute("update registry_person p set name = n.name from named n where n.id = p.id")
            # Indexes are built once the rows are there, as they were defined.
            cursor.execute("select indexdef from pg_indexes where indexname like 'name_term%'")
            definitions = [str(definition) for (definition,) in cursor.fetchall()]
            cursor.execute("drop index name_term_everywhere, name_term_by_station")
            with cursor.copy("copy registry_nameterm (person_id, division, term) from stdin") as copy:
                for row in _terms(people, names):
                    copy.write_row(row)
            connection.commit()
            for definition in definitions:
                cursor.execute(definition.encode())
        for table in ("identitydocument", "contact"):
            connection.execute(_numbers(table))
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")


def _numbers(table: str) -> bytes:
    kind = ("kind, ", "'111', ") if table == "identitydocument" else ("", "")
    return f"""
        insert into registry_{table} (person_id, division, valid_from, recorded_at, source, evidence,
            recorded_by, {kind[0]}number_sealed, number_index, number_mask, number_tail)
        select id, division, '2020-01-01', now(), '虚构', '', 'x', {kind[1]}'',
            sha256(id::text::bytea), '****', lpad((random() * 9999)::int::text, 4, '0') from registry_person
    """.encode()


def _names() -> Iterator[str]:
    chance = random.Random(SEED)
    while True:
        second = chance.choice(_SECOND) if chance.random() < 0.5 else ""
        given = chance.choices(_GIVEN, k=1)[0]
        surname = _SURNAMES[min(int(chance.expovariate(0.09)), len(_SURNAMES) - 1)]
        yield f"测试{surname}{second if len(given) == 1 else ''}{given}"


def _terms(people: Any, names: Any) -> Iterator[tuple[Any, ...]]:
    from rongjun.registry.spelling import terms

    return ((key, division, term) for key, division in people for term in terms(names[key]))


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "searching.json").write_text(json.dumps(measure(opened(place))), "utf-8")
