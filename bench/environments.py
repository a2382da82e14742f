"""Two environments beside the project's own, made when first needed, kept in .bench/ without git.

OpenFisca-Core is under the AGPL, so it lives alone in an environment that imports nothing of ours.
NumPy is not among the project's packages; the hand-written rules find it in a folder of its own.
"""

import os
import sys
from pathlib import Path
from typing import Final

from bench.setting import ROOT
from tools import indexes, uv
from tools.steps import SetupError, run

NUMPY: Final = "numpy==2.4.6"
OPENFISCA: Final = ("openfisca-core==46.0.1", NUMPY)
PLACE: Final = ROOT / ".bench"
# Each would send uv to another place than the one we name.
_MISLEADING: Final = (
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "UV_SYSTEM_PYTHON",
    "UV_PYTHON",
    "PYTHONHOME",
    "PYTHONPATH",
)

__all__ = ["SetupError", "numpy_folder", "openfisca_python"]


def openfisca_python() -> Path:
    """The Python of the environment with OpenFisca-Core. Raises SetupError when it cannot be installed."""
    folder = PLACE / "openfisca"
    python = folder / "bin/python"
    if not _is_made(folder, OPENFISCA):
        _uv("venv", "--clear", "--no-project", "--python", sys.executable, folder)
        _uv("pip", "install", "--python", python, *OPENFISCA)
        _mark(folder, OPENFISCA)
    return python


def numpy_folder() -> Path:
    """A folder from which NumPy can be imported. Raises SetupError when it cannot be installed."""
    folder = PLACE / "numpy"
    if not _is_made(folder, (NUMPY,)):
        _uv("pip", "install", "--python", sys.executable, "--target", folder, "--upgrade", NUMPY)
        _mark(folder, (NUMPY,))
    return folder


def _wanted(packages: tuple[str, ...]) -> str:
    return "\n".join([f"python {sys.version_info.major}.{sys.version_info.minor}", *packages])


def _is_made(folder: Path, packages: tuple[str, ...]) -> bool:
    mark = folder / "made-of"
    return mark.is_file() and mark.read_text("utf-8") == _wanted(packages)


def _mark(folder: Path, packages: tuple[str, ...]) -> None:
    (folder / "made-of").write_text(_wanted(packages), "utf-8")


def _uv(*arguments: str | Path) -> None:
    home = Path(os.environ.get("HOME") or "/nonexistent")
    place = ROOT / ".uv"
    try:
        place.mkdir(exist_ok=True)
        PLACE.mkdir(exist_ok=True)
        program = uv.ensure(place, ROOT / "tools/uv.json", lambda: indexes.read(os.environ, home=home))
    except OSError as error:
        raise SetupError(f"不能写入：{error}。", f"Cannot write: {error}.") from error
    env = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    env |= indexes.environment_for_uv(os.environ, home=home)
    env |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    what = ("为测量安装对照的软件", "installing what we measure against")
    run([program, *arguments], what=what, cwd=ROOT, env=env)
