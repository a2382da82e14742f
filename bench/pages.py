"""Pages under work: eight people signed in, a request a second each: `python -m bench.pages FOLDER`.

The served application is the real one (Granian, row security, evidence), asked over HTTP as a browser asks.
"""

import gzip
import http.client
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final
from urllib.parse import quote, urlencode

from bench.invented_city import RONGJUN, environment, over_city
from bench.measuring import keep_to_cores
from bench.population import SEED
from bench.setting import ROOT, Setting, opened

USERS: Final = 8
PASSWORD: Final = "Rongjun-demo-2026"  # noqa: S105 - the demo's, printed by it
CODE: Final = "246810"
LIST: Final = "/registry/people/"
# Two characters of a name, four signs of a number, another page, a file, the heaviest file, the unanswered.
MIX: Final = {"two": 30, "tail": 15, "page": 10, "person": 35, "heaviest": 10, "unanswered": 5}
SEARCHES: Final = ("two", "tail", "page")
_PERSON = re.compile(r'href="(/desk/people/[0-9a-f-]{36}/)')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_PAIRS: Final = ("建国", "秀英", "志强", "王建", "李卫", "海涛", "张爱", "福生", "万事", "陈立")


@dataclass(slots=True)
class Visitor:
    """One person at a browser: a connection that is kept, and cookies."""

    port: int
    login: str
    cookies: dict[str, str] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    connection: http.client.HTTPConnection | None = None

    def ask(self, path: str, *, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, body and where it sends us; as a browser, once more where the kept connection had ended."""
        try:
            return self._ask(path, form)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection = None
            return self._ask(path, form)

    def _ask(self, path: str, form: dict[str, str] | None) -> tuple[int, str, str]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers["Accept-Encoding"] = "gzip"
        body = urlencode(form) if form else None
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request("POST" if form else "GET", path, body=body, headers=headers)
        answer = self.connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        content = answer.read()
        if answer.getheader("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return answer.status, content.decode(), answer.getheader("Location") or ""

    def sign_in(self) -> None:
        """Password, then the second factor."""
        _, page, _ = self.ask("/accounts/login/")
        given = {"login": self.login, "password": PASSWORD, "csrfmiddlewaretoken": _token(page)}
        _, _, second = self.ask("/accounts/login/", form=given)
        _, page, _ = self.ask(second)
        status, _, _ = self.ask(second, form={"code": CODE, "csrfmiddlewaretoken": _token(page)})
        seen, page, where = self.ask("/desk/")
        assert (status, seen) == (302, 200), f"{self.login} could not sign in: {status} {seen} {where}"


def _token(page: str) -> str:
    found = _TOKEN.search(page)
    assert found, "a form without its token"
    return found[1]


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds of every kind of page while eight people work."""
    with over_city(setting) as place:
        logins, tails, heaviest = _prepare(setting)
        with _served(place) as port:
            visitors = [Visitor(port, login) for login in logins]
            for visitor in visitors:
                visitor.sign_in()
                _, page, _ = visitor.ask(LIST)
                visitor.known = list(dict.fromkeys(_PERSON.findall(page)))
                for path in (f"{LIST}?q={quote('建国')}", visitor.known[0]):
                    visitor.ask(path)
            found = _work(visitors, tails, heaviest, seconds=setting.size.seconds)
    return {
        "users": USERS,
        "seconds": setting.size.seconds,
        "people": setting.size.city,
        "kinds": {kind: _told(samples) for kind, samples in found.items() if samples},
        "search": _told([one for kind in SEARCHES for one in found[kind]]),
        "person": _told(found["person"] + found["heaviest"]),
    }


def _told(samples: list[float]) -> dict[str, float]:
    p95 = quantiles(samples, n=20)[-1] if len(samples) > 1 else samples[0]
    return {"p50": median(samples), "p95": p95, "max": max(samples), "count": len(samples)}


def _prepare(setting: Setting) -> tuple[list[str], list[str], str]:
    """Eight accounts, half of them over the whole city; tails of numbers on file; the heaviest file."""
    from django.utils import timezone

    from rongjun.access.api import actor_named
    from rongjun.benefits import api as benefits
    from rongjun.config import demo
    from rongjun.config.invented.heaviest import HEAVIEST
    from rongjun.config.invented.lives import file_id
    from rongjun.config.invented.loading import weights
    from rongjun.config.invented.people import life_of

    # What the worker does once after everybody was judged is not what clerks wait for all day.
    while benefits.offer_next(by="operator:bench", now=timezone.now()):
        pass
    cast = {row[0]: row for row in demo.cast()}
    logins = []
    for number, like in enumerate(
        ("city", "city", "city", "city", "district", "neighbour", "clerk", "clerk")
    ):
        login, (_, _, role, division, label) = f"bench{number}", cast[like]
        if actor_named(login, on=timezone.localdate()) is None:
            demo.open_account(login, f"测试测量{number}", role, division, label)
        logins.append(login)
    chance, drawn = random.Random(SEED), weights()
    lives = [life_of(chance.randrange(setting.size.city), seed=demo.SEED, weights=drawn) for _ in range(200)]
    tails = [life.identity.number[-4:] for life in lives if life]
    return logins, tails, f"/desk/people/{file_id(demo.SEED, HEAVIEST)}/"


@contextmanager
def _served(place: Path) -> Iterator[int]:
    """The web and the worker over the city, as an operator starts them."""
    from rongjun.config.serve import port_is_free

    port = next(port for port in range(8700, 8800) if port_is_free(port))
    static = [*RONGJUN, "manage", "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(static, env=environment(place), cwd=ROOT, check=True)
    command = [*RONGJUN, "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment(place), cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            assert server.poll() is None, "the server ended by itself"
            if not port_is_free(port) and _answers(port):
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        return Visitor(port, "").ask("/accounts/login/")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def _work(
    visitors: list[Visitor], tails: list[str], heaviest: str, *, seconds: int
) -> dict[str, list[float]]:
    """A request a second each, spread over the second; whoever waited longer asks at once."""
    found: dict[str, list[float]] = {kind: [] for kind in MIX}
    faults: list[str] = []
    began = time.perf_counter() + 0.5

    def works(place: int, visitor: Visitor) -> None:
        chance = random.Random(f"{SEED} {place}")
        sees_all = place < USERS // 2
        for turn in range(seconds):
            time.sleep(max(0.0, began + turn + place / USERS - time.perf_counter()))
            kind = chance.choices(tuple(MIX), tuple(MIX.values()))[0]
            if kind == "heaviest" and not sees_all:
                kind = "person"
            paths: dict[str, Callable[[], str]] = {
                "two": lambda: f"{LIST}?q={quote(chance.choice(_PAIRS))}",
                "tail": lambda: f"{LIST}?q={chance.choice(tails)}",
                "page": lambda: f"{LIST}?page=2&q={quote(chance.choice(_PAIRS[:3]))}",
                "person": lambda: chance.choice(visitor.known),
                "heaviest": lambda: heaviest,
                "unanswered": lambda: "/desk/unanswered/",
            }
            path = paths[kind]()
            asked = time.perf_counter()
            try:
                status, page, _ = visitor.ask(path)
            except (OSError, http.client.HTTPException) as error:
                faults.append(f"{visitor.login} {path} {error!r}")
                visitor.connection = None
                continue
            found[kind].append(time.perf_counter() - asked)
            if status != 200:
                faults.append(f"{visitor.login} {path} {status}")
            elif kind in SEARCHES:  # tomorrow's files are those of today's searches
                visitor.known = list(dict.fromkeys([*_PERSON.findall(page), *visitor.known]))[:200]

    threads = [threading.Thread(target=works, args=each) for each in enumerate(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:5]
    return found


if __name__ == "__main__":
    keep_to_cores()
    folder = Path(sys.argv[1])
    (folder / "pages.json").write_text(json.dumps(measure(opened(folder))), "utf-8")
