"""Apps meet only at their doors, and nothing that runs leans on a test."""

from __future__ import annotations

import grimp
import pytest
from grimp import ImportGraph

OPEN = {"kernel", "rules"}
# config wires the house: it mounts addresses and commands, runs jobs and connects facts.
WIRED = {"api", "facts", "http", "jobs", "terminal"}
# A migration is history in SQL: it takes the text of a lock from where that is written, and loads no door.
LOCKS = ("access", "row_security")


@pytest.fixture(scope="module")
def house() -> ImportGraph:
    return grimp.build_graph("rongjun", include_external_packages=True, cache_dir=None)


def is_at_a_door(importer: str, imported: str) -> bool:
    """Whether one module of the house may import another."""
    here, there = importer.split(".")[1:], imported.split(".")[1:]
    if not here or not there:
        return False
    if here[0] == there[0] or there[0] in OPEN:
        return True
    if "migrations" in here and tuple(there) == LOCKS:
        return True
    return len(there) == 2 and there[1] in (WIRED if here[0] == "config" else {"api"})


def reaches_past_doors(graph: ImportGraph) -> list[str]:
    """Imports inside the house that go past a door, as file, line and what to import instead."""
    found = []
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            if imported.split(".")[0] == "rongjun" and not is_at_a_door(importer, imported):
                lines = [str(edge["line_number"]) for edge in _edges(graph, importer, imported)]
                found.append(f"{importer}:{','.join(lines)} imports {imported}, not the door of its app")
    return found


def leans_on_tests(graph: ImportGraph) -> list[str]:
    """Modules outside the folders of tests that import something from one."""
    return [
        f"{importer} imports {imported}"
        for importer in sorted(graph.modules)
        if "tests" not in importer.split(".")
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
        if "tests" in imported.split(".")
    ]


def test_apps_meet_only_at_their_doors(house: ImportGraph) -> None:
    assert reaches_past_doors(house) == []


def test_nothing_that_runs_leans_on_a_test(house: ImportGraph) -> None:
    assert leans_on_tests(house) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("rongjun.desk.http", "rongjun.registry.queries"),
        ("rongjun.desk.http", "rongjun.registry.http"),
        ("rongjun.desk.http", "rongjun.insurance.terminal"),
        ("rongjun.desk.http", "rongjun.registry"),
        ("rongjun.desk.http", "rongjun.registry.rooms.api"),
        ("rongjun.desk.tests.test_http", "rongjun.registry.tests.strategies"),
        ("rongjun.config.demo", "rongjun.access.models"),
        ("rongjun.registry.migrations.0001_initial", "rongjun.access.models"),
        ("rongjun.registry.actions", "rongjun.access.row_security"),
    ],
)
def test_a_reach_past_a_door_is_caught(importer: str, imported: str) -> None:
    graph = _graph_of(importer, imported)
    assert len(reaches_past_doors(graph)) == 1


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("rongjun.desk.http", "rongjun.registry.api"),
        ("rongjun.desk.http", "rongjun.kernel.identifiers.bank"),
        ("rongjun.desk.http", "rongjun.desk.cards"),
        ("rongjun.registry.tests.test_actions", "rongjun.registry.models"),
        ("rongjun.config.wiring", "rongjun.registry.facts"),
        ("rongjun.config.cli", "rongjun.insurance.terminal"),
        ("rongjun.registry.migrations.0001_initial", "rongjun.access.row_security"),
    ],
)
def test_a_door_may_be_used(importer: str, imported: str) -> None:
    assert reaches_past_doors(_graph_of(importer, imported)) == []


@pytest.mark.parametrize("imported", ["tests", "rongjun.registry.tests.scene"])
def test_leaning_on_a_test_is_caught(imported: str) -> None:
    assert len(leans_on_tests(_graph_of("rongjun.registry.actions", imported))) == 1


def _graph_of(importer: str, imported: str) -> ImportGraph:
    graph = ImportGraph()
    graph.add_import(importer=importer, imported=imported, line_number=1, line_contents="import")
    return graph


def _edges(graph: ImportGraph, importer: str, imported: str) -> list[dict[str, object]]:
    return [dict(edge) for edge in graph.get_import_details(importer=importer, imported=imported)]
