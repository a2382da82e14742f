"""Make the project ready to run: uv, the locked Python environment, web assets, and what browser tests need.

Run as `python3 -m tools.bootstrap [--for demo|test|fast]` in the project's folder; it needs nothing but
Python's own library. When everything is up to date it looks, changes nothing and ends at once.
"""

from __future__ import annotations

import sys

if sys.hexversion < 0x030B0000:
    sys.exit(
        "错误：需要 Python 3.11 或更新的版本。请安装后再运行。\n"
        "Error: Python 3.11 or newer is needed. Install it and run again."
    )

import argparse
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools import browser, environment, web, words
from tools.steps import SetupError, explain, report, say, stop_on_terminate

ROOT = Path(__file__).resolve().parent.parent

# Set by an activated environment or a user's habit; each would send uv to another place than .venv.
_MISLEADING = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "UV_SYSTEM_PYTHON", "UV_PYTHON")


def main(arguments: list[str] | None = None) -> int:
    """Prepare this folder for one use; returns the exit code and prints what to do when it fails."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a screen without Chinese is no reason to stop
    parser = argparse.ArgumentParser(prog="python3 -m tools.bootstrap", description="Prepare the project.")
    parser.add_argument("--for", dest="use", choices=("demo", "test", "fast"), default="demo")
    use = parser.parse_args(arguments).use
    stop_on_terminate()
    try:
        prepare(ROOT, use=use, environ=os.environ)
    except SetupError as error:
        report(error)
    except OSError as error:
        report(_from_system(error))
    except KeyboardInterrupt:
        report(SetupError("已中断。再运行一次会接着做。", "Interrupted. Run the command again to go on."))
        return 130
    else:
        return 0
    return 1


def prepare(root: Path, *, use: str, environ: Mapping[str, str]) -> None:
    """Bring the folder up to date for `demo`, `test` or `fast`. Raises SetupError or OSError."""
    environment.require_inputs(root)
    with_web = use != "fast"
    if _all_ready(root, with_web) and not (use == "test" and browser.missing(environ)):
        return
    place = root / ".uv"
    place.mkdir(exist_ok=True)
    with _alone(place / "lock"):
        if use == "test":
            browser.ensure(root, environ)
        env = _child_environment(place, environ)
        if not environment.is_ready(root):
            environment.ensure(root, _uv(root, place, environ), env)
        if not words.is_ready(root):
            words.ensure(root, env)
        if with_web and not web.is_ready(root):
            web.ensure(root, env)
    say("环境就绪", "ready")


def _all_ready(root: Path, with_web: bool) -> bool:
    return environment.is_ready(root) and words.is_ready(root) and (not with_web or web.is_ready(root))


def _uv(root: Path, place: Path, environ: Mapping[str, str]) -> Path:
    # Imported here because a run that finds everything ready must not pay for the network libraries.
    from tools import indexes, uv

    for leftover in place.glob("tmp-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    return uv.ensure(place, root / "tools/uv.json", lambda: indexes.read(environ, home=_home(environ)))


def _child_environment(place: Path, environ: Mapping[str, str]) -> dict[str, str]:
    from tools import indexes

    env = {name: value for name, value in environ.items() if name not in _MISLEADING}
    env |= indexes.environment_for_uv(environ, home=_home(environ))
    env |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    if not os.access(_home(environ), os.W_OK):
        env.setdefault("UV_CACHE_DIR", str(place / "cache"))
        env.setdefault("npm_config_cache", str(place / "npm-cache"))
    return env


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or "/nonexistent")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the project's lock; a second run waits for the first and then finds its work done."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(
                "另一个命令正在准备环境，等它完成",
                "another command is preparing the environment, waiting for it",
            )
            fcntl.flock(file, fcntl.LOCK_EX)
        os.set_inheritable(file.fileno(), True)
        yield


def _from_system(error: OSError) -> SetupError:
    name = errno.errorcode.get(error.errno or 0, "")
    chinese, english = explain(f"{name} {error}") or (
        f"系统报告了错误：{error}。请改正后再运行。",
        f"The system reported: {error}. Put it right and run again.",
    )
    return SetupError(chinese, english, details=f"    {error}")


if __name__ == "__main__":
    sys.exit(main())
