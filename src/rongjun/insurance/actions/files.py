"""结算单日报: lines of the hospitals' daily file, taken one by one the same way as calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from rongjun.insurance.actions.claims import take_message
from rongjun.insurance.actions.deciding import hold_members
from rongjun.insurance.cases import CaseError
from rongjun.insurance.incoming import Incoming, incoming
from rongjun.insurance.logic.records import STATES
from rongjun.insurance.national import IS_REFUND, OUTSIDE
from rongjun.insurance.queries.plans import plan_file
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import DocumentType
from rongjun.partners import api as partners
from rongjun.partners.api import Settled
from rongjun.registry import api as registry

_OF_THE_FILE = frozenset({"day"})
FORMAT, OWNER = "settlements/1", "feed:settlements"


def take_lines(*, most: int, by: str, now: datetime) -> int:
    """Take up the oldest lines that wait, each decided or refused by itself; returns how many.

    They are one transaction, so few at once: calls wait for the fund as long as it lasts.
    """
    with transaction.atomic():
        items = partners.take_waiting(owner=OWNER, most=most)
        read = [_read(item) for item in items]
        _hold_everybody([each for each in read if isinstance(each, Incoming)], now=now)
        settled = [_outcome(item, message, by=by, now=now) for item, message in zip(items, read, strict=True)]
        partners.settle_items(settled, now=now)
    return len(items)


def _read(item: partners.WaitingItem) -> Incoming | str:
    """The message of a line, or what is wrong with it."""
    try:
        return incoming(message_of(item.key, item.fields), synthetic=settings.SYNTHETIC)
    except CaseError as error:
        return "；".join(error.faults)[:200]


def _hold_everybody(messages: Sequence[Incoming], *, now: datetime) -> None:
    found = (registry.holder_of(DocumentType.RESIDENT_ID, each.number.number) for each in messages)
    people = [(held.person, held.division) for held in found if held is not None]
    hold_members(people, plan=plan_file().plan.code, now=now)


def _outcome(item: partners.WaitingItem, message: Incoming | str, *, by: str, now: datetime) -> Settled:
    if isinstance(message, str):
        return Settled(item.id, "refused", message)
    try:
        with transaction.atomic():
            taken = take_message(message, channel="file", partner=item.partner, by=by, now=now)
    except Refused as refused:
        return Settled(item.id, "refused", refused.code)
    return Settled(item.id, "done", STATES[taken.state])


def message_of(msgid: str, fields: Mapping[str, str]) -> dict[str, object]:
    """A line's key and columns as the message a call would bring; empty ones are left out."""
    said = {name: text for name, text in fields.items() if text and name not in _OF_THE_FILE}
    envelope: dict[str, object] = {
        "msgid": msgid,
        **{name: said.pop(name) for name in ("certno", "setl_time") if name in said},
    }
    record: dict[str, object] = dict(said)
    if said.get("refd_setl_flag") == IS_REFUND:
        record.pop("version", None)
        return {**envelope, "refund": record}
    record.pop("init_setl_id", None)
    outside = {payer: record.pop(payer) for payer in OUTSIDE if payer in record}
    if outside:
        record["also_paid"] = outside
    if "version" in record:
        record["version"] = int(str(record["version"])) if str(record["version"]).isdecimal() else 0
    return {**envelope, "settlement": record}
