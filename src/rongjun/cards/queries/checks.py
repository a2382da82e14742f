"""年度确认 as read: which cards have none planned, what is due, what is late."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from rongjun.cards.kinds import card_book
from rongjun.cards.logic.checks import WAITING
from rongjun.cards.logic.life import HELD, VALID
from rongjun.cards.models import CardCheck

_UNPLANNED = """
    select carrier.reference, carrier.person_id, carrier.division, carrier.kind,
           (lower(spans.in_hand) at time zone 'Asia/Shanghai')::date,
           (select max(closed_on) from cards_cardcheck past
            where past.carrier_id = carrier.reference and past.state = 'done')
    from cards_carrier carrier
    join cards_carrierspans spans on spans.carrier_id = carrier.reference and spans.superseded_at is null
    where carrier.family = any (%s) and carrier.state = any (%s) and not isempty(spans.in_hand)
      and not exists (select from cards_cardcheck open
                      where open.carrier_id = carrier.reference and open.state = 'waiting')
    order by carrier.reference
"""


class Unplanned(NamedTuple):
    """A card in somebody's hands that no check waits for: when it was handed over and last checked."""

    reference: int
    person: UUID
    division: int
    kind: str
    handed_on: date
    done_on: date | None


def unplanned(families: Collection[str]) -> list[Unplanned]:
    """The cards in scope of these families that no check waits for; lost, frozen and ended ones need none."""
    with connection.cursor() as cursor:
        cursor.execute(_UNPLANNED, [sorted(families), [VALID, HELD]])
        return [Unplanned(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check that waits; `tried_on` and `words` tell of the last try."""

    reference: int
    person: UUID
    division: int
    label: str
    due_on: date
    tried_on: date | None
    words: str

    def is_late(self, today: date) -> bool:
        """Whether its day is over."""
        return self.due_on < today


def checks_waiting(
    *, people: Collection[UUID] | None = None, start: int = 0, most: int = 20
) -> tuple[list[CheckLine], int]:
    """Checks in scope that wait, the longest due first, and how many; of these people's cards, if named."""
    rows = CardCheck.objects.filter(state=WAITING)
    if people is not None:
        rows = rows.filter(person_id__in=list(people))
    listed = rows.select_related("carrier").order_by("due_on", "carrier_id")[start : start + most]
    return [_line(row) for row in listed], rows.count()


def check_of(reference: int) -> CheckLine | None:
    """The check that waits for one card; None when none does, or out of scope."""
    row = CardCheck.objects.filter(carrier=reference, state=WAITING).select_related("carrier").first()
    return _line(row) if row else None


def _line(row: CardCheck) -> CheckLine:
    return CheckLine(
        reference=row.carrier_id,
        person=row.person_id,
        division=row.division,
        label=card_book().label(row.carrier.kind),
        due_on=row.due_on,
        tried_on=row.tried_on,
        words=row.words,
    )
