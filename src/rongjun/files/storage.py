"""Where sealed uploads lie: one folder, one file an upload, written so that a crash leaves all or nothing."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

SHELVES = tuple("0123456789abcdef")
_ENDING = ".sealed"
_NAME = re.compile(r"([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\.sealed")


@dataclass(frozen=True, slots=True)
class Shelved:
    """One file on a shelf: the upload it belongs to and the seconds since it was last written."""

    upload: UUID
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Storage:
    """Sealed uploads below `root`, on sixteen shelves by the first digit of their key."""

    root: Path

    @property
    def incoming(self) -> Path:
        """Where a file lies while it is being written: what is there belongs to nobody yet."""
        return self.root / "incoming"

    def put(self, upload: UUID, sealed: bytes) -> None:
        """Write the file and return when a power cut can no longer take it away.

        It appears under its name whole or not at all.
        """
        shelf = self._shelf(upload)
        _make(self.incoming)
        if _make(shelf):
            _settle(self.root)
        passing = self.incoming / f"{upload}.part"
        handle = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        passing.replace(self._path(upload))
        _settle(shelf)

    def get(self, upload: UUID) -> bytes | None:
        """The sealed file, or None when it is not there."""
        try:
            return self._path(upload).read_bytes()
        except FileNotFoundError:
            return None

    def destroy(self, upload: UUID) -> None:
        """Remove the file for good; one that is gone already is gone."""
        self._path(upload).unlink(missing_ok=True)
        if self._shelf(upload).exists():
            _settle(self._shelf(upload))

    def on_shelf(self, shelf: str) -> Iterator[Shelved]:
        """The uploads whose files lie on one of SHELVES."""
        folder, now = self.root / shelf, time.time()  # noqa: TID251 - the age of a file is the disk's time
        if not folder.exists():
            return
        for entry in os.scandir(folder):
            found = _NAME.fullmatch(entry.name)
            if found:
                yield Shelved(UUID(found[1]), now - entry.stat().st_mtime)

    def set_aside(self, upload: UUID) -> None:
        """Move a file that no key of ours opens off the shelves, to where an operator can look at it."""
        aside = self.root / "aside"
        _make(aside)
        self._path(upload).replace(aside / self._path(upload).name)
        _settle(aside)

    def forget_unfinished(self, *, older_than_seconds: float) -> int:
        """Remove what was being written when something broke off; how many. Nobody was told of these."""
        if not self.incoming.exists():
            return 0
        now = time.time()  # noqa: TID251 - the age of a file is the disk's time
        old = [
            entry
            for entry in os.scandir(self.incoming)
            if entry.is_file(follow_symlinks=False) and now - entry.stat().st_mtime > older_than_seconds
        ]
        for entry in old:
            Path(entry.path).unlink(missing_ok=True)
        return len(old)

    def _shelf(self, upload: UUID) -> Path:
        return self.root / upload.hex[0]

    def _path(self, upload: UUID) -> Path:
        return self._shelf(upload) / f"{upload}{_ENDING}"


def _make(folder: Path) -> bool:
    """Whether the folder had to be made."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return False
    return True


def _settle(folder: Path) -> None:
    """A name in a folder survives a power cut only when the folder itself was written out."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
