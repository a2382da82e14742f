"""Who may read the log, and what verification says of a damaged one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rongjun.audit import api as audit
from rongjun.audit.tests.scene import INSERT, NOON, as_role, commit_events, note, query, seal, verdict
from rongjun.kernel.errors import Refused, Unfit
from tests.cluster import as_owner


def tamper(*statements: str) -> None:
    """What somebody with the owner's rights could do: silence the guards, change rows, wake them again."""
    tables = ["audit_event", "audit_link", "audit_anchor"]
    with as_owner():
        for table in tables:
            query(f"alter table {table} disable trigger audit_append_only")
        for statement in statements:
            query(statement)
        for table in tables:
            query(f"alter table {table} enable always trigger audit_append_only")


@pytest.fixture
def chain(own_database: str) -> str:
    """Two sealed batches, of three and two events."""
    for count in (3, 2):
        commit_events(count)
        seal()
    assert verdict().broken is None
    return own_database


@pytest.mark.usefixtures("chain")
def test_an_event_has_its_place_the_anchor_of_its_batch_and_shows_when_it_was_edited() -> None:
    with as_role("app_batch"):
        record = audit.event(2)
        assert record is not None
        place = audit.place_of(record)
    assert place is not None
    assert (place.link.position, place.anchor.last_position, place.is_unaltered) == (2, 3, True)
    tamper("update audit_event set purpose = purpose || 'x' where id = 2")
    with as_role("app_batch"):
        edited = audit.event(2)
        assert edited is not None
        place = audit.place_of(edited)
        assert audit.event(99) is None
    assert place is not None
    assert not place.is_unaltered


@pytest.mark.usefixtures("chain")
def test_events_are_counted_by_what_was_done() -> None:
    with as_role("app_staff"):
        note("access.denied", result="refused")
    with as_role("app_batch"):
        assert audit.counts(since=NOON) == [("registry.person-read", 5, 0), ("access.denied", 1, 1)]
        assert audit.counts(since=NOON + timedelta(seconds=1)) == []


SWAP = (
    "update audit_link set position = position + 1000 where position in (2, 4)",
    "update audit_link set position = case position when 1002 then 4 else 2 end where position > 1000",
)


def flip(table: str, column: str, byte: int, *, at: str) -> str:
    """The statement that turns one bit over: whatever stands there, it is another value then."""
    return (
        f"update {table} set {column} = set_byte({column}, {byte}, get_byte({column}, {byte}) # 1) where {at}"
    )


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (["update audit_event set actor = actor || 'x' where id = 2"], (2, "edited", "event")),
        (["update audit_event set detail = '{\"number\": 7}' where id = 2"], (2, "edited", "event")),
        (["update audit_event set at = at + interval '1 microsecond' where id = 5"], (5, "edited", "event")),
        (
            [flip("audit_link", "event_digest", 9, at="position = 3")],
            (3, "edited", "link"),
        ),
        (
            [flip("audit_link", "chain_digest", 9, at="position = 4")],
            (4, "edited", "link"),
        ),
        (["delete from audit_event where id = 4"], (4, "dropped", "event")),
        (["delete from audit_link where position = 2"], (2, "dropped", "link")),
        (
            ["delete from audit_event where id = 3", "delete from audit_link where position = 3"],
            (3, "dropped", "link"),
        ),
        (SWAP, (2, "swapped", "link")),
        (["delete from audit_link where position > 3"], (4, "truncated", "link")),
        (
            ["update audit_anchor set sealed_at = sealed_at + interval '1 hour' where last_position = 5"],
            (5, "forged-anchor", "anchor"),
        ),
        (
            [flip("audit_anchor", "signature", 0, at="last_position = 3")],
            (3, "forged-anchor", "anchor"),
        ),
        (["update audit_anchor set key_version = 9 where last_position = 3"], (3, "unknown-key", "anchor")),
        (["delete from audit_anchor where last_position = 3"], (3, "dropped", "anchor")),
        (["delete from audit_anchor where last_position = 5"], (5, "dropped", "anchor")),
    ],
)
def test_the_first_damaged_place_is_named(damage: list[str], place: tuple[int, str, str]) -> None:
    tamper(*damage)
    broken = verdict().broken
    assert broken
    assert (broken.position, broken.kind, broken.part) == place
    assert f"不完好。第 {place[0]} 环" in verdict().text()


@pytest.mark.usefixtures("chain")
def test_a_whole_batch_cut_off_is_found_by_the_anchor_that_was_published() -> None:
    with as_role("app_batch"):
        line = audit.publish_anchor()
    assert line
    tamper("delete from audit_link where position > 3", "delete from audit_anchor where last_position > 3")
    assert (verdict().broken, verdict().unsealed.count) == (None, 2)
    broken = verdict(published=[line]).broken
    assert broken
    assert (broken.position, broken.kind) == (4, "truncated")


@pytest.mark.usefixtures("chain")
def test_a_verification_goes_on_from_an_earlier_anchor_and_tells_its_progress() -> None:
    with as_role("app_batch"):
        line = audit.publish_anchor()
    commit_events(4)
    seal()
    told: list[tuple[int, int]] = []
    found = verdict(after=line, published=["", line], progress=lambda done, total: told.append((done, total)))
    assert (found.broken, found.last_position, found.anchors) == (None, 9, 1)
    assert told[-1] == (4, 4)
    tamper("delete from audit_event where id = 1")
    assert verdict(after=line).broken is None
    assert verdict().broken is not None


@pytest.mark.usefixtures("chain")
def test_a_line_that_is_no_anchor_is_refused() -> None:
    with pytest.raises(Unfit, match="锚点"):
        verdict(published=["是这一行吗"])


@pytest.mark.usefixtures("chain")
def test_the_tail_that_is_not_sealed_yet_is_reported() -> None:
    commit_events(3)
    found = verdict()
    assert found.ok
    assert found.text().splitlines() == [
        "证据链完好：5 环、2 个签名锚点。",
        "尚未封存的事件 3 条，最早的记于 2026-10-01 04:00:00（UTC）。",
    ]


@pytest.mark.usefixtures("chain")
def test_nobody_takes_an_empty_sight_for_a_sound_chain() -> None:
    with as_role("app_staff", permissions="audit.read"):
        assert audit.verify().last_position == 5
    with as_role("app_staff", permissions="audit.read-own"), pytest.raises(Refused, match="cannot-see-all"):
        audit.verify()


# --- who may read -------------------------------------------------------------------------------------------


def two_readers() -> None:
    """Two clerks have opened files, one of them the same file twice; one has also opened a case."""
    with as_role("app_staff"):
        note(by="staff:zhang", about="person:a", purpose="办理优待证", role="窗口", division=370202000000)
        note(by="staff:li", about=["person:a", "person:b"], purpose="核对")
        note(by="staff:li", about="person:a", event="cases.case-opened", result="refused")
        note(by="staff:zhang", about="person:a", purpose="打印", at=NOON + timedelta(days=1))


def seen(*, actor: str, permissions: str, asked: audit.Filter | None = None) -> list[tuple[str, str]]:
    with as_role("app_staff", actor=actor, permissions=permissions):
        return [(record.actor, record.purpose) for record in audit.events(asked)]


ALL = [("staff:zhang", "打印"), ("staff:li", ""), ("staff:li", "核对"), ("staff:zhang", "办理优待证")]


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [audit.Filter(), audit.Filter(about="person:a")])
@pytest.mark.parametrize(
    ("actor", "permissions", "expected"),
    [
        ("staff:auditor", "audit.read audit.verify", ALL),
        ("staff:li", "registry.read-person audit.read-own", ALL[1:3]),
        ("staff:stranger", "audit.read-own", []),
        ("", "", []),
    ],
)
def test_staff_see_all_with_the_permission_and_otherwise_their_own(
    asked: audit.Filter, actor: str, permissions: str, expected: list[tuple[str, str]]
) -> None:
    two_readers()
    assert seen(actor=actor, permissions=permissions, asked=asked) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (audit.Filter(about="person:b"), ALL[2:3]),
        (audit.Filter(actor="staff:li"), ALL[1:3]),
        (audit.Filter(event="cases.case-opened"), ALL[1:2]),
        (audit.Filter(result="refused"), ALL[1:2]),
        (audit.Filter(since=NOON + timedelta(hours=1)), ALL[:1]),
        (audit.Filter(until=NOON + timedelta(hours=1)), ALL[1:]),
        (audit.Filter(division_from=370200000000, division_to=370299999999), ALL[3:]),
        (audit.Filter(reads_only=True), [ALL[0], ALL[2], ALL[3]]),
    ],
)
def test_the_audit_page_can_ask_for(asked: audit.Filter, expected: list[tuple[str, str]]) -> None:
    two_readers()
    assert seen(actor="staff:auditor", permissions="audit.read", asked=asked) == expected


@pytest.mark.django_db
def test_pages_follow_each_other_without_overlap() -> None:
    two_readers()
    with as_role("app_staff", permissions="audit.read"):
        first = audit.events(limit=3)
        second = audit.events(before=first[-1].id, limit=3)
    assert [(record.actor, record.purpose) for record in [*first, *second]] == ALL


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "permissions"), [("app_staff", "audit.read"), ("app_batch", "")])
def test_who_read_a_file_is_told_with_purpose_and_moment(role: str, permissions: str) -> None:
    two_readers()
    with as_role(role, permissions=permissions):
        readers = audit.who_read("person:a")
    assert [(reader.actor, reader.purpose) for reader in readers] == [ALL[0], ALL[2], ALL[3]]
    assert readers[-1].at == NOON
    assert readers[-1].role == "窗口"


@pytest.mark.django_db
def test_who_read_a_file_uses_the_index_although_rows_are_locked() -> None:
    with as_owner():
        query(
            f"{INSERT} select now(), 'staff:x', '', '', 'a.b', array['person:' || n], 'done', '', '{{}}'"
            " from generate_series(1, 5000) n"
        )
        query("analyze audit_event")
        body = query("select prosrc from pg_proc where proname = 'audit_events_about'")[0][0]
        plan = query(f"explain {body.replace('object', chr(39) + 'person:7' + chr(39))}")
    assert "audit_event_about" in str(plan)


@pytest.mark.usefixtures("chain")
def test_the_chain_is_read_by_jobs_and_by_staff_who_may_read_the_log() -> None:
    for permissions, expected in [("audit.read", 5), ("audit.read-own", 0)]:
        with as_role("app_staff", permissions=permissions):
            assert query("select count(*) from audit_link") == [(expected,)]
