"""Mobile phone numbers, stored as E.164."""

import re
from dataclasses import dataclass
from typing import Self

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers.masking import Masked
from rongjun.kernel.reading import compact

_STORED = re.compile(r"\+861\d{10}", re.ASCII)
_TYPED = re.compile(r"(?:\+86|0086|86)?(1\d{10})", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Phone(Masked):
    """A mobile number in mainland China; ``number`` is the stored form with +86.

    Numbers starting 10 to 12 reach nobody and are the invented ones.
    """

    number: str

    def __post_init__(self) -> None:
        if not _STORED.fullmatch(self.number):
            raise Unfit("phone.not-a-mobile", "请填写 11 位手机号码，以 1 开头；座机请写在备用联系方式里。")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a number as typed, with or without +86; raises ``Unfit``."""
        found = _TYPED.fullmatch(compact(text))
        return cls(f"+86{found[1]}" if found else "")

    @property
    def national(self) -> str:
        """The eleven digits people dial."""
        return self.number[3:]

    @property
    def masked(self) -> str:
        """First three and last four of the eleven digits."""
        return self.national[:3] + "****" + self.national[-4:]

    @property
    def is_synthetic(self) -> bool:
        """Whether the number can reach nobody."""
        return self.national[1] in "012"
