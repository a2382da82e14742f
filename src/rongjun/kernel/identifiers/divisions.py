"""统计用区划代码: twelve digits from province to village, and the integer range each one governs."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from rongjun.kernel.errors import Unfit
from rongjun.kernel.reading import compact

_WRITTEN = re.compile(r"\d{6}|\d{9}|\d{12}", re.ASCII)
_WHOLE = re.compile(r"[1-9]\d{11}", re.ASCII)


class Level(StrEnum):
    """Levels of division, from wide to narrow."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


# How many codes the scope of one division holds.
_SPAN = {
    Level.PROVINCE: 10_000_000_000,
    Level.CITY: 100_000_000,
    Level.COUNTY: 1_000_000,
    Level.TOWNSHIP: 1_000,
    Level.VILLAGE: 1,
}


@dataclass(frozen=True, slots=True, order=True)
class DivisionCode:
    """A division as a whole number of twelve digits; its scope is the inclusive range ``lo`` to ``hi``."""

    code: int

    def __post_init__(self) -> None:
        if not _WHOLE.fullmatch(str(self.code)):
            raise Unfit(
                "division.wrong-length", "区划代码应为 6 位、9 位或 12 位数字，且不以 0 开头，请核对。"
            )
        township, village = self.code // 1000 % 1000, self.code % 1000
        city, county = self.code // 10**8 % 100, self.code // 10**6 % 100
        # A few cities have no counties, and their streets carry 00 there; no other level can be skipped.
        if (county and not city) or (village and not township) or (township and not city):
            raise Unfit("division.gap", "区划代码中间有一级是 0、下一级却不是 0，请核对是否抄错。")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read 6, 9 or 12 digits (shorter codes are filled with zeros); raises ``Unfit``."""
        digits = compact(text)
        return cls(int(digits.ljust(12, "0")) if _WRITTEN.fullmatch(digits) else 0)

    @property
    def text(self) -> str:
        """The twelve digits."""
        return str(self.code)

    def __str__(self) -> str:
        return self.text

    @property
    def level(self) -> Level:
        """The level below which all digits are zero."""
        return next(level for level in Level if self.code % _SPAN[level] == 0)

    @property
    def lo(self) -> int:
        """The first code of the scope: the division itself."""
        return self.code

    @property
    def hi(self) -> int:
        """The last code of the scope, inclusive."""
        return self.code + _SPAN[self.level] - 1

    @property
    def parent(self) -> "DivisionCode | None":
        """The division above; ``None`` for a province. Streets of a city without counties go to the city."""
        above = (self.code - self.code % _SPAN[level] for level in reversed(Level))
        wider = next((code for code in above if code != self.code), None)
        return None if wider is None else DivisionCode(wider)

    @property
    def is_synthetic(self) -> bool:
        """Whether the place is invented: township part 900 or above, where none is ever numbered."""
        return self.code // 1000 % 1000 >= 900

    def contains(self, other: "DivisionCode | int") -> bool:
        """Whether ``other`` is this division or lies inside it."""
        code = other.code if isinstance(other, DivisionCode) else other
        return self.lo <= code <= self.hi
