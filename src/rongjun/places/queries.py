"""Names of divisions."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from rongjun.places.models import Division


def names_of(codes: Iterable[int], *, on: date) -> dict[int, str]:
    """The name each code had on a day; unknown codes are absent."""
    rows = Division.objects.filter(code__in=set(codes), valid_from__lte=on)
    return dict(rows.filter(Q(valid_to=None) | Q(valid_to__gt=on)).values_list("code", "name"))


def path_of(code: int, *, on: date) -> str:
    """County and township in words («即墨区 · 示范一街道»); the number when nobody named it."""
    steps = [code - code % 10**6, code - code % 10**3, code]
    known = names_of(steps, on=on)
    words = [known[step] for step in dict.fromkeys(steps) if step in known]
    return " · ".join(words) or str(code)


def divisions_within(lo: int, hi: int, *, level: str, on: date) -> list[tuple[int, str]]:
    """Codes and names of one level inside a range, by code."""
    rows = Division.objects.filter(code__gte=lo, code__lte=hi, level=level, valid_from__lte=on)
    return list(rows.filter(Q(valid_to=None) | Q(valid_to__gt=on)).order_by("code").values_list("code", "name"))
