"""What silently breaks a city is asked for, loudly, when its database starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from rongjun.config.postgres import (
    LOGIN,
    LONGEST_SOCKET_FOLDER,
    OWNER,
    SCOPED_ROLES,
    Cluster,
    LauncherError,
    assert_sound,
    open_cluster,
)

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="rongjun-launch-", dir="/tmp"))
    folder.chmod(0o755)
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C"  # what many a CI has: the caller's locale must not reach initdb
    try:
        made = open_cluster(folder / "postgres", throwaway=True)
        assert made.start() is True
        made.prepare()
    finally:
        os.environ.pop("LC_ALL")
        if before is not None:
            os.environ["LC_ALL"] = before
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


def connect(
    cluster: Cluster, role: str = LOGIN, database: str = "rongjun"
) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(**cluster.parameters(role=role, database=database))  # type: ignore[arg-type]


def one(connection: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_the_database_knows_chinese_whatever_the_callers_locale(cluster: Cluster) -> None:
    with connect(cluster) as connection:
        assert_sound(connection)
        assert (
            one(connection, "select datctype from pg_database where datname = current_database()")
            == "C.UTF-8"
        )
        assert one(connection, "select '张' ~ '^\\w$'") is True


def test_a_database_blind_to_chinese_is_refused_with_a_sentence(cluster: Cluster) -> None:
    cluster.as_superuser(
        "create database blind template template0 locale_provider libc lc_collate 'C' lc_ctype 'C'"
    )
    with (
        connect(cluster, database="blind") as connection,
        pytest.raises(LauncherError, match="中文检索会悄悄失灵"),
    ):
        assert_sound(connection)


def test_application_roles_are_neither_superuser_nor_owner_nor_past_row_security(cluster: Cluster) -> None:
    with connect(cluster) as connection:
        for role in (LOGIN, *SCOPED_ROLES):
            facts = connection.execute(
                "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,"
                " exists (select from pg_database where datdba = pg_roles.oid)"
                " from pg_roles where rolname = %s",
                [role],
            ).fetchone()
            assert facts == (False, False, False, False, False), role
        assert one(connection, f"select pg_has_role('{LOGIN}', '{OWNER}', 'member')") is False


def test_an_owner_connection_is_refused_as_application(cluster: Cluster) -> None:
    with connect(cluster, role=OWNER) as connection, pytest.raises(LauncherError, match="绕过行级权限"):
        assert_sound(connection)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_another_account_of_the_machine_cannot_connect(cluster: Cluster) -> None:
    told = subprocess.run(
        [
            shutil.which("psql") or cluster.binaries.bin / "psql",
            "-h",
            str(cluster.socket),
            "-U",
            LOGIN,
            "-d",
            "rongjun",
            "-c",
            "select 1",
        ],
        capture_output=True,
        text=True,
        check=False,
        user="daemon",
        cwd="/",
        extra_groups=[],
    )
    assert told.returncode != 0
    assert "Peer authentication failed" in told.stderr


def test_it_listens_on_no_network_address(cluster: Cluster) -> None:
    with connect(cluster) as connection:
        assert one(connection, "show listen_addresses") == ""


def test_starting_twice_reuses_the_running_server(cluster: Cluster) -> None:
    assert cluster.start() is False
    cluster.prepare()
    assert cluster.is_running()


def test_a_server_too_busy_to_answer_at_once_is_not_taken_for_one_of_ours(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Cluster.is_running
    told = iter([False])  # the first look finds nobody, as on a machine that is out of breath
    monkeypatch.setattr(Cluster, "is_running", lambda self: next(told, None) is None and answers(self))
    assert cluster.start() is False


def test_a_data_folder_of_another_release_is_left_alone_and_named(cluster: Cluster, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    other = Cluster(tmp_path / "old", cluster.binaries, cluster.account)
    other.data.mkdir(parents=True)
    (other.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(LauncherError, match="是 PostgreSQL 14 建的"):
        other.start()
    assert sorted(p.name for p in other.data.iterdir()) == ["PG_VERSION"]


def test_a_long_path_gets_a_short_socket(cluster: Cluster) -> None:
    deep = Cluster(Path("/tmp") / ("很长的目录" * 12), cluster.binaries, cluster.account)
    assert len(os.fsencode(deep.socket)) <= LONGEST_SOCKET_FOLDER


@pytest.fixture
def open_server(cluster: Cluster) -> Iterator[Cluster]:
    """The same server as a stranger's would be: its administrator comes in by address, others by password."""
    hba = cluster.data / "pg_hba.conf"
    kept = hba.read_text()
    hba.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    cluster.as_superuser("select pg_reload_conf()")
    yield cluster
    hba.write_text(kept)
    with connect(cluster, role="postgres", database="postgres") as administrator:
        administrator.execute("select pg_reload_conf()")


def test_any_server_will_do_by_its_address(open_server: Cluster, tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RONGJUN_", "DJANGO_"))}
    environment = {
        **kept,
        "DATABASE_URL": f"postgresql://postgres@/postgres?host={open_server.socket}",
        "RONGJUN_DATA": str(tmp_path / "place"),
        "RONGJUN_DATABASE": "elsewhere",
        "RONGJUN_PROFILE": "test",
    }
    told = subprocess.run(
        [sys.executable, "-m", "rongjun.config.cli", "migrate"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "registry.0003" in told.stdout
