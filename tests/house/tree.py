"""What the house tests read: the files of the project and the syntax of its own code."""

from __future__ import annotations

import ast
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "rongjun"


@cache
def project_files() -> tuple[Path, ...]:
    """Every file git tracks or would track, from the root of the project."""
    # The tree may belong to another account than the one that runs the tests.
    listed = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return tuple(Path(name) for name in sorted(set(listed)) if name and (ROOT / name).is_file())


@cache
def text_of(path: Path) -> str:
    """What a person could read in a file, full-width signs made half-width; "" for a picture or a font."""
    whole = ROOT / path
    if whole.suffix in {".xlsx", ".docx"}:
        with zipfile.ZipFile(whole) as packed:
            parts = [packed.read(name) for name in packed.namelist() if name.endswith((".xml", ".rels"))]
        return unicodedata.normalize("NFKC", "\n".join(part.decode() for part in parts))
    content = whole.read_bytes()
    return "" if b"\0" in content else unicodedata.normalize("NFKC", content.decode("utf-8"))


def is_test(path: Path) -> bool:
    """Whether a file is a test or belongs to one."""
    return "tests" in path.parts


def code_files(*, tests: bool) -> Iterator[Path]:
    """The Python files of the package, its tests among them or not."""
    for path in project_files():
        if path.suffix == ".py" and path.parts[:2] == ("src", "rongjun") and (tests or not is_test(path)):
            yield path


@cache
def syntax_of(path: Path) -> ast.Module:
    """A Python file as a tree."""
    return ast.parse((ROOT / path).read_text("utf-8"), filename=str(path))


def calls_of(name: str, tree: ast.AST) -> Iterator[ast.Call]:
    """Calls of a function or a method of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if (isinstance(called, ast.Name) and called.id == name) or (
                isinstance(called, ast.Attribute) and called.attr == name
            ):
                yield node


def places_of(words: str, text: str) -> list[int]:
    """The numbers of the lines on which the words stand, whatever their case."""
    return [number for number, line in enumerate(text.splitlines(), 1) if words.lower() in line.lower()]
