"""A released batch goes to the invented bank and back at once: for the tests of apps that pay."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.timezone import localtime

from rongjun.access.api import acting_as_job
from rongjun.ledger.payments import actions, queries
from rongjun.ledger.payments.bank_simulator import BANK, Bank
from rongjun.ledger.payments.layouts import layouts_in
from rongjun.partners import api as partners

BY = "operator:rehearsal"
_ROUND = 2000


def rehearse_bank(batch: UUID, *mischief: str, now: datetime) -> None:
    """Send the file of a released batch, let the invented bank answer it, and take its answers up.

    `mischief` is how the bank misbehaves. The bank has to be agreed with before, by its own key.
    """
    assert settings.SYNTHETIC, "the invented bank answers for invented people only"
    with acting_as_job("ledger.rehearse"):
        while actions.send_released(by=BY, now=now):
            pass
        file = queries.file_of(batch)
    assert file is not None, "only a released batch has a file"
    bank = Bank(
        tuple(layouts_in(settings.CONTRACTS_ROOT / "bank-files").values()),
        queries.bank_key(),
        misbehave=frozenset(mischief),
    )
    said = bank.take(file.content, signature=file.signature)
    assert isinstance(said, list), said
    for each in bank.answer(said, day=localtime(now).date()):
        with acting_as_job("ledger.rehearse"):
            partners.receive_file(
                each.content, partner=BANK, file_name=each.name, signature=each.signature, by=BY, now=now
            )
    with acting_as_job("ledger.rehearse"):
        while _is_more(actions.take_answers(most=_ROUND, by=BY, now=now)):
            pass


def _is_more(taken: actions.Taken) -> bool:
    return bool(taken.changed + taken.same + taken.disputed + taken.refused)
