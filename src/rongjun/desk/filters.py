"""The filters of a list: they stand in the address bar, and an empty one lets everything through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Filters:
    """What the filters of every list can do; a list's own add a text field for each."""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """From the address bar."""
        return cls(**{each.name: str(given.get(each.name, "")).strip() for each in fields(cls)})

    def kept(self) -> dict[str, str]:
        """What has to stand in the address bar to see the same again."""
        named = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        return {name: value for name, value in named.items() if value}
