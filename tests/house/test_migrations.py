"""Migrations are complete, and each says what it does."""

from __future__ import annotations

import importlib
import re

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation

from tests.house.tree import PACKAGE

NAMED = re.compile(r"\d{4}_[a-z][a-z0-9]*(_[a-z0-9]+)*")
NAMED_BY_A_MACHINE = re.compile(r"\d{4}_(auto|alter|remove|add|delete|rename)_|_and_more$|_\d{8}_")
OURS = {config.label for config in apps.get_app_configs() if config.name.startswith("rongjun.")}
MIGRATIONS = sorted(
    f"rongjun.{path.parent.parent.name}.migrations.{path.stem}"
    for path in PACKAGE.glob("*/migrations/[0-9]*.py")
)


@pytest.fixture(scope="module")
def history() -> MigrationLoader:
    return MigrationLoader(None, ignore_no_migrations=True)


def test_the_tables_are_as_the_models_say(history: MigrationLoader) -> None:
    with translation.override(None):  # as makemigrations does: the language of a label is no change
        detector = MigrationAutodetector(history.project_state(), ProjectState.from_apps(apps))
        changed = detector.changes(graph=history.graph, trim_to_apps=OURS)
        missing = {
            app: [step.describe() for one in each for step in one.operations] for app, each in changed.items()
        }
    assert missing == {}


def test_no_two_migrations_of_an_app_are_both_last(history: MigrationLoader) -> None:
    assert history.detect_conflicts() == {}


@pytest.mark.parametrize("module", MIGRATIONS)
def test_a_migration_says_what_it_does(module: str) -> None:
    name = module.rsplit(".", 1)[1]
    assert NAMED.fullmatch(name)
    assert not NAMED_BY_A_MACHINE.search(name)
    assert name == "0001_initial" or (importlib.import_module(module).__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("module", MIGRATIONS)
def test_sql_in_a_migration_says_how_it_is_undone(module: str) -> None:
    migration = importlib.import_module(module).Migration
    assert [step.describe() for step in migration.operations if not step.reversible] == []
