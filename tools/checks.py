"""The checks behind `make test`, `make fast` and `make shots`, one after another, with a table at the end.

Runs in .venv as `python -m tools.checks fast|test|shots [--only NAME ...] [--stop]`. Two lanes, one a core:
steps marked `beside` run one after another beside the others; their output is kept and printed at the end.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools import browser, web
from tools.steps import SetupError, report, stop_on_terminate

ROOT = Path(__file__).resolve().parent.parent
_BIN = ROOT / ".venv/bin"
_SECONDS = 3000
_PATIENCE = 20
_NO_TESTS = 5  # pytest's exit code when nothing was collected; a step that checks nothing has not passed


@dataclass(frozen=True, slots=True)
class Step:
    """One check: its short name, what people read, the command, and whether it runs beside the others."""

    name: str
    title: str
    command: tuple[str, ...]
    folder: str = "."
    env: Mapping[str, str] | None = None
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended, and how many seconds it took."""

    step: Step
    seconds: float
    code: int

    @property
    def verdict(self) -> str:
        """What the table says."""
        if self.code == 0:
            return "ok"
        if self.code == _NO_TESTS and "pytest" in self.step.command[0]:
            return "FAILED, no tests"
        return "FAILED"


def steps(use: str) -> list[Step]:
    """The steps of `fast`, `test` or `shots`, in the order in which they are run and listed."""
    if use == "shots":
        pictures = {"RONGJUN_SHOTS": str(ROOT / "docs/images/manual")}
        return [
            Step("shots", "使用手册的图", (_bin("pytest"), "tests/journeys/test_manual.py"), env=pictures)
        ]
    shared = [
        Step("format", "格式", (_bin("ruff"), "format", "--check", ".")),
        Step("lint", "静态检查", (_bin("ruff"), "check", ".")),
        Step("imports", "楼层（导入方向）", (_bin("lint-imports"), "--no-logo")),
    ]
    if use == "fast":
        pure = ("-m", "not database and not browser")
        return [*shared, Step("pure", "不用数据库的测试", (_bin("pytest"), *pure), env={"RONGJUN_PURE": "1"})]
    return [
        *shared,
        Step("types", "类型（Python）", (_bin("mypy"),), beside=True),
        Step("web-types", "类型（网页）", ("npm", "run", "check"), folder="web", beside=True),
        Step("docs", "文档", (_bin("mkdocs"), "build", "--strict", "--quiet"), beside=True),
        Step("migrations", "迁移完整", (_bin("rongjun"), "manage", "makemigrations", "--check", "--dry-run")),
        Step("policy", "政策与示例", (_bin("rongjun"), "policy", "check")),
        Step("generated", "生成的文件是最新的", (_bin("rongjun"), "generate", "--check")),
        Step("tests", "各应用的测试（含数据库）", (_bin("pytest"), "-m", "not browser", "src")),
        Step("house", "全屋的测试（含数据库）", (_bin("pytest"), "-m", "not browser", "tests"), beside=True),
        Step("browser", "测试（浏览器）", (_bin("pytest"), "-m", "browser"), beside=True),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the steps asked for; 0 if all passed, 1 if one failed, 130 if interrupted."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # as in bootstrap.py
    parser = argparse.ArgumentParser(prog="python -m tools.checks", description="Run the project's checks.")
    parser.add_argument("use", choices=("fast", "test", "shots"))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run these steps only")
    parser.add_argument("--stop", action="store_true", help="stop at the first failure")
    asked = parser.parse_args(arguments)
    chosen = steps(asked.use)
    unknown = set(asked.only or ()) - {step.name for step in chosen}
    if unknown:
        parser.error(f"unknown step {', '.join(sorted(unknown))}; known: {', '.join(s.name for s in chosen)}")
    if asked.only:
        chosen = [step for step in chosen if step.name in asked.only]
    stop_on_terminate()
    try:
        results = run_all(chosen, _environment(asked.use), stop=asked.stop)
    except SetupError as error:
        report(error)
        return 1
    except KeyboardInterrupt:
        print("\n已中断 · interrupted", flush=True)
        return 130
    print(table(results), flush=True)
    return 1 if any(result.code for result in results) else 0


def run_all(chosen: Sequence[Step], env: Mapping[str, str], *, stop: bool) -> list[Result]:
    """Run every step and report all, or with `stop` run them one by one until one fails."""
    beside = [step for step in chosen if step.beside and not stop]
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(max_workers=1) as pool, tempfile.TemporaryDirectory() as logs:
        waiting: list[tuple[Future[Result], Path]] = []
        for step in beside:
            log = Path(logs) / step.name
            waiting.append((pool.submit(_run_into, step, env, log), log))
        try:
            for step in chosen:
                if step in beside:
                    continue
                _heading(step)
                results[step.name] = _run(step, env, None)
                if stop and results[step.name].code:
                    break
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
        for future, log in waiting:
            result = future.result()
            _heading(result.step)
            print(log.read_text("utf-8", "replace").rstrip(), flush=True)
            results[result.step.name] = result
    return [results[step.name] for step in chosen if step.name in results]


def table(results: Sequence[Result]) -> str:
    """The closing table: step, seconds, verdict, title; then one line that says how it went."""
    lines = [f"{r.step.name:<12}{r.seconds:>8.1f} s  {r.verdict:<18}{r.step.title}" for r in results]
    failed = [result.step.name for result in results if result.code]
    closing = f"未通过 · failed: {', '.join(failed)}" if failed else "全部通过 · everything passed"
    return "\n".join(["", "─" * 60, *lines, "─" * 60, closing])


def _run_into(step: Step, env: Mapping[str, str], log: Path) -> Result:
    with log.open("wb") as out:
        return _run(step, env, out)


def _run(step: Step, env: Mapping[str, str], out: IO[bytes] | None) -> Result:
    begun = time.monotonic()
    try:
        child = subprocess.Popen(
            step.command,
            cwd=ROOT / step.folder,
            env={**env, **(step.env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if out else None,
        )
        code = _wait(child)
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{step.name}: {error}\n"
        if out:
            out.write(message.encode())
        else:
            print(message, flush=True)
        code = 1
    return Result(step, time.monotonic() - begun, code)


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Wait for a step; interrupted or too late, let it put its things away (a database, a browser)."""
    try:
        return child.wait(_SECONDS)
    except KeyboardInterrupt:
        # Ctrl-C reached the child as well, and a second one would cut its cleaning short.
        with suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGKILL):
            if child.poll() is None:
                child.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_PATIENCE)


def _heading(step: Step) -> None:
    print(f"\n── {step.name} · {step.title} ──", flush=True)


def _environment(use: str) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    if use == "fast":
        return env
    chromium = browser.find_chromium(env)
    if chromium:
        env["CHROMIUM"] = chromium
    return web.with_node(ROOT, env)


def _bin(name: str) -> str:
    return str(_BIN / name)


if __name__ == "__main__":
    sys.exit(main())
