"""Invented events and whole chains of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from rongjun.audit.logic import (
    GENESIS,
    Anchor,
    Record,
    Row,
    anchor_statement,
    forge_links,
    looks_personal,
)
from rongjun.kernel.crypto import sm3

NOON = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12).filter(
    lambda text: not looks_personal(text)
)
zones = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))])
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=zones)  # noqa: DTZ001
details = st.dictionaries(
    words,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**6), 10**6) | words,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
records = st.builds(
    Record,
    id=st.integers(1, 10**9),
    at=moments,
    actor=st.sampled_from(["staff:clerk", "job:seal", "device:gate-7", "员工"]),
    role=words,
    source=words,
    event=st.sampled_from(["registry.person-read", "cases.case-opened"]),
    about=st.lists(words, max_size=3).map(tuple),
    result=st.sampled_from(["done", "refused", "failed"]),
    purpose=words,
    division=st.none() | st.integers(0, 999999999999),
    detail=details,
)
# For chains it matters that events differ, not how.
plain_records = st.builds(
    lambda id_, purpose: Record(
        id_, NOON, "staff:clerk", "窗口", "", "registry.person-read", ("person:a",), "done", purpose, None, {}
    ),
    st.integers(1, 10**9),
    st.text("甲乙丙", max_size=2),
)


def sign(anchor: Anchor) -> Anchor:
    """A stand-in for the signature: as good for the chain's logic, and quick."""
    return replace(
        anchor, signature=sm3(f"{anchor.algorithm}{anchor.key_version}".encode() + anchor_statement(anchor))
    )


def is_genuine(anchor: Anchor) -> bool:
    """Whether sign() made it."""
    return sign(anchor).signature == anchor.signature


def sealed(given: Sequence[Record], batches: Sequence[int]) -> list[Row]:
    """The chain of these records, anchored after each of the batch ends (the last position always is one)."""
    ends = sorted({end for end in batches if 0 < end < len(given)} | ({len(given)} if given else set()))
    rows, before = [], 0
    for record, link in zip(given, forge_links(given, position=0, previous=GENESIS), strict=True):
        anchor = None
        if link.position in ends:
            blank = Anchor(link.position, link.chain_digest, link.position - before, NOON, "test", 1, b"")
            anchor, before = sign(blank), link.position
        rows.append(Row(link.position, link, record, anchor))
    return rows


@st.composite
def chains(draw: st.DrawFn, *, least: int = 1) -> list[Row]:
    """A sound chain of a few events in one or more batches."""
    given = draw(st.lists(plain_records, min_size=least, max_size=6, unique_by=lambda record: record.id))
    return sealed(given, draw(st.lists(st.integers(1, 6), max_size=2)))
