"""Five kinds of people a window meets, each on file: what they are told, and by which sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from rongjun.access.api import ROLES, Actor, acting_as, scope_of
from rongjun.benefits import api as benefits
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.registry import api as registry
from rongjun.rules.api import Decision, Sheet, plain, read_sheet
from tests.policy.test_nine_persons import MOST_UNKNOWN

pytestmark = pytest.mark.django_db
FILE = Path(__file__).parents[1] / "data/article-people.yaml"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STATION, CITY = 370202901000, 370200000000


@cache
def data() -> Mapping[str, Any]:
    sheet = Sheet(FILE.name, [])
    node = read_sheet(FILE, sheet=sheet)
    assert node is not None, sheet.problems
    return cast(Mapping[str, Any], plain(node))


def the_day() -> date:
    return date.fromisoformat(str(data()["on"]))


def officer() -> Actor:
    role = ROLES["city-officer"]
    return Actor(
        uuid4(), "city", "测试", "staff", "city-officer", "", CITY, "示范", scope_of(CITY), role.permissions
    )  # fmt: skip


def on_file(person: Mapping[str, Any]) -> UUID:
    """Through the doors a clerk uses: a roster of one row, the relations, the answers."""
    by, row = officer(), dict(person["row"])
    born = date.fromisoformat(str(row.pop("born")))
    number = IdentityNumber.invented(born=born, sequence=int(person["id"][-2:]), address="990001").number
    cells = {"姓名": f"测试{person['id'][-2:]}", "证件号码": number, "服务站区划代码": str(STATION)}
    roster = registry.import_roster(
        [registry.RawRow(2, {**cells, **{name: str(value) for name, value in row.items()}})],
        file_name="一人.xlsx",
        file_digest=str(person["id"]).encode(),
        by=by,
        synthetic=True,
        now=NOW,
        today=the_day(),
    )
    report = registry.report(roster)
    assert report is not None
    (line,) = report.rows
    assert line.person, line.faults
    for number_of, relation in enumerate(person.get("relations", ())):
        tie = {name: relation[name] for name in ("dependant_of", "relation", "deceased_kind")}
        registry.record_relation(
            line.person,
            **tie,
            stated={name: value for name, value in relation.items() if name not in tie},
            source="证明",
            evidence=f"示例 {number_of} 号",
            valid_from=date(2020, 1, 1),
            by=by,
            now=NOW,
        )
    for fact, value in person["answers"].items():
        said = str(value).lower() if isinstance(value, bool) else str(value)
        registry.state_fact(
            line.person,
            fact=fact,
            value=said,
            valid_from=date(2026, 1, 1),
            valid_to=date(2027, 1, 1),
            source="窗口",
            by=by,
            now=NOW,
        )
    return line.person


def told(person: Mapping[str, Any]) -> dict[str, Decision]:
    """Every decision by the number of the collected data."""
    with acting_as(officer()):
        book = benefits.book()
        found = benefits.decisions_for(on_file(person), on=the_day(), known_at=NOW, by_book=book)
    return {str(book.benefits[each.code].source_id): each for each in found}


@pytest.mark.parametrize("person", data()["persons"], ids=lambda person: str(person["id"]))
def test_the_list_is_right_with_the_right_reasons(person: Mapping[str, Any]) -> None:
    found = told(person)
    for number, sentence in person["gets"].items():
        reasons = [reason.text for reason in found[number].reasons if reason.state == "met"]
        assert found[number].verdict == "granted", (number, found[number].missing)
        assert any(sentence in text for text in reasons), (number, reasons)
    for number, sentence in person["does_not_get"].items():
        reasons = [reason.text for reason in found[number].reasons if reason.state == "failed"]
        assert found[number].verdict == "not-granted", number
        assert any(sentence in text for text in reasons), (number, reasons)
    for number, relation in person.get("by_relation", {}).items():
        assert found[number].relation == relation
    counts = Counter(each.verdict for each in found.values())
    assert counts["unknown"] <= MOST_UNKNOWN * len(found)
    expected = {key.replace("_", "-"): count for key, count in person.get("expect", {}).items()}
    assert dict(counts) == expected
