"""The Python environment in .venv: made once, updated when the lock changes, otherwise left alone."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.steps import SetupError, run, say

_INPUTS = ("requirements.lock", "pyproject.toml")
_RECORD = "rongjun-environment.json"
_WORKING = "installing"


def digest(root: Path, python: str) -> str:
    """What the environment depends on: the lock, the project file and the Python version, as one SHA-256."""
    total = hashlib.sha256(python.encode())
    for name in _INPUTS:
        content = (root / name).read_bytes()
        total.update(f"\n{name} {len(content)}\n".encode() + content)
    return total.hexdigest()


def is_ready(root: Path) -> bool:
    """Whether .venv is whole, belongs to this folder and matches the lock."""
    record = _read(root)
    return record.get("root") == str(root) and record.get("digest") == digest(root, record.get("python", ""))


def ensure(root: Path, uv: Path, env: Mapping[str, str]) -> None:
    """Make .venv match the lock. Raises SetupError; an interrupted run is begun again from an empty .venv."""
    record = _read(root)
    if record.get("root") != str(root) or record.get("digest") == _WORKING:
        say(f"建立 Python {platform.python_version()} 环境 .venv", "making the environment")
        python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
        run(
            [uv, "venv", "--clear", "--no-project", "--python", python, root / ".venv"],
            what=("建立 Python 环境", "making the environment"),
            cwd=root,
            env=env,
        )
        record = {"root": str(root), "python": platform.python_version()}
    _write(root, {**record, "digest": _WORKING})
    say(
        "按 requirements.lock 安装 Python 包（首次约需几分钟）",
        "installing Python packages (minutes at first)",
    )
    _pip(root, uv, env, "sync", "--require-hashes", "requirements.lock")
    _pip(root, uv, env, "install", "--no-deps", "--no-build-isolation", "--editable", ".")
    make_link_plain(root)
    _write(root, {**record, "digest": digest(root, record["python"])})


def make_link_plain(root: Path) -> None:
    """Point .venv at src/ by a relative path: with 中文 in this file Python cannot start in locale C."""
    sources = root / "src"
    for link in (root / ".venv").glob("lib/python3*/site-packages/*.pth"):
        if link.read_text("utf-8").strip() == str(sources):
            link.write_text(os.path.relpath(sources, link.parent) + "\n", "ascii")


def _pip(root: Path, uv: Path, env: Mapping[str, str], *arguments: str) -> None:
    python = root / ".venv/bin/python"
    run(
        [uv, "pip", arguments[0], "--python", python, *arguments[1:]],
        what=("安装 Python 包", "installing Python packages"),
        cwd=root,
        env=env,
    )


def _read(root: Path) -> dict[str, str]:
    if not (root / ".venv/bin/python").exists():
        return {}
    try:
        found = json.loads((root / ".venv" / _RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(root: Path, record: Mapping[str, str]) -> None:
    target = root / ".venv" / _RECORD
    fresh = target.with_suffix(".new")
    fresh.write_text(json.dumps(record), "utf-8")
    fresh.replace(target)


def require_inputs(root: Path) -> None:
    """Refuse to work in a folder that is not a whole copy of the project. Raises SetupError."""
    missing = [name for name in _INPUTS if not (root / name).is_file()]
    if missing:
        raise SetupError(
            f"目录 {root} 里缺少 {'、'.join(missing)}。请重新取得完整的项目。",
            f"{', '.join(missing)} missing in {root}. Get a whole copy of the project.",
        )
