"""结算单日报: lines of the hospitals' daily file, taken one by one the same way as calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from rongjun.insurance.actions.claims import take_message
from rongjun.insurance.cases import CaseError
from rongjun.insurance.incoming import incoming
from rongjun.insurance.logic.records import STATES
from rongjun.insurance.national import IS_REFUND, OUTSIDE
from rongjun.kernel.errors import Refused
from rongjun.partners import api as partners
from rongjun.partners.api import Settled

_OF_THE_FILE = frozenset({"day"})
FORMAT, OWNER = "settlements/1", "feed:settlements"


def take_lines(*, most: int, by: str, now: datetime) -> int:
    """Take up the oldest lines that wait, each decided or refused by itself; returns how many."""
    done = 0
    while done < most:
        with transaction.atomic():
            items = partners.take_waiting(owner=OWNER, most=1)
            if not items:
                break
            partners.settle_items([_outcome(items[0], by=by, now=now)], now=now)
        done += 1
    return done


def _outcome(item: partners.WaitingItem, *, by: str, now: datetime) -> Settled:
    try:
        message = incoming(message_of(item.key, item.fields), synthetic=settings.SYNTHETIC)
        with transaction.atomic():
            taken = take_message(message, channel="file", partner=item.partner, by=by, now=now)
    except CaseError as error:
        return Settled(item.id, "refused", "；".join(error.faults)[:200])
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
