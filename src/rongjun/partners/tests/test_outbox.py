"""What we send is kept with its cause, numbered once, tried until acknowledged, and never forgotten."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from rongjun.access.api import acting_as, acting_as_job
from rongjun.kernel.crypto import sm3
from rongjun.kernel.errors import Refused
from rongjun.partners import api, jobs, logic, queries
from rongjun.partners import delivering as delivery
from rongjun.partners.actions import outbox
from rongjun.partners.actions.outbox import Receipt
from rongjun.partners.logic import outbound as pure
from rongjun.partners.logic.outbound import FAILED, REFUSED, SENT, Outcome
from rongjun.partners.models import InboundItem, OutboundBatch
from rongjun.partners.queries import outbox as reads
from rongjun.partners.tests.scene import NOW, agree, receive, visitor
from rongjun.partners.tests.strategies import DAY, FORMATS
from rongjun.partners.tests.test_actions import officer
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
TRANSIT = "transit"
RIDES, CONSENTED = "free-rides/1", "consented/1"
LIST = FORMATS[RIDES]


@pytest.fixture(autouse=True)
def folder(db: None, settings: Any, tmp_path: Path) -> Path:
    settings.OUT_FOLDER = tmp_path / "out"
    agree(
        TRANSIT,
        name="测试公交",
        agreed={"receipts/1": ""},
        takes={RIDES: "file"},
        daily_sends=3,
    )
    return Path(tmp_path / "out" / TRANSIT)


def rows(count: int = 2) -> list[list[str]]:
    return [
        [f"L-{n}", str(10**15 + n), "add", "2024-11-20T00:00:00+08:00", "2024-11-20"] for n in range(count)
    ]


def send(
    lines: Sequence[Sequence[str]] | None = None,
    *,
    key: str = "list-0001",
    partner: str = TRANSIT,
    **said: Any,
) -> UUID:
    with acting_as_job("test.send"):
        return api.send(
            partner,
            said.pop("code", RIDES),
            rows() if lines is None else lines,
            key=key,
            by="job:test",
            now=NOW,
            **said,
        )


def refusal(**said: Any) -> str:
    with pytest.raises(Refused) as refused, transaction.atomic():
        send(**said)
    return refused.value.code


def work(callbacks: Any, *, now: datetime = NOW, monkeypatch: pytest.MonkeyPatch | None = None) -> int:
    """One run of the worker at this moment."""
    patch = monkeypatch or pytest.MonkeyPatch()
    patch.setattr("rongjun.partners.jobs.timezone.now", lambda: now)
    patch.setattr("rongjun.partners.jobs.timezone.localtime", lambda: now)
    try:
        with callbacks(execute=True), acting_as_job(jobs.SEND):
            return jobs.send_outbound()
    finally:
        patch.undo()


@pytest.fixture
def worker(django_capture_on_commit_callbacks: Any) -> Any:
    return lambda now=NOW: work(django_capture_on_commit_callbacks, now=now)


def state(batch: UUID) -> api.OutboundState:
    with acting_as_job("test.state"):
        found = api.outbound_state(batch)
    assert found is not None
    return found


def receipt(batch: UUID, **changed: str) -> Receipt:
    with as_owner():
        row = OutboundBatch.objects.get(pk=batch)
    said = Receipt(row.format, str(row.sequence), bytes(row.digest).hex(), str(row.count), "taken", "")
    return replace(said, **changed)


def acknowledge(said: Receipt, *, partner: str = TRANSIT) -> tuple[str, str]:
    with acting_as_job("test.receipt"):
        return outbox.acknowledge(partner, said, now=NOW)


def told() -> dict[str, tuple[int, ...]]:
    with acting_as_job("test.balance"):
        listed = queries.balance(since=date(2024, 11, 1), until=date(2024, 11, 30))
    assert [each.gap for each in listed] == [0] * len(listed)
    return {each.channel: (each.taken_in, each.done, each.refused, each.waiting) for each in listed}


# --- sending ------------------------------------------------------------------------------------------------


def test_a_file_goes_out_signed_and_is_read_as_partners_read_ours(worker: Any, folder: Path) -> None:
    batch = send()
    assert state(batch).state == "waiting"
    worker()
    assert state(batch).state == "sent"
    (name,) = [each.name for each in folder.iterdir() if each.suffix == ".csv"]
    content = (folder / name).read_bytes()
    head, envelope = logic.read_file(content, FORMATS)
    assert isinstance(envelope, logic.Envelope)
    assert logic.fault_of_content(envelope) is None
    assert (envelope.head.partner, envelope.head.sequence, len(envelope.lines)) == ("rongjun", 1, 2)
    assert head == envelope.head
    signature = (folder / f"{name}.sig").read_text()
    assert api.our_key().verify(content, bytes.fromhex(signature))
    assert not api.our_key().verify(content + b" ", bytes.fromhex(signature))


def test_it_is_sent_only_if_its_cause_commits(worker: Any, folder: Path) -> None:
    def cause() -> None:
        with acting_as_job("test.cause"):
            api.send(TRANSIT, RIDES, rows(), key="list-0001", by="job:test", now=NOW)
            raise Refused("partners.unknown-partner")

    with pytest.raises(Refused):
        cause()
    assert worker() == 0
    assert not folder.exists()


def test_the_same_key_is_the_same_batch_and_another_content_is_refused(worker: Any, folder: Path) -> None:
    assert send() == send()
    worker()
    assert send() == send(key="list-0001")
    assert refusal(lines=rows(3)) == "partners.send-key-reused"
    with as_owner():
        assert OutboundBatch.objects.count() == 1


def test_what_is_not_agreed_is_not_sent() -> None:
    assert refusal(partner="nobody") == "partners.unknown-partner"
    assert refusal(code="deaths/1") == "partners.send-not-agreed"


@pytest.mark.parametrize(
    "said", [{"key": "short"}, {"total": 7}, {"lines": [["L-1"]]}, {"covered": [0]}, {"lines": [["\n"] * 5]}]
)
def test_our_own_mistakes_are_loud(said: Any) -> None:
    with pytest.raises(AssertionError):
        send(**said)


def test_lines_about_whoever_did_not_agree_stay_here_and_are_counted(
    worker: Any, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    known = replace(LIST, code=CONSENTED, consent="telecom-benefit")
    monkeypatch.setattr(outbox, "formats", lambda: {CONSENTED: known})
    agree("telecom", takes={CONSENTED: "file"}, daily_sends=3)
    with pytest.raises(AssertionError, match="who agreed"):
        send(code=CONSENTED, partner="telecom")
    batch = send(rows(5), code=CONSENTED, partner="telecom", covered=[4, 1])
    worker()
    (file,) = [each for each in (folder.parent / "telecom").iterdir() if each.suffix == ".csv"]
    assert [line.split(b",")[1] for line in file.read_bytes().splitlines()[1:-1]] == [b"L-1", b"L-4"]
    assert (state(batch).count, state(batch).withheld) == (2, 3)
    assert told()[f"out:telecom:{CONSENTED}"] == (5, 0, 3, 2)


def test_sequences_follow_each_other_and_nothing_of_the_content_is_readable(worker: Any) -> None:
    first, second = send(), send(key="list-0002")
    worker()
    assert sorted(str(state(each).sequence) for each in (first, second)) == ["1", "2"]
    with as_owner():
        assert all(b"100000000000000" not in bytes(row.content_sealed) for row in OutboundBatch.objects.all())


# --- tries --------------------------------------------------------------------------------------------------


def test_a_kill_before_the_file_is_written_sends_it_again_the_same(
    worker: Any, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    batch = send()
    with acting_as_job(jobs.SEND):
        outbox.number_waiting(most=5, now=NOW)
        (lost,) = outbox.claim_due(most=5, now=NOW)  # and the worker dies here
    assert state(batch).state == "waiting"
    assert worker() == 0
    assert worker(NOW + timedelta(minutes=1)) == 1
    assert (folder / lost.name).read_bytes() == lost.content
    assert state(batch).sequence == 1


def test_a_kill_after_the_file_was_written_writes_the_same_file_again(worker: Any, folder: Path) -> None:
    batch = send()
    with acting_as_job(jobs.SEND):
        outbox.number_waiting(most=5, now=NOW)
        (parcel,) = outbox.claim_due(most=5, now=NOW)
    assert delivery.deliver(parcel, now=NOW).what == SENT  # and the worker dies here
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    worker(NOW + timedelta(minutes=1))
    assert {name: before[name] for name in before if name.endswith(".csv")} == {
        each.name: each.read_bytes() for each in folder.iterdir() if each.suffix == ".csv"
    }
    assert state(batch).state == "sent"


def test_what_fails_comes_again_later_and_later_and_is_given_up(worker: Any, folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    batch, at, waits = send(), NOW, []
    for _ in range(pure.MOST_TRIES):
        worker(at)
        with as_owner():
            due = OutboundBatch.objects.get().next_try_at
        waits.append((due - at).total_seconds() if due else None)
        assert worker(at) == 0
        at = due or at
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, None]
    given = state(batch)
    assert given.state == "gave-up"
    assert "写不进发件文件夹" in given.failure
    assert told()[f"out:transit:{RIDES}"] == (2, 0, 0, 2)
    with acting_as_job("test.given-up"):
        assert api.given_up() == 1


def test_what_is_not_acknowledged_goes_out_again_and_is_given_up(worker: Any) -> None:
    batch, at = send(), NOW
    for _ in range(pure.MOST_RESENDS + 1):
        assert worker(at) == 1
        assert worker(at) == 0
        at += pure.ANSWER_WAIT
    assert worker(at) == 0
    assert state(batch).state == "gave-up"
    assert "发了 4 次" in state(batch).failure


def test_no_more_than_agreed_goes_out_in_a_day(worker: Any) -> None:
    sent = [send(key=f"list-{n:04d}") for n in range(5)]
    worker()
    worker(NOW + timedelta(minutes=1))
    assert sorted(state(each).state for each in sent) == ["sent"] * 3 + ["waiting"] * 2
    late = next(each for each in sent if state(each).state == "waiting")
    assert "今天已发满约定的 3 件" in state(late).failure
    worker(NOW + timedelta(days=1))
    assert [state(each).state for each in sent] == ["sent"] * 5


# --- acknowledgements ---------------------------------------------------------------------------------------


def test_a_receipt_by_file_acknowledges(worker: Any) -> None:
    batch = send()
    worker()
    said = receipt(batch)
    line = ["R-0001", said.format, said.sequence, said.digest, said.count, "taken", ""]
    content = logic.write_file(FORMATS["receipts/1"], [line], partner=TRANSIT, business_date=DAY, sequence=1)
    assert receive(content, partner=TRANSIT).waiting == 1
    with acting_as_job("partners.take-receipts"):
        assert jobs.take_receipts() == 1
    assert (state(batch).state, state(batch).acknowledged_at is not None) == ("acknowledged", True)
    with as_owner():
        assert InboundItem.objects.get().state == "done"
    assert told()[f"out:transit:{RIDES}"] == (2, 2, 0, 0)
    assert told()["out:transit:files"] == (1, 1, 0, 0)


def test_a_receipt_twice_says_the_same_and_one_of_another_content_is_refused(worker: Any) -> None:
    batch = send()
    worker()
    assert acknowledge(receipt(batch))[0] == "done"
    assert acknowledge(receipt(batch)) == ("done", "已有回执。")
    assert acknowledge(receipt(batch, count="1"))[0] == "refused"
    assert acknowledge(receipt(batch, outcome="refused", digest="00"))[0] == "refused"
    assert state(batch).state == "acknowledged"


@pytest.mark.parametrize(
    "changed", [{"digest": "ab" * 32}, {"count": "1"}, {"outcome": "refused", "why": "格式不对"}]
)
def test_a_receipt_that_does_not_fit_gives_the_batch_up(worker: Any, changed: dict[str, str]) -> None:
    batch = send()
    worker()
    assert acknowledge(receipt(batch, **changed))[0] == "done"
    assert state(batch).state == "gave-up"
    assert state(batch).failure


@pytest.mark.parametrize(
    "changed", [{"sequence": "2"}, {"sequence": "x"}, {"outcome": "maybe"}, {"format": "a/1"}]
)
def test_a_receipt_of_nothing_we_sent_is_refused(worker: Any, changed: dict[str, str]) -> None:
    batch = send()
    worker()
    assert acknowledge(receipt(batch, **changed))[0] == "refused"
    assert state(batch).state == "sent"


def test_nobody_acknowledges_for_another(worker: Any) -> None:
    batch = send()
    worker()
    assert acknowledge(receipt(batch), partner="other")[0] == "refused"


def test_a_receipt_that_overtakes_the_end_of_the_try_stays(worker: Any) -> None:
    batch = send()
    with acting_as_job(jobs.SEND):
        outbox.number_waiting(most=5, now=NOW)
        (parcel,) = outbox.claim_due(most=5, now=NOW)
    acknowledge(receipt(batch))
    for outcome in (Outcome(SENT), Outcome(FAILED, "没有接通"), Outcome(REFUSED, "对方答复 400")):
        with acting_as_job(jobs.SEND):
            outbox.record_try(parcel.id, outcome, now=NOW)
    assert state(batch).state == "acknowledged"


# --- calls --------------------------------------------------------------------------------------------------


class _Partner(BaseHTTPRequestHandler):
    answers: list[tuple[int, bytes]] = []
    heard: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((dict(self.headers.items()), body))
        status, said = self.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def called(worker: Any) -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Partner)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _Partner.answers, _Partner.heard = [], []
    agree(
        "telecom", takes={RIDES: "call"}, daily_sends=9, address=f"http://127.0.0.1:{server.server_port}/in/"
    )

    def call(*answers: tuple[int, bytes]) -> UUID:
        _Partner.answers = list(answers)
        batch, at = send(partner="telecom", key=f"call-{len(_Partner.heard):04d}"), NOW
        for _ in answers:
            worker(at)
            at += timedelta(hours=2)
        return batch

    yield call
    server.shutdown()
    server.server_close()


def test_a_call_is_signed_and_its_answer_acknowledges(called: Any) -> None:
    batch = called((202, b'{"taken": true, "count": 2}'))
    assert state(batch).state == "acknowledged"
    ((headers, body),) = _Partner.heard
    digest = sm3(body).hex()
    assert hmac.compare_digest(headers["X-Rongjun-Digest"], digest)
    signed = logic.statement(
        method="POST", path="/in/", timestamp=headers["X-Rongjun-Timestamp"], key=str(batch), digest=digest
    )
    assert headers["Idempotency-Key"] == str(batch)
    assert api.our_key().verify(signed, bytes.fromhex(headers["X-Rongjun-Signature"]))


def test_what_does_not_get_through_comes_again_with_the_same_key_and_body(called: Any) -> None:
    batch = called((503, b""), (500, b"x"), (202, b'{"taken": true, "count": 2}'))
    assert state(batch).state == "acknowledged"
    assert len({headers["Idempotency-Key"] for headers, _ in _Partner.heard}) == 1
    assert len({body for _, body in _Partner.heard}) == 1
    assert len(_Partner.heard) == 3


@pytest.mark.parametrize(
    ("answer", "became"),
    [
        ((202, b'{"taken": true, "count": 1}'), "gave-up"),
        ((422, '{"taken": false, "equation": "行数 1 ≠ 2"}'.encode()), "gave-up"),
        ((302, b""), "gave-up"),
        ((200, b"ok"), "sent"),
        ((200, b"[" * 9000), "sent"),
        ((429, b""), "waiting"),
    ],
)
def test_what_an_answer_means(called: Any, answer: tuple[int, bytes], became: str) -> None:
    batch = called(answer)
    assert state(batch).state == became
    assert bool(state(batch).failure) == (became != "sent")


def test_invented_people_go_no_further_than_this_machine(worker: Any) -> None:
    agree("telecom", takes={RIDES: "call"}, daily_sends=9, address="https://partner.example/in/")
    batch = send(partner="telecom")
    worker()
    assert state(batch).state == "waiting"
    assert "不发往真实的地址" in state(batch).failure
    assert pure.fault_of_address("http://partner.example/", synthetic=False)
    assert not pure.fault_of_address("https://partner.example/", synthetic=False)


# --- by hand ------------------------------------------------------------------------------------------------


def given_up(worker: Any) -> UUID:
    batch = send()
    worker()
    acknowledge(receipt(batch, outcome="refused", why="格式不对"))
    return batch


def act(what: Any, batch: UUID, *, by: str = "city", reason: str = "对方说改好了") -> Any:
    with acting_as(officer(by)):
        return what(batch, reason=reason, by=officer(by), now=NOW)


def refused_to(what: Any, batch: UUID, **kept: Any) -> str:
    with pytest.raises(Refused) as refused, transaction.atomic():
        act(what, batch, **kept)
    return refused.value.code


def test_by_hand_it_goes_out_once_more_with_a_reason(worker: Any, folder: Path) -> None:
    batch = given_up(worker)
    assert refused_to(outbox.retry_outbound, batch, reason=" ") == "partners.retry-reason-missing"
    assert (
        refused_to(outbox.retry_outbound, batch, reason="见 990777196001010042")
        == "partners.retry-reason-numbers"
    )
    act(outbox.retry_outbound, batch)
    assert refused_to(outbox.retry_outbound, batch) == "partners.outbound-not-given-up"
    assert worker() == 1
    assert (state(batch).state, state(batch).sequence) == ("sent", 1)


def test_two_people_close_what_will_not_go(worker: Any) -> None:
    batch = given_up(worker)
    assert refused_to(outbox.close_outbound, batch, reason="") == "partners.close-reason-missing"
    assert act(outbox.close_outbound, batch) is False
    assert refused_to(outbox.close_outbound, batch) == "partners.close-own-request"
    assert told()[f"out:transit:{RIDES}"] == (2, 0, 0, 2)
    assert act(outbox.close_outbound, batch, by="other") is True
    assert state(batch).state == "closed"
    assert acknowledge(receipt(batch))[0] == "refused"
    assert told()[f"out:transit:{RIDES}"] == (2, 0, 2, 0)


def test_the_database_lets_nobody_close_alone_or_call_sent_acknowledged(worker: Any) -> None:
    batch = given_up(worker)
    said = {"close_reason": "x", "close_asked_by": "staff:city", "closed_by": "staff:city", "closed_at": NOW}
    with (
        acting_as(officer("city")),
        pytest.raises(DatabaseError, match="closed_by_two"),
        transaction.atomic(),
    ):
        OutboundBatch.objects.filter(pk=batch).update(state="closed", **said)
    with (
        acting_as_job("test.wrong"),
        pytest.raises(DatabaseError, match="acknowledged_in_full"),
        transaction.atomic(),
    ):
        OutboundBatch.objects.update(state="acknowledged", acknowledged_at=NOW, acknowledged_count=1)


def test_who_acts_for_the_city_may_send_in_their_own_transaction() -> None:
    with acting_as(officer("city")):
        batch = api.send(TRANSIT, RIDES, rows(), key="list-0001", by="staff:city", now=NOW)
    assert state(batch).state == "waiting"


# --- pages --------------------------------------------------------------------------------------------------


def test_the_pages_show_what_gave_up_and_let_it_be_sent_again(worker: Any, settings: Any) -> None:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    batch = given_up(worker)
    city = visitor("city")
    listed = city.get("/partners/outbox/?state=gave-up").content.decode()
    assert "测试公交 免费乘车名单" in listed
    place = f"/partners/outbox/{batch}/"
    assert "格式不对" in city.get(place).content.decode()
    assert visitor("district").post(f"{place}resend/", {"reason": "对方说改好了"}).status_code == 403
    assert city.post(f"{place}resend/", {"reason": ""}).status_code == 422
    assert city.post(f"{place}resend/", {"reason": "对方不要了", "verdict": "close"}).status_code == 302
    assert city.post(f"{place}resend/", {"verdict": "close"}).status_code == 422
    assert city.post(f"{place}resend/", {"reason": "对方说改好了"}).status_code == 302
    assert state(batch).state == "waiting"
    assert "重发过：对方说改好了" in city.get(place).content.decode()
    with acting_as_job("test.reads"):
        assert reads.outbound()[1] == 1
