"""A closed month as a folder of Parquet with a manifest: what is in it, and the digest of every file."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

MANIFEST: Final = "manifest.json"
FORMAT: Final = "rongjun/closed-month/1"
_BLOCK: Final = 1 << 20


class ClosedMonthError(ValueError):
    """A closed month that cannot be used; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a closed month holds: `files` are SHA-256 by name, programmes and sources the numbers inside."""

    month: int
    rows: int
    programmes: Mapping[str, int]
    sources: Mapping[str, int]
    files: Mapping[str, str]
    closed_at: str

    @property
    def digest(self) -> str:
        """One digest over the whole month."""
        return hashlib.sha256(self.bytes()).hexdigest()

    def bytes(self) -> bytes:
        """As it is written: the same month gives the same bytes."""
        whole = {"format": FORMAT} | asdict(self)
        return json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of files, read in blocks."""
    found = {}
    for name in sorted(names):
        made = hashlib.sha256()
        with (folder / name).open("rb") as file:
            while block := file.read(_BLOCK):
                made.update(block)
        found[name] = made.hexdigest()
    return found


def write_manifest(
    folder: Path,
    *,
    month: int,
    rows: int,
    programmes: Mapping[str, int],
    sources: Mapping[str, int],
    closed_at: str,
) -> Manifest:
    """Digest what lies in the folder and say so beside it; last, so that a folder with one is whole."""
    names = sorted(path.name for path in folder.glob("*.parquet"))
    manifest = Manifest(
        month,
        rows,
        dict(sorted(programmes.items())),
        dict(sorted(sources.items())),
        digests(folder, names),
        closed_at,
    )
    (folder / MANIFEST).write_bytes(manifest.bytes())
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """What the folder says of itself. Raises `ClosedMonthError` when it is not a closed month."""
    path = folder / MANIFEST
    if not path.is_file():
        raise ClosedMonthError(f"{path} 没有：这个月还没有归档，或归档没有做完")
    try:
        said = json.loads(path.read_bytes())
        if said.pop("format") != FORMAT:
            raise ClosedMonthError(f"{path}：不认识这种格式")
        return Manifest(**said)
    except (ValueError, KeyError, TypeError) as error:
        raise ClosedMonthError(f"{path}：读不懂（{error}）") from error


def verified(folder: Path) -> Manifest:
    """The manifest, after every file was found as written. Raises `ClosedMonthError` naming the others."""
    manifest = read_manifest(folder)
    missing = [name for name in manifest.files if not (folder / name).is_file()]
    if missing:
        raise ClosedMonthError(f"{folder}：缺少 {'、'.join(missing)}")
    found = digests(folder, manifest.files)
    changed = [name for name in manifest.files if found[name] != manifest.files[name]]
    if changed:
        raise ClosedMonthError(f"{folder}：{'、'.join(changed)} 和归档时不一样")
    return manifest


def closed_months(folder: Path) -> list[int]:
    """The months that lie here, oldest first."""
    return sorted(int(path.parent.name) for path in folder.glob(f"[0-9]*/{MANIFEST}"))
