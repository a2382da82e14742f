"""Every address of the house, with the rule of the view behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from rongjun.access.api import AccessRule

Patterns = list[URLPattern | URLResolver]


@dataclass(frozen=True, slots=True)
class Address:
    """A named place in the house (`desk:person`), how it is written, and the rule its view declares."""

    name: str
    written: str
    rule: AccessRule | None


def addresses(patterns: Iterable[URLPattern | URLResolver] | None = None) -> list[Address]:
    """Every address below these patterns, or below the root."""
    return list(_walk(get_resolver().url_patterns if patterns is None else patterns, "", ""))


def without_rule(found: Iterable[Address]) -> list[str]:
    """Addresses that do not say who may enter."""
    return [address.written for address in found if address.rule is None]


def _walk(patterns: Iterable[URLPattern | URLResolver], above: str, space: str) -> Iterator[Address]:
    for pattern in patterns:
        written = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, written, inner)
        else:
            yield Address(
                f"{space}{pattern.name or ''}", written, getattr(pattern.callback, "access_rule", None)
            )
