"""pytest plugin: one throw-away PostgreSQL per run, one migrated template, tests as the login role.

Loaded with `-p tests.cluster`, before any settings are read. Tests connect as `rongjun_login`, exactly as the
served application does; to set a scene they step into `as_owner()`, which only this cluster allows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

PURE = os.environ.get("RONGJUN_PURE") == "1"
TEMPLATE = "rongjun_template"
DATABASE = "rongjun_test"
OWN = "rongjun_own_test"
ROOT = Path(__file__).resolve().parent.parent

# Settings are read while pytest loads its plugins: where this run keeps its data has to be known before that.
_FOLDER = Path(tempfile.mkdtemp(prefix="rongjun-", dir="/tmp"))
os.environ.update(
    RONGJUN_PROFILE="test",
    RONGJUN_DATA=str(_FOLDER),
    RONGJUN_DATABASE=DATABASE,
    DJANGO_SETTINGS_MODULE="rongjun.config.settings",
)
os.environ.pop("DATABASE_URL", None)
_FOLDER.chmod(0o755)


def pytest_configure(config: pytest.Config) -> None:
    """Start the cluster before pytest-django opens a connection."""
    config.addinivalue_line("markers", "database: needs PostgreSQL (added to every django_db test)")
    if PURE:
        return
    from rongjun.config.database import cluster

    server = cluster()
    server.start()
    server.prepare()
    config.stash[_CLUSTER] = server


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop it and leave nothing behind."""
    server = config.stash.get(_CLUSTER, None)
    if server is not None:
        server.stop()
    shutil.rmtree(_FOLDER, ignore_errors=True)


_CLUSTER: pytest.StashKey[Any] = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever touches the database can be left out by one marker."""
    for item in items:
        if "django_db_setup" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db"):
            item.add_marker("database")


def superuser(script: str) -> None:
    """Run SQL as the cluster's superuser."""
    from rongjun.config.database import cluster

    cluster().as_superuser(script)


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: object) -> Iterator[None]:
    """Migrate once into a template, copy it, and let the login role step into the owner in this copy."""
    if PURE:
        pytest.fail("a pure run met a database test")
    migrated_template()
    fresh_database(DATABASE)
    yield
    from django.db import connections

    connections.close_all()


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """`database_apart`, for one test."""
    with database_apart(django_db_blocker) as name:
        yield name


@contextmanager
def database_apart(blocker: Any) -> Iterator[str]:
    """A fresh copy of the template behind the default connection, in every thread, for tests that commit.

    The evidence chain refuses TRUNCATE, so such tests cannot share a database that is emptied between them.
    """
    from django.db import connection

    with blocker.unblock():
        connection.close()
        fresh_database(OWN)
        shared = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = OWN
        try:
            yield OWN
        finally:
            connection.close()
            connection.settings_dict["NAME"] = shared


def migrated_template() -> None:
    """The template database, migrated by the real command as the real owner."""
    if TEMPLATE in _made:
        return
    superuser(f"create database {TEMPLATE} owner rongjun_owner")
    superuser("grant rongjun_owner to rongjun_login")
    environment = {**os.environ, "RONGJUN_DB_ROLE": "owner", "RONGJUN_DATABASE": TEMPLATE}
    done = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "-v", "0"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    _made.add(TEMPLATE)


def fresh_database(name: str) -> None:
    """A copy of the template: tens of milliseconds."""
    superuser(f"drop database if exists {name} with (force)")
    superuser(f"create database {name} owner rongjun_owner template {TEMPLATE} strategy file_copy")


_made: set[str] = set()


@contextmanager
def as_owner() -> Iterator[None]:
    """Set a scene: inside, statements run as the owner, whom row security does not bind."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select current_user")
        before = cursor.fetchone()[0]
        cursor.execute("select set_config('role', 'rongjun_owner', true)")
        yield
        cursor.execute("select set_config('role', %s, true)", [before])


def connect(role: str = "login", database: str = DATABASE) -> psycopg.Connection[tuple[object, ...]]:
    """A second real connection, for races."""
    from rongjun.config.database import connection_parameters

    return psycopg.connect(**{**connection_parameters(role), "dbname": database})  # type: ignore[arg-type]
