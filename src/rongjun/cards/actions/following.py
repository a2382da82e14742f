"""What cards do by themselves: holds lift, cards expire, and the registry's ends are followed, back-dated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from uuid import UUID

from django.db import transaction

from rongjun.cards.actions.telling import Told, happened_to, hold, tell
from rongjun.cards.logic.life import HELD, RETRACT, Happened, by_itself, life, standing_at
from rongjun.cards.models import Carrier, CarrierEvent
from rongjun.registry.api import Ends, ends_of, file_ids_of, told_of_ends

AT_ONCE = 500
CHINA = timezone(timedelta(hours=8))
BY = "job:cards.follow-registry"
_FOLLOWED = ("die", "cancel", "suspend", "resume")


# --- what ends at its moment --------------------------------------------------------------------------------


def end_due(*, by: str, now: datetime) -> int:
    """Record what has ended by itself since: holds that lifted, cards that expired. How many.

    Nothing waits for this: the spans have said so all along. It makes the state a column again.
    """
    with transaction.atomic():
        due = Carrier.objects.select_for_update(skip_locked=True).filter(next_at__lte=now).order_by("next_at")
        held = {row.reference: row for row in due[:AT_ONCE]}
        events = happened_to(held)
        told = [
            each for reference in held for each in _due(reference, [e for _, e in events[reference]], now)
        ]
        tell(told, held=held, by=by, now=now)
    return len(told)


def _due(reference: int, events: list[Happened], now: datetime) -> Iterator[Told]:
    last = standing_at([], now)
    for at, standing in life(events):
        if at > now:
            return
        if last.next_at == at and standing == by_itself(last, at):
            if last.expires_at == at:
                yield Told(reference, "expire", at, "到期")
            elif HELD in last.marks and not any(e.kind == "lift" and e.at == at for e in events):
                yield Told(reference, "lift", at, "到期自动解除")
        last = standing


# --- what the registry was told -----------------------------------------------------------------------------


def follow_registry(*, since: datetime, by: str = BY, now: datetime) -> int:
    """Bring the cards of those of whom a death or a stop was told since into line. How many events it took.

    What was taken back is taken back here too, so that whoever turns out to live has the card again.
    """
    return sum(follow_person(person, ends, by=by, now=now) for person, ends in _told(since))


def _told(since: datetime) -> Iterator[tuple[UUID, Ends]]:
    people = told_of_ends(since)
    for start in range(0, len(people), AT_ONCE):
        part = people[start : start + AT_ONCE]
        with_cards = set(Carrier.objects.filter(person_id__in=part).values_list("person_id", flat=True))
        yield from ((who, ends) for who, ends in ends_of(part).items() if who in with_cards or _merged(who))


def _merged(person: UUID) -> bool:
    return len(file_ids_of(person)) > 1


def follow_person(person: UUID, ends: Ends, *, by: str = BY, now: datetime) -> int:
    """The same for one person's cards: what has no effect on a card is not written to it."""
    with transaction.atomic():
        cards = Carrier.objects.filter(person_id__in=file_ids_of(person))
        held = hold(cards.values_list("reference", flat=True))
        events, wanted = happened_to(held), list(_wanted(ends))
        told: list[Told] = []
        for reference in held:
            told += _differences(reference, events.get(reference, []), wanted)
        tell(told, held=held, by=by, now=now)
    return len(told)


def _wanted(ends: Ends) -> Iterator[tuple[Happened, str, str]]:
    """The events that follow, each with its reason and its document."""
    if ends.died_on:
        # The hour is not known: the day itself is still the person's.
        yield Happened("die", _midnight(ends.died_on + timedelta(days=1))), "登记库登记去世", "登记库"
    for stop in ends.stops:
        kind = "cancel" if stop.cancelled else "suspend"
        yield Happened(kind, _midnight(stop.start)), "省级决定，登记库已登记", stop.document
        if stop.end and not stop.cancelled:
            yield Happened("resume", _midnight(stop.end)), "中止期满，登记库已登记", stop.document


def _differences(
    reference: int, events: list[tuple[int, Happened]], wanted: list[tuple[Happened, str, str]]
) -> Iterator[Told]:
    ours = set(
        CarrierEvent.objects.filter(carrier=reference, kind__in=_FOLLOWED).values_list("id", flat=True)
    )
    asked = {event for event, _, _ in wanted}
    kept = {event for number, event in events if number in ours}
    for number, event in events:
        if number in ours and event not in asked:
            reason = "登记库已经更正"
            yield Told(reference, RETRACT, event.at, reason, retracts=number)
    base = [event for number, event in events if number not in ours or event in asked]
    for event, reason, document in wanted:
        if event not in kept and _matters(event, base):
            yield Told(reference, event.kind, event.at, reason, basis=document)
            base.append(event)


def _matters(event: Happened, events: Iterable[Happened]) -> bool:
    base = list(events)
    return life([*base, event]) != life(base)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), CHINA)
