"""Names of divisions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from rongjun.places.models import Division

# What a code is cut down to, from wide to narrow: county, township, the code itself.
_STEPS = (10**6, 10**3, 1)


def names_of(codes: Iterable[int], *, on: date) -> dict[int, str]:
    """The name each code had on a day; unknown codes are absent."""
    return dict(_in_force(on).filter(code__in=set(codes)).values_list("code", "name"))


def paths_of(codes: Iterable[int], *, on: date) -> dict[int, str]:
    """County, township and village in words («即墨区 · 示范一街道») for every code, in one query.

    A step nobody named is left out; a code of which nothing is named is its number.
    """
    steps = {code: [code - code % step for step in _STEPS] for code in codes}
    known = names_of({step for listed in steps.values() for step in listed}, on=on)
    return {
        code: " · ".join(known[step] for step in dict.fromkeys(listed) if step in known) or str(code)
        for code, listed in steps.items()
    }


def path_of(code: int, *, on: date) -> str:
    """The same for one code."""
    return paths_of([code], on=on)[code]


def divisions_within(lo: int, hi: int, *, level: str, on: date) -> list[tuple[int, str]]:
    """Codes and names of one level inside an inclusive range, by code."""
    rows = _in_force(on).filter(code__gte=lo, code__lte=hi, level=level)
    return list(rows.order_by("code").values_list("code", "name"))


def _in_force(on: date) -> QuerySet[Division]:
    return Division.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)
