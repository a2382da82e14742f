"""What came in by every channel is accounted for, and no channel is forgotten."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import timezone

from rongjun.access.api import acting_as_job
from rongjun.insight import queries
from tests.house.scene import Scene
from tests.house.tree import syntax_of


def doors() -> dict[str, set[str]]:
    """What each app offers at its door that tells a balance."""
    found = {}
    for app in apps.get_app_configs():
        if app.name.startswith("rongjun."):
            door = importlib.import_module(f"{app.name}.api") if _has_door(app.name) else None
            found[app.name] = {name for name in getattr(door, "__all__", ()) if name.endswith("balance")}
    return {app: names for app, names in found.items() if names}


def _has_door(app: str) -> bool:
    return importlib.util.find_spec(f"{app}.api") is not None


def _asked() -> Iterator[str]:
    assert queries.__file__
    for node in ast.walk(syntax_of(Path(queries.__file__))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and "balance" in node.attr:
            yield f"{node.value.id}.{node.attr}"


def test_the_command_asks_every_app_that_takes_things_in() -> None:
    asked = set(_asked())
    offered = {f"{app.removeprefix('rongjun.')}.{name}" for app, names in doors().items() for name in names}
    assert len(offered) >= 4
    assert asked == offered


@pytest.mark.django_db
def test_nothing_that_came_in_is_unaccounted_for(scene: Scene) -> None:
    with acting_as_job("test.balance"):
        told = queries.balances(since=date(2020, 1, 1), until=timezone.localdate())
    by_channel = {each.channel: each for each in told}
    assert by_channel["花名册"].refused == 3
    assert len(by_channel) >= 3  # rosters, the old system's files, papers
    assert [each for each in told if each.gap] == []
