"""Months are closed into Parquet and a signed aggregate, held against the rollups, and one day let go."""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import localtime

from rongjun.audit import api as audit
from rongjun.benefits import duck
from rongjun.benefits.closed import ClosedMonthError, Manifest, verified, write_manifest
from rongjun.benefits.logic import savings as logic
from rongjun.benefits.logic.savings import Aggregate, Tally
from rongjun.benefits.logic.uses import is_month_closed
from rongjun.benefits.models import ClosedMonth
from rongjun.benefits.queries import book
from rongjun.benefits.queries import savings as queries
from rongjun.kernel.crypto import Algorithm, MissingKeyError, Signature
from rongjun.kernel.errors import Refused
from rongjun.rules.api import FareBook

PURPOSE = "benefits.use-aggregate"
SINGLE_USES = ("uses.parquet", "voids.parquet", "spans.parquet")
_Key: TypeAlias = tuple[date, int, int, int, int, int]


def close_month(month: int, *, folder: Path, fares: FareBook, by: str, now: datetime) -> ClosedMonth:
    """Archive a month, count it by the shared text, hold it against the rollup, sign the aggregate, keep it.

    The folder `yyyymm` in `folder` is replaced whole. Refused: "benefits.month-not-over",
    "benefits.month-dropped", "benefits.month-differs" (the archive does not say what the rollup says: cards
    whose stop was not yet replayed, or a use that came in this moment).
    """
    today = localtime(now).date()
    if not is_month_closed(month, today, closes_on=settings.USES_MONTH_CLOSES_ON):
        raise Refused("benefits.month-not-over", month=month, day=settings.USES_MONTH_CLOSES_ON)
    with transaction.atomic():
        turn = queries.last_turn(month) + 1
        if month not in queries.held_months():
            raise Refused("benefits.month-dropped", month=month)
        net = queries.network()
        days = queries.day_tallies(month)
        prices = logic.month_prices(
            fares, month=month, known_at=today, programmes=net.programmes, held=_bands(days)
        )
        part = folder / f"{month}.part"
        manifest = _archive(month, part, net, now=now)
        counted = duck.Month(part, month, prices)
        settled, tallies = duck.settle_month(counted), duck.tally_month(counted)
        differing = _differences(tallies, days, spans=logic.spans_of(prices))
        if differing:
            shutil.rmtree(part)
            raise Refused("benefits.month-differs", month=month, lines=differing)
        aggregate = logic.aggregate_of(
            tallies, month=month, turn=turn, prices=prices, programmes=net.programmes, sources=net.sources
        )
        row = _keep(aggregate, manifest, logic.fates_of(settled), fares=fares, by=by, now=now)
    _put_in_place(part, folder / str(month))
    return row


def _archive(month: int, part: Path, net: queries.Network, *, now: datetime) -> Manifest:
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    csv = part / "uses.csv"
    try:
        queries.write_uses(month, csv)
        rows = duck.write_month(
            part, csv=csv, voids=queries.voided(month), spans=queries.spans_of_month(month)
        )
    finally:
        csv.unlink(missing_ok=True)
    return write_manifest(
        part,
        month=month,
        rows=rows,
        programmes=net.programmes,
        sources=net.sources,
        closed_at=localtime(now).isoformat(),
    )


def _put_in_place(part: Path, target: Path) -> None:
    """The new archive under its name; of two renames the first leaves the old one beside."""
    old = target.with_suffix(".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.rename(target, old)
    os.rename(part, target)
    shutil.rmtree(old, ignore_errors=True)


def _keep(
    aggregate: Aggregate,
    manifest: Manifest,
    fates: dict[str, int],
    *,
    fares: FareBook,
    by: str,
    now: datetime,
) -> ClosedMonth:
    raw = aggregate.bytes()
    signed = audit.keys().sign(PURPOSE, raw)
    city = book().regions["this_city"].code
    row = ClosedMonth.objects.create(
        division=city,
        month=aggregate.month,
        turn=aggregate.turn,
        uses=manifest.rows,
        fates=fates,
        fares=fares.digest,
        archive=manifest.digest,
        digest=hashlib.sha256(raw).hexdigest(),
        lines=zlib.compress(raw, 9),
        algorithm=signed.algorithm.value,
        key_version=signed.key_version,
        signature=signed.value,
        closed_at=now,
        closed_by=by,
    )
    audit.note(
        "benefits.month-closed",
        by=by,
        about=f"use-month:{aggregate.month}",
        division=city,
        detail={"turn": aggregate.turn, "uses": manifest.rows, "digest": row.digest},
        at=now,
    )
    return row


def _differences(
    archived: Iterable[Tally], days: Iterable[Tally], *, spans: Mapping[int, Sequence[date]]
) -> int:
    """How many keys of the rollup and the archive have different counts."""
    ours: Counter[_Key] = Counter()
    for each in archived:
        ours[_key(each, each.day)] += each.n
    for each in days:
        starts = spans.get(each.programme, ())
        begun = max((start for start in starts if start <= each.day), default=each.day.replace(day=1))
        ours[_key(each, begun)] -= each.n
    return sum(1 for n in ours.values() if n)


def _bands(tallies: Iterable[Tally]) -> set[tuple[int, int]]:
    return {(each.programme, each.band) for each in tallies}


def _key(tally: Tally, day: date) -> _Key:
    return (day, tally.source, tally.programme, tally.division, tally.band, tally.paid)


# --- what was kept ------------------------------------------------------------------------------------------


def aggregate_of(row: ClosedMonth) -> Aggregate:
    """The aggregate of a closing, after its digest and our signature were found right.

    Refused("benefits.aggregate-not-genuine").
    """
    raw = zlib.decompress(bytes(row.lines))
    signature = Signature(Algorithm(row.algorithm), row.key_version, bytes(row.signature))
    try:
        ours = audit.keys().verify(PURPOSE, raw, signature)
    except MissingKeyError:
        ours = False
    if not ours or hashlib.sha256(raw).hexdigest() != row.digest:
        raise Refused("benefits.aggregate-not-genuine", month=row.month)
    return logic.read_aggregate(raw)


def check_month(row: ClosedMonth, *, folder: Path, fares: FareBook) -> Aggregate:
    """The aggregate, after the archive was counted again and said the same.

    Refused: "benefits.aggregate-not-genuine", "benefits.archive-broken".
    """
    aggregate = aggregate_of(row)
    try:
        manifest = verified(folder / str(row.month))
    except ClosedMonthError as error:
        raise Refused("benefits.archive-broken", month=row.month, why=str(error)) from error
    if manifest.digest != row.archive or manifest.rows != row.uses:
        why = "归档文件不是这一次归档写下的"
        raise Refused("benefits.archive-broken", month=row.month, why=why)
    prices = logic.month_prices(
        fares,
        month=row.month,
        known_at=localtime(row.closed_at).date(),
        programmes=manifest.programmes,
        held=_bands(aggregate.tallies),
    )
    counted = duck.tally_month(duck.Month(folder / str(row.month), row.month, prices))
    if _differences(aggregate.tallies, counted, spans=aggregate.spans):
        raise Refused("benefits.archive-broken", month=row.month, why="归档文件数出来的和汇总不一样")
    return aggregate


def drop_month(month: int, *, folder: Path, fares: FareBook, by: str, now: datetime) -> int:
    """Let the single uses of an old closed month go; returns how many. The aggregate and the manifest stay.

    Before: the signature holds, the archive is whole, and counted again it says what was signed and what the
    rollup says. Refused: "benefits.month-not-closed", "benefits.month-kept-longer", those of `check_month`.
    """
    row = queries.closings([month]).get(month)
    if row is None:
        raise Refused("benefits.month-not-closed", months=str(month))
    today, kept = localtime(now).date(), settings.USES_KEPT_MONTHS
    if not logic.may_go(month, today=today, kept_months=kept):
        raise Refused("benefits.month-kept-longer", month=month, kept=kept)
    aggregate = check_month(row, folder=folder, fares=fares)
    if _differences(aggregate.tallies, queries.day_tallies(month), spans=aggregate.spans):
        raise Refused("benefits.month-differs", month=month, lines=1)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select benefits_drop_month(%s, %s)", [month, kept])
            gone = int(cursor.fetchone()[0])
        ClosedMonth.objects.filter(pk=row.pk, dropped_at=None).update(dropped_at=now)
        audit.note(
            "benefits.month-dropped",
            by=by,
            about=f"use-month:{month}",
            division=row.division,
            detail={"uses": gone, "digest": row.digest},
            at=now,
        )
        transaction.on_commit(lambda: _forget(folder / str(month)))
    return gone


def _forget(folder: Path) -> None:
    """The single uses of the archive go with those of the database; the manifest says what was there."""
    for name in SINGLE_USES:
        (folder / name).unlink(missing_ok=True)


def keep_months(*, folder: Path, by: str, now: datetime) -> tuple[list[int], list[int]]:
    """Close what is over and was not closed as it stands; let go what is past its time. What was done.

    A month that cannot be closed yet stays as it is and is tried again; why is noted in the evidence.
    """
    fares, today = book().fares, localtime(now).date()
    held = queries.held_months()
    closings = queries.closings(held)
    closed, dropped = [], []
    for month in held:
        row = closings.get(month)
        if not is_month_closed(month, today, closes_on=settings.USES_MONTH_CLOSES_ON):
            continue
        try:
            if _is_stale(row, month):
                close_month(month, folder=folder, fares=fares, by=by, now=now)
                closed.append(month)
            if logic.may_go(month, today=today, kept_months=settings.USES_KEPT_MONTHS):
                drop_month(month, folder=folder, fares=fares, by=by, now=now)
                dropped.append(month)
        except Refused as refused:
            audit.note(
                "benefits.month-left",
                by=by,
                about=f"use-month:{month}",
                division=book().regions["this_city"].code,
                detail={"why": refused.code},
                at=now,
            )
    return closed, dropped


def _is_stale(row: ClosedMonth | None, month: int) -> bool:
    """Whether the newest closing does not say what the rollup says; an empty month needs none."""
    days = queries.day_tallies(month)
    if row is None:
        return bool(days)
    aggregate = aggregate_of(row)
    return _differences(aggregate.tallies, days, spans=aggregate.spans) > 0


# --- the figure from what is closed -------------------------------------------------------------------------


def figure_from(
    made_from: str, first: date, last: date, *, folder: Path, fares: FareBook, known_at: date
) -> queries.Figure:
    """The figure of whole closed months from their Parquet or from their aggregates alone.

    Refused: "benefits.whole-months-only", "benefits.month-not-closed", "benefits.archive-broken",
    "benefits.aggregate-not-genuine", "benefits.aggregate-cut-otherwise".
    """
    months = logic.months_of(first, last)
    if first != logic.first_of(months[0]) or last != logic.last_of(months[-1]):
        raise Refused("benefits.whole-months-only")
    closings = queries.closings(months)
    empty = {month for month in months if month not in closings and not queries.day_tallies(month)}
    missing = [month for month in months if month not in closings and month not in empty]
    if missing:
        raise Refused("benefits.month-not-closed", months="、".join(map(str, missing)))
    tallies: list[Tally] = []
    for row in closings.values():
        if made_from == queries.PARQUET:
            tallies += _from_parquet(row, folder=folder, fares=fares, known_at=known_at)
        else:
            tallies += _from_aggregate(row, fares=fares)
    net = queries.network()
    prices = logic.all_prices(fares, known_at=known_at, programmes=net.programmes)
    lines = duck.savings_of(tallies, prices=prices)
    return queries.with_bounds(lines, first, last, fares=fares, known_at=known_at, made_from=made_from)


def _from_parquet(row: ClosedMonth, *, folder: Path, fares: FareBook, known_at: date) -> list[Tally]:
    try:
        manifest = verified(folder / str(row.month))
    except ClosedMonthError as error:
        raise Refused("benefits.archive-broken", month=row.month, why=str(error)) from error
    prices = logic.month_prices(fares, month=row.month, known_at=known_at, programmes=manifest.programmes)
    return duck.tally_month(duck.Month(folder / str(row.month), row.month, prices))


def _from_aggregate(row: ClosedMonth, *, fares: FareBook) -> list[Tally]:
    aggregate = aggregate_of(row)
    cut = logic.late_breaks(aggregate, fares)
    if cut:
        days = "、".join(day.isoformat() for day in cut)
        raise Refused("benefits.aggregate-cut-otherwise", month=row.month, days=days)
    return aggregate.tallies
