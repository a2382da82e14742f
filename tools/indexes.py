"""Where Python packages come from on this machine: uv's settings first, then pip's, then the public index."""

from __future__ import annotations

import configparser
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

PUBLIC_INDEX = "https://pypi.org/simple"

_NAMED_INDEX = re.compile(r"^[\w.-]+=(?=[a-z]+:|/)")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one client has been told; None means it has been told nothing, so the next one may speak."""

    default: str | None = None
    extra: tuple[str, ...] | None = None
    links: tuple[str, ...] | None = None
    trusted: tuple[str, ...] | None = None
    certificate: str | None = None
    proxy: str | None = None
    no_index: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to look, in order: folders and pages of files, extra indexes, then the default index (if any)."""

    links: tuple[str, ...]
    indexes: tuple[str, ...]
    trusted: tuple[str, ...]
    certificate: str | None
    proxy: str | None


def read(environ: Mapping[str, str], *, home: Path, system: Path = Path("/")) -> Sources:
    """The sources this user's ordinary clients would use. `system` is the root of the system's settings."""
    uv = uv_settings(environ, home=home, system=system)
    pip = pip_settings(environ, home=home, system=system)
    no_index = uv.no_index or (pip.no_index and uv.default is None)
    default = () if no_index else (uv.default or pip.default or PUBLIC_INDEX,)
    extra = () if no_index else _first(uv.extra, pip.extra)
    return Sources(
        links=_first(uv.links, pip.links),
        indexes=tuple(dict.fromkeys((*extra, *default))),
        trusted=_first(uv.trusted, pip.trusted),
        certificate=uv.certificate or pip.certificate,
        proxy=pip.proxy,
    )


def environment_for_uv(environ: Mapping[str, str], *, home: Path, system: Path = Path("/")) -> dict[str, str]:
    """The variables that tell uv what only pip has been told; uv reads its own settings itself."""
    uv = uv_settings(environ, home=home, system=system)
    pip = pip_settings(environ, home=home, system=system)
    told: dict[str, str] = {}
    if uv.default is None and pip.default:
        told["UV_DEFAULT_INDEX"] = pip.default
    if uv.extra is None and pip.extra:
        told["UV_INDEX"] = " ".join(pip.extra)
    if uv.links is None and pip.links:
        # uv stops at a folder that is not there, where pip goes on with a warning.
        told["UV_FIND_LINKS"] = ",".join(link for link in pip.links if not _missing_folder(link))
    if uv.trusted is None and pip.trusted:
        told["UV_INSECURE_HOST"] = " ".join(pip.trusted)
    if uv.certificate is None and pip.certificate:
        told["SSL_CERT_FILE"] = pip.certificate
    if pip.no_index and uv.default is None:
        told["UV_NO_INDEX"] = "1"
    # pip takes the best version from all indexes; every file is pinned by hash, so this is safe here.
    if "UV_INDEX_STRATEGY" not in environ:
        told["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if pip.proxy:
        told |= {name: pip.proxy for name in ("HTTPS_PROXY", "HTTP_PROXY") if not _has(environ, name)}
    return {name: value for name, value in told.items() if value}


def shown(url: str) -> str:
    """The address without user name and password, for messages."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def uv_settings(environ: Mapping[str, str], *, home: Path, system: Path) -> Settings:
    """What uv's variables and uv.toml files say."""
    base: dict[str, object] = {}
    for path in _uv_files(environ, home=home, system=system):
        base |= _toml(path)
    listed = [entry for entry in _list(base.get("index")) if isinstance(entry, dict) and "url" in entry]
    defaults = [str(entry["url"]) for entry in listed if entry.get("default")]
    extras = [str(entry["url"]) for entry in listed if not entry.get("default") and not entry.get("explicit")]
    extras += [str(url) for url in _list(base.get("extra-index-url"))]
    default = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL")
    if not default:
        default = defaults[0] if defaults else _text(base.get("index-url"))
    extra = _words(environ, "UV_INDEX") or _words(environ, "UV_EXTRA_INDEX_URL") or tuple(extras)
    links = tuple(part.strip() for part in environ.get("UV_FIND_LINKS", "").split(",") if part.strip())
    return Settings(
        default=_NAMED_INDEX.sub("", default) if default else None,
        extra=tuple(_NAMED_INDEX.sub("", url) for url in extra) or None,
        links=links or tuple(str(link) for link in _list(base.get("find-links"))) or None,
        trusted=_words(environ, "UV_INSECURE_HOST") or None,
        certificate=environ.get("SSL_CERT_FILE") or None,
        no_index=_true(environ.get("UV_NO_INDEX", "")) or base.get("no-index") is True,
    )


def pip_settings(environ: Mapping[str, str], *, home: Path, system: Path) -> Settings:
    """What pip's variables and pip.conf files say; variables win over files, later files over earlier."""
    values: dict[str, str] = {}
    for path in _pip_files(environ, home=home, system=system):
        values |= _conf(path)
    for name in ("index-url", "extra-index-url", "find-links", "trusted-host", "cert", "proxy", "no-index"):
        told = environ.get("PIP_" + name.upper().replace("-", "_"))
        if told:
            values[name] = told

    def many(name: str) -> tuple[str, ...] | None:
        return tuple(values[name].split()) if name in values else None

    return Settings(
        default=values.get("index-url"),
        extra=many("extra-index-url"),
        links=many("find-links"),
        trusted=many("trusted-host"),
        certificate=values.get("cert"),
        proxy=values.get("proxy"),
        no_index=_true(values.get("no-index", "")),
    )


def _pip_files(environ: Mapping[str, str], *, home: Path, system: Path) -> Iterator[Path]:
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    for folder in filter(None, environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")):
        yield system / folder.lstrip("/") / "pip/pip.conf"
    if sys.platform == "darwin":
        yield system / "Library/Application Support/pip/pip.conf"
    yield system / "etc/pip.conf"
    if not (named and Path(named).exists()):
        yield home / ".pip/pip.conf"
        if sys.platform == "darwin":
            yield home / "Library/Application Support/pip/pip.conf"
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"
    if named:
        yield Path(named)


def _conf(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}
    values: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            values |= {
                name.replace("_", "-"): value for name, value in parser.items(section) if value.strip()
            }
    return values


def _uv_files(environ: Mapping[str, str], *, home: Path, system: Path) -> Iterator[Path]:
    if _true(environ.get("UV_NO_CONFIG", "")):
        return
    named = environ.get("UV_CONFIG_FILE")
    if named:
        yield Path(named)
        return
    yield system / "etc/uv/uv.toml"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv/uv.toml"


def _toml(path: Path) -> dict[str, object]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    pip = found.pop("pip", {})
    return {**found, **pip}


def _first(*told: tuple[str, ...] | None) -> tuple[str, ...]:
    return next((values for values in told if values is not None), ())


def _words(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(environ.get(name, "").split())


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _true(value: str) -> bool:
    return value.strip().lower() in {"1", "true", "yes", "on", "y", "t"}


def _has(environ: Mapping[str, str], name: str) -> bool:
    return name in environ or name.lower() in environ


def _missing_folder(link: str) -> bool:
    return "://" not in link and not Path(link).expanduser().exists()
