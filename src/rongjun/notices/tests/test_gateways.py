"""The adapters against simulators that run as processes and go wrong on demand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from rongjun.notices import gateways
from rongjun.notices.gateways import NotGenuine, Outgoing
from rongjun.notices.tests.gateways import Called, ask, free_port, listening, running, sms, wechat

PHONE = "+8610000000009"
REAL_LOOKING = "+86" + "139" + "00001111"
OPENID = "invented-0001"


def letter(to: str = PHONE, said: object = "您好") -> Outgoing:
    return Outgoing(str(uuid4()), to, said)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def called() -> Iterator[Called]:
    with listening() as told:
        yield told


@pytest.fixture(scope="module")
def sms_url(called: Called) -> Iterator[str]:
    with running("sms", called.url) as url:
        yield url


@pytest.fixture(scope="module")
def wechat_url(called: Called) -> Iterator[str]:
    with running("wechat", called.url) as url:
        yield url


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, called: Called) -> None:
    monkeypatch.setattr(gateways, "SECONDS", 1.0)
    called.calls.clear()


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - receipts are signed by the moment


def test_a_text_message_arrives_once_however_often_it_is_handed_over(sms_url: str) -> None:
    one = letter()
    first, again = sms(sms_url).send([one]), sms(sms_url).send([one])
    assert first == again
    assert first[0].kind == "accepted"
    assert [each["key"] for each in ask(f"{sms_url}/inbox")["arrived"]].count(one.key) == 1


def test_a_silence_after_acceptance_is_unknown_and_the_second_try_brings_nothing_twice(sms_url: str) -> None:
    one = letter()
    ask(f"{sms_url}/misbehave", {"silent": 1})
    assert sms(sms_url).send([one])[0].kind == "unknown"
    assert sms(sms_url).send([one])[0].kind == "accepted"
    assert [each["key"] for each in ask(f"{sms_url}/inbox")["arrived"]].count(one.key) == 1


def test_what_they_will_not_bring_is_refused_with_their_reason(sms_url: str) -> None:
    ask(f"{sms_url}/misbehave", {"refuse": 1})
    answer, fine = sms(sms_url).send([letter(), letter()])
    assert (answer.kind, answer.reason, fine.kind) == ("refused", "空号", "accepted")


def test_an_error_of_theirs_may_be_tried_again(sms_url: str) -> None:
    ask(f"{sms_url}/misbehave", {"error": 1})
    assert sms(sms_url).send([letter()])[0].kind == "unknown"


def test_where_nobody_listens_nothing_was_taken() -> None:
    assert sms(f"http://localhost:{free_port()}").send([letter()])[0].kind == "not-taken"
    assert wechat(f"http://localhost:{free_port()}").send([letter(OPENID, {})])[0].kind == "not-taken"


def test_a_wrong_secret_takes_nothing(sms_url: str) -> None:
    adapter = sms(sms_url)
    adapter.secret = "wrong"
    assert adapter.send([letter()])[0].kind == "not-taken"


@pytest.mark.parametrize(
    ("to", "is_simulated", "is_synthetic"),
    [(REAL_LOOKING, True, True), (PHONE, False, True), (PHONE, False, False), (REAL_LOOKING, True, False),
     (REAL_LOOKING, False, True)],
)  # fmt: skip
def test_an_address_goes_only_where_it_belongs(
    sms_url: str,
    settings: Settings,
    to: str,
    is_simulated: bool,
    is_synthetic: bool,
) -> None:
    settings.SYNTHETIC = is_synthetic
    before = ask(f"{sms_url}/inbox")["taken"]
    assert sms(sms_url, is_simulated=is_simulated).send([letter(to)])[0].kind == "refused"
    assert ask(f"{sms_url}/inbox")["taken"] == before


def test_a_receipt_is_signed_and_read(sms_url: str, called: Called) -> None:
    one = letter()
    adapter = sms(sms_url)
    (answer,) = adapter.send([one])
    ((said, _, body),) = called.about(one.key)
    (receipt,) = adapter.receipts(body, said, now=now())
    assert (receipt.key, receipt.reference, receipt.arrived) == (one.key, answer.reference, True)
    with pytest.raises(NotGenuine, match="old"):
        adapter.receipts(body, said, now=now() + timedelta(hours=1))
    with pytest.raises(NotGenuine, match="signature"):
        adapter.receipts(body + b" ", said, now=now())


def test_a_forged_receipt_is_not_believed_and_the_right_one_is(sms_url: str, called: Called) -> None:
    adapter = sms(sms_url)
    one = letter()
    ask(f"{sms_url}/misbehave", {"forged": 1})
    adapter.send([one])
    (forged, _, first), (right, _, second) = called.about(one.key, count=2)
    with pytest.raises(NotGenuine, match="signature"):
        adapter.receipts(first, forged, now=now())
    assert adapter.receipts(second, right, now=now())[0].arrived


def test_receipts_come_twice_or_not_at_all_when_asked_to(sms_url: str, called: Called) -> None:
    ask(f"{sms_url}/misbehave", {"twice": 1, "no-receipt": 1})
    twice, never = letter(), letter()
    sms(sms_url).send([twice, never])
    assert len(called.about(twice.key, count=2)) == 2
    assert not [body for _, _, body in called.calls if never.key.encode() in body]


# --- 公众号 -------------------------------------------------------------------------------------------------


def test_a_template_message_arrives_and_its_event_is_read(wechat_url: str, called: Called) -> None:
    adapter, one = wechat(wechat_url), letter(OPENID, {"待遇": "青岛光荣灯"})
    (answer,) = adapter.send([one])
    assert answer.kind == "accepted"
    assert ask(f"{wechat_url}/inbox")["arrived"][-1] == {
        "key": one.key,
        "to": OPENID,
        "text": "待遇：青岛光荣灯",
    }
    ((_, asked, body),) = called.about(f"<MsgID>{answer.reference}<")
    (receipt,) = adapter.receipts(body, asked, now=now())
    assert (receipt.reference, receipt.arrived) == (str(int(answer.reference)), True)
    with pytest.raises(NotGenuine):
        adapter.receipts(body, {**asked, "nonce": "x"}, now=now())


def test_a_token_that_fails_is_fetched_anew_once(wechat_url: str) -> None:
    adapter = wechat(wechat_url)
    adapter.send([letter(OPENID, {"a": "b"})])
    ask(f"{wechat_url}/misbehave", {"token": 1})
    assert adapter.send([letter(OPENID, {"a": "b"})])[0].kind == "accepted"
    ask(f"{wechat_url}/misbehave", {"token": 2})
    assert adapter.send([letter(OPENID, {"a": "b"})])[0].kind == "not-taken"


def test_who_does_not_follow_is_refused_and_a_busy_platform_leaves_the_rest_alone(wechat_url: str) -> None:
    adapter = wechat(wechat_url)
    ask(f"{wechat_url}/misbehave", {"refuse": 1})
    assert adapter.send([letter(OPENID, {"a": "b"})])[0].reason == "没有关注公众号"
    before = ask(f"{wechat_url}/inbox")["calls"]
    ask(f"{wechat_url}/misbehave", {"error": 1})
    answers = adapter.send([letter(OPENID, {"a": "b"}) for _ in range(3)])
    assert [each.kind for each in answers] == ["not-taken"] * 3
    assert ask(f"{wechat_url}/inbox")["calls"] == before


def test_a_real_openid_goes_to_no_simulator(wechat_url: str) -> None:
    assert wechat(wechat_url).send([letter("o" * 28, {"a": "b"})])[0].kind == "refused"


def test_blocked_by_the_person_is_said_so(wechat_url: str, called: Called) -> None:
    adapter = wechat(wechat_url)
    ask(f"{wechat_url}/misbehave", {"undelivered": 1})
    (answer,) = adapter.send([letter(OPENID, {"a": "b"})])
    ((_, asked, body),) = called.about(f"<MsgID>{answer.reference}<")
    (receipt,) = adapter.receipts(body, asked, now=now())
    assert (receipt.arrived, receipt.reason) == (False, "user block")
