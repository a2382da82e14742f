"""To whom what a person is paid goes: themselves, who receives for them, or the heirs by parts. No clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from rongjun.kernel.money import Fen, split

OWN: Final = "own"
HEIR: Final = "heir"
# Who receives for a living person, the first that is there.
_FOR_THE_LIVING: Final = ("guardian", "proxy", "institution", OWN)


class Account(Protocol):
    """An account somebody is paid on."""

    @property
    def kind(self) -> str: ...
    @property
    def payee(self) -> UUID: ...
    @property
    def matches(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Share:
    """What goes to one account: which of them it is, and fen by fund."""

    place: int
    funds: Mapping[str, int]

    @property
    def fen(self) -> int:
        """All of it."""
        return sum(self.funds.values())


def chosen(accounts: Sequence[Account], *, is_dead: bool) -> list[int]:
    """Which of a person's accounts are paid: one of the living, every heir of the dead."""
    if is_dead:
        return [place for place, each in enumerate(accounts) if each.kind == HEIR]
    for kind in _FOR_THE_LIVING:
        for place, each in enumerate(accounts):
            if each.kind == kind:
                return [place]
    return []


def objection_to(
    accounts: Sequence[Account],
    places: Sequence[int],
    *,
    is_dead: bool,
    parts: Mapping[UUID, int] | None = None,
) -> tuple[str, str] | None:
    """Why nothing can be paid to these accounts: a kind of exception and its sentence; None when it can.

    Where heirs have told parts, exactly those with a part have an account: nobody's part goes to another.
    """
    if not places:
        return "no-account", "已去世，没有登记继承人的账户" if is_dead else "没有登记收款账户"
    if not all(accounts[place].matches for place in places):
        return "name-mismatch", "账户户名和档案里的姓名不一致，核对后再发"
    if is_dead and parts and set(parts) != {accounts[place].payee for place in places}:
        return "no-account", "继承人份额和登记了账户的继承人对不上，补齐账户或重新确定份额后再发"
    return None


def shared_out(
    funds: Mapping[str, int], accounts: Sequence[Account], places: Sequence[int], parts: Mapping[UUID, int]
) -> list[Share]:
    """What each account receives of what the funds bear; parts not told are one each."""
    weights = [parts.get(accounts[place].payee, 1) for place in places]
    given: list[dict[str, int]] = [{} for _ in places]
    for fund, fen in sorted(funds.items()):
        for mine, part in zip(given, split(Fen(fen), weights), strict=True):
            if part:
                mine[fund] = int(part)
    return [Share(place, mine) for place, mine in zip(places, given, strict=True) if mine]


def by_fund(payers: Iterable[Mapping[str, int]], funds: Mapping[str, str]) -> dict[str, int]:
    """What each fund of the ledger bears of lines, by who bears them."""
    found: dict[str, int] = {}
    for each in payers:
        for payer, fen in each.items():
            fund = funds[payer]
            found[fund] = found.get(fund, 0) + fen
    return found
