"""The city under test is real: its own data place, cluster, server and worker, started by the command."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from rongjun.config.serve import answers, port_is_free

ROOT = Path(__file__).resolve().parents[2]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
PASSWORD = "Rongjun-demo-2026"
CODE = "246810"
SHOTS = ROOT / "test-results"
expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives Chromium."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker("browser")
            item.add_marker("database")


@dataclass
class City:
    """A running demo city: where it is, and how to start and stop it."""

    place: Path
    port: int
    process: subprocess.Popen[str] | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.place.parent / f"{self.place.name}.log"
        if not self.root.exists():
            self._lend_policy()

    @property
    def root(self) -> Path:
        """The project as this city sees it: everything is ours but the policy files, which it may change."""
        return self.place.parent / "project"

    def _lend_policy(self) -> None:
        self.root.mkdir(mode=0o755, parents=True)
        for each in ROOT.iterdir():
            if each.name != "policy":
                (self.root / each.name).symlink_to(each)
        shutil.copytree(ROOT / "policy", self.root / "policy")

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def province(self) -> str:
        """Where the demo's stand-in for the provincial single sign-on answers."""
        return f"http://localhost:{self.port + 1}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RONGJUN_", "DJANGO_", "DATABASE_"))}
        places = {"RONGJUN_DATA": str(self.place), "RONGJUN_ROOT": str(self.root)}
        return {**kept, **places, "PORT": str(self.port)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `rongjun` command over the same place."""
        command = [sys.executable, "-m", "rongjun.config.cli", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )

    def start(self) -> float:
        """Seconds until the pages are open."""
        began = time.monotonic()
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "rongjun.config.cli", "demo"],
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                text=True,
            )
        while time.monotonic() - began < 400:  # a busy machine takes minutes over a fresh city
            if self.process.poll() is not None:
                break
            if answers(self.port):
                return time.monotonic() - began
            time.sleep(0.1)
        raise AssertionError(self.log.read_text()[-3000:])

    def stop(self) -> int:
        """Ctrl-C, and wait."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


def free_port() -> int:
    """A port that is free together with those after it, where the stand-ins for other systems will answer.

    It lies below those the system lends to connections that go out: nobody gets it while a city starts.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        if all(port_is_free(port + step) for step in (0, 1, 10, 20)):
            return port


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    folder = Path(tempfile.mkdtemp(prefix="rongjun-city-", dir="/tmp"))
    folder.chmod(0o755)
    running = City(folder / "place", free_port())
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = (
        os.environ.get("CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    assert found, "没有 Chromium：请先运行 make test 让它装好，或设 CHROMIUM"
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--lang=zh-CN",
    ]
    # Playwright keeps an event loop in this thread; Django takes that for asynchronous code, which it is not.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as driver:
        # In the C locale Chromium cannot read an uploaded file whose name is Chinese.
        spoken: dict[str, str | float | bool] = {**os.environ, "LC_ALL": "C.UTF-8"}
        browser = driver.chromium.launch(executable_path=found, args=flags, env=spoken)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, city: City) -> Iterator[Callable[..., Page]]:
    """Opens a page as one of the cast, at a size; every foreign request and script error fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_as(login: str | None, *, size: ViewportSize = DESK) -> Page:
        context = chromium.new_context(
            viewport=size, locale="zh-CN", base_url=city.url, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request",
            lambda r: (
                faults.append(f"foreign: {r.url}")
                if not r.url.startswith((city.url, city.province, "data:", "blob:"))
                else None
            ),
        )
        page.on("pageerror", lambda e: faults.append(f"script: {e}"))
        page.on(
            "console",
            lambda m: faults.append(f"console: {m.text}") if "Content Security Policy" in m.text else None,
        )
        if login:
            sign_in(page, login)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert not faults, faults


def come_in(page: Page, number: int = 0) -> None:
    """As one of the people the simulated single sign-on offers, the veteran of 78 first."""
    page.goto("/")
    page.get_by_role("button", name="我是老兵或家属").click()
    page.locator("button[name=person]").nth(number).click()
    page.wait_for_url("**/my/")


def sign_in(page: Page, login: str) -> None:
    """Password, then the demo's fixed second factor."""
    page.goto("/accounts/login/")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_label("动态码").fill(CODE)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/desk/")
