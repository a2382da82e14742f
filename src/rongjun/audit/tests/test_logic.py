"""Any single edit, drop or swap is found, named, and named at its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.audit import logic
from rongjun.audit.logic import Anchor, Record, Row, Verdict
from rongjun.audit.tests.strategies import NOON, chains, is_genuine, records, sealed, sign
from rongjun.kernel.errors import Unfit


def verify(rows: Iterable[Row], **kept: object) -> Verdict:
    return logic.verify(rows, is_genuine=is_genuine, **kept)  # type: ignore[arg-type]


def found(rows: Iterable[Row], **kept: object) -> tuple[int, str, str] | None:
    broken = verify(rows, **kept).broken
    return (broken.position, broken.kind, broken.part) if broken else None


def flip(data: bytes, at: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def changed(record: Record, field: str) -> Record:
    value = getattr(record, field)
    if field == "at":
        return replace(record, at=value + timedelta(microseconds=1))
    if field == "about":
        return replace(record, about=(*value, "person:x"))
    if field == "detail":
        return replace(record, detail={**value, "one more": True})
    if field == "division":
        return replace(record, division=(value or 0) + 1)
    return replace(record, **{field: value + "x"})


EDITABLE = [f.name for f in fields(Record) if f.name != "id"]


@given(chains(least=0))
def test_a_sound_chain_is_sound_to_its_end(rows: list[Row]) -> None:
    verdict = verify(rows)
    assert verdict.broken is None
    assert verdict.last_position == len(rows)


@given(chains(), st.data(), st.sampled_from(EDITABLE))
def test_any_edited_field_of_an_event_is_found_where_it_stands(
    rows: list[Row], data: st.DataObject, field: str
) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    record = rows[at].record
    assert record is not None
    rows[at] = replace(rows[at], record=changed(record, field))
    assert found(rows) == (at + 1, "edited", "event")


@given(chains(), st.data(), st.sampled_from(["event_digest", "chain_digest"]), st.integers(0, 31))
def test_any_flipped_bit_of_a_link_is_found_where_it_stands(
    rows: list[Row], data: st.DataObject, field: str, byte: int
) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    link = rows[at].link
    assert link
    flipped: dict[str, Any] = {field: flip(getattr(link, field), byte)}
    rows[at] = replace(rows[at], link=replace(link, **flipped))
    assert found(rows) == (at + 1, "edited", "link")


@given(chains(), st.data())
def test_a_dropped_event_is_found_where_it_stood(rows: list[Row], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    rows[at] = replace(rows[at], record=None)
    assert found(rows) == (at + 1, "dropped", "event")


@given(chains(least=2), st.data())
def test_a_dropped_link_is_found_where_it_stood(rows: list[Row], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 2))
    anchor = rows[at].anchor
    rows[at : at + 1] = [Row(at + 1, None, None, anchor)] if anchor else []
    assert found(rows) == (at + 1, "dropped", "link")


@given(chains(least=2), st.data())
def test_a_chain_closed_up_over_a_dropped_link_does_not_hold(rows: list[Row], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 2))
    closed = [
        replace(row, position=row.position - 1, link=replace(row.link, position=row.position - 1))
        for row in rows[at + 1 :]
        if row.link
    ]
    assert found(rows[:at] + closed) == (at + 1, "swapped", "link")


@given(chains(least=2), st.data(), st.sampled_from(["whole link", "event number only", "order of rows"]))
def test_two_links_exchanged_are_found_at_the_first_of_them(
    rows: list[Row], data: st.DataObject, how: str
) -> None:
    one, two = sorted(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True)))
    a, b = rows[one], rows[two]
    assert a.link
    assert b.link
    if how == "order of rows":
        rows[one], rows[two] = b, a
    elif how == "whole link":
        rows[one] = Row(a.position, replace(b.link, position=a.position), b.record, a.anchor)
        rows[two] = Row(b.position, replace(a.link, position=b.position), a.record, b.anchor)
    else:
        rows[one] = replace(a, link=replace(a.link, event_id=b.link.event_id), record=b.record)
        rows[two] = replace(b, link=replace(b.link, event_id=a.link.event_id), record=a.record)
    assert found(rows) == (one + 1, "swapped", "link")


@given(chains(), st.data())
def test_an_anchor_that_was_touched_is_forged(rows: list[Row], data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([i for i, row in enumerate(rows) if row.anchor]))
    anchor = rows[at].anchor
    assert anchor
    touched = data.draw(
        st.sampled_from(
            [
                replace(anchor, chain_digest=flip(anchor.chain_digest)),
                replace(anchor, sealed_at=anchor.sealed_at + timedelta(seconds=1)),
                replace(anchor, key_version=anchor.key_version + 1),
                replace(anchor, count=anchor.count + 1),
                replace(anchor, signature=flip(anchor.signature)),
            ]
        )
    )
    rows[at] = replace(rows[at], anchor=touched)
    assert found(rows) == (at + 1, "forged-anchor", "anchor")


@given(chains(), st.data())
def test_a_dropped_anchor_is_missed(rows: list[Row], data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([i for i, row in enumerate(rows) if row.anchor]))
    rows[at] = replace(rows[at], anchor=None)
    assert found(rows) == (at + 1, "dropped", "anchor")


@given(chains(), st.data())
def test_a_cut_end_is_found_by_the_anchor_that_was_published(rows: list[Row], data: st.DataObject) -> None:
    published = rows[-1].anchor
    whole_batches = [0, *(row.position for row in rows[:-1] if row.anchor)]
    kept = data.draw(st.sampled_from(whole_batches))
    assert found(rows[:kept]) is None, "without it nobody could tell"
    assert found(rows[:kept], published=[published]) == (kept + 1, "truncated", "link")


@given(chains(), st.data())
def test_a_cut_end_is_found_by_an_anchor_left_behind(rows: list[Row], data: st.DataObject) -> None:
    last = rows[-1].anchor
    kept = data.draw(st.integers(0, len(rows) - 1))
    assert found([*rows[:kept], Row(len(rows), None, None, last)]) == (kept + 1, "truncated", "link")


@given(st.lists(records, min_size=1, max_size=5, unique_by=lambda r: r.id), st.sampled_from(EDITABLE))
def test_a_history_written_anew_with_our_own_key_is_found_by_the_published_anchor(
    past: list[Record], field: str
) -> None:
    published = sealed(past, [])[-1].anchor
    anew = sealed([changed(past[0], field), *past[1:]], [])
    assert found(anew) is None
    assert found(anew, published=[published]) == (len(past), "rewritten", "link")


@given(chains())
def test_a_published_anchor_that_we_never_signed_is_named_first(rows: list[Row]) -> None:
    anchor = rows[-1].anchor
    assert anchor
    false = replace(anchor, signature=flip(anchor.signature))
    assert found(rows, published=[false]) == (anchor.last_position, "forged-anchor", "anchor")


@given(chains(), st.data())
def test_a_verification_may_go_on_from_an_earlier_anchor(rows: list[Row], data: st.DataObject) -> None:
    start = data.draw(st.sampled_from([row.anchor for row in rows if row.anchor]))
    behind = rows[start.last_position :]
    assert found(behind, after=start) is None
    if behind:
        position, kind, _ = found([Row(behind[0].position, None, None, None), *behind[1:]], after=start) or (
            0,
            "",
            "",
        )
        assert (position, kind) in {(behind[0].position, "dropped"), (behind[0].position, "truncated")}


@given(records)
def test_the_same_moment_in_another_zone_is_the_same_event(record: Record) -> None:
    elsewhere = replace(record, at=record.at.astimezone(timezone(timedelta(hours=8))))
    assert logic.event_digest(record) == logic.event_digest(elsewhere)


def test_form_1_of_an_event_is_these_bytes_for_ever() -> None:
    event = Record(
        7, datetime(2026, 10, 1, 12, tzinfo=timezone(timedelta(hours=8))), "staff:zhang", "窗口", "10.0.0.1",
        "registry.person-read", ("person:a",), "done", "核对\n优待证", 370202000000,
        {"b": 1, "a": [True, None]},
    )  # fmt: skip
    assert (
        logic.canonical(event)
        == (
            'rongjun.audit.event/1\n[7,"2026-10-01T04:00:00.000000Z","staff:zhang","窗口","10.0.0.1",'
            '"registry.person-read",["person:a"],"done","核对\\n优待证",370202000000,{"a":[true,null],"b":1}]'
        ).encode()
    )


def test_a_published_anchor_reads_back_as_it_was() -> None:
    anchor = sign(Anchor(12, bytes(range(32)), 5, NOON, "sm2-sm3", 3, b""))
    line = logic.anchor_text(anchor)
    assert "\n" not in line
    assert logic.read_anchor(f"  {line}\n") == anchor


@pytest.mark.parametrize("line", ["", "hello", "rongjun.audit.anchor/1 x x x x x x x", "a b c d e f g h"])
def test_a_line_that_is_no_anchor_is_refused_with_a_sentence(line: str) -> None:
    with pytest.raises(Unfit, match="锚点"):
        logic.read_anchor(line)


# Built from pieces, so that nothing in the tree looks like a real person.
ID_18, ID_15, CARD, PHONE = (
    "990101" + "19490101" + "001X",
    "990101" + "490101001",
    "9999" * 4,
    "120" + "00000000",
)


@pytest.mark.parametrize(
    "text",
    [
        ID_18,
        f"身份证{ID_18}，已核对",
        ID_18.lower(),
        f"{ID_18[:6]} {ID_18[6:14]} {ID_18[14:]}",
        "".join(chr(ord(sign) + 0xFEE0) for sign in ID_18),
        ID_15,
        CARD,
        " ".join(["9999"] * 4 + ["123"]),
        CARD + "123",
        PHONE,
        f"电话:{PHONE}。",
        "+86" + PHONE,
        "0086-" + PHONE,
        f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}",
    ],
)
def test_what_could_be_a_number_of_a_person_is_recognised(text: str) -> None:
    assert logic.looks_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "person:0b54c1a2-1111-4222-8333-123456789012",
        "370202000000",
        "2026-10-01T12:00:00.000000Z 2026-10-02",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "鲁退役军人发〔2023〕12号 第三条",
        "10.0.0.1",
        "",
    ],
)
def test_what_is_no_number_of_a_person_passes(text: str) -> None:
    assert not logic.looks_personal(text)


def test_personal_data_are_named_by_their_place() -> None:
    clean = {"purpose": "核对", "about": ["person:a"]}
    assert logic.personal_field(texts=clean, detail={"shown": ["a", "b"], "owed_fen": 12345678901}) is None
    assert (
        logic.personal_field(texts={**clean, "about": ["person:a", f"person:{ID_18}"]}, detail={}) == "about"
    )
    assert logic.personal_field(texts=clean, detail={"row": [{"phone": PHONE}]}) == "detail.row.phone"
    assert logic.personal_field(texts=clean, detail={"phone": int(PHONE)}) == "detail.phone"
    assert logic.personal_field(texts=clean, detail={"paid_fen": int(CARD)}) == "detail.paid_fen"
    assert logic.personal_field(texts=clean, detail={PHONE: 1}) == "detail"


def test_a_detail_with_a_fraction_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="whole number"):
        logic.personal_field(texts={}, detail={"rate": 0.5})


def test_the_moment_of_an_event_carries_its_zone() -> None:
    assert logic.utc_text(datetime(2026, 10, 1, tzinfo=UTC)) == "2026-10-01T00:00:00.000000Z"
    with pytest.raises(AssertionError):
        logic.utc_text(datetime(2026, 10, 1))  # noqa: DTZ001
