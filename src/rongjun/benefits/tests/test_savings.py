"""The figure from rollups, from Parquet and from the aggregate alone: equal to the fen; and months let go."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, Phase, given, settings

from rongjun.access.api import acting_as_job, scope_of
from rongjun.benefits.actions import savings
from rongjun.benefits.logic.savings import all_prices, late_breaks, savings_by_hand, summed
from rongjun.benefits.models import ClosedMonth, Programme, UseSource
from rongjun.benefits.queries import savings as queries
from rongjun.benefits.tests.savings_cases import (
    AT,
    DISTRICTS,
    FIRST,
    MONTH,
    PROGRAMMES,
    City,
    Row,
    cities,
    days_by_hand,
    fate_of,
    june,
)
from rongjun.cards.api import Carrier
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.rules.api import FareBook
from rongjun.rules.tests.strategies import book
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
LAST = date(2023, 6, 30)
BY = "test:savings"
slow = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],  # each city costs a closing; a smaller one would say no more
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def network() -> None:
    with as_owner():
        Programme.objects.bulk_create(
            Programme(id=number, code=code, title=code, benefit="transit.x", payer="fiscal")
            for code, number in PROGRAMMES.items()
        )
        for number in (1, 2):
            UseSource.objects.create(
                id=number, code=f"s{number}", title=f"测试单位{number}", partner=f"p{number}", record="file",
                seat=990200000000, expected_since=date(2023, 6, 29),
            )  # fmt: skip
    with acting_as_job("test.months"), connection.cursor() as cursor:
        cursor.execute("select benefits_open_month(%s)", [MONTH])


@contextmanager
def taken_in(city: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    """The uses of a city that intake would have taken, with rollups; all of it is gone afterwards."""
    prices = all_prices(city.fares, known_at=date(2030, 1, 1), programmes=PROGRAMMES)
    fates = [(row, fate_of(row, city, prices)[0]) for row in city.rows]
    rows = tuple(row for row, fate in fates if fate in {"counted", "unpriced", "voided"})
    held = replace(city, rows=rows)
    spans: dict[int, list[tuple[datetime, datetime | None]]] = {}
    for card, _kind, start, end in city.spans:
        spans.setdefault(card, []).append((start, end))
    kinds = {card: kind for card, kind, _start, _end in city.spans}
    known = {c: Carrier(c, DISTRICTS[0], kinds[c], tuple(found)) for c, found in spans.items()}
    monkeypatch.setattr(queries, "carriers", lambda asked: {c: known[c] for c in asked if c in known})
    with transaction.atomic():
        with acting_as_job("test.uses"), connection.cursor() as cursor:
            for row in rows:
                _insert(cursor, row, is_voided=(row.source, row.reference) in city.voids)
        yield held
        transaction.set_rollback(True)


def _insert(cursor, row: Row, *, is_voided: bool) -> None:
    cursor.execute(
        "insert into benefits_use values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            MONTH, row.source, row.reference, row.card, row.used_at, row.day, row.programme, row.place,
            row.band, row.paid, row.division, row.arrived,
        ],
    )  # fmt: skip
    if is_voided:
        cursor.execute(
            "insert into benefits_use_void values (%s, %s, %s, 1, -1, %s, 'card-not-usable', %s, 'test')",
            [MONTH, row.source, row.reference, row.division, NOW],
        )
        return
    kept = [row.source, row.programme, row.division, row.band, row.paid]
    cursor.execute(
        "insert into benefits_use_day as k values (%s, %s, %s, %s, %s, %s, 1)"
        " on conflict (day, source, programme, division, band, paid) do update set n = k.n + 1",
        [row.day, *kept],
    )
    cursor.execute(
        "insert into benefits_use_month as k values (%s, %s, %s, %s, %s, %s, %s, 1)"
        " on conflict (month, span, source, programme, division, band, paid) do update set n = k.n + 1",
        [MONTH, FIRST, *kept],
    )


def figure(city: City, *, known: date, first: date = FIRST, last: date = LAST) -> queries.Figure:
    with acting_as_job("test.savings"):
        return queries.figure(first, last, fares=city.fares, known_at=known)


def closed(city: City, folder: Path, *, now: datetime = NOW) -> ClosedMonth:
    with acting_as_job("test.close"):
        return savings.close_month(MONTH, folder=folder, fares=city.fares, by=BY, now=now)


def newest() -> ClosedMonth | None:
    with acting_as_job("test.closings"):
        return queries.closings([MONTH]).get(MONTH)


def figure_from(made_from: str, city: City, folder: Path, *, known: date) -> queries.Figure:
    with acting_as_job("test.savings"):
        return savings.figure_from(made_from, FIRST, LAST, folder=folder, fares=city.fares, known_at=known)


@slow
@given(city=cities(), known=june)
def test_rollups_parquet_and_the_aggregate_alone_give_one_figure_to_the_fen(
    city: City, known: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken_in(city, monkeypatch) as held, TemporaryDirectory() as place:
        prices = all_prices(city.fares, known_at=known, programmes=PROGRAMMES)
        expected = savings_by_hand(days_by_hand(held, prices), prices)
        from_rollups = figure(city, known=known)
        row = closed(held, Path(place))
        from_parquet = figure_from("parquet", city, Path(place), known=known)
        from_aggregate = figure_from("aggregate", city, Path(place), known=known)
        assert from_rollups.total.savings_fen == expected
        assert from_rollups.digest == from_parquet.digest == from_aggregate.digest
        assert from_rollups.bounds == from_parquet.bounds == from_aggregate.bounds
        assert row.uses == len(held.rows)
        assert sum(row.fates.values()) == row.uses


@slow
@given(city=cities(), known=june)
def test_a_correction_announced_later_changes_the_figure_and_no_row(
    city: City, known: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken_in(city, monkeypatch) as held, TemporaryDirectory() as place:
        closed(held, Path(place))
        later = replace(city, fares=corrected(city.fares))
        prices = all_prices(later.fares, known_at=date(2026, 1, 1), programmes=PROGRAMMES)
        expected = savings_by_hand(days_by_hand(held, prices), prices)
        at = date(2026, 1, 1)
        assert figure(later, known=at).total.savings_fen == expected
        assert figure_from("parquet", later, Path(place), known=at).total.savings_fen == expected
        before = figure(city, known=known)
        assert figure(later, known=known).digest == before.digest
        with acting_as_job("test.aggregate"):
            aggregate = savings.aggregate_of(queries.closings([MONTH])[MONTH])
        if late_breaks(aggregate, later.fares):
            with pytest.raises(Refused, match="aggregate-cut-otherwise"):
                figure_from("aggregate", later, Path(place), known=at)
        else:
            assert figure_from("aggregate", later, Path(place), known=at).total.savings_fen == expected


def corrected(fares: FareBook) -> FareBook:
    """Every fare is 7 fen dearer from 15 June 2023, as was announced in 2025."""
    found = {}
    for code, fare in fares.fares.items():
        newest = fare.versions[0]
        bands = tuple(replace(band, fen=Fen(band.fen + 7)) for band in newest.bands)
        change = replace(newest, start=date(2023, 6, 15), announced=date(2025, 1, 1), bands=bands)
        found[code] = replace(fare, versions=(*fare.versions, change))
    return FareBook(found)


def plain_city(*, count: int = 3) -> City:
    """Three rides on 1 June on the one-yuan bus."""
    rows = tuple(
        Row(1, f"R{n}", n, 101, AT + timedelta(minutes=n), FIRST, 1, 1, 1, 0, DISTRICTS[n % 2])
        for n in range(count)
    )
    return City(rows, frozenset(), ((101, "rongjun", AT - timedelta(days=300), None),), book().fares)


def test_three_rides_on_the_one_yuan_bus_save_three_yuan(monkeypatch) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        found = figure(city, known=LAST)
    assert (found.total.uses, found.total.savings_fen) == (3, 300)
    assert summed(found.lines) == found.total
    assert {line.borne_by for line in found.lines} == {"fiscal"}


def test_what_operators_did_not_deliver_widens_the_figure_upwards_only(monkeypatch) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        found = figure(city, known=LAST)
    by_source = {each.source: each for each in found.coverage}
    assert by_source[1].missing == (date(2023, 6, 29), date(2023, 6, 30))
    assert (by_source[2].delivered, by_source[2].expected) == (0, 2)
    # 29 June is a Thursday like 1 June; 30 June has no Friday near and takes the best day there is.
    assert (found.bounds.lower_fen, found.bounds.upper_fen) == (300, 300 + 300 + 300)
    assert found.bounds.unbounded == (2,)


def test_a_month_with_a_band_no_fare_names_is_closed_when_a_fare_changes_in_it(monkeypatch, tmp_path) -> None:
    city = plain_city()
    rows = tuple(
        replace(row, band=9, day=date(2023, 6, 20), used_at=row.used_at + timedelta(days=19))
        for row in city.rows
    )
    odd = replace(city, rows=(*rows, *plain_city(count=2).rows), fares=corrected(city.fares))
    odd = replace(odd, rows=tuple(replace(row, reference=f"odd{n}") for n, row in enumerate(odd.rows)))
    at = date(2026, 1, 1)
    with taken_in(odd, monkeypatch):
        row = closed(odd, tmp_path)
        with acting_as_job("test.check"):
            assert savings.check_month(row, folder=tmp_path, fares=odd.fares).month == MONTH
        told = [
            figure(odd, known=at),
            *(figure_from(x, odd, tmp_path, known=at) for x in ("parquet", "aggregate")),
        ]
    assert {(each.total.uses, each.total.unpriced, each.digest) for each in told} == {(5, 3, told[0].digest)}


def test_the_days_told_of_are_those_the_rollup_holds(monkeypatch) -> None:
    city = plain_city()
    later = tuple(
        replace(
            city.rows[n % 2], reference=f"later{n}", source=2, day=FIRST + timedelta(days=n),
            used_at=city.rows[n % 2].used_at + timedelta(days=n),
        )
        for n in (0, 3, 4)
    )  # fmt: skip
    with taken_in(replace(city, rows=(*city.rows, *later)), monkeypatch), acting_as_job("test.days"):
        told = queries.delivered_days(FIRST, LAST)
        with connection.cursor() as cursor:
            cursor.execute("select source, day from benefits_use_day where n > 0 group by 1, 2")
            held: dict[int, set[date]] = {}
            for source, day in cursor.fetchall():
                held.setdefault(source, set()).add(day)
    assert told == held
    assert told[2] == {FIRST, FIRST + timedelta(days=3), FIRST + timedelta(days=4)}


def test_a_day_counts_as_delivered_for_those_alone_who_see_a_use_of_it(monkeypatch) -> None:
    county = DISTRICTS[0]
    odd = tuple(replace(row, division=DISTRICTS[1]) for row in plain_city().rows)
    with taken_in(replace(plain_city(), rows=odd), monkeypatch):
        with acting_as_job("test.days", scope=scope_of(county)):
            assert queries.delivered_days(FIRST, LAST) == {}
        with acting_as_job("test.days", scope=scope_of(DISTRICTS[1])):
            assert queries.delivered_days(FIRST, LAST) == {1: {FIRST}}


def test_uses_without_a_fare_save_nothing_are_counted_and_widen_the_figure(monkeypatch) -> None:
    city = plain_city()
    odd = replace(city, rows=tuple(replace(row, band=9) for row in city.rows))
    with taken_in(odd, monkeypatch):
        found = figure(odd, known=LAST)
    assert (found.total.uses, found.total.unpriced, found.total.savings_fen) == (3, 3, 0)
    assert found.bounds.upper_fen >= 3 * 200


def test_a_figure_of_days_within_a_month_is_of_those_days(monkeypatch) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        assert figure(city, known=LAST, first=date(2023, 6, 2)).total.uses == 0
        assert figure(city, known=LAST, last=FIRST).total.uses == 3
        with pytest.raises(Refused, match="whole-months"), acting_as_job("test.savings"):
            savings.figure_from("aggregate", FIRST, FIRST, folder=Path(), fares=city.fares, known_at=LAST)


def test_what_one_card_saved_is_of_its_uses_that_still_count(monkeypatch) -> None:
    city = plain_city()
    other = replace(city.rows[0], reference="other", card=102)
    voided = replace(city.rows[0], reference="voided")
    spans = (*city.spans, (102, "rongjun", AT - timedelta(days=300), None))
    held = replace(city, rows=(*city.rows, other, voided), spans=spans, voids=frozenset({(1, "voided")}))
    with taken_in(held, monkeypatch), acting_as_job("test.savings"):
        found = queries.saved_with([101], FIRST, LAST, fares=city.fares, known_at=LAST)
        nobody = queries.saved_with([999], FIRST, LAST, fares=city.fares, known_at=LAST)
        later = queries.saved_with([101], date(2023, 6, 2), LAST, fares=city.fares, known_at=LAST)
    assert (summed(found).uses, summed(found).savings_fen) == (3, 300)
    assert (nobody, later) == ([], [])


# --- closing ------------------------------------------------------------------------------------------------


def test_an_archive_that_does_not_say_what_the_rollup_says_is_not_kept(monkeypatch, tmp_path) -> None:
    """Also the canary of the comparison: a rollup line too many, and the month is not closed."""
    with taken_in(plain_city(), monkeypatch) as city:
        with acting_as_job("test.uses"), connection.cursor() as cursor:
            cursor.execute("update benefits_use_day set n = n + 1 where division = %s", [DISTRICTS[0]])
        with pytest.raises(Refused, match="month-differs"):
            closed(city, tmp_path)
        assert not (tmp_path / str(MONTH)).exists()
        assert newest() is None


def test_a_month_is_closed_when_it_is_over_and_not_before(monkeypatch, tmp_path) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        with pytest.raises(Refused, match="month-not-over"):
            closed(city, tmp_path, now=datetime(2023, 7, 9, 12, tzinfo=UTC))
        assert closed(city, tmp_path, now=datetime(2023, 7, 10, 12, tzinfo=UTC)).turn == 1


def test_a_changed_aggregate_is_not_ours(monkeypatch, tmp_path) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        row = closed(city, tmp_path)
        for changed in (replace_bytes(row, "signature"), replace_bytes(row, "digest")):
            with pytest.raises(Refused, match="not-genuine"):
                savings.aggregate_of(changed)
        assert savings.aggregate_of(row).savings_then == 300


def replace_bytes(row: ClosedMonth, name: str) -> ClosedMonth:
    other = ClosedMonth(**{field.name: getattr(row, field.name) for field in ClosedMonth._meta.fields})
    value = getattr(row, name)
    setattr(other, name, "0" * 64 if name == "digest" else bytes(value[:-1]) + bytes([value[-1] ^ 1]))
    return other


def dropped(city: City, folder: Path, *, now: datetime = NOW) -> int:
    with acting_as_job("test.drop"):
        return savings.drop_month(MONTH, folder=folder, fares=city.fares, by=BY, now=now)


def test_single_uses_go_when_archive_and_aggregate_hold_and_the_figure_stays(
    monkeypatch, tmp_path, django_capture_on_commit_callbacks
) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        closed(city, tmp_path)
        before = figure(city, known=LAST)
        with django_capture_on_commit_callbacks(execute=True):
            assert dropped(city, tmp_path) == 3
        assert MONTH not in queries.held_months()
        assert not (tmp_path / str(MONTH) / "uses.parquet").exists()
        assert figure(city, known=LAST).digest == before.digest
        assert figure_from("aggregate", city, tmp_path, known=LAST).digest == before.digest
        with pytest.raises(Refused, match="archive-broken"):
            figure_from("parquet", city, tmp_path, known=LAST)
        with pytest.raises(Refused, match="month-dropped"):
            closed(city, tmp_path)


@pytest.mark.parametrize("name", ["uses.parquet", "voids.parquet", "spans.parquet"])
def test_nothing_goes_when_a_file_of_the_archive_is_not_what_was_written(monkeypatch, tmp_path, name) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        closed(city, tmp_path)
        file = tmp_path / str(MONTH) / name
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        with pytest.raises(Refused, match="archive-broken"):
            dropped(city, tmp_path)
        assert MONTH in queries.held_months()


def test_nothing_goes_before_its_time_or_unclosed(monkeypatch, tmp_path) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        with pytest.raises(Refused, match="month-not-closed"):
            dropped(city, tmp_path)
        closed(city, tmp_path, now=datetime(2024, 1, 1, 2, tzinfo=UTC))
        with pytest.raises(Refused, match="kept-longer"):
            dropped(city, tmp_path, now=datetime(2026, 6, 30, 2, tzinfo=UTC))
        assert dropped(city, tmp_path, now=datetime(2026, 7, 1, 2, tzinfo=UTC)) == 3


def test_the_database_itself_lets_no_month_go_that_no_closing_says(monkeypatch, tmp_path) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        closed(city, tmp_path)
        with acting_as_job("test.uses"), connection.cursor() as cursor:
            _insert(cursor, replace(city.rows[0], reference="late"), is_voided=False)
        for months in (24, 1):
            with pytest.raises(DatabaseError), acting_as_job("test.drop"), connection.cursor() as cursor:
                cursor.execute("select benefits_drop_month(%s, %s)", [MONTH, months])


def test_a_closed_month_is_changed_by_nobody(monkeypatch, tmp_path) -> None:
    with taken_in(plain_city(), monkeypatch) as city:
        closed(city, tmp_path)
        for sql in (
            "update benefits_closed_month set uses = 0",
            "delete from benefits_closed_month",
        ):
            with pytest.raises(DatabaseError), as_owner(), connection.cursor() as cursor:
                cursor.execute(sql)


def test_the_night_closes_what_is_over_again_when_late_uses_came_and_lets_old_months_go(
    monkeypatch, tmp_path
) -> None:
    def night(now: datetime) -> tuple[list[int], list[int]]:
        with acting_as_job("benefits.keep-months"):
            return savings.keep_months(folder=tmp_path, by=BY, now=now)

    with taken_in(plain_city(), monkeypatch) as city:
        at = datetime(2024, 1, 1, 2, tzinfo=UTC)
        assert night(at) == ([MONTH], [])
        assert night(at) == ([], [])
        with acting_as_job("test.uses"), connection.cursor() as cursor:
            _insert(cursor, replace(city.rows[0], reference="late"), is_voided=False)
        assert night(at) == ([MONTH], [])
        found = newest()
        assert found is not None
        assert found.turn == 2
        assert night(NOW) == ([], [MONTH])
        assert night(NOW) == ([], [])


def test_what_is_kept_is_what_the_contracts_promise(monkeypatch, tmp_path) -> None:
    contracts = Path(django_settings.CONTRACTS_ROOT)
    with taken_in(plain_city(), monkeypatch) as city:
        row = closed(city, tmp_path)
        kept = {
            "use-aggregate": json.loads(savings.aggregate_of(row).bytes()),
            "closed-month": json.loads((tmp_path / str(MONTH) / "manifest.json").read_bytes()),
        }
    for name, said in kept.items():
        schema = json.loads((contracts / f"{name}.schema.json").read_bytes())
        assert sorted(said) == sorted(schema["required"]) == sorted(schema["properties"])
        assert said["format"] == schema["properties"]["format"]["const"]
    columns = json.loads((contracts / "use-aggregate.schema.json").read_bytes())["properties"]["columns"]
    assert kept["use-aggregate"]["columns"] == columns["const"]
    assert {len(line) for line in kept["use-aggregate"]["lines"]} == {len(columns["const"])}
