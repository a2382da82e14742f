"""Bring uv: find the pinned wheel in the configured indexes, check its hash, unpack the one program in it."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import shutil
import ssl
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit
from urllib.response import addinfourl

from tools.indexes import Sources, shown
from tools.steps import SetupError, explain, say

_TRIES = 3
_TIMEOUT = 60.0
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


@dataclass(frozen=True, slots=True)
class Pin:
    """The one uv wheel for this machine: exact version, file name and SHA-256 in hex."""

    version: str
    key: str
    file: str
    sha256: str

    @property
    def program(self) -> str:
        """The name under which the unpacked program is kept; a new pin never meets an old program."""
        return f"uv-{self.version}-{self.key}-{self.sha256[:8]}"


def machine_key(system: str, machine: str, libc: str) -> str:
    """The name of a kind of machine in uv.json, from what `platform` says about it."""
    chip = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine.lower(), machine.lower())
    if system == "Darwin":
        return f"macos-{chip}"
    return f"{system.lower()}-{chip}-{'gnu' if libc == 'glibc' else 'musl'}"


def choose(pins: Path, key: str) -> Pin:
    """The pinned wheel for a kind of machine. Raises SetupError for a machine we have no pin for."""
    known = json.loads(pins.read_text("utf-8"))
    if key not in known["wheels"]:
        names = ", ".join(sorted(known["wheels"]))
        raise SetupError(
            f"没有适合这台机器（{key}）的 uv。支持的有：{names}；Windows 请使用 WSL。",
            f"No uv is pinned for this machine ({key}). Known: {names}. On Windows use WSL.",
        )
    wheel = known["wheels"][key]
    return Pin(known["version"], key, wheel["file"], wheel["sha256"])


def ensure(place: Path, pins: Path, read_sources: Callable[[], Sources]) -> Path:
    """The path of the pinned uv program inside `place`, fetched and checked if it is not there yet.

    Interruption leaves either nothing or the whole program. Raises SetupError.
    """
    pin = choose(pins, machine_key(platform.system(), platform.machine(), platform.libc_ver()[0]))
    program = place / pin.program
    if program.exists():
        return program
    say(f"下载 uv {pin.version}", f"fetching uv {pin.version}")
    with tempfile.TemporaryDirectory(prefix="tmp-", dir=place) as folder:
        wheel = _fetch(pin, read_sources(), Path(folder) / "wheel")
        _unpack(wheel, pin, Path(folder) / "program").replace(program)
    return program


def _unpack(wheel: Path, pin: Pin, target: Path) -> Path:
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(f"uv-{pin.version}.data/scripts/uv") as source,
        target.open("wb") as out,
    ):
        shutil.copyfileobj(source, out)
    target.chmod(0o755)
    return target


def _fetch(pin: Pin, sources: Sources, target: Path) -> Path:
    """Try each source in turn until one gives the file with the pinned hash."""
    web = _Web(sources)
    problems: list[str] = []
    for source, find in _places(sources, web):
        try:
            address = find(pin.file)
            if address is None:
                problems.append(f"{shown(source)}: no {pin.file}")
                continue
            got = web.save(address, target)
        except (OSError, HTTPException, ValueError) as error:
            problems.append(f"{shown(source)}: {_reason(error)}")
            continue
        if got == pin.sha256:
            return target
        problems.append(f"{shown(address)}: hash mismatch, wanted {pin.sha256}, got {got}")
    raise _not_fetched(pin, problems)


def _not_fetched(pin: Pin, problems: list[str]) -> SetupError:
    details = "\n".join(f"    {problem}" for problem in problems)
    chinese, english = explain(details) or (
        f"各软件源里都没有 {pin.file}。请换一个包含它的软件源（PIP_INDEX_URL 或 pip.conf）。",
        f"No configured index has {pin.file}. Use one that has it (PIP_INDEX_URL or pip.conf).",
    )
    return SetupError(
        f"未能取得 uv {pin.version}。{chinese}",
        f"uv {pin.version} could not be fetched. {english}",
        details=details,
    )


def _places(sources: Sources, web: _Web) -> Iterator[tuple[str, Callable[[str], str | None]]]:
    for link in sources.links:
        yield link, partial(_in_links, link, web)
    for index in sources.indexes:
        yield index, partial(web.find, index.rstrip("/") + "/uv/")


def _in_links(link: str, web: _Web, name: str) -> str | None:
    parts = urlsplit(link)
    if parts.scheme in ("", "file"):
        folder = Path(unquote(parts.path) if parts.scheme else link).expanduser()
        if folder.is_dir():
            return (folder / name).absolute().as_uri() if (folder / name).is_file() else None
        link = folder.absolute().as_uri()
    return web.find(link, name)


class _Web:
    """Reads pages and files with the user's certificates, trusted hosts, proxy and index passwords."""

    def __init__(self, sources: Sources) -> None:
        if sources.certificate and not Path(sources.certificate).exists():
            raise SetupError(
                f"设置的证书文件 {sources.certificate} 不存在。请改正 SSL_CERT_FILE、PIP_CERT 或 pip.conf。",
                f"The certificate file {sources.certificate} does not exist. "
                "Correct SSL_CERT_FILE, PIP_CERT or cert in pip.conf.",
            )
        self._passwords = dict(_password(url) for url in (*sources.indexes, *sources.links) if "@" in url)
        self._trusted = set(sources.trusted)
        checked = ssl.create_default_context(cafile=sources.certificate)
        unchecked = ssl.create_default_context()
        unchecked.check_hostname = False
        unchecked.verify_mode = (
            ssl.CERT_NONE
        )  # only for hosts the user names as trusted; the hash still decides
        proxies = {"http": sources.proxy, "https": sources.proxy} if sources.proxy else None
        self._openers = {
            trusted: urllib.request.build_opener(
                urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=context)
            )
            for trusted, context in ((False, checked), (True, unchecked))
        }

    def find(self, page: str, name: str) -> str | None:
        """The address of the file `name` on a project page (HTML or JSON), or None."""
        if page.startswith("file:"):
            page = _local_page(page)
        with self._open(page) as response:
            base = response.geturl()
            text = response.read().decode("utf-8", "replace")
        for link in _links(text):
            address = urldefrag(urljoin(base, link)).url
            if unquote(urlsplit(address).path).rpartition("/")[2] == name:
                return address
        return None

    def save(self, address: str, target: Path) -> str:
        """Store the file at an address and return its SHA-256 in hex."""
        digest = hashlib.sha256()
        with self._open(address) as response, target.open("wb") as out:
            while block := response.read(1 << 16):
                digest.update(block)
                out.write(block)
        return digest.hexdigest()

    def _open(self, url: str) -> addinfourl:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)), headers={"Accept": _ACCEPT})
        if host in self._passwords:
            request.add_unredirected_header("Authorization", self._passwords[host])
        opener = self._openers[bool({host, parts.hostname} & self._trusted)]
        for tried in range(1, _TRIES + 1):
            try:
                response: addinfourl = opener.open(request, timeout=_TIMEOUT)
                return response
            except urllib.error.HTTPError as error:
                if error.code < 500 or tried == _TRIES:
                    raise
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                if tried == _TRIES or parts.scheme == "file":
                    raise
            time.sleep(tried)
        raise AssertionError("the last try returns or raises")


def _password(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    plain = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return parts.netloc.rpartition("@")[2], "Basic " + base64.b64encode(plain.encode()).decode()


def _local_page(url: str) -> str:
    folder = Path(unquote(urlsplit(url).path))
    return (folder / "index.html").as_uri() if folder.is_dir() else url


def _links(text: str) -> list[str]:
    if text.lstrip().startswith("{"):
        return [str(file["url"]) for file in json.loads(text).get("files", [])]
    parser = _Anchors()
    parser.feed(text)
    return parser.found


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _reason(error: Exception) -> str:
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    return f"{type(inner).__name__}: {inner}"
