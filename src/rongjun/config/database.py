"""Which PostgreSQL we talk to, and as whom: the embedded cluster, or any server (15 or newer) by its URL."""

from __future__ import annotations

import os
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from rongjun.config import postgres
from rongjun.config.place import place
from rongjun.config.postgres import DATABASE, LOGIN, OWNER, Cluster, LauncherError, open_cluster

ROLES = {"login": LOGIN, "owner": OWNER}


def cluster() -> Cluster:
    """The embedded cluster of this place."""
    return open_cluster(place().postgres, throwaway=place().profile == "test")


def connection_parameters(role: str) -> dict[str, str]:
    """psycopg's parameters for `login` (requests and jobs) or `owner` (migrations, backup)."""
    database = _name()
    url = os.environ.get("DATABASE_URL")
    if not url:
        socket = postgres.socket_folder(place().postgres)
        return {"host": str(socket), "port": postgres.PORT, "user": ROLES[role], "dbname": database}
    given = {k: str(v) for k, v in conninfo_to_dict(url).items() if v is not None}
    return {**given, "user": ROLES[role], "password": place().secret(f"database-{role}"), "dbname": database}


def _name() -> str:
    """Our database, on whichever server: what DATABASE_URL names is only where its administrator comes in."""
    return os.environ.get("RONGJUN_DATABASE", DATABASE)


def django_database() -> dict[str, Any]:
    """The `default` entry of DATABASES. `RONGJUN_DB_ROLE=owner` is set by the commands that migrate."""
    role = os.environ.get("RONGJUN_DB_ROLE", "login")
    if role not in ROLES:
        raise ImproperlyConfigured(f"RONGJUN_DB_ROLE 只能是 login 或 owner，现在是 {role}。")
    given = connection_parameters(role)
    known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{django: given[pg] for pg, django in known.items() if pg in given},
        "OPTIONS": {k: v for k, v in given.items() if k not in known},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,  # the access rule opens the transaction, together with its scope
    }


def make_ready() -> bool:
    """Start or reach the server, create roles and database, assert it is sound. True if we started it."""
    url = os.environ.get("DATABASE_URL")
    started = False
    try:
        if url:
            _prepare_external(url)
        else:
            started = (embedded := cluster()).start()
            embedded.prepare()
        with psycopg.connect(**connection_parameters("login")) as connection:  # type: ignore[arg-type]
            postgres.assert_sound(connection)
    except psycopg.Error as error:
        where = "DATABASE_URL 指向的服务器" if url else "内置数据库"
        raise LauncherError(f"连不上{where}：{str(error).strip().splitlines()[-1]}") from error
    return started


def _prepare_external(url: str) -> None:
    """The URL's role must be allowed to create roles and a database; ours get passwords kept in the place."""
    given = {k: str(v) for k, v in conninfo_to_dict(url).items() if v is not None}
    with psycopg.connect(**given, autocommit=True) as connection:  # type: ignore[arg-type]
        row = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if not row or not row[0]:
        raise LauncherError(
            "DATABASE_URL 的角色须是数据库管理员（superuser），才能建好各个角色；"
            "平时运行用的是它建出的 rongjun_login，不是它自己。"
        )
    postgres.prepare_server({**given, "dbname": given.get("dbname", "postgres")}, database=_name())
    with psycopg.connect(**given, autocommit=True) as connection:  # type: ignore[arg-type]
        for role, name in ROLES.items():
            secret = place().secret(f"database-{role}")
            connection.execute(
                f"alter role {name} password '{secret}'".encode()
            )  # our own random text: [A-Za-z0-9_-]
