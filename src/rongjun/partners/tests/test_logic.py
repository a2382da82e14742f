"""A file is read as it was written, or quarantined with a sentence; nothing in between and never a crash."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rongjun.kernel.crypto import sm3
from rongjun.partners import logic
from rongjun.partners.actions import read_call
from rongjun.partners.logic import Envelope, Fault, Head, Setting, read_file, write_file
from rongjun.partners.tests.strategies import (
    CIVIL,
    CONTRACTS,
    DAY,
    DEATHS,
    FORMATS,
    TODAY,
    USES,
    dead,
    file,
    keys,
    rows,
    use,
    words,
)

PAGES = sorted((CONTRACTS / "files").glob("*.yaml"))


def envelope(content: bytes) -> Envelope:
    head, found = read_file(content, FORMATS)
    assert isinstance(found, Envelope), found
    assert head == found.head
    return found


def fault(content: bytes) -> Fault:
    _, read = read_file(content, FORMATS)
    found = logic.fault_of_content(read) if isinstance(read, Envelope) else read
    assert found is not None
    assert found.equation
    assert found.todo
    return found


def setting(**changed: Any) -> Setting:
    known: dict[str, Any] = {"partner": CIVIL, "formats": ["deaths/1"], "last_sequence": 0, "today": TODAY}
    return Setting(**{**known, **changed})


def head(**changed: Any) -> Head:
    known: dict[str, Any] = {
        "format": "deaths/1",
        "partner": CIVIL,
        "business_date": DAY,
        "sequence": 1,
        "count": 2,
        "total": 0,
    }
    return Head(**{**known, **changed})


@given(rows(), st.sampled_from(["UTF-8", "GB18030"]))
def test_what_was_written_is_read(kept: list[list[str]], charset: str) -> None:
    content = write_file(DEATHS, kept, partner=CIVIL, business_date=DAY, sequence=7, charset=charset)
    found = envelope(content)
    assert logic.fault_of_content(found) is None
    assert [[line.key, *line.fields.values()] for line in found.lines if not line.fault] == kept
    assert [line.fault for line in found.lines] == [""] * len(kept)


@given(st.lists(st.tuples(keys, st.lists(words, min_size=6, max_size=6))))
def test_bulk_lines_are_read_as_they_were_written(kept: list[tuple[str, list[str]]]) -> None:
    said = [[key, *columns] for key, columns in kept]
    found = envelope(write_file(USES, said, partner="transit", business_date=DAY, sequence=1))
    assert logic.fault_of_content(found) is None
    assert found.lines == ()
    lines = logic.read_rows(found.rows, USES, first=1)
    assert [[line.key, *line.fields.values()] for line in lines] == said


@given(st.lists(st.integers(0, 10**6)))
def test_amounts_add_up_and_what_is_no_amount_adds_nothing(paid: list[int]) -> None:
    said = [use(n, paid=str(fen)) for n, fen in enumerate(paid)] + [use(9, paid="-1"), use(9, paid="1.5")]
    found = envelope(write_file(USES, said, partner="transit", business_date=DAY, sequence=1))
    assert (found.total, logic.fault_of_content(found)) == (sum(paid), None)


def test_only_a_bulk_format_may_be_long() -> None:
    most = logic.MOST_LINES + 1
    long = write_file(DEATHS, [], partner=CIVIL, business_date=DAY, sequence=1, count=most)
    assert fault(long).code == "head"
    longer = write_file(USES, [], partner=CIVIL, business_date=DAY, sequence=1, count=most)
    assert fault(longer).code == "count"


@given(rows(), st.data())
def test_a_truncated_file_is_quarantined(kept: list[list[str]], data: st.DataObject) -> None:
    content = write_file(DEATHS, kept, partner=CIVIL, business_date=DAY, sequence=7)
    fault(content[: data.draw(st.integers(0, len(content) - 1))])


@given(rows(), st.data())
def test_an_altered_file_is_quarantined(kept: list[list[str]], data: st.DataObject) -> None:
    content = bytearray(write_file(DEATHS, kept, partner=CIVIL, business_date=DAY, sequence=7))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    fault(bytes(content))


@given(st.binary(max_size=400))
def test_noise_is_quarantined(noise: bytes) -> None:
    fault(noise)
    read_call(noise, partner=CIVIL)


@given(st.binary(max_size=60), rows())
def test_a_tail_is_quarantined(tail: bytes, kept: list[list[str]]) -> None:
    content = write_file(DEATHS, kept, partner=CIVIL, business_date=DAY, sequence=7)
    if tail:
        fault(content + tail)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_example_of_each_page_would_be_accepted(page: Any) -> None:
    said = yaml.safe_load(page.read_text("utf-8"))
    found = envelope(said["example"].encode())
    assert logic.fault_of_content(found) is None
    assert found.head.partner == said["partner"]
    lines = found.lines or logic.read_rows(found.rows, FORMATS[said["format"]], first=1)
    assert [line.fault for line in lines] == [""] * len(lines)
    assert set(lines[0].fields) == {column["name"] for column in said["columns"]}
    assert said["control"] in lines[0].fields


def test_every_way_of_being_wrong_has_its_equation() -> None:
    whole = file()
    wrong = {
        "empty": b"",
        "head": whole.replace(b"2024-11-23", b"2024-11-33", 1),
        "unknown-format": whole.replace(b"deaths/1", b"deaths/9", 1),
        "truncated": whole.rpartition(b"T,")[0],
        "digest": whole.replace(b"2024-11-20", b"2024-11-21", 1),
        "count": write_file(DEATHS, [dead(1)], partner=CIVIL, business_date=DAY, sequence=1, count=2),
        "total": write_file(DEATHS, [dead(1)], partner=CIVIL, business_date=DAY, sequence=1, total=2),
    }
    assert {code: fault(content).code for code, content in wrong.items()} == {code: code for code in wrong}


def test_a_charset_that_is_not_the_declared_one_is_named_with_its_line() -> None:
    said = file([dead(1), dead(2)], charset="GB18030").replace(b"GB18030", b"UTF-8")
    first, _, rest = said.partition(b"\n")
    body, _, trailer = rest[:-1].rpartition(b"\n")
    digest = sm3(first + b"\n" + body + b"\n").hex().encode()
    mended = b"\n".join((first, body, trailer.rpartition(b",")[0] + b"," + digest)) + b"\n"
    assert fault(mended).code == "charset"
    assert "第 1 行" in fault(mended).equation


@pytest.mark.parametrize(
    ("code", "changed", "asked"),
    [
        ("partner", {"partner": "justice"}, {}),
        ("not-agreed", {}, {"formats": ["moves/1"]}),
        ("future", {"business_date": TODAY + timedelta(days=1)}, {}),
        ("clock", {"business_date": date(2024, 10, 23)}, {}),
    ],
)
def test_a_head_that_cannot_be_is_quarantined(code: str, changed: Any, asked: Any) -> None:
    assert logic.fault_of_head(head(), setting()) is None
    found = logic.fault_of_head(head(**changed), setting(**asked))
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(("sequence", "code"), [(5, "sequence-taken"), (6, None), (7, "sequence-gap")])
def test_a_batch_waits_for_its_turn(sequence: int, code: str | None) -> None:
    found = logic.fault_of_order(head(sequence=sequence), setting(last_sequence=5))
    assert (found.code if found else None) == code


def test_a_bad_line_spoils_only_itself() -> None:
    bad = [*dead(2)[:-1]]
    found = envelope(file([dead(1), bad, [*dead(3)[:1], *dead(3)[1:]]]))
    assert [bool(line.fault) for line in found.lines] == [False, True, False]


def test_a_partners_reference_is_nobodys_number() -> None:
    number = dead(1)[2]
    found = envelope(file([[number, *dead(1)[1:]]]))
    assert found.lines[0].key == "line-1"
    assert number not in found.lines[0].fault


@given(st.sampled_from(range(5)), st.text("abc123-/.", min_size=1, max_size=6))
def test_nothing_signed_can_be_moved_into_another_place(place: int, other: str) -> None:
    said = ["POST", "/a", "2024-11-24T08:00:00+08:00", "key-1234", "d" * 64]
    changed = [*said[:place], said[place] + other, *said[place + 1 :]]

    def signed(parts: list[str]) -> bytes:
        names = ("method", "path", "timestamp", "key", "digest")
        return logic.statement(**dict(zip(names, parts, strict=True)))

    assert signed(said) != signed(changed)


def test_a_moment_without_an_offset_is_no_moment() -> None:
    assert logic.read_moment("2024-11-24T08:00:00") is None
    assert logic.read_moment("now") is None
    assert logic.read_moment("2024-11-24T00:00:00+00:00") == datetime(2024, 11, 24, tzinfo=UTC)
