"""What arrives: settlement records of hospitals, refunds of them, and what an officer decided about one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words

THIS_PLAN: Final = "this-plan"
PERSON: Final = "person"
# Who may bear a part of a bill; a plan puts them in order.
PAYERS: Words[Mapping[str, str]] = {
    "hospital": "医院负担",
    "basic-pool": "基本医保统筹",
    "serious-illness": "大病保险",
    "large-amount": "职工大额医疗费用补助",
    "civil-servant": "公务员医疗补助",
    "enterprise": "企业补充医疗保险",
    "citywide-supplement": "全民补充医保",
    "medical-aid": "医疗救助",
    "veteran-aid": "优抚医疗补助",
    "other-fund": "其他基金",
    "city-insurance": "惠民保",
    THIS_PLAN: "荣军保",
    PERSON: "个人",
    "care-fund": "关爱基金",
}
# The funds whose sum a settlement states as 基金支付总额: the hospital's own part is none.
FUNDS: Final = (
    "basic-pool",
    "serious-illness",
    "large-amount",
    "civil-servant",
    "enterprise",
    "medical-aid",
    "other-fund",
)
# The kinds of cost a bill is made of, in the order earlier payers are taken to have paid them.
PARTS: Final[Mapping[str, str]] = {
    "in-scope": "政策范围内费用",
    "first-self-pay": "先行自付",
    "over-limit": "超限价自费",
    "own-expense": "全自费",
}
_PART_NAMES: Final = tuple(PARTS)


class BillRef(NamedTuple):
    """What makes a settlement the same settlement: the institution and its settlement number."""

    institution: str
    number: str

    def __str__(self) -> str:
        return f"{self.institution}/{self.number}"


class Parts(NamedTuple):
    """The total of a bill by kind of cost, in fen; the order is that of `PARTS`."""

    in_scope: Fen
    first_self_pay: Fen
    over_limit: Fen
    own_expense: Fen


@dataclass(frozen=True, slots=True)
class Bill:
    """One settlement of one stay (结算单). Amounts are whole fen.

    `paid` is what the settlement itself says each payer bore, `also_paid` what others paid outside it
    (惠民保, 关爱基金), `personal` what the settlement left to the person: account, family account and cash.
    `stated` are sums the record states and we do not need, checked by `footing`. A corrected record of the
    same settlement has a higher `version`.
    """

    ref: BillRef
    admitted_on: date
    discharged_on: date
    care_type: str
    total: Fen
    paid: tuple[tuple[str, Fen], ...]
    personal: Fen
    version: int = 1
    parts: Parts | None = None
    also_paid: tuple[tuple[str, Fen], ...] = ()
    stated: tuple[tuple[str, Fen], ...] = ()
    care_area: str | None = None
    diagnosis: str | None = None
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refund:
    """A settlement taken back (退费): its own number, the settlement it takes back, and the amounts.

    Amounts are as sent, that is negative. A refund takes back the whole of a record: a part of it is taken
    back by a refund and a new settlement.
    """

    ref: BillRef
    of: BillRef
    total: Fen
    personal: Fen

    def mirrors(self, bill: Bill) -> bool:
        """Whether it takes back exactly what this record said."""
        return self.of == bill.ref and self.total == -bill.total and self.personal == -bill.personal


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a named officer decided about one record that was under review; it never arrives nameless."""

    of: BillRef
    version: int
    admit: bool
    by: str
    why: str

    def __post_init__(self) -> None:
        assert self.by.strip(), "a ruling carries a person's name"
        assert self.why.strip(), "a ruling carries its reason"


class Difference(NamedTuple):
    """Two sums of one record that should be the same, in fen."""

    left: str
    right: str
    left_fen: Fen
    right_fen: Fen

    def __str__(self) -> str:
        apart = self.left_fen - self.right_fen
        return f"{self.left} {self.left_fen} 元，{self.right} {self.right_fen} 元，差 {apart} 元"


def footing(bill: Bill) -> Iterator[Difference]:
    """Every equation of the settlement that does not hold: total = payers + person, total = Σ kinds of cost,
    stated sums = their parts. Nothing when the record foots.
    """
    borne = int(bill.personal) + sum(int(fen) for _, fen in bill.paid)
    if borne != bill.total:
        yield Difference("医疗总费用", "各方支付与个人负担之和", bill.total, Fen(borne))
    if bill.parts is not None and sum(map(int, bill.parts)) != bill.total:
        yield Difference("医疗总费用", "各类费用之和", bill.total, Fen.total(bill.parts))
    for name, said in bill.stated:
        found = bill.personal if name == PERSON else Fen.total(f for p, f in bill.paid if p in FUNDS)
        if said != found:
            title = "个人负担总金额" if name == PERSON else "基金支付总额"
            yield Difference(title, "各分项之和", said, found)


def negative_amounts(bill: Bill) -> list[str]:
    """What a record says to be less than nothing, by its Chinese name."""
    parts = zip(PARTS.values(), bill.parts, strict=True) if bill.parts is not None else ()
    named = [("医疗总费用", bill.total), ("个人负担", bill.personal), *parts]
    named += [(PAYERS[payer], fen) for payer, fen in (*bill.paid, *bill.also_paid)]
    return [name for name, fen in named if fen < 0]


def part_amounts(bill: Bill) -> list[tuple[str, int]]:
    """The kinds of cost with their fen; a bill that does not say them is taken to be in scope."""
    if bill.parts is None:
        return [("in-scope", int(bill.total))]
    return list(zip(_PART_NAMES, map(int, bill.parts), strict=True))
