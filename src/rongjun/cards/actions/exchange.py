"""What goes to the bank and to operators about cards, and what the bank's lines do to them.

Everything is sent by `partners` in the same transaction: what was not recorded was not sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from rongjun.cards.actions.handling import close_replaced, inform
from rongjun.cards.actions.opening import digest
from rongjun.cards.actions.telling import Told, happened_to, hold, tell
from rongjun.cards.kinds import card_book
from rongjun.cards.logic.exchange import BankLine, in_letters, line_key, list_lines, read_bank_line
from rongjun.cards.logic.life import APPROVED, STEPS, VALID, counts, standing_at
from rongjun.cards.logic.numbers import BANK_INDEX, TRANSIT_INDEX
from rongjun.cards.models import CardSending, Carrier
from rongjun.cards.queries.spans import carriers, changed_since, every_reference
from rongjun.kernel.errors import Refused
from rongjun.partners import api as partners
from rongjun.places import api as places
from rongjun.registry import api as registry

ORDERS, RETURNS, RIDES = "card-orders/1", "card-returns/1", "free-rides/1"
AT_ONCE, PART = 500, 100_000
# A change is sent when whoever made it has surely committed.
SETTLED = timedelta(seconds=30)
ORDER, STOPS, CHANGES, FULL = "orders", "stops", "changes", "full"


# --- to the bank --------------------------------------------------------------------------------------------


def order_cards(*, by: str, now: datetime, today: date) -> int:
    """Send the bank every card that is on record and not ordered yet, in one batch; how many.

    Refused("partners.unknown-partner"), ("partners.send-not-agreed") where no bank has agreed to make cards.
    """
    with transaction.atomic():
        waiting = Carrier.objects.select_for_update(skip_locked=True).filter(state=APPROVED)
        held = {row.reference: row for row in waiting.order_by("opened_at", "reference")[:AT_ONCE]}
        lines = [line for row in held.values() if (line := _order_line(row, now=now, today=today))]
        if not lines:
            return 0
        ordered = {int(line[1]) for line in lines}
        held = {reference: row for reference, row in held.items() if reference in ordered}
        maker = card_book().maker
        batch = partners.send(maker, ORDERS, lines, key=_new_key(ORDER, now), by=by, now=now)
        _sent(batch, maker, ORDER, rows=len(lines), as_of=now, now=now)
        Carrier.objects.filter(pk__in=held).update(bank=maker)
        reason = "制卡名单已交出"
        tell([Told(reference, "order", now, reason) for reference in held], held=held, by=by, now=now)
    return len(lines)


def _order_line(row: Carrier, *, now: datetime, today: date) -> list[str] | None:
    """What the bank makes a card from; None for who has no identity number on file, or has died."""
    file = registry.file_of(row.person_id, on=today, known_at=now)
    if file is None or not file.documents or file.died_on:
        return None
    number = registry.open_covered("document", file.documents[0][0])
    if number is None:
        return None
    key = line_key(row.reference, 0)
    return [key, str(row.reference), row.kind, file.line.name, number, str(row.division), today.isoformat()]


# --- from the bank ------------------------------------------------------------------------------------------


def take_returns(*, by: str, most: int = AT_ONCE, now: datetime) -> int:
    """Take up what the bank has told of cards; how many lines. What cannot be so is refused with why."""
    with transaction.atomic():
        items = partners.take_waiting(owner="feed:card-returns", most=most)
        settled = [
            partners.Settled(item.id, *taken(item.fields, partner=item.partner, by=by, now=now))
            for item in items
        ]
        partners.settle_items(settled, now=now)
    return len(items)


def taken(fields: Mapping[str, str], *, partner: str, by: str, now: datetime) -> tuple[str, str]:
    """What becomes of one line, and why."""
    line = read_bank_line(fields, synthetic=settings.SYNTHETIC, now=now)
    if isinstance(line, str):
        return "refused", line
    try:
        with transaction.atomic():
            return _record(line, partner=partner, by=by, now=now)
    except Refused:
        return "refused", "没有这个名单编号"
    except IntegrityError as error:
        if "number_once" not in str(error):
            raise
        return "refused", "卡号已经是另一张卡的"


def _record(line: BankLine, *, partner: str, by: str, now: datetime) -> tuple[str, str]:
    row = hold([line.reference])[line.reference]
    if row.bank != partner:
        return "refused", "这张卡不是这家银行的"
    events = [event for _, event in happened_to([line.reference])[line.reference]]
    told = Told(line.reference, line.step, line.at, line.reason[:200], until=line.until)
    if any((event.kind, event.at) == (told.kind, told.at) for event in events):
        return "done", "已经记下"
    if not counts(STEPS[line.step], standing_at(events, line.at)):
        return "refused", "卡当时的状态办不了这件事"
    if line.step == "make":
        _numbers(row, line)
    tell([told], held={row.reference: row}, by=by, now=now)
    if line.step == "hand-over":
        close_replaced(row, by=by, now=now)
    if line.step in ("make", "hold", "lose"):
        inform(row, line.step, now=now, until=line.until)
    return "done", "记下了"


def _numbers(row: Carrier, line: BankLine) -> None:
    if line.bank:
        row.bank_number_mask, row.bank_number_digest = line.bank.masked, digest(BANK_INDEX, line.bank)
    if line.transit:
        row.transit_number_mask = line.transit.masked
        row.transit_number_digest = digest(TRANSIT_INDEX, line.transit)
    row.save(
        update_fields=[
            "bank_number_mask", "bank_number_digest", "transit_number_mask", "transit_number_digest",
        ]
    )  # fmt: skip


# --- to operators -------------------------------------------------------------------------------------------


def send_stops(*, by: str, now: datetime) -> int:
    """Tell every operator at once which cards have come not to open; how many cards.

    Each operator has to acknowledge within the city's hours; who has not stands on a list.
    """
    within = card_book().stop_within
    return _send_changed(STOPS, by=by, now=now, stopped=True, due_at=now + within)


def send_changes(*, by: str, now: datetime) -> int:
    """The day's difference: which cards have come to open, or to open otherwise; how many cards."""
    return _send_changed(CHANGES, by=by, now=now, stopped=False, due_at=None)


def _send_changed(kind: str, *, by: str, now: datetime, stopped: bool, due_at: datetime | None) -> int:
    until, sent = now - SETTLED, 0
    for operator in card_book().operators:
        with transaction.atomic():
            since = _as_of(operator, kind)
            if since is None:
                continue
            changed = carriers(changed_since(since, until=until))
            lines = [
                line
                for card in changed.values()
                if _opens(card.spans, now) != stopped
                for line in list_lines(card.reference, card.spans, now=now)
            ]
            if lines:
                key = _new_key(kind, now)
                batch = partners.send(operator, RIDES, lines, key=key, by=by, now=now)
                _sent(batch, operator, kind, rows=len(lines), as_of=until, now=now, due_at=due_at)
                sent += len(lines)
    return sent


def _opens(spans: Sequence[tuple[datetime, datetime | None]], now: datetime) -> bool:
    return any(start <= now and (end is None or now < end) for start, end in spans)


def _as_of(operator: str, kind: str) -> datetime | None:
    """Up to which moment an operator knows; None before the first full list, which begins everything."""
    rows = CardSending.objects.filter(partner=operator, kind__in=[kind, FULL])
    return rows.order_by("-as_of").values_list("as_of", flat=True).first()


def send_first_lists(*, by: str, now: datetime) -> int:
    """The whole list to operators that have had none; how many lines."""
    known = CardSending.objects.filter(kind=FULL).values_list("partner", flat=True)
    return sum(_send_full(each, by=by, now=now) for each in sorted(set(card_book().operators) - set(known)))


def send_weekly_lists(*, by: str, now: datetime) -> int:
    """The whole list to every operator that has had none for six days; how many lines."""
    lately = CardSending.objects.filter(kind=FULL, sent_at__gt=now - timedelta(days=6))
    known = lately.values_list("partner", flat=True)
    return sum(_send_full(each, by=by, now=now) for each in sorted(set(card_book().operators) - set(known)))


def _send_full(operator: str, *, by: str, now: datetime) -> int:
    """The whole list, in parts; a card the operator holds beside it opens nothing."""
    with transaction.atomic():
        lines = [
            line
            for card in carriers(every_reference(VALID)).values()
            for line in list_lines(card.reference, card.spans, now=now)
        ]
        for place, start in enumerate(range(0, max(1, len(lines)), PART)):
            part = lines[start : start + PART]
            key = f"{_new_key(FULL, now)}-{place}"
            batch = partners.send(operator, RIDES, part, key=key, by=by, now=now)
            _sent(batch, operator, FULL, rows=len(part), as_of=now - SETTLED, now=now)
    return len(lines)


def _new_key(kind: str, now: datetime) -> str:
    """A key of its own for each sending: what was sent says itself what need not be sent again.

    By the moment alone, two of one second would be taken for one.
    """
    return f"{kind}-{now:%Y%m%dT%H%M%S}-{in_letters(secrets.token_hex(5))}"


def _sent(
    batch: UUID,
    partner: str,
    kind: str,
    *,
    rows: int,
    as_of: datetime,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    CardSending.objects.get_or_create(
        id=batch,
        defaults={
            "partner": partner, "kind": kind, "rows": rows, "as_of": as_of, "sent_at": now, "due_at": due_at,
            "division": places.city().code,
        },
    )  # fmt: skip


def note_acknowledged() -> int:
    """Look which stops have been acknowledged since; how many."""
    found = 0
    waiting = CardSending.objects.filter(due_at__isnull=False, acknowledged_at=None)
    for row in waiting.order_by("sent_at")[:AT_ONCE]:
        state = partners.outbound_state(row.id)
        if state is not None and state.acknowledged_at is not None:
            CardSending.objects.filter(pk=row.pk).update(acknowledged_at=state.acknowledged_at)
            found += 1
    return found
