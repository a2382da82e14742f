"""Invented uses as Parquet of closed months, made by DuckDB: repeats, conflicts, late rows, stopped cards.

A month of Qingdao's size is 8.4 million rides of 310,000 cards. Of the rows written 2 % are sent twice, one
in a thousand comes again with another content, one in two hundred is taken back, one card in fifty stopped
on a day of the month; 3 % arrive days late. Everything follows from the number of the row, so the same
month is the same file.
"""

from pathlib import Path

from rongjun.benefits.closed import MANIFEST, write_manifest
from rongjun.benefits.duck import engine
from rongjun.benefits.logic.savings import first_of, last_of

CARDS = 310_000
SOURCES = {"transit": 1, "sights": 2, "ferries": 3}
PROGRAMMES = {"bus": 1, "metro": 2, "ferry": 3, "scenic": 4, "telecom": 5}
_DISTRICTS = "[370202, 370203, 370213, 370212, 370214, 370211, 370215, 370281, 370283, 370285]"

_UNIQUE = """
CREATE TABLE made AS
SELECT r, hash(r, {month}) AS h, hash(r, {month}, 7) AS g FROM range({count}) AS t(r)
"""
_USE = """
SELECT {month} AS month,
  CAST(CASE WHEN g % 1000 < 997 THEN 1 WHEN g % 1000 < 998 THEN 3 ELSE 2 END AS SMALLINT) AS source,
  'Q' || lpad(CAST({month} % 10000 AS VARCHAR), 4, '0') || lpad(CAST(r AS VARCHAR), 9, '0') AS reference,
  r + {late} AS arrived,
  CAST(hash((h >> 8) % {cards}) >> 11 AS BIGINT) AS card,
  CAST(DATE '{first}' + CAST((h >> 4) % {days} AS INTEGER) AS TIMESTAMP)
    + to_seconds(CAST((g >> 20) % 64800 AS INTEGER)) - INTERVAL 2 HOUR AS used_plain,
  DATE '{first}' + CAST((h >> 4) % {days} AS INTEGER) AS day,
  CAST(CASE WHEN g % 1000 < 795 THEN 1 WHEN g % 1000 < 997 THEN 2 WHEN g % 1000 < 998 THEN 3 ELSE 4 END
    AS SMALLINT) AS programme,
  CAST((g >> 24) % 600 AS INTEGER) AS place,
  CAST(CASE WHEN g % 1000 < 795 THEN 1 + (h >> 40) % 2 WHEN g % 1000 < 997 THEN 1 + ((h >> 40) % 24) // 6
    WHEN g % 1000 < 998 THEN 1 ELSE 1 + (h >> 40) % 4 END AS SMALLINT) AS band,
  CAST(0 AS INTEGER) AS paid,
  CAST({districts}[1 + CAST((h >> 8) % {cards} % 10 AS INTEGER)] AS BIGINT) * 1000000 AS division
FROM made
"""


def write_month(folder: Path, *, month: int, uses: int, cards: int = CARDS) -> Path:
    """Write one month of about `uses` rows (repeats included) into `folder/yyyymm` unless it is there."""
    target = folder / str(month)
    if (target / MANIFEST).exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    unique = int(uses / 1.021)
    late = "CASE WHEN g % 97 < 3 THEN 1000000000 ELSE 0 END"
    one = _USE.format(
        month=month,
        late=late,
        cards=cards,
        first=first_of(month).isoformat(),
        days=last_of(month).day,
        districts=_DISTRICTS,
    )
    columns = (
        "month, source, reference, {arrived} AS arrived, card, CAST(used_plain AS TIMESTAMPTZ) AS used_at,"
    )
    columns += " day, programme, place, {band} AS band, paid, division"
    first = columns.format(arrived="arrived", band="band")
    again = columns.format(arrived="arrived + 2000000000", band="band")
    other = columns.format(arrived="arrived + 3000000000", band="CAST(band + 1 AS SMALLINT)")
    with engine() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_UNIQUE.format(month=month, count=unique))
        connection.execute(f"CREATE VIEW once AS {one}")
        connection.execute(
            f"""COPY (SELECT {first} FROM once
              UNION ALL SELECT {again} FROM once WHERE hash(reference) % 1000 < 20
              UNION ALL SELECT {other} FROM once WHERE hash(reference) % 1000 = 20)
            TO '{target}/uses.parquet' (FORMAT parquet, COMPRESSION zstd)"""
        )
        connection.execute(
            f"""COPY (SELECT source, reference FROM once WHERE hash(reference, 1) % 1000 < 5)
            TO '{target}/voids.parquet' (FORMAT parquet, COMPRESSION zstd)"""
        )
        connection.execute(_spans(target, month=month, cards=cards))
        counted = connection.execute(f"SELECT COUNT(*) FROM '{target}/uses.parquet'").fetchone()
    assert counted is not None
    write_manifest(
        target, month=month, rows=counted[0], programmes=PROGRAMMES, sources=SOURCES, closed_at="invented"
    )
    return target


def _spans(target: Path, *, month: int, cards: int) -> str:
    """One card in fifty stopped within the month; half of those were mended after three days."""
    stop = f"CAST(DATE '{first_of(month)}' + CAST(i % 27 AS INTEGER) AS TIMESTAMP)"
    card = "CAST(hash(CAST(i AS UBIGINT)) >> 11 AS BIGINT)"
    begin = "CAST(TIMESTAMP '2021-02-28 16:00:00' AS TIMESTAMPTZ)"
    never = "CAST(NULL AS TIMESTAMPTZ)"
    kind = "CASE WHEN i % 3 = 0 THEN 'rongjun' ELSE 'preferential' END"
    return f"""COPY (
        SELECT {card} AS card, {kind} AS kind, {begin} AS starts_at,
          CASE WHEN i % 50 = 0 THEN CAST({stop} AS TIMESTAMPTZ) ELSE {never} END AS ends_at
        FROM range({cards}) AS t(i)
        UNION ALL
        SELECT {card}, {kind}, CAST({stop} + INTERVAL 3 DAY AS TIMESTAMPTZ), {never}
        FROM range({cards}) AS t(i) WHERE i % 100 = 0
      ) TO '{target}/spans.parquet' (FORMAT parquet, COMPRESSION zstd)"""
