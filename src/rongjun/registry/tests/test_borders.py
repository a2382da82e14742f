"""The border of a division, past our own code: every table of the registry refuses a row from beyond it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, models, transaction
from pytest_django.fixtures import Settings

from rongjun.access.api import acting_as
from rongjun.registry import api as registry
from rongjun.registry import spelling
from rongjun.registry.actions import look_up_number
from rongjun.registry.models import (
    Assertion,
    CitizenLink,
    CutoverImport,
    CutoverRecord,
    DuplicateCandidate,
    FeedCandidate,
    ImportedRow,
    Mandate,
    Merge,
    NameTerm,
    Person,
    RosterImport,
    RosterPart,
)
from rongjun.registry.tests.scene import (
    NOW,
    actor,
    add_places,
    exercise_rights,
    hand_in,
    relate,
    report_of,
    tell_the_rest,
    visitor,
)
from rongjun.registry.tests.strategies import HOME, NEXT_DOOR, cells, number
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
# Candidates of feeds only a job writes: their borders are tested in `test_feeds`. Those of two files are
# walked in `test_merges`: a row of theirs needs two people. Links and mandates staff do not make: they are
# walked in `test_citizens`.
ELSEWHERE = {FeedCandidate, DuplicateCandidate, Merge, CitizenLink, Mandate}
TABLES: list[type[models.Model]] = [
    table for table in apps.get_app_config("registry").get_models() if table not in ELSEWHERE
]
FULL = cells(
    1, 人员类别="残疾军人", 残疾等级="七级", 残疾性质="因战", 优待证="有", 手机号码="10000000001"
)  # fmt: skip


@pytest.fixture
def roster() -> UUID:
    """A workbook whose one row fills every table a roster fills; a relation and rights beside it."""
    handed_in = hand_in([FULL])
    (row,) = report_of(handed_in).rows
    assert row.person
    relate(row.person)
    tell_the_rest(row.person)
    exercise_rights(row.person)
    _fill_the_rest(handed_in)
    return handed_in


def _fill_the_rest(handed_in: UUID) -> None:
    """One row in each table a roster does not fill: rows that wait, the old system's, a look elsewhere."""
    clerk = actor("clerk")
    with acting_as(clerk):
        RosterPart.objects.create(roster_id=handed_in, division=HOME, number=0, rows_sealed=b"")
        file = (
            f"总行数,1,总金额,1\n证件号码,项目代码,已发月份,已发金额\n{number(1)},示例,2024-08,1\n".encode()
        )
        read = registry.read_cutover(file, synthetic=True)
        registry.import_cutover(read, file_name="已发.csv", file_digest=b"x", by=clerk, now=NOW)
        look_up_number(number(2), purpose="核对证件", by=clerk, now=NOW)
    with as_owner():
        NameTerm.objects.exclude(term__startswith=spelling.NAME).delete()


def copy_of(table: type[models.Model], *, division: int) -> Any:
    """A row like the one that is there, not yet written; closed, so that no one-only rule is in the way."""
    with as_owner():
        row: Any = table._default_manager.get()
    if isinstance(row, NameTerm):
        row.term = "another"
    else:
        row.pk = uuid4() if isinstance(row.pk, UUID) else None
    row.division = division
    if isinstance(row, Assertion):
        row.superseded_at = row.recorded_at
    if isinstance(row, RosterImport | CutoverImport):
        row.file_digest = b"another file"
    if isinstance(row, RosterPart):
        row.number += 1
    if isinstance(row, CutoverRecord):
        row.key = "another"
    if isinstance(row, ImportedRow):
        row.row += 1
    return row


def test_the_walk_meets_every_kind_of_assertion() -> None:
    assert {*Assertion.__subclasses__(), Person, RosterImport, ImportedRow} <= set(TABLES)


def test_nobody_writes_a_row_of_another_division(roster: UUID) -> None:
    for table in TABLES:
        beyond = copy_of(table, division=NEXT_DOOR)
        with (
            pytest.raises(DatabaseError, match=f"row-level security.*{table._meta.db_table}"),
            transaction.atomic(),
            acting_as(actor("clerk")),
        ):
            beyond.save(force_insert=True)
    with as_owner():
        assert {table._default_manager.count() for table in TABLES} == {1}


def test_the_same_row_of_their_own_division_is_taken(roster: UUID) -> None:
    own = [copy_of(table, division=HOME) for table in TABLES]
    with acting_as(actor("clerk")):
        for row in own:
            row.save(force_insert=True)
        assert {table._default_manager.count() for table in TABLES} == {2}


def test_nobody_reads_a_row_of_another_division(roster: UUID) -> None:
    seen = {}
    for login in ("clerk", "district", "city", "next-door", "neighbour"):
        with acting_as(actor(login)):
            seen[login] = {table._default_manager.count() for table in TABLES}
    assert seen == {"clerk": {1}, "district": {1}, "city": {1}, "next-door": {0}, "neighbour": {0}}


def test_nobody_pushes_a_person_over_the_border(roster: UUID) -> None:
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        acting_as(actor("clerk")),
    ):
        Person.objects.update(division=NEXT_DOOR)


@pytest.mark.parametrize(
    ("login", "status"),
    [
        ("stranger", 302),
        ("clerk", 200),
        ("colleague", 200),
        ("next-door", 404),
        ("neighbour", 404),
        ("city", 200),
        ("auditor", 403),
        ("system", 403),
        ("security", 403),
    ],
)
def test_a_report_is_opened_by_whom_it_concerns(
    roster: UUID, settings: Settings, login: str, status: int
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    add_places()
    assert report_of(roster).opened == 1
    page = visitor(login).get(f"/registry/imports/{roster}/")
    assert page.status_code == status
    assert ("测试张三0001" in page.content.decode()) == (status == 200)
