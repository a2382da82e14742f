"""A city's payments with its three people and its bank, for the database tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.conf import settings

from rongjun.access.api import ROLES, Actor, acting_as, acting_as_job, scope_of
from rongjun.audit import api as audit
from rongjun.kernel.money import Fen
from rongjun.ledger import actions as books
from rongjun.ledger.logic import Transfer, between
from rongjun.ledger.payments import actions, queries
from rongjun.ledger.payments.bank_simulator import BANK, Bank, bank_signer
from rongjun.ledger.payments.layouts import layouts_in
from rongjun.ledger.payments.logic.batches import NewLine
from rongjun.ledger.payments.models import PaymentLine
from rongjun.ledger.payments.queries import BatchReport
from rongjun.ledger.queries import standing
from rongjun.partners import api as partners

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)  # nine o'clock in China
TODAY = date(2026, 11, 16)
CITY, COUNTY = 370200000000, 370202000000
CITY_BOOKS = UUID(int=CITY)
SEPARATED, FIXED = "agent-bank-separated/1", "agent-bank-fixed/1"
ACCOUNTS = [f"99999900000000{n:02d}" for n in range(100)]


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


MAKER, CHECKER, RELEASER = person("maker"), person("checker"), person("releaser", role="bureau-leader")


def new_lines(count: int = 3, *, month: str = "2026-10", **changed: Any) -> list[NewLine]:
    """So many payments of one month, each to another invented person."""
    return [
        NewLine(
            key=changed.get("key", f"allowance:p{n:04d}:care:{month}"),
            division=changed.get("division", COUNTY),
            payee=changed.get("payee", f"测试收款{n:02d}"),
            account=changed.get("account", ACCOUNTS[n % 100]),
            fen=changed.get("fen", 10000 + n),
            purpose=changed.get("purpose", "10月护理费"),
            shares=changed.get("shares", {}),
            why=changed.get("why", ""),
        )
        for n in range(count)
    ]


def drafted(lines: list[NewLine] | None = None, *, by: Actor = MAKER, layout: str = SEPARATED) -> UUID:
    """A draft of somebody's with these payments."""
    with acting_as(by):
        batch = actions.draft_batch(
            division=CITY,
            purpose="allowance",
            title="2026年10月护理费",
            fund="central-allowance",
            partner=BANK,
            layout=layout,
            pay_on=TODAY,
            by=by.text,
            now=NOW,
        )
        actions.add_lines(batch, new_lines() if lines is None else lines, by=by.text, now=NOW)
    return batch


def checked(batch: UUID, *, by: Actor = CHECKER) -> UUID:
    with acting_as(by):
        actions.check_batch(batch, by=by, now=NOW)
    return batch


def released(batch: UUID, *, by: Actor = RELEASER) -> UUID:
    with acting_as(by):
        actions.release_batch(batch, by=by, now=NOW)
    return batch


def sent(lines: list[NewLine] | None = None, *, layout: str = SEPARATED) -> UUID:
    """A batch that three people have let go, with its file on the way."""
    batch = released(checked(drafted(lines, layout=layout)))
    with acting_as_job("test.send"):
        assert actions.send_released(by="job:test.send", now=NOW) == 1
    return batch


def report_of(batch: UUID) -> BatchReport:
    with acting_as_job("test.report"):
        found = queries.batch_report(batch)
    assert found is not None
    return found


def states_of(batch: UUID) -> list[str]:
    """The states of a batch's lines, in their order."""
    with acting_as_job("test.states"):
        return list(PaymentLine.objects.filter(batch=batch).order_by("line").values_list("state", flat=True))


def file_of(batch: UUID) -> queries.SentFile:
    with acting_as_job("test.file"):
        found = queries.file_of(batch)
    assert found is not None
    return found


# --- the books ----------------------------------------------------------------------------------------------

FUNDS = ("central-allowance", "central", "city")


def open_funds(fen: int = 10_000_000) -> None:
    """Funds that may not be overdrawn, with so much on each."""
    told: dict[str, Any] = {"by": "operator:test", "now": NOW}
    books.open_account("bank.city", kind="bank", division=CITY, title="银行存款", **told)
    for fund in FUNDS:
        books.open_account(fund, kind="fund", division=CITY, title=fund, floor=Fen(0), **told)
        legs = between("bank.city", fund, Fen(fen))
        books.post(Transfer(uuid5(CITY_BOOKS, fund), legs, TODAY), **told)


def on_books() -> tuple[int, int, int]:
    """What is on the fund, what is held of it, and what was paid for allowances; in fen."""
    with acting_as_job("test.books"):
        fund = standing("central-allowance")
        paid = standing(f"paid.allowance.{CITY}")
    return int(fund.posted), -int(fund.held_out), int(paid.posted)


# --- the bank -----------------------------------------------------------------------------------------------


def agree_with_bank() -> None:
    """The bank is a partner that signs each of its answers, and the funds have money."""
    open_funds()
    with acting_as_job("test.agree"):
        partners.add_partner(
            BANK,
            name="测试代发银行",
            division=CITY,
            agreed={"payment-results/1": ""},
            channels=["file"],
            expected_since=TODAY,
            by="operator:test",
            now=NOW,
            public_key=bank_signer().public_key,
        )


def bank(*mischief: str) -> Bank:
    """The invented bank, which knows our public key and the layouts we agreed on."""
    layouts = tuple(layouts_in(Path(settings.CONTRACTS_ROOT) / "bank-files").values())
    return Bank(layouts, audit.keys().public_key(queries.SEAL), misbehave=frozenset(mischief))


def answered_by(one: Bank, *batches: UUID, now: datetime = NOW) -> list[str]:
    """The bank takes these files and answers, we take in its answers; what became of each of its files."""
    said = []
    for batch in batches:
        file = file_of(batch)
        taken = one.take(file.content, signature=file.signature)
        assert isinstance(taken, list), taken
        said += taken
    became = []
    for each in one.answer(said, day=TODAY):
        with acting_as_job("test.receive"):
            came = partners.receive_file(
                each.content,
                partner=BANK,
                file_name=each.name,
                signature=each.signature,
                by="operator:test",
                now=now,
            )
            report = partners.batch_report(came)
            assert report is not None
            became.append(report.failing or report.state)
        take(now=now)
    return became


def take(*, now: datetime = NOW) -> actions.Taken:
    """What the worker does with answers."""
    with acting_as_job("test.take"):
        return actions.take_answers(most=1000, by="job:test.take", now=now)


def balances() -> bool:
    """Whether nothing the bank sent is unaccounted for."""
    with acting_as_job("test.balance"):
        told = [
            *partners.balance(since=TODAY, until=TODAY),
            *queries.payment_balance(since=TODAY, until=TODAY),
        ]
    return all(each.gap == 0 for each in told)
