"""Quiet hours, back-off and the choice of a way, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.notices.logic.sending import (
    ACCEPTED,
    ALL_FAILED,
    DIED,
    GAVE_UP,
    MOST_TRIES,
    NO_WAY,
    NOT_WANTED,
    OUTER,
    REFUSED,
    RESTRICTED,
    WAITING,
    Answer,
    Answered,
    Quiet,
    Reach,
    Tried,
    after,
    may_carry,
    next_way,
    not_before,
    pause_after,
    wait_after,
    why_by_hand,
)

NIGHT = Quiet(time(21), time(8))
NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001 - local time of one zone
hours = st.builds(time, st.integers(0, 23), st.integers(0, 59))
quiets = st.builds(Quiet, hours, hours)


@given(moments, quiets)
def test_what_may_be_sent_is_sent_at_once_and_the_rest_when_quiet_ends(
    moment: datetime, quiet: Quiet
) -> None:
    at = not_before(moment, quiet=quiet, urgent=False)
    assert not quiet.holds(at.time())
    assert timedelta() <= at - moment < timedelta(days=1)
    if not quiet.holds(moment.time()):
        assert at == moment
    else:
        assert at.time() == quiet.ends
        half = moment + (at - moment) / 2
        assert quiet.holds(half.time()), "it waits no longer than it has to"


@given(moments, quiets)
def test_what_is_urgent_never_waits(moment: datetime, quiet: Quiet) -> None:
    assert not_before(moment, quiet=quiet, urgent=True) == moment


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        ("20:59", "30 20:59"),
        ("21:00", "01 08:00"),
        ("23:30", "01 08:00"),
        ("03:00", "30 08:00"),
        ("08:00", "30 08:00"),
    ],
)
def test_the_night_by_hand(at: str, sent: str) -> None:
    told = datetime.fromisoformat(f"2026-11-30T{at}")
    assert f"{not_before(told, quiet=NIGHT, urgent=False):%d %H:%M}" == sent


def test_waits_grow_and_end_after_half_a_day() -> None:
    waits = [wait_after(tries) for tries in range(1, MOST_TRIES + 1)]
    assert waits[-1] is None
    grown = [each for each in waits if each]
    assert grown == sorted(grown)
    assert timedelta(hours=12) <= list(accumulate(grown))[-1] <= timedelta(hours=13)


@given(st.integers(1, 10_000))
def test_a_silent_channel_is_left_alone_ten_seconds_to_five_minutes(failures: int) -> None:
    assert timedelta(seconds=10) <= pause_after(failures) <= timedelta(minutes=5)
    assert pause_after(failures) <= pause_after(failures + 1)


channels = st.lists(st.sampled_from(OUTER), unique=True)
reaches = st.builds(Reach, channels, channels, st.booleans(), st.booleans())


@given(reaches, channels, channels)
def test_a_way_is_wanted_reachable_open_and_new(reach: Reach, is_open: list[str], tried: list[str]) -> None:
    way = next_way(reach, open_channels=is_open, tried=tried)
    fit = [each for each in reach.wants if each in reach.has and each in is_open and each not in tried]
    if reach.died or reach.restricted:
        fit = []
    assert way == (fit[0] if fit else None)


@pytest.mark.parametrize(
    ("reach", "tried", "why"),
    [
        (Reach(), (), NO_WAY),
        (Reach(wants=(), has=("sms",)), (), NOT_WANTED),
        (Reach(has=("sms",), died=True), (), DIED),
        (Reach(has=("sms",), restricted=True), (), RESTRICTED),
        (Reach(has=("sms",)), ("sms",), ALL_FAILED),
    ],
)
def test_the_station_is_told_why_it_has_to(reach: Reach, tried: tuple[str, ...], why: str) -> None:
    assert why_by_hand(reach, tried=tried) == why


@given(st.booleans(), st.booleans(), st.booleans())
def test_an_address_goes_only_where_it_belongs(one: bool, two: bool, three: bool) -> None:
    assert may_carry(is_invented=one, is_simulated=two, is_synthetic=three) == (one is two is three)


DAY = timedelta(days=1)
MINUTES = timedelta(minutes=10)
KINDS: tuple[Answered, ...] = ("accepted", "refused", "not-taken", "unknown")
answers = st.sampled_from([Answer(kind) for kind in KINDS])


@given(st.lists(answers, min_size=1, max_size=20), st.sampled_from([None, MINUTES]))
def test_whatever_a_gateway_answers_it_comes_to_an_end(
    said: list[Answer], key_lives: timedelta | None
) -> None:
    now, tried, first_unsure = NOW, Tried(0), None
    for answer in said:
        tried = Tried(tried.tries + 1, tried.unsure_since)
        told = after(answer, tried, now=now, receipt_within=DAY, key_lives=key_lives)
        if answer.kind == "unknown":
            first_unsure = first_unsure or now
        if told.state != WAITING:
            assert told.state in {ACCEPTED, REFUSED, GAVE_UP}
            assert (told.at is None) == (told.state != ACCEPTED)
            # What may have been taken is never given up as not sent, nor tried with a key nobody knows.
            assert not (told.state == GAVE_UP and first_unsure)
            return
        assert told.at is not None
        assert told.at > now
        if key_lives and first_unsure:
            assert told.at < first_unsure + key_lives
        now, tried = told.at, Tried(tried.tries, told.unsure_since)
    assert tried.tries < MOST_TRIES
