"""What becomes of what partners send: accepted once, quarantined with its equation, or refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, connection, transaction

from rongjun.access.api import ROLES as ACCESS_ROLES
from rongjun.access.api import Actor, acting_as, acting_as_job, scope_of
from rongjun.audit import api as audit
from rongjun.kernel.crypto import SM2_DEFAULT_USER_ID, Algorithm, PublicKey, sm3
from rongjun.kernel.crypto.signing import load_signer, new_secret
from rongjun.kernel.errors import Refused
from rongjun.partners import actions, jobs, queries
from rongjun.partners.actions import Call, Settled, intake
from rongjun.partners.logic import statement, write_file
from rongjun.partners.models import InboundBatch, InboundItem
from rongjun.partners.tests.scene import CITY, NOW, PATH, agree, call, receive, report_of
from rongjun.partners.tests.strategies import CIVIL, DAY, DEATHS, dead, file
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
LATE = NOW + timedelta(hours=2)


@pytest.fixture(autouse=True)
def secret(db: None) -> bytes:
    return agree()


def body(*, sequence: int = 1, day: date = DAY, total: int | None = None) -> bytes:
    row = dead(1)
    names = ("name", "number", "birth_date", "sex", "died_on")
    said = {
        "format": "deaths/1",
        "business_date": day.isoformat(),
        "sequence": sequence,
        "count": 1,
        "total": 20241120 if total is None else total,
        "items": [{"key": row[0], "fields": dict(zip(names, row[1:], strict=True))}],
    }
    return json.dumps(said, ensure_ascii=False).encode()


def send(sent: Call, *, now: datetime = NOW) -> Any:
    with acting_as_job("test.call"):
        batch = actions.receive_call(sent, now=now)
    return report_of(batch)


def refusal(sent: Call, *, now: datetime = NOW) -> str:
    with pytest.raises(Refused) as refused, acting_as_job("test.call"):
        actions.receive_call(sent, now=now)
    return refused.value.code


def balances() -> dict[str, tuple[int, int, int, int]]:
    with acting_as_job("test.balance"):
        listed = queries.balance(since=date(2024, 11, 1), until=date(2024, 11, 30))
    assert [each.gap for each in listed] == [0] * len(listed)
    return {each.channel: (each.taken_in, each.done, each.refused, each.waiting) for each in listed}


# --- files --------------------------------------------------------------------------------------------------


def test_a_whole_file_is_accepted_and_its_lines_wait_for_their_owner() -> None:
    done = receive()
    assert (done.state, done.count, done.waiting, done.equation) == ("accepted", 2, 2, "")
    with acting_as_job("test.take"):
        items = queries.take_waiting(owner="feed:deaths", most=10)
    assert [(item.line, item.key, item.fields["number"]) for item in items] == [
        (1, "HH-0001", dead(1)[2]),
        (2, "HH-0002", dead(2)[2]),
    ]


def test_nothing_of_a_line_is_kept_readable() -> None:
    receive()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select i::text, b::text from partners_inbounditem i, partners_inboundbatch b")
        kept = str(cursor.fetchall())
    hidden = dead(1)[2].encode().hex()
    assert dead(1)[2] not in kept
    assert hidden not in kept
    assert "测试张三" not in kept


def test_the_same_file_twice_changes_nothing_and_gets_the_same_report() -> None:
    assert receive() == receive(now=LATE)
    assert balances()["file:civil-affairs:deaths/1"] == (2, 0, 0, 2)


def test_another_content_under_a_taken_number_is_quarantined() -> None:
    receive()
    other = receive(file([dead(3)]))
    assert (other.state, other.waiting) == ("quarantined", 0)
    assert "流水号 1 已收过" in other.equation
    assert balances()["file:civil-affairs:files"] == (2, 1, 1, 0)


def test_a_corrected_file_takes_the_place_of_a_quarantined_one() -> None:
    spoilt = receive(file().rpartition(b"T,")[0])
    assert (spoilt.state, spoilt.sequence) == ("quarantined", 1)
    mended = receive()
    assert mended.state == "accepted"
    assert report_of(spoilt.id).replaced_by == mended.id


def test_a_file_before_its_turn_waits_and_follows_by_itself() -> None:
    third, second = receive(file([dead(3)], sequence=3)), receive(file([dead(2)], sequence=2))
    assert (third.state, second.state) == ("quarantined", "quarantined")
    assert "应为 1" in third.equation
    receive(file([dead(1)], sequence=1))
    assert [report_of(each.id).state for each in (second, third)] == ["accepted", "accepted"]
    assert balances()["file:civil-affairs:deaths/1"] == (3, 0, 0, 3)


@pytest.mark.parametrize(
    ("code", "day"),
    [("future", date(2024, 11, 25)), ("clock", date(2024, 10, 23)), ("clock", date(1970, 1, 1))],
)
def test_a_wrong_clock_is_quarantined(code: str, day: date) -> None:
    assert receive(file(day=day)).state == "quarantined"
    with as_owner():
        assert InboundBatch.objects.get().failing == code


def test_a_file_of_tomorrow_sent_again_tomorrow_is_accepted() -> None:
    early = file(day=date(2024, 11, 25))
    first, again = receive(early), receive(early)
    assert (first.state, first) == ("quarantined", again)
    assert receive(early, now=NOW + timedelta(days=1)).state == "accepted"
    assert balances()["file:civil-affairs:files"] == (1, 1, 0, 0)


def test_a_late_file_is_accepted_and_said_to_be_late() -> None:
    assert not receive().is_late
    late = receive(file([dead(3)], day=DAY - timedelta(days=3), sequence=2))
    assert (late.state, late.is_late) == ("accepted", True)


def test_a_day_without_lines_is_processed_at_once() -> None:
    none = receive(write_file(DEATHS, [], partner=CIVIL, business_date=DAY, sequence=1))
    assert (none.state, none.count) == ("processed", 0)


def test_a_missing_file_is_listed_from_its_hour_until_it_comes() -> None:
    def missing(at: datetime) -> list[date]:
        with acting_as_job("test.missing"):
            return [each.business_date for each in queries.missing_files(now=at)]

    before, after = datetime(2024, 11, 24, 8, 59), datetime(2024, 11, 24, 9, 0)  # noqa: DTZ001 - local hours
    days = [date(2024, 11, day) for day in (20, 21, 22)]
    assert missing(before) == days
    assert missing(after) == [*days, DAY]
    receive()
    assert missing(after) == days


def test_a_bad_line_goes_back_alone_and_the_rest_is_worked_on() -> None:
    done = receive(file([dead(1), dead(2)[:-1], dead(3)]))
    assert (done.state, done.waiting, done.refused) == ("accepted", 2, 1)
    with acting_as_job("test.refused"):
        (line,) = queries.refused_lines(done.id)
    assert (line.line, line.key) == (2, "HH-0002")
    assert "6 项" in line.reason


def test_a_batch_is_processed_when_no_line_waits() -> None:
    done = receive()
    with acting_as_job("test.settle"):
        first, second = queries.take_waiting(owner="feed:deaths", most=10)
        actions.settle_items([Settled(first.id, "done", "查无此人。")], now=NOW)
        assert InboundBatch.objects.get().state == "accepted"
        actions.settle_items([Settled(second.id, "refused", "读不出来。")], now=NOW)
    after = report_of(done.id)
    assert (after.state, after.done, after.refused, after.waiting) == ("processed", 1, 1, 0)
    assert balances()["file:civil-affairs:deaths/1"] == (2, 1, 1, 0)


def test_canary_a_lost_line_shows_as_a_gap() -> None:
    receive()
    with as_owner():
        InboundItem.objects.filter(line=2).delete()
    with acting_as_job("test.balance"):
        listed = queries.balance(since=date(2024, 11, 1), until=date(2024, 11, 30))
    assert [each.gap for each in listed if each.channel.endswith("deaths/1")] == [1]


def test_an_unknown_partner_is_refused() -> None:
    with pytest.raises(Refused, match="unknown-partner"):
        receive(partner="nobody")


def test_a_batch_that_was_stored_and_not_judged_is_judged_by_the_job() -> None:
    content = file()
    with acting_as_job("test.half"):
        held = actions.hold_partner(CIVIL)
        half = intake.keep(held, content, channel="file", by="operator:test", now=NOW)
    assert report_of(half.id).state == "received"
    with acting_as_job("partners.check-received"):
        actions.check_batch(half.id, now=NOW)
        actions.check_batch(half.id, now=NOW)
    assert report_of(half.id).waiting == 2


def test_staff_read_and_never_write() -> None:
    receive()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "select set_config('role', 'app_staff', true), set_config('app.lo', '0', true),"
            " set_config('app.hi', '999999999999', true)"
        )
        assert InboundBatch.objects.count() == 1
        with pytest.raises(DatabaseError), transaction.atomic():
            InboundItem.objects.update(state="done", reason="x", settled_at=NOW)


# --- the drop folder ----------------------------------------------------------------------------------------


def test_the_drop_folder_is_emptied_and_what_is_unfinished_stays(
    tmp_path: Path, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.DROP_FOLDER = tmp_path
    folder = tmp_path / CIVIL
    folder.mkdir()
    (folder / "a.csv").write_bytes(file(day=date(2020, 1, 1)))
    (folder / "b.csv.part").write_bytes(b"H,")
    (folder / "c.csv").symlink_to("/etc/hostname")
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True), acting_as_job("partners.collect-drop"):
            jobs.collect_drop()
    assert sorted(each.name for each in folder.iterdir()) == ["b.csv.part", "c.csv", "taken"]
    assert [each.name for each in (folder / "taken").iterdir()] == ["a.csv"]
    with as_owner():
        assert InboundBatch.objects.count() == 1


# --- signed files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [Algorithm.ED25519, Algorithm.P256, Algorithm.SM2])
def test_a_partner_with_a_public_key_signs_each_file(algorithm: Algorithm) -> None:
    user = SM2_DEFAULT_USER_ID if algorithm is Algorithm.SM2 else None
    signer = load_signer(algorithm, new_secret(algorithm), user_id=user)
    agree("justice", public_key=signer.public_key)
    content = file(partner="justice")
    unsigned = receive(content, partner="justice")
    assert (unsigned.state, unsigned.failing) == ("quarantined", "not-signed")
    for wrong in (signer.sign(content + b" ").hex(), "00" * 64, "不是签名", "ab"):
        done = receive(content, partner="justice", signature=wrong)
        assert (done.id, done.state, done.failing) == (unsigned.id, "quarantined", "wrongly-signed")
        assert done.equation
        assert done.todo
    signed = receive(content, partner="justice", signature=signer.sign(content).hex())
    assert (signed.id, signed.state) == (unsigned.id, "accepted")


def test_a_partner_without_a_public_key_need_not_sign() -> None:
    assert receive(signature="anything").state == "accepted"


def test_a_signature_lies_beside_its_file_and_goes_with_it(
    settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.DROP_FOLDER = tmp_path
    signer = load_signer(Algorithm.ED25519, new_secret(Algorithm.ED25519))
    agree("justice", public_key=signer.public_key)
    (folder := tmp_path / "justice").mkdir()
    content = file(partner="justice", day=date(2020, 1, 1))
    (folder / "a.csv.sig").write_text(signer.sign(content).hex() + "\n")
    with django_capture_on_commit_callbacks(execute=True), acting_as_job("partners.collect-drop"):
        assert jobs.collect_drop() == 0  # a signature alone is no file
    (folder / "a.csv").write_bytes(content)
    with django_capture_on_commit_callbacks(execute=True), acting_as_job("partners.collect-drop"):
        jobs.collect_drop()
    assert sorted(each.name for each in (folder / "taken").iterdir()) == ["a.csv", "a.csv.sig"]
    with as_owner():
        assert InboundBatch.objects.get().failing == "clock"  # signed well, and too old


# --- closing by hand ----------------------------------------------------------------------------------------


def close(batch: UUID, *, by: str = "city", reason: str = "对方说不再更正") -> bool:
    with acting_as(officer(by)):
        return actions.close_batch(batch, reason=reason, by=officer(by), now=NOW)


def refused_to_close(batch: UUID, **kept: Any) -> str:
    with pytest.raises(Refused) as refused, transaction.atomic():
        close(batch, **kept)
    return refused.value.code


def quarantined(**changed: Any) -> UUID:
    done = receive(file(total=1, **changed))
    assert done.state == "quarantined"
    return done.id


def test_lines_are_dropped_by_two_people_for_a_reason_and_count_as_refused() -> None:
    batch = quarantined()
    before = told_of_files()
    assert refused_to_close(batch, reason=" ") == "partners.close-reason-missing"
    assert refused_to_close(batch, reason="见 990777196001010042") == "partners.close-reason-numbers"
    assert close(batch) is False
    assert report_of(batch).state == "quarantined"
    assert refused_to_close(batch) == "partners.close-own-request"
    assert close(batch, by="other") is True
    done = report_of(batch)
    assert (done.state, done.close_asked_by, done.closed_by) == ("closed", "staff:city", "staff:other")
    assert refused_to_close(batch, by="third") == "partners.batch-not-quarantined"
    assert told_of_files() == before
    assert before[0].refused == 1
    with acting_as_job("test.events"):
        events = [each.event for each in audit.events(audit.Filter(about=f"batch:{batch}"))]
    assert events[:2] == ["partners.batch-closed", "partners.batch-closing-asked"]


def test_a_file_without_lines_is_closed_by_one() -> None:
    batch = receive(b"").id
    assert close(batch) is True
    assert report_of(batch).state == "closed"


def test_what_is_closed_stays_closed_and_the_right_file_still_comes() -> None:
    wrong = file(total=1)
    batch = receive(wrong).id
    close(batch)
    close(batch, by="other")
    assert receive(wrong).state == "closed"
    assert receive(file()).state == "accepted"


def test_who_does_not_agree_keeps_it_and_a_corrected_one_cannot_be_closed() -> None:
    batch = quarantined()
    close(batch)
    with acting_as(officer("other")):
        actions.keep_batch(batch, by=officer("other"), now=NOW)
    assert report_of(batch).close_asked_by == ""
    receive(file())
    assert report_of(batch).replaced_by
    assert refused_to_close(batch) == "partners.batch-not-quarantined"


def test_the_database_lets_nobody_drop_lines_alone() -> None:
    batch = quarantined()
    said = {"close_reason": "x", "close_asked_by": "staff:city", "closed_by": "staff:city", "closed_at": NOW}
    with (
        acting_as(officer("city")),
        pytest.raises(DatabaseError, match="closed_by_second"),
        transaction.atomic(),
    ):
        InboundBatch.objects.filter(pk=batch).update(state="closed", **said)


def told_of_files() -> list[Any]:
    with acting_as_job("test.balance"):
        told = queries.balance(since=NOW.date(), until=NOW.date())
    assert [each.gap for each in told] == [0] * len(told)
    return [each for each in told if each.channel.endswith(":files")]


def officer(login: str) -> Actor:
    """Somebody who may close what the city was sent."""
    role = ACCESS_ROLES["city-officer"]
    return Actor(
        account=uuid4(), login=login, name=f"测试{login}", kind="staff", role=role.code,
        role_label=role.label, division=CITY, division_label="示范市", scope=scope_of(CITY),
        permissions=role.permissions,
    )  # fmt: skip


# --- calls --------------------------------------------------------------------------------------------------


def test_a_signed_call_is_accepted(secret: bytes) -> None:
    done = send(call(body(), secret))
    assert (done.state, done.channel, done.waiting) == ("accepted", "call", 1)


def test_the_same_key_and_content_is_the_same_batch(secret: bytes) -> None:
    again = call(body(), secret, timestamp=(NOW + timedelta(minutes=2)).isoformat())
    assert send(call(body(), secret)) == send(again, now=NOW + timedelta(minutes=2))


def test_the_same_key_with_another_content_is_refused(secret: bytes) -> None:
    send(call(body(), secret))
    assert refusal(call(body(sequence=2), secret)) == "partners.call-key-reused"


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": "00" * 32},
        {"signature": "not hex"},
        {"method": "PUT"},
        {"path": "/partners/other/"},
        {"digest": "0" * 64},
    ],
)
def test_what_was_not_signed_so_is_refused(secret: bytes, changed: Any) -> None:
    assert refusal(call(body(), secret, **changed)) == "partners.call-not-genuine"


def test_another_secret_is_refused() -> None:
    assert refusal(call(body(), b"x" * 32)) == "partners.call-not-genuine"


def test_a_body_changed_on_the_way_is_refused(secret: bytes) -> None:
    assert refusal(replace(call(body(), secret), body=body(sequence=2))) == "partners.call-digest"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_call_outside_the_window_is_refused(secret: bytes, minutes: int) -> None:
    moment = (NOW + timedelta(minutes=minutes)).isoformat()
    assert refusal(call(body(), secret, timestamp=moment)) == "partners.call-outside-window"


def test_a_call_without_a_fit_key_is_refused(secret: bytes) -> None:
    assert refusal(call(body(), secret, key="")) == "partners.call-key-unfit"


def test_the_quota_stops_new_calls_and_not_repeated_ones(secret: bytes) -> None:
    for number in (1, 2, 3):
        send(call(body(sequence=number), secret, key=f"key-0000{number}"))
    assert refusal(call(body(sequence=4), secret, key="key-00004")) == "partners.call-quota"
    assert send(call(body(sequence=3), secret, key="key-00003")).sequence == 3
    assert send(call(body(sequence=4), secret, key="key-00004", timestamp=_tomorrow()), now=_next_day())


def _next_day() -> datetime:
    return NOW + timedelta(days=1)


def _tomorrow() -> str:
    return _next_day().isoformat()


def test_a_call_with_a_wrong_total_is_quarantined_like_a_file(secret: bytes) -> None:
    done = send(call(body(total=7), secret))
    assert done.state == "quarantined"
    assert "首行控制总数 7 ≠ 各行相加 20241120" in done.equation


def test_a_body_that_is_no_batch_is_quarantined(secret: bytes) -> None:
    assert send(call(b"[]", secret)).state == "quarantined"
    assert send(call(b'{"a": "\\ud800"}', secret, key="key-00002")).state == "quarantined"


def test_a_partner_may_sign_with_ed25519() -> None:
    private = Ed25519PrivateKey.generate()
    point = private.public_key().public_bytes_raw()
    agree("justice", public_key=PublicKey(Algorithm.ED25519, point))
    sent = call(body(), b"-")
    signed = statement(method="POST", path=PATH, timestamp=sent.timestamp, key=sent.key, digest=sent.digest)
    genuine = call(body(), b"-", partner="justice", signature=private.sign(signed).hex())
    assert send(genuine).partner == "justice"
    assert refusal(call(body(), b"-", partner="justice")) == "partners.call-not-genuine"


def test_a_partner_may_sign_with_sm2() -> None:
    signer = load_signer(Algorithm.SM2, new_secret(Algorithm.SM2), user_id=SM2_DEFAULT_USER_ID)
    agree("justice", public_key=signer.public_key)
    sent = call(body(), b"-")
    signed = statement(method="POST", path=PATH, timestamp=sent.timestamp, key=sent.key, digest=sent.digest)
    assert (
        send(call(body(), b"-", partner="justice", signature=signer.sign(signed).hex())).state == "accepted"
    )
    assert sm3(body()).hex() == sent.digest
