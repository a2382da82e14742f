"""Awards of invented people of one county, a month paid with some failures, and the next as a draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import timezone

from rongjun.access.api import Actor, acting_as, acting_as_job, actor_named
from rongjun.allowances import api as allowances
from rongjun.config.demo import BY, PEOPLE, SEED, street_codes
from rongjun.config.demo_payments import STORE, add_bank, let_bank_pay
from rongjun.config.invented.loading import weights
from rongjun.config.invented.people import people
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.places import api as places
from rongjun.registry import api as registry

MOST = 60
# Of the registry's categories, which scheme they are proposed for: scheme and category of the book.
_SCHEMES = {
    "disabled-soldier": ("disability-pension", "soldier"),
    "combat-veteran": ("combat-allowance", "combat"),
    "sick-returned-veteran": ("returned-ill-allowance", "returned-ill"),
    "martyr-kin": ("kin-pension", "martyr-kin"),
    "illness-death-kin": ("kin-pension", "illness-death-kin"),
}
_WITHOUT_ACCOUNT = 17  # one in so many has told no account


def pay_people(bank: Sequence[str], *, drop: Path) -> None:
    """Everything above, once; a city that has awards stays as it is."""
    maker, checker, releaser = (_actor(login) for login in ("district", "city", "leader"))
    with acting_as(checker):
        if allowances.are_there():
            return
    add_bank(settings.ALLOWANCES_BANK, root=drop)
    _fill_funds()
    now, today = timezone.now(), timezone.localdate()
    month = allowances.month_of(today)
    for number, (person, name, scheme, category) in enumerate(_candidates(maker.division)):
        with suppress(Refused):
            _award(person, name, scheme, category, number, pays_from=month - 1, by=(maker, checker), now=now)
    first = _run(month - 1, by=maker, now=now, today=today)
    with acting_as(checker):
        allowances.check_run(first, by=checker, now=now)
    with acting_as(releaser):
        allowances.release_run(first, by=releaser, now=now)
    let_bank_pay(bank)
    with acting_as_job("demo.follow-payments"):
        allowances.follow_payments(now=now)
    _run(month, by=maker, now=timezone.now(), today=today)


def _actor(login: str) -> Actor:
    found = actor_named(login, on=timezone.localdate())
    assert found is not None
    return found


def _fill_funds() -> None:
    told: dict[str, Any] = {"by": BY, "now": timezone.now()}
    whole, today = places.city().code, timezone.localdate()
    with acting_as_job("demo.fill-funds"):
        for fund in sorted(set(settings.ALLOWANCES_FUNDS.values())):
            ledger.open_account(
                fund, kind="fund", division=whole, title=f"示范资金 {fund}", floor=Fen(0), **told
            )
            if not ledger.standing(fund).posted:
                legs = ledger.between(STORE, fund, Fen.from_yuan(5_000_000))
                ledger.post(ledger.Transfer(uuid5(UUID(int=whole), fund), legs, today), **told)


def _candidates(county: int) -> Iterator[tuple[UUID, str, str, str]]:
    """People of a county with what they may be entitled to, in the order of the city."""
    found = 0
    for record in people(range(PEOPLE), seed=SEED, weights=weights(), streets=street_codes()):
        if record.division // 10**6 != county // 10**6:
            continue
        held = {str(each.said["category"]) for each in record.said if each.kind == "status"}
        dead = any(each.kind == "death" for each in record.said)
        rated = any(each.kind == "rating" for each in record.said)
        for category, (scheme, kind) in _SCHEMES.items():
            if category in held and not dead and (rated or scheme != "disability-pension"):
                found += 1
                yield record.id, record.name, scheme, kind
                break
        if found >= MOST:
            return


def _award(
    person: UUID,
    name: str,
    scheme: str,
    category: str,
    number: int,
    *,
    pays_from: int,
    by: tuple[Actor, Actor],
    now: datetime,
) -> None:
    maker, checker = by
    today = timezone.localdate()
    approved_on = date(today.year - 1, 3, 1)
    with acting_as(maker):
        if number % _WITHOUT_ACCOUNT:
            _account(person, name, number, by=maker, now=now)
        award = allowances.propose_award(
            person,
            scheme=scheme,
            category=category,
            approved_on=approved_on,
            document=f"示例批准文件 {number + 1} 号",
            details={"relation": "parent"} if scheme == "kin-pension" else None,
            pays_from=pays_from,
            by=maker,
            now=now,
            today=today,
        )
    with acting_as(checker):
        allowances.grant_award(award, by=checker, now=now, today=today)


def _account(person: UUID, name: str, number: int, *, by: Actor, now: datetime) -> None:
    registry.record(
        person,
        kind="account",
        said={
            "kind": "passbook",
            "number": f"9999990000{number:06d}",
            "purpose": "allowance",
            "bank": "示范银行",
            "holder": name,
        },
        valid_from=date(2024, 1, 1),
        source="存折（虚构）",
        by=by,
        now=now,
        synthetic=True,
    )


def _run(month: int, *, by: Actor, now: datetime, today: date) -> UUID:
    with acting_as(by):
        run = allowances.ask_run(division=by.division, month=month, pay_on=today, by=by, now=now)
    with acting_as_job("demo.draw-up"):
        allowances.draw_up_asked(now=now, today=today)
    return run
