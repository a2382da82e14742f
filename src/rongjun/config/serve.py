"""Runs the city on this machine: database, web server, worker; and stops all it started."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from types import FrameType
from urllib.request import ProxyHandler, build_opener

from rongjun.config import database
from rongjun.config.cli_insurance import hospital_command
from rongjun.config.cli_partners import operators_command
from rongjun.config.orphans import end_with_parent
from rongjun.config.place import place
from rongjun.config.postgres import LauncherError
from rongjun.partners.terminal import OPERATORS

_direct = build_opener(ProxyHandler({}))  # this machine is not asked about through a proxy


def port_is_free(port: int) -> bool:
    """Whether nothing listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether our web server answers there; that something listens says nothing about who it is."""
    try:
        with _direct.open(f"http://localhost:{port}/health", timeout=5) as answer:
            return bool(answer.read() == b"ok")
    except (OSError, HTTPException):
        return False


@contextmanager
def only_one(
    name: str = "lock",
    *,
    busy: str = "的城市已经在运行。先在那个窗口按 Ctrl-C，或用 RONGJUN_DATA 另开一个目录。",
) -> Iterator[None]:
    """One running city for one data place; the kernel lets go of the lock even after `kill -9`."""
    path = place().make() / name
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LauncherError(f"这个数据目录（{place().root}）{busy}") from error
        yield


@dataclass(slots=True)
class Supervisor:
    """Child processes that live and die with this one."""

    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    stopping: bool = False

    def start(self, name: str, command: list[str]) -> None:
        """Start a child that ends when we end, however we end."""
        us = os.getpid()
        self.children[name] = subprocess.Popen(command, preexec_fn=lambda: _as_child(us))  # noqa: PLW1509 - one prctl, no lock

    def wait(self) -> int:
        """Until a signal or until a child ends by itself; 0 for an orderly stop."""
        for wanted in (signal.SIGINT, signal.SIGTERM):
            signal.signal(wanted, self._stop)
        while not self.stopping:
            for name, child in self.children.items():
                if child.poll() is not None:
                    print(f"{name} 停了（退出码 {child.returncode}），其余的一起停下。", file=sys.stderr)
                    self.stopping = True
                    self._end_children()
                    return 1
            time.sleep(0.2)
        self._end_children()
        return 0

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _end_children(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + 10
        for child in self.children.values():
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _as_child(parent: int) -> None:
    # Ctrl-C reaches the whole foreground group; children wait for our own orderly word instead.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)


def web_command(port: int) -> list[str]:
    """The application server: two processes, four threads each (each thread holds one connection)."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "warning",
        "--workers-kill-timeout", "5", "rongjun.config.wsgi:application",
    ]  # fmt: skip


def serve(port: int) -> int:
    """Web and worker until stopped. The database must be ready."""
    if not port_is_free(port):
        raise LauncherError(f"端口 {port} 已被别的程序占用。换一个：PORT={port + 1} make demo")
    supervisor = Supervisor()
    is_demo = place().profile == "demo"
    # A city made by `rongjun city` alone has nobody who could come in by it.
    if is_demo and place().arrivals.exists() and "RONGJUN_SSO_ISSUER" not in os.environ:
        _start_sso(supervisor, _free_port(port + 1))
    if is_demo and "RONGJUN_SMS_URL" not in os.environ:
        _start_sms(supervisor, port, at=_free_port(port + 10))
    if is_demo and "RONGJUN_WECHAT_URL" not in os.environ:
        _start_wechat(supervisor, port, at=_free_port(port + 20))
    supervisor.start("网页服务", web_command(port))
    supervisor.start("后台任务", [sys.executable, "-m", "rongjun.config.cli", "worker"])
    if is_demo and "RONGJUN_SCANNER" not in os.environ:
        simulator = [sys.executable, "-m", "rongjun.files.scanner_simulator", place().scanner_simulator]
        supervisor.start("查毒模拟器", simulator)
    story = place().root / "hospital" / "story.json"
    if is_demo and story.exists():
        command = hospital_command(f"http://localhost:{port}")
        supervisor.start("医院模拟器", [*command, "--letters", str(story), "--stay"])
    # A place where `rongjun partners demo` has agreed with them has their folders.
    if is_demo and (place().root / "drop" / "transit").is_dir():
        supervisor.start("运营单位模拟器", operators_command(*OPERATORS))
    _wait_for(port, supervisor)
    return supervisor.wait()


def _start_sso(supervisor: Supervisor, port: int) -> None:
    """The stand-in for the provincial single sign-on; the web server, started later, learns where it is."""
    simulator = [sys.executable, "-m", "rongjun.access.sso_simulator", str(port), str(place().arrivals)]
    supervisor.start("省统一登录模拟器", simulator)
    os.environ["RONGJUN_SSO_ISSUER"] = f"http://localhost:{port}"
    os.environ["RONGJUN_SSO_SECRET"] = secrets.token_urlsafe(16)


def _free_port(first: int) -> int:
    return next(each for each in range(first, first + 90) if port_is_free(each))


def _start_sms(supervisor: Supervisor, port: int, *, at: int) -> None:
    """The stand-in for the text message gateway; web and worker, started later, learn where it is."""
    os.environ["RONGJUN_SMS_URL"] = f"http://localhost:{at}"
    os.environ["RONGJUN_SMS_SECRET"] = secrets.token_urlsafe(16)
    os.environ["RONGJUN_SMS_SIMULATED"] = "1"
    _start_gateway(supervisor, "短信模拟器", "sms", port, at=at)


def _start_wechat(supervisor: Supervisor, port: int, *, at: int) -> None:
    """The stand-in for the platform of the 公众号."""
    os.environ["RONGJUN_WECHAT_URL"] = f"http://localhost:{at}"
    os.environ["RONGJUN_WECHAT_APPID"] = "wx-simulated"
    os.environ["RONGJUN_WECHAT_SECRET"] = secrets.token_urlsafe(16)
    os.environ["RONGJUN_WECHAT_TOKEN"] = secrets.token_urlsafe(16)
    os.environ["RONGJUN_WECHAT_TEMPLATE"] = "simulated"
    os.environ["RONGJUN_WECHAT_SIMULATED"] = "1"
    _start_gateway(supervisor, "公众号模拟器", "wechat", port, at=at)


def _start_gateway(supervisor: Supervisor, name: str, code: str, port: int, *, at: int) -> None:
    callback = f"http://localhost:{port}/notices/receipts/{code}/"
    module = f"rongjun.notices.{code}_simulator"
    supervisor.start(name, [sys.executable, "-m", module, str(at), callback])
    print(f"  {name}：http://localhost:{at}", flush=True)


def _wait_for(port: int, supervisor: Supervisor) -> None:
    for _ in range(300):
        if any(child.poll() is not None for child in supervisor.children.values()):
            return
        if answers(port):
            print(f"\n  打开 http://localhost:{port}   （按 Ctrl-C 停下）\n", flush=True)
            return
        time.sleep(0.1)


@contextmanager
def running_database(step: AbstractContextManager[None]) -> Iterator[None]:
    """The database for as long as the block runs; stopped after it only if we started it."""
    with step:
        started = database.make_ready()
    try:
        yield
    finally:
        if started:
            database.cluster().stop()


def run_as_owner(*arguments: str) -> None:
    """A Django command as the owner role, in its own process (this one never holds the owner's rights)."""
    environment = {
        **os.environ,
        "RONGJUN_DB_ROLE": "owner",
        "DJANGO_SETTINGS_MODULE": "rongjun.config.settings",
    }
    done = subprocess.run([sys.executable, "-m", "django", *arguments], env=environment, check=False)
    if done.returncode != 0:
        raise LauncherError(f"{' '.join(arguments)} 没有成功，上面几行是原因。数据没有改动。")
