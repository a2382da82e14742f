"""Another city is another folder of policy: no city stands in the code or in what the nation decided."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.house.tree import ROOT, is_test, places_of, project_files, text_of

SHARED = ("src", "tools", "contracts", "web", "policy/national", "policy/provinces", "policy/facts.yaml")


def names_of_cities() -> set[str]:
    """Folder, titles and leading digits of every city there is a policy folder for."""
    names = set()
    for file in sorted((ROOT / "policy" / "cities").glob("*/city.yaml")):
        city = yaml.safe_load(file.read_text("utf-8"))
        title = str(city["title"])
        names |= {file.parent.name, title, title.removesuffix("市"), str(city["code"])[:4]}
    return names


def named_cities(path: Path, text: str) -> list[str]:
    """Where a shared file names a city."""
    return [
        f"{path}:{line} says {name}" for name in sorted(names_of_cities()) for line in places_of(name, text)
    ]


def test_no_city_is_named_in_what_all_cities_share() -> None:
    shared = [path for path in project_files() if _is_shared(path)]
    assert len(shared) > 100
    assert [fault for path in shared for fault in named_cities(path, text_of(path))] == []


def test_a_named_city_is_caught() -> None:
    for name in names_of_cities():
        assert named_cities(Path("x.py"), f"if city == '{name.upper()}':")


def _is_shared(path: Path) -> bool:
    # A lock file's digests hold any four digits one likes.
    return path.as_posix().startswith(SHARED) and not is_test(path) and path.name != "package-lock.json"
