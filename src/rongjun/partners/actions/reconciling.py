"""Statements of partners are kept line by line; ours about a day goes out once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.utils.timezone import localtime, make_aware

from rongjun.kernel.crypto import sm3
from rongjun.partners.actions.intake import Settled
from rongjun.partners.actions.outbox import send
from rongjun.partners.logic import read_day
from rongjun.partners.models import InboundBatch, OutboundBatch, Partner, StatementLine
from rongjun.partners.queries import WaitingItem
from rongjun.partners.queries.reconciling import FROM_THEM, FROM_US, lines_of_day

STATEMENTS = "statements/1"
_NOTHING = sm3(b"")


def take_statements(items: Sequence[WaitingItem]) -> list[Settled]:
    """Keep what these lines state; a line that cannot be read goes back."""
    kept, settled = [], []
    for item in items:
        line = _read(item)
        if line is None:
            settled.append(Settled(item.id, "refused", "方向、流水号、业务日期、SM3、行数有一项读不出来。"))
        else:
            kept.append(line)
            settled.append(Settled(item.id, "done", "记入对账。"))
    StatementLine.objects.bulk_create(kept, ignore_conflicts=True)
    return settled


def note_empty_statements(*, since: date) -> None:
    """A statement without lines says that nothing was sent or taken, which is to be held against us too."""
    empty = InboundBatch.objects.filter(
        format=STATEMENTS, state="processed", found_count=0, business_date__gte=since
    )
    StatementLine.objects.bulk_create(
        (
            StatementLine(
                partner_id=row.partner_id,
                division=row.division,
                day=row.business_date or since,
                direction=FROM_THEM,
                format=STATEMENTS,
                sequence=0,
                business_date=row.business_date or since,
                digest=_NOTHING,
                count=0,
            )
            for row in empty.defer("content_sealed")
        ),
        ignore_conflicts=True,
    )


def _read(item: WaitingItem) -> StatementLine | None:
    said = item.fields
    number, count = said["sequence"], said["count"]
    day = read_day(said["business_date"])
    is_read = (
        said["direction"] in {FROM_THEM, FROM_US}
        and number.isdecimal()
        and count.isdecimal()
        and 0 < len(number) < 10
        and 0 < len(count) < 10
        and len(said["digest"]) == 64
        and set(said["digest"]) <= set("0123456789abcdef")
        and len(said["format"]) <= 40
        and int(number) > 0
    )
    if not is_read or day is None:
        return None
    return StatementLine(
        partner_id=item.partner,
        division=Partner.objects.values_list("division", flat=True).get(pk=item.partner),
        day=item.business_date,
        direction=said["direction"],
        format=said["format"],
        sequence=int(number),
        business_date=day,
        digest=bytes.fromhex(said["digest"]),
        count=int(count),
    )


def send_statements(*, by: str, now: datetime) -> int:
    """Send each partner that takes them our statement about yesterday, once; returns how many."""
    day = localtime(now).date() - timedelta(days=1)
    start, key = make_aware(datetime.combine(day, time())), f"statement-{day}"
    wanted = [code for code, takes in Partner.objects.values_list("code", "takes") if STATEMENTS in takes]
    done = set(
        OutboundBatch.objects.filter(partner__in=wanted, format=STATEMENTS, key=key).values_list(
            "partner", flat=True
        )
    )
    for code in wanted:
        if code not in done:
            lines = lines_of_day(code, start=start)
            send(code, STATEMENTS, lines, key=key, by=by, now=now, business_date=day)
    return len(set(wanted) - done)
