"""The project stands on its own: it says nothing of the machine or the people it was written with."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from tests.house.tree import places_of, project_files, text_of
from tools import indexes

PUBLIC_HOSTS = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}
# In pieces, so that this file does not say them either.
WORDS = [
    "/wo" + "rk/",
    "../sha" + "red",
    "sha" + "red/domain",
    "sha" + "red/engineering",
    "sha" + "red/ui",
    "sha" + "red/style",
    "sha" + "red/design",
    "/.lib" + "rary",
    "Cla" + "ude",
    "Anth" + "ropic",
    "Chat" + "GPT",
    "Open" + "AI",
    "Co" + "pilot",
    "sub" + "agent",
]


def said_of_the_workplace(path: Path, text: str, words: list[str]) -> list[str]:
    """Where a file speaks of the place it was written in."""
    return [f"{path}:{line} says {word}" for word in words for line in places_of(word, text)]


def hosts_of_this_machine() -> list[str]:
    """The hosts this machine installs from, if they are not the public ones."""
    sources = indexes.read(os.environ, home=Path.home())
    npm = [value for name, value in os.environ.items() if name.lower() == "npm_config_registry"]
    hosts = {urlsplit(url).hostname for url in (*sources.indexes, *sources.links, *npm)}
    return sorted(host for host in hosts if host and host not in PUBLIC_HOSTS and "." in host)


def test_nothing_speaks_of_the_workplace() -> None:
    told = [said_of_the_workplace(path, text_of(path), WORDS) for path in project_files()]
    assert list(chain.from_iterable(told)) == []


def test_no_file_is_tied_to_where_this_machine_installs_from() -> None:
    # A page may well recommend a public mirror to its readers; a lock file or a setting may not need one.
    hosts = hosts_of_this_machine()
    tied = [
        said_of_the_workplace(path, text_of(path), hosts) for path in project_files() if path.suffix != ".md"
    ]
    assert list(chain.from_iterable(tied)) == []


def test_every_word_of_the_workplace_is_caught() -> None:
    for word in WORDS:
        assert len(said_of_the_workplace(Path("x.md"), f"seen in {word.upper()}", WORDS)) >= 1


def test_no_name_of_a_file_speaks_of_it() -> None:
    assert [
        str(path) for path in project_files() for word in WORDS if word.lower() in str(path).lower()
    ] == []
