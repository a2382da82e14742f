"""Signed calls: batches of ours, and calls that another app answers."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.timezone import localtime

from rongjun.audit import api as audit
from rongjun.kernel.crypto import sm3
from rongjun.kernel.errors import Refused
from rongjun.partners import logic
from rongjun.partners.actions.intake import CALL, check, hold_partner, keep, same_content
from rongjun.partners.actions.reading import is_signed
from rongjun.partners.models import InboundBatch, Partner, PartnerCall
from rongjun.partners.queries import SEAL, key_place


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a partner as it arrived; digest and signature in hex."""

    partner: str
    method: str
    path: str
    timestamp: str
    key: str
    digest: str
    signature: str
    body: bytes


def call_as_sent(*, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Call:
    """A partner's request as it arrived, from its headers."""
    return Call(
        partner=headers.get("X-Rongjun-Partner", ""),
        method=method,
        path=path,
        timestamp=headers.get("X-Rongjun-Timestamp", ""),
        key=headers.get("Idempotency-Key", ""),
        digest=headers.get("X-Rongjun-Digest", ""),
        signature=headers.get("X-Rongjun-Signature", ""),
        body=body,
    )


def receive_call(call: Call, *, now: datetime) -> UUID:
    """Take in a batch by API: signature, window, digest, then as a file. Returns the batch.

    The same key with the same content returns the first batch. Refused: "partners.call-not-genuine",
    "partners.call-outside-window", "partners.call-digest", "partners.call-key-unfit",
    "partners.call-key-reused", "partners.call-quota".
    """
    with transaction.atomic():
        held = hold_partner(call.partner)
        _refuse_unfit(call, held, now=now)
        earlier = InboundBatch.objects.filter(partner=held, call_key=call.key).first()
        if earlier is not None and bytes(earlier.digest) != sm3(call.body):
            raise Refused("partners.call-key-reused")
        earlier = earlier or same_content(held, sm3(call.body))
        if earlier is not None:
            return earlier.id
        _refuse_over_quota(held, now=now)
        batch = keep(held, call.body, channel=CALL, by=f"partner:{held.code}", now=now, call_key=call.key)
        check(batch, held, now=now)
    return batch.id


def _refuse_unfit(call: Call, partner: Partner | _Caller, *, now: datetime) -> None:
    _refuse_forged(call, partner)
    moment = logic.read_moment(call.timestamp)
    if moment is None or abs(now - moment) > logic.REPLAY_WINDOW:
        raise Refused("partners.call-outside-window")
    if not logic.is_fit_key(call.key):
        raise Refused("partners.call-key-unfit")


def _refuse_forged(call: Call, partner: Partner | _Caller) -> None:
    """The signature first: whoever cannot sign learns nothing more."""
    if CALL not in partner.channels or not partner.key_sealed:
        raise Refused("partners.call-not-genuine")
    key = audit.keys().open(SEAL, bytes(partner.key_sealed), key_place(partner.code))
    signed = logic.statement(
        method=call.method, path=call.path, timestamp=call.timestamp, key=call.key, digest=call.digest
    )
    if not is_signed(partner.algorithm, key, signed, call.signature):
        raise Refused("partners.call-not-genuine")
    if not hmac.compare_digest(sm3(call.body).hex(), call.digest):
        raise Refused("partners.call-digest")


def _refuse_over_quota(partner: Partner, *, now: datetime) -> None:
    today = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    used = InboundBatch.objects.filter(partner=partner, channel=CALL, received_at__gte=today).count()
    if used >= partner.daily_calls:
        raise Refused("partners.call-quota", most=partner.daily_calls)


# --- calls that another app answers -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that is genuine, fresh and within its quota; `answer` is "" unless it was answered before."""

    id: int
    partner: str
    division: int
    answer: str


def admit_call(call: Call, *, now: datetime) -> Admitted:
    """Let in a call that another app answers, in the caller's transaction: `answer_call` says what it got.

    The same key with the same content comes back with the first answer, and is to be answered with it.
    Calls of one partner do not queue: of two with the same key the later waits for the first, and the day's
    quota may be passed by the calls in flight at its end. Refused as `receive_call`, and with
    "partners.unknown-partner".
    """
    partner = _caller(call.partner)
    if partner is None:
        raise Refused("partners.unknown-partner")
    _refuse_unfit(call, partner, now=now)
    row, used = _first_of_key(call, partner, now=now)
    if row is None:
        earlier = PartnerCall.objects.get(partner=partner.code, key=call.key)
        if bytes(earlier.digest) != bytes.fromhex(call.digest):
            raise Refused("partners.call-key-reused")
        return Admitted(earlier.id, partner.code, partner.division, earlier.answer)
    if used > partner.daily_calls:
        raise Refused("partners.call-quota", most=partner.daily_calls)
    return Admitted(row, partner.code, partner.division, "")


def answer_call(admitted: Admitted, *, answer: str) -> None:
    """Keep what a call was answered, for when it comes again; in the transaction in which it was admitted."""
    assert answer
    with connection.cursor() as cursor:
        cursor.execute(_ANSWER, [answer, admitted.id])


@dataclass(frozen=True, slots=True)
class _Caller:
    """What is asked of a partner for every call of theirs."""

    code: str
    division: int
    channels: Sequence[str]
    algorithm: str
    key_sealed: bytes
    daily_calls: int


# By hand, as are those below: the ORM takes longer over these than the database.
_CALLER = """
    select code, division, channels, algorithm, key_sealed, daily_calls from partners_partner where code = %s
"""
_ANSWER = "update partners_partnercall set answer = %s where id = %s and answer = ''"
# The insert waits for another of the same key, and sees what became of it: no look before it could.
# A new call is counted by the same statement, in one slot for each connection, more or less. A statement does
# not see what it wrote, so its own slot is what was returned.
_FIRST = """
    with first as (
        insert into partners_partnercall (partner_id, division, key, digest, answer, received_at)
        values (%(partner)s, %(division)s, %(key)s, %(digest)s, '', %(now)s)
        on conflict (partner_id, key) do nothing returning id
    ), counted as (
        insert into partners_callcount as held (partner_id, division, day, slot, calls)
        select %(partner)s, %(division)s, %(day)s, pg_backend_pid() %% 32, 1 from first
        on conflict (partner_id, day, slot) do update set calls = held.calls + 1 returning slot, calls
    )
    select first.id, counted.calls + (
        select coalesce(sum(c.calls), 0) from partners_callcount c
        where c.partner_id = %(partner)s and c.day = %(day)s and c.slot <> counted.slot)
    from first cross join counted
"""


def _caller(code: str) -> _Caller | None:
    with connection.cursor() as cursor:
        cursor.execute(_CALLER, [code])
        row = cursor.fetchone()
    return _Caller(*row) if row else None


def _first_of_key(call: Call, partner: _Caller, *, now: datetime) -> tuple[int | None, int]:
    """The id of a call whose key is new, and how many the partner made today; no id where it is not."""
    values: dict[str, Any] = {
        "partner": partner.code,
        "division": partner.division,
        "key": call.key,
        "digest": bytes.fromhex(call.digest),  # which was found to be the body's
        "now": now,
        "day": localtime(now).date(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, values)
        found = cursor.fetchone()
    return (found[0], int(found[1])) if found else (None, 0)
