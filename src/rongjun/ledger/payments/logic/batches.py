"""A batch of payments: its states, its three people, what is wrong with a line. No clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rongjun.kernel.words import Words, translatable, worded

DRAFT, CHECKED, RELEASED, SENT, ANSWERED, CLOSED, WITHDRAWN = (
    "draft",
    "checked",
    "released",
    "sent",
    "answered",
    "closed",
    "withdrawn",
)
# What a batch is for; an open list: whoever pays adds a word.
PURPOSES: Words[dict[str, str]] = {
    "allowance": "抚恤补助",
    "settlement": "用卡结算",
    "insurance": "荣军保赔付",
}
LONGEST_PURPOSE = 20  # characters; what banks print on a statement (待局方确认)
LARGEST_PAYMENT = 10**12  # fen
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{2,99}", re.ASCII)
_BANK = re.compile(r"\d{12}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9-]{5,34}", re.ASCII)
_REFERENCE = re.compile(r"P(\d{6,12})-(\d{6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewLine:
    """One payment to be made. `key` names what is owed: only one living payment of a key exists.

    `account` is the whole number, `bank` the 12-digit CNAPS code or "", `document` what the bank compares
    the name with or "". `shares` say which fund bears how much and add up to `fen`; without them the batch's
    fund bears all. `why` says what is unusual about it, for whoever checks.
    """

    key: str
    division: int
    payee: str
    account: str
    fen: int
    purpose: str
    bank: str = ""
    document: str = ""
    shares: Mapping[str, int] = field(default_factory=dict)
    why: str = ""

    def __repr__(self) -> str:
        return f"NewLine({self.key})"


def number_of(batch: int) -> str:
    """How a batch is called on paper: P000012."""
    return f"P{batch:06d}"


def reference_of(batch: int, line: int) -> str:
    """How one payment is called towards the bank; a payment that is made again gets another."""
    return f"{number_of(batch)}-{line:06d}"


def read_reference(text: str) -> tuple[int, int] | None:
    """Batch and line of a reference; None when it is none of ours."""
    found = _REFERENCE.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def line_faults(line: NewLine) -> list[str]:
    """What is wrong with a line whatever the bank, one sentence each."""
    checks = (
        (_KEY.fullmatch(line.key), translatable("业务键应为 3 至 100 个字母、数字、._:/-。")),
        (0 < line.fen < LARGEST_PAYMENT, translatable("金额应大于零。")),
        (line.payee.strip(), translatable("没有收款人。")),
        (_ACCOUNT.fullmatch(line.account), translatable("账号应为 5 至 34 位数字或短横线。")),
        (not line.bank or _BANK.fullmatch(line.bank), translatable("开户行行号应为 12 位数字。")),
        (
            0 < len(line.purpose) <= LONGEST_PURPOSE,
            worded("用途应为 1 至 {most} 个字。", most=LONGEST_PURPOSE),
        ),
        (
            not line.shares or (sum(line.shares.values()) == line.fen and min(line.shares.values()) > 0),
            translatable("各资金分担之和不等于金额。"),
        ),
    )
    return [sentence for holds, sentence in checks if not holds]


# --- three people -------------------------------------------------------------------------------------------

MAKER, CHECKER, RELEASER = "maker", "checker", "releaser"


@dataclass(frozen=True, slots=True)
class People:
    """Who made, checked and released a batch; "" where nobody has yet."""

    made: str
    checked: str = ""
    released: str = ""


def may_check(people: People, who: str) -> bool:
    """Whether this person may be the second."""
    return who != people.made


def may_release(people: People, who: str) -> bool:
    """Whether this person may be the third."""
    return bool(people.checked) and who not in {people.made, people.checked}


# --- what a checker looks at first --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """A line as far as exceptions are found by it; `account` is its keyed digest."""

    line: int
    payee: str
    account: bytes
    fen: int
    why: str
    is_again: bool


SHARED: Final = 2


def exceptions(lines: Iterable[Seen]) -> list[tuple[int, str]]:
    """Lines to look at first, each with why: the maker says so, paid again, one account for several names."""
    kept = list(lines)
    names: dict[bytes, set[str]] = {}
    for line in kept:
        names.setdefault(line.account, set()).add(line.payee)
    return [(line.line, why) for line in kept for why in _odd(line, names[line.account])]


def _odd(line: Seen, names: set[str]) -> Sequence[str]:
    found = [line.why] if line.why else []
    if line.is_again:
        found.append(translatable("上次没有付成，重新发"))
    if len(names) >= SHARED:
        found.append(worded("同一账号收 {count} 个人的钱", count=len(names)))
    return found
