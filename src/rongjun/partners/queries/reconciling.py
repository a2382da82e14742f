"""What a partner says it sent and took, held against what we have, file by file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from rongjun.kernel.words import translatable
from rongjun.partners.models import InboundBatch, OutboundBatch
from rongjun.partners.queries import title_of

FROM_THEM, FROM_US = "sent", "taken"
# They are how we reconcile, and are themselves on no statement.
APART = ("statements/1", "receipts/1")

NOT_HERE = translatable("对方说发了，我们没有收下")
NOT_STATED = translatable("我们收下了，对方的对账单上没有")
OTHER_FROM_THEM = translatable("对方说发的与我们收下的不同")
NOT_SENT = translatable("对方说收下了，我们没有发过")
NOT_TAKEN = translatable("我们发了，对方没有说收下")
OTHER_FROM_US = translatable("对方说收下的与我们发的不同")
_WORDS = {
    (FROM_THEM, False, True): NOT_HERE,
    (FROM_THEM, True, False): NOT_STATED,
    (FROM_THEM, True, True): OTHER_FROM_THEM,
    (FROM_US, False, True): NOT_SENT,
    (FROM_US, True, False): NOT_TAKEN,
    (FROM_US, True, True): OTHER_FROM_US,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One file about which a partner's statement and we do not agree; None where one side knows none."""

    partner: str
    partner_name: str
    day: date
    title: str
    sequence: int
    what: str
    their_count: int | None
    our_count: int | None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A partner's newest statement, and how many files it and we agree and disagree about."""

    partner: str
    partner_name: str
    stated_until: date
    agreed: int
    differing: int


# The newest statement about a file counts. What we hold is asked for up to the last day stated only: a file
# of today is on tomorrow's statement.
_PAIRS = """
    with last as (select partner_id, max(day) as day from partners_statementline group by 1),
    stated as (
        select distinct on (partner_id, direction, format, sequence)
               partner_id, direction, format, sequence, business_date, digest, count
        from partners_statementline where business_date between %(since)s and %(until)s and sequence > 0
        order by partner_id, direction, format, sequence, day desc, id desc
    ),
    ours as (
        select partner_id, 'sent' as direction, format, sequence, business_date, digest, found_count as count,
               (received_at at time zone %(zone)s)::date as day
        from partners_inboundbatch
        where state in ('accepted', 'processed') and business_date between %(since)s and %(until)s
          and format <> all (%(apart)s)
        union all
        select partner_id, 'taken', format, sequence, business_date, digest, count,
               (sent_at at time zone %(zone)s)::date
        from partners_outboundbatch
        where sequence is not null and state <> 'closed' and business_date between %(since)s and %(until)s
          and format <> all (%(apart)s)
    )
    select partner_id, p.name, coalesce(o.business_date, s.business_date), direction, format, sequence,
           s.count as their_count, o.count as our_count,
           coalesce(s.digest = o.digest and s.count = o.count, false) as agree,
           s.digest is not null or o.day <= l.day as is_due
    from ours o full join stated s using (partner_id, direction, format, sequence)
    join last l using (partner_id)
    join partners_partner p on p.code = partner_id
"""


def differences(*, since: date, until: date, most: int = 500) -> list[Difference]:
    """Files with a business date in these days about which statements and we differ, newest first."""
    sql = f"""
        select * from ({_PAIRS}) pairs where is_due and not agree
        order by 3 desc, 1, 4, 5, 6 limit %(most)s
    """  # noqa: S608 - constants
    rows = _ask(sql, since=since, until=until, most=most)
    return [
        Difference(
            partner=partner,
            partner_name=name,
            day=day,
            title=title_of(code),
            sequence=sequence,
            what=_WORDS[direction, ours is not None, theirs is not None],
            their_count=theirs,
            our_count=ours,
        )
        for partner, name, day, direction, code, sequence, theirs, ours, *_ in rows
    ]


def reconciled(*, since: date, until: date) -> list[Reconciled]:
    """By partner that ever sent a statement: until when, and how the files of these days compare."""
    sql = f"""
        select p.code, p.name, l.day, coalesce(sum(a.agreed), 0), coalesce(sum(a.differing), 0)
        from (select partner_id, max(day) as day from partners_statementline group by 1) l
        join partners_partner p on p.code = l.partner_id
        left join (
            select partner_id, count(*) filter (where agree) as agreed,
                   count(*) filter (where is_due and not agree) as differing
            from ({_PAIRS}) pairs group by 1
        ) a on a.partner_id = p.code
        group by 1, 2, 3 order by 1
    """  # noqa: S608 - constants
    return [Reconciled(*row) for row in _ask(sql, since=since, until=until, most=0)]


def _ask(sql: str, *, since: date, until: date, most: int) -> list[tuple[Any, ...]]:
    asked: dict[str, Any] = {
        "since": since,
        "until": until,
        "zone": settings.TIME_ZONE,
        "apart": list(APART),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return list(cursor.fetchall())


def lines_of_day(partner: str, *, start: datetime) -> list[list[str]]:
    """Our own statement about one day, in our time: what we took of theirs, what we sent them."""
    within = (start, start + timedelta(days=1))
    names = ("format", "sequence", "business_date", "digest")
    taken = InboundBatch.objects.filter(
        partner=partner, state__in=["accepted", "processed"], checked_at__range=within
    )
    sent = OutboundBatch.objects.filter(partner=partner, sent_at__range=within)
    rows = [
        *((FROM_US, *row) for row in taken.exclude(format__in=APART).values_list(*names, "found_count")),
        *((FROM_THEM, *row) for row in sent.exclude(format__in=APART).values_list(*names, "count")),
    ]
    return [
        [f"{direction}-{code.split('/')[0]}-{sequence}", direction, code, str(sequence), str(day),
         bytes(digest).hex(), str(count)]
        for direction, code, sequence, day, digest, count in sorted(rows, key=str)
    ]  # fmt: skip
