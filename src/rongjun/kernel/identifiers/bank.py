"""Bank accounts of people: cards (ISO/IEC 7812) and passbooks."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers.masking import Masked, hide
from rongjun.kernel.reading import compact

_CARD = re.compile(r"\d{13,19}", re.ASCII)
_PASSBOOK = re.compile(r"\d{8,30}", re.ASCII)


class AccountKind(StrEnum):
    """What the number stands on, which decides how it is checked."""

    CARD = "card"
    PASSBOOK = "passbook"


@dataclass(frozen=True, slots=True, repr=False)
class BankCard(Masked):
    """A bank account number; a card carries a Luhn digit, an old passbook (存折) need not.

    Numbers starting 999999 are the invented ones.
    """

    number: str
    kind: AccountKind = AccountKind.CARD

    def __post_init__(self) -> None:
        if self.kind is AccountKind.PASSBOOK:
            if not _PASSBOOK.fullmatch(self.number):
                raise Unfit("bank.not-a-passbook", "存折账号应为 8 至 30 位数字，请对照存折首页核对。")
            return
        if not _CARD.fullmatch(self.number):
            raise Unfit(
                "bank.not-a-card", "银行卡号应为 13 至 19 位数字，请对照卡面核对；存折请改选账户类型。"
            )
        if luhn_digit(self.number[:-1]) != self.number[-1]:
            raise Unfit("bank.wrong-check-digit", "卡号校验不通过：请对照卡面逐位核对；存折请改选账户类型。")

    @classmethod
    def from_text(cls, text: str, *, kind: AccountKind = AccountKind.CARD) -> Self:
        """Read a number as typed; raises ``Unfit``."""
        return cls(compact(text), kind)

    @property
    def masked(self) -> str:
        """The last four digits."""
        return hide(self.number, head=0, tail=4)

    @property
    def is_synthetic(self) -> bool:
        """Whether the account is invented."""
        return self.number.startswith("999999")


def luhn_digit(first: str) -> str:
    """Return the digit that closes ``first`` by the Luhn rule (ISO/IEC 7812-1)."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(first))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)
