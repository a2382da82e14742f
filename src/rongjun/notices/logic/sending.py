"""When, by which way and how often a message is sent. No Django, no clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Literal

from rongjun.kernel.words import Words
from rongjun.notices.logic import SMS, WECHAT

# --- states of one sending by one channel -------------------------------------------------------------------

# To be sent at a moment; given to a worker; the gateway has it and its receipt is waited for.
WAITING, CALLING, ACCEPTED = "waiting", "calling", "accepted"
# And its ends: it arrived; they will not bring it; we stopped trying; nobody needs it any more.
ARRIVED, REFUSED, GAVE_UP, DROPPED = "arrived", "refused", "gave-up", "dropped"
SENDING_OPEN: Final = (WAITING, CALLING, ACCEPTED)
SENDING_FINAL: Final = (ARRIVED, REFUSED, GAVE_UP, DROPPED)
SENDING_STATES: Words[dict[str, tuple[str, str]]] = {
    WAITING: ("待发", "info"),
    CALLING: ("正在发", "info"),
    ACCEPTED: ("对方已收下，等回执", "info"),
    ARRIVED: ("已送达", "ok"),
    REFUSED: ("对方退回", "no"),
    GAVE_UP: ("发不出去", "no"),
    DROPPED: ("不用再发", "pause"),
}
OUTER: Final = (WECHAT, SMS)

# Why the station has to tell somebody by hand.
NO_WAY, NOT_WANTED, DIED, RESTRICTED, NO_RECEIPT, ALL_FAILED = (
    "no-way", "not-wanted", "died", "restricted", "no-receipt", "all-failed",
)  # fmt: skip
BY_HAND_REASONS: Words[dict[str, str]] = {
    NO_WAY: "没有电话，也没有绑公众号",
    NOT_WANTED: "本人不要短信和公众号",
    DIED: "登记已去世，不往他的电话上发",
    RESTRICTED: "档案限制处理",
    NO_RECEIPT: "发出去了，没有回执，不知道收到没有",
    ALL_FAILED: "能用的渠道都没发成",
}

# --- when ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quiet:
    """免打扰时段: from an hour of the evening to one of the morning, local time; the end is outside."""

    begins: time
    ends: time

    def holds(self, at: time) -> bool:
        """Whether this hour is a quiet one; the same hour twice means none is."""
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


def not_before(moment: datetime, *, quiet: Quiet, urgent: bool) -> datetime:
    """The first moment at or after this one at which a message may be sent. `moment` is local time."""
    if urgent or not quiet.holds(moment.timetz().replace(tzinfo=None)):
        return moment
    wakes = moment.replace(hour=quiet.ends.hour, minute=quiet.ends.minute, second=0, microsecond=0)
    return wakes if wakes > moment else wakes + timedelta(days=1)


# Minutes until the next try, after the first, the second, … Then we give up: half a day in all.
_WAITS: Final = (1, 5, 15, 60, 180, 480)
MOST_TRIES: Final = len(_WAITS) + 1
# Seconds a channel that does not answer is left alone.
_PAUSES: Final = (10, 30, 60, 300)


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after so many tries; None when it is enough."""
    assert tries >= 1
    return timedelta(minutes=_WAITS[tries - 1]) if tries < MOST_TRIES else None


def pause_after(failures: int) -> timedelta:
    """How long a channel is left alone that failed so many times in a row."""
    assert failures >= 1
    return timedelta(seconds=_PAUSES[min(failures, len(_PAUSES)) - 1])


# --- by which way -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of how somebody can be reached: their wishes in order, and where there is an address."""

    wants: Sequence[str] = OUTER
    has: Collection[str] = ()
    died: bool = False
    restricted: bool = False


def next_way(reach: Reach, *, open_channels: Collection[str], tried: Collection[str] = ()) -> str | None:
    """The first channel the person wants, has an address on, and that was not tried; None without one."""
    if reach.died or reach.restricted:
        return None
    usable = set(open_channels) & set(reach.has) - set(tried)
    return next((channel for channel in reach.wants if channel in usable), None)


def why_by_hand(reach: Reach, *, tried: Collection[str] = ()) -> str:
    """Why no channel is left."""
    if reach.died:
        return DIED
    if reach.restricted:
        return RESTRICTED
    if tried:
        return ALL_FAILED
    return NOT_WANTED if set(reach.has) - set(reach.wants) else NO_WAY


def may_carry(*, is_invented: bool, is_simulated: bool, is_synthetic: bool) -> bool:
    """Whether an address may go to a gateway: invented ones to simulators of a synthetic house, real ones to
    real gateways of a real house, and nothing else anywhere."""
    return is_invented == is_simulated == is_synthetic


# --- what a gateway answers ---------------------------------------------------------------------------------

Answered = Literal["accepted", "refused", "not-taken", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of handing one message over.

    `not-taken` is certain, so it may be tried again; `unknown` may have been taken: it is tried again with
    the same key while the gateway still knows the key.
    """

    kind: Answered
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """One sending before an answer: how often it was tried, and since when nobody knows what became of it."""

    tries: int
    unsure_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The state after an answer, when to look again, and since when it is unsure."""

    state: str
    at: datetime | None
    unsure_since: datetime | None = None


def after(
    answer: Answer, tried: Tried, *, now: datetime, receipt_within: timedelta, key_lives: timedelta | None
) -> Next:
    """What becomes of a sending by an answer.

    `receipt_within` is how long a receipt is waited for, `key_lives` how long the gateway knows a key (None:
    for ever): after that a second try could be a second message, so a receipt is waited for instead.
    """
    if answer.kind == "accepted":
        return Next(ACCEPTED, now + receipt_within)
    if answer.kind == "refused":
        return Next(REFUSED, None)
    unsure = tried.unsure_since or (now if answer.kind == "unknown" else None)
    wait = wait_after(tried.tries)
    if unsure is None:
        return Next(WAITING, now + wait) if wait else Next(GAVE_UP, None)
    too_late = key_lives is not None and wait is not None and now + wait >= unsure + key_lives
    if wait is None or too_late:
        return Next(ACCEPTED, now + receipt_within, unsure)
    return Next(WAITING, now + wait, unsure)
