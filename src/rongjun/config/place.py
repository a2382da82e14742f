"""The data place: the one folder that holds the database, the keys and what this installation is."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROFILES = ("production", "demo", "test")


@dataclass(frozen=True, slots=True)
class Place:
    """Where this installation keeps its data. Folders are made on first use."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The embedded cluster's folder (owned by the account the server runs under)."""
        return self.root / "postgres"

    @property
    def keys(self) -> Path:
        """The keys: never in the database, never in the source tree."""
        return self.private("keys")

    @property
    def scanner_simulator(self) -> str:
        """Where the demo's stand-in for a virus scanner listens; a socket's path may have 107 signs."""
        path = self.root / "scanner.sock"
        if len(os.fsencode(path)) > 100:
            tag = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
            path = Path("/tmp") / f"rongjun-{tag}-scanner.sock"  # noqa: S108 - named by the place, owned by us
        return f"unix:{path}"

    @property
    def arrivals(self) -> Path:
        """Whom the demo's stand-in for the provincial single sign-on offers to sign in as."""
        return self.root / "arrivals.json"

    @property
    def profile(self) -> str:
        """`RONGJUN_PROFILE`, else what this place was made as, else production."""
        written = self.root / "profile"
        value = os.environ.get("RONGJUN_PROFILE") or (written.read_text().strip() if written.exists() else "")
        if value and value not in PROFILES:
            raise SystemExit(f"RONGJUN_PROFILE 只能是 {'、'.join(PROFILES)}，现在是 {value}。")
        return value or "production"

    def remember_profile(self, profile: str) -> None:
        """Later commands over the same place need not be told again."""
        self.make()
        (self.root / "profile").write_text(profile + "\n")

    def make(self) -> Path:
        """The root folder, made when missing."""
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root

    def private(self, name: str) -> Path:
        """A folder only the account that runs the application may enter."""
        folder = self.make() / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def secret(self, name: str) -> str:
        """A random text made on first use and kept (Django's signing key, a database password)."""
        path = self.private("keys") / f"{name}.secret"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(handle, "w") as file:
            file.write(value := secrets.token_urlsafe(48))
        return value


@cache
def place() -> Place:
    """`RONGJUN_DATA`; for root a folder under /var/lib the server's account can reach; else `.rongjun`."""
    named = os.environ.get("RONGJUN_DATA")
    if named:
        return Place(Path(named).expanduser().resolve())
    home = project_root()
    if os.geteuid() == 0:
        slug = re.sub(r"[^a-z0-9]+", "-", home.name.lower()).strip("-") or "city"
        tag = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
        return Place(Path("/var/lib/rongjun") / f"{slug}-{tag}")
    return Place(home / ".rongjun")


def project_root() -> Path:
    """The folder that holds `policy/` and `web/`: the source tree this package is installed from."""
    return Path(os.environ.get("RONGJUN_ROOT") or Path(__file__).resolve().parents[3])


def city() -> str:
    """`RONGJUN_CITY`, else the only city the policy folder has."""
    named = os.environ.get("RONGJUN_CITY")
    if named:
        return named
    found = sorted(
        folder.name for folder in (project_root() / "policy" / "cities").iterdir() if folder.is_dir()
    )
    if len(found) != 1:
        raise SystemExit(
            f"policy/cities 里有 {len(found)} 座城市，请用 RONGJUN_CITY 指明：{'、'.join(found)}"
        )
    return found[0]
