"""People with awards, the three who pay them, and the invented bank, for the database tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.test import override_settings

from rongjun.access.api import ROLES, Actor, acting_as, acting_as_job, scope_of
from rongjun.allowances import actions
from rongjun.allowances.logic.months import month_at
from rongjun.allowances.models import PayException, PayLine, PayOrder, PayRun
from rongjun.kernel.identifiers import AccountKind, BankCard, DocumentType, IdentityNumber
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.partners import api as partners
from rongjun.registry import api as registry

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)  # nine o'clock in China
TODAY = date(2026, 11, 16)
CITY, COUNTY, STATION = 370200000000, 370202000000, 370202901000
NOVEMBER = month_at(2026, 11)
CITY_SCOPE = scope_of(CITY)


def person(login: str, *, role: str = "city-officer", division: int = CITY) -> Actor:
    """Somebody of the bureau, acting in this role."""
    known = ROLES[role]
    return Actor(
        account=uuid4(),
        login=login,
        name=f"测试{login}",
        kind="staff",
        role=role,
        role_label=known.label,
        division=division,
        division_label="示范",
        scope=scope_of(division),
        permissions=known.permissions,
    )


MAKER, CHECKER = person("maker"), person("checker")
RELEASER = person("releaser", role="bureau-leader")
FUNDS = sorted({*settings.ALLOWANCES_FUNDS.values()})
_COUNT = iter(range(10**6))


@contextmanager
def paying() -> Iterator[None]:
    """The setting in which what is invented pays."""
    with override_settings(ALLOWANCES_FICTIONAL="paid"):
        yield


def agree(fen: int = 100_000_000) -> None:
    """The bank is a partner, and every fund has money."""
    told: dict[str, Any] = {"by": "operator:test", "now": NOW}
    with acting_as_job("test.agree"):
        ledger.open_account("bank.city", kind="bank", division=CITY, title="银行存款", **told)
        for fund in FUNDS:
            ledger.open_account(fund, kind="fund", division=CITY, title=fund, floor=Fen(0), **told)
            legs = ledger.between("bank.city", fund, Fen(fen))
            ledger.post(ledger.Transfer(uuid4(), legs, TODAY), **told)
        partners.add_partner(
            settings.ALLOWANCES_BANK,
            name="测试代发银行",
            division=CITY,
            agreed={"payment-results/1": ""},
            channels=["file"],
            expected_since=TODAY,
            public_key=ledger.bank_signer().public_key,
            **told,
        )


def veteran_record(
    *,
    grade: int = 5,
    cause: str = "war",
    rated_on: date = date(2020, 3, 1),
    account: bool = True,
    opened: datetime = NOW,
    station: int = STATION,
    traits: tuple[str, ...] = (),
) -> registry.FileRecord:
    """A disabled veteran with an account for allowances, as a whole record."""
    count, key = next(_COUNT), uuid4()
    name = f"测试荣军{count:04d}"
    said = (
        registry.SaidRecord(
            "particulars", date(1975, 3, 1), {"name": name, "sex": "male", "birth_date": date(1975, 3, 1)}
        ),
        registry.SaidRecord("household", date(2000, 1, 1), {"county": str(station)[:6], "kind": "rural"}),
        registry.SaidRecord(
            "service",
            date(1994, 12, 1),
            {"enlisted_on": date(1994, 12, 1), "discharged_on": date(1996, 12, 1), "rank_group": "conscript"},
        ),
        registry.SaidRecord("status", date(1996, 12, 1), {"category": "veteran"}),
        *((registry.SaidRecord("rating", rated_on, {"grade": grade, "cause": cause}),) if grade else ()),
        *(registry.SaidRecord("status", date(1996, 12, 1), {"category": trait}) for trait in traits),
    )
    return registry.FileRecord(
        id=key,
        division=station,
        name=name,
        opened_at=opened,
        documents=(registry.DocumentRecord(str(DocumentType.RESIDENT_ID), _identity(count)),),
        said=said,
        accounts=(_account(count, name),) if account else (),
    )


def _account(count: int, holder: str) -> registry.AccountRecord:
    number = BankCard.from_text(f"999999{count:010d}", kind=AccountKind.PASSBOOK)
    return registry.AccountRecord(number, "allowance", "测试银行", holder, date(2020, 1, 1))


def on_file(records: Sequence[registry.FileRecord], *, by: Actor = MAKER, now: datetime = NOW) -> list[UUID]:
    """These people on file."""
    with acting_as(by):
        registry.open_files(records, source="测试", by=by, synthetic=True, now=now)
    return [record.id for record in records]


def veteran(*, opened: datetime = NOW, by: Actor = MAKER, **told: Any) -> UUID:
    """A disabled veteran on file, with an account for allowances."""
    return on_file([veteran_record(opened=opened, **told)], by=by, now=opened)[0]


def give_account(key: UUID, *, holder: str, digits: int, by: Actor = MAKER, now: datetime = NOW) -> None:
    """An account for allowances under a name."""
    registry.record(
        key,
        kind="account",
        said={
            "kind": "passbook",
            "number": f"999999{digits:010d}",
            "purpose": "allowance",
            "bank": "测试银行",
            "holder": holder,
        },
        valid_from=date(2020, 1, 1),
        source="存折",
        by=by,
        now=now,
        synthetic=True,
    )


def _identity(count: int) -> Any:
    return IdentityNumber.invented(
        born=date(1975, 3, 1), sequence=count % 1000, address=f"99{count // 1000 % 10000:04d}"
    )


def granted(
    key: UUID,
    *,
    scheme: str = "disability-pension",
    category: str = "soldier",
    approved_on: date = date(2020, 3, 1),
    pays_from: int | None = NOVEMBER,
    now: datetime = NOW,
    maker: Actor = MAKER,
    checker: Actor = CHECKER,
    **more: Any,
) -> UUID:
    """An award proposed by one and granted by another."""
    with acting_as(maker):
        award = actions.propose_award(
            key,
            scheme=scheme,
            category=category,
            approved_on=approved_on,
            document="示例批准文件 1 号",
            pays_from=pays_from,
            by=maker,
            now=now,
            today=now.date(),
            **more,
        )
    with acting_as(checker):
        actions.grant_award(award, by=checker, now=now, today=now.date())
    return award


def run_of(month: int = NOVEMBER, *, division: int = CITY, by: Actor = MAKER, now: datetime = NOW) -> PayRun:
    """A run asked for and drawn up."""
    with acting_as(by):
        run = actions.ask_run(division=division, month=month, pay_on=now.date(), by=by, now=now)
    with acting_as_job("test.draw-up"):
        assert actions.draw_up_asked(now=now, today=now.date()) == 1
    return look(run)


def look(run: UUID) -> PayRun:
    with acting_as_job("test.look"):
        return PayRun.objects.get(pk=run)


def released(run: PayRun, *, now: datetime = NOW) -> PayRun:
    """The same run through the second and the third person's hands."""
    with acting_as(CHECKER):
        actions.check_run(run.id, by=CHECKER, now=now)
    with acting_as(RELEASER):
        actions.release_run(run.id, by=RELEASER, now=now)
    return look(run.id)


def paid(run: PayRun, *mischief: str, now: datetime = NOW) -> None:
    """The bank takes the file of a released run and answers; we take over what it said."""
    assert run.batch
    ledger.rehearse_bank(run.batch, *mischief, now=now)
    follow(now=now)


def follow(*, now: datetime = NOW) -> int:
    with acting_as_job("test.follow"):
        return actions.follow_payments(now=now)


def lines(run: PayRun | None = None, **only: Any) -> list[PayLine]:
    with acting_as_job("test.lines"):
        rows = PayLine.objects.filter(**only).order_by("person_id", "code", "month", "turn")
        return list(rows.filter(run=run) if run else rows)


def orders(run: PayRun) -> list[PayOrder]:
    with acting_as_job("test.orders"):
        return list(PayOrder.objects.filter(run=run).order_by("id"))


def aside(run: PayRun) -> list[tuple[str, int]]:
    with acting_as_job("test.aside"):
        return sorted(PayException.objects.filter(run=run).values_list("kind", "fen"))
