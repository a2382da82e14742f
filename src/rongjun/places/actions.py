"""Divisions and stations come from published lists, loaded whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import DivisionCode
from rongjun.places.logic.stations import Fault, StationRow
from rongjun.places.logic.tree import City, Closing, Listing, Row, changes, whole_tree
from rongjun.places.models import Division, Station

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a list brought: how many are new, how many ended, how many were there already.

    `refused` rows say another name of days that already have one; nothing was written for them.
    """

    opened: int
    closed: int
    unchanged: int
    refused: int


def add_divisions(rows: Iterable[tuple[int, str, str]], *, valid_from: date, source: str) -> int:
    """Load (code, name, level) rows in force from a day; what is there already stays. Returns how many came.

    Only jobs and the owner may; a code that has a name on that day keeps it.
    """
    fresh = [
        Division(code=code, name=name, level=level, valid_from=valid_from, source=source)
        for code, name, level in rows
    ]
    before = Division.objects.count()
    Division.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=_BATCH)
    return Division.objects.count() - before


def load_tree(city: City, listing: Listing, *, by: str, now: datetime) -> Loaded:
    """Bring a city's tree to what its policy and a published list say; the same list again changes nothing.

    Only jobs and the owner may. A new name or a vanished code ends the old row; nothing is deleted.
    """
    listed = whole_tree(city, listing)
    with transaction.atomic():
        _one_at_a_time()
        wanted = changes(_known(city, listed), listed, as_of=listing.as_of, origin=listing.origin)
        for closing in wanted.closed:
            _close(closing)
        Division.objects.bulk_create([_division(row) for row in wanted.opened], batch_size=_BATCH)
        loaded = Loaded(
            opened=len(wanted.opened),
            closed=len(wanted.closed),
            unchanged=len(listed) - len(wanted.opened) - len(wanted.contradicted),
            refused=len(wanted.contradicted),
        )
        _note("places.divisions-loaded", loaded, source=listing.source, division=city.code, by=by, now=now)
    return loaded


def load_stations(
    rows: Sequence[StationRow],
    faults: Sequence[Fault] = (),
    *,
    source: str,
    is_synthetic: bool,
    by: str,
    now: datetime,
) -> Loaded:
    """Attach each station to the division it serves, from its day on; what is there already stays.

    A station of the same kind with another name, address or phone ends the day the new one begins. Raises
    Refused("places.stations-faulty") when the file has faults, Refused("places.division-unknown") when a row
    serves a division nobody listed, Refused("places.phone-real") when an invented city meets a phone; then
    nothing is written. Only jobs and the owner may.
    """
    if faults:
        told = (f"第 {fault.line} 行{fault.column}：{fault.sentence}" for fault in faults)
        raise Refused("places.stations-faulty", faults="".join(told))
    if is_synthetic and any(row.phone for row in rows):
        raise Refused("places.phone-real")
    with transaction.atomic():
        _one_at_a_time()
        _refuse_unknown({row.division for row in rows})
        outcomes = [_attach(row, source=source, is_synthetic=is_synthetic) for row in rows]
        loaded = Loaded(
            opened=sum(outcome != "unchanged" for outcome in outcomes),
            closed=outcomes.count("replaced"),
            unchanged=outcomes.count("unchanged"),
            refused=0,
        )
        _note("places.stations-loaded", loaded, source=source, division=None, by=by, now=now)
    return loaded


# --- divisions ----------------------------------------------------------------------------------------------


def _one_at_a_time() -> None:
    """A second loader waits: each would open what the other has just opened, and a list not yet there
    has no row to lock."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('places.load'))")


def _known(city: City, listed: Sequence[Row]) -> list[Row]:
    span = DivisionCode(city.code)
    outside = [row.code for row in listed if not span.contains(row.code)]
    found = Division.objects.filter(Q(code__range=(span.lo, span.hi)) | Q(code__in=outside))
    return [
        Row(d.code, d.name, d.level, d.valid_from, d.source, d.valid_to, d.successor)
        for d in found.order_by("code", "valid_from")
    ]


def _division(row: Row) -> Division:
    return Division(
        code=row.code,
        name=row.name,
        level=row.level,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=row.source,
        successor=row.successor,
    )


def _close(closing: Closing) -> None:
    rows = Division.objects.filter(
        code=closing.row.code, valid_from=closing.row.valid_from, valid_to=closing.row.valid_to
    )
    rows.update(valid_to=closing.until, successor=closing.successor)


# --- stations -----------------------------------------------------------------------------------------------


def _refuse_unknown(divisions: set[int]) -> None:
    known = set(Division.objects.filter(code__in=divisions).values_list("code", flat=True))
    if missing := sorted(divisions - known):
        raise Refused("places.division-unknown", codes="、".join(map(str, missing[:5])), count=len(missing))


def _attach(row: StationRow, *, source: str, is_synthetic: bool) -> str:
    same_kind = Station.objects.filter(serves=row.division, kind=row.kind)
    there = same_kind.filter(Q(valid_to=None) | Q(valid_to__gt=row.valid_from)).order_by("valid_from").first()
    if there and (there.name, there.address, there.phone) == (row.name, row.address, row.phone):
        return "unchanged"
    if there and there.valid_from >= row.valid_from:
        raise Refused("places.station-earlier", name=row.name, day=there.valid_from + timedelta(days=1))
    if there:
        same_kind.filter(pk=there.pk).update(valid_to=row.valid_from)
    Station.objects.create(
        serves=row.division,
        kind=row.kind,
        name=row.name,
        address=row.address,
        phone=row.phone,
        valid_from=row.valid_from,
        source=source,
        is_synthetic=is_synthetic,
    )
    return "replaced" if there else "opened"


def _note(event: str, loaded: Loaded, *, source: str, division: int | None, by: str, now: datetime) -> None:
    detail = {"opened": loaded.opened, "closed": loaded.closed, "unchanged": loaded.unchanged}
    audit.note(
        event,
        by=by,
        at=now,
        division=division,
        detail={**detail, "refused": loaded.refused, "source": source},
    )
