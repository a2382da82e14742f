"""Numbers on a card, of the bank and of the transit company: only ever shown as a mask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import BankCard
from rongjun.kernel.identifiers.masking import Masked, hide
from rongjun.kernel.reading import compact

# Purposes of the keyed digests by which a number finds its carrier.
BANK_INDEX: Final = "cards-bank-number"
TRANSIT_INDEX: Final = "cards-transit-number"
_TRANSIT = re.compile(r"\d{8,20}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class TransitNumber(Masked):
    """The number of the transit application on a card, 8 to 20 digits (format of the company 待局方确认)."""

    number: str

    def __post_init__(self) -> None:
        if not _TRANSIT.fullmatch(self.number):
            raise Unfit("cards.not-a-transit-number", "交通卡号应为 8 至 20 位数字，请对照回执核对。")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a number as sent; raises ``Unfit``."""
        return cls(compact(text))

    @property
    def masked(self) -> str:
        """The last four digits."""
        return hide(self.number, head=0, tail=4)

    @property
    def is_synthetic(self) -> bool:
        """Whether the number is invented: those that begin with 999999 are."""
        return self.number.startswith("999999")


CardNumber = BankCard | TransitNumber
