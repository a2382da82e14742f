"""Every template is well formed, is the one that is found, and names only addresses and files there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.backends.django import DjangoTemplates

from tests.house.addresses import addresses
from tests.house.tree import PACKAGE, ROOT, project_files, text_of

TEMPLATES = [path for path in project_files() if "templates" in path.parts and path.parts[0] == "src"]
BUILT = ROOT / "web" / "dist"
NAMED_FILE = re.compile(r"""{%\s*static\s+["']([^"']+)["']""")
NAMED_ADDRESS = re.compile(r"""{%\s*url\s+["']([^"']+)["']""")


def _name(path: Path) -> str:
    return Path(*path.parts[path.parts.index("templates") + 1 :]).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_is_well_formed_and_the_one_that_is_found(path: Path) -> None:
    engine = engines["django"]
    assert isinstance(engine, DjangoTemplates)
    assert engine.engine.get_template(_name(path)).origin.name == str(ROOT / path)


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_names_only_addresses_there_are(path: Path) -> None:
    known = {address.name for address in addresses()}
    assert sorted(set(NAMED_ADDRESS.findall(text_of(path))) - known) == []


def test_no_view_names_a_template_there_is_not() -> None:
    there = {_name(path) for path in TEMPLATES}
    named = {
        found
        for path in project_files()
        if path.suffix == ".py" and (ROOT / path).is_relative_to(PACKAGE) and "tests" not in path.parts
        for found in re.findall(r"""["']((?:[a-z_]+/)+[a-z_]+\.html)["']""", text_of(path))
    }
    assert len(named) > 10
    assert sorted(named - there) == []


@pytest.mark.skipif(not BUILT.is_dir(), reason="web/dist is not built; `make test` builds it first")
def test_every_file_a_template_names_is_built() -> None:
    named = {found for path in TEMPLATES for found in NAMED_FILE.findall(text_of(path))}
    assert len(named) >= 2
    assert sorted(name for name in named if finders.find(name) is None) == []
