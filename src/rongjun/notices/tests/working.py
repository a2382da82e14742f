"""A worker that sends until it is killed: three jobs, each in its transaction, as the house does it."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from datetime import time as hour

import django

django.setup()

from rongjun.access.api import acting_as_job  # noqa: E402
from rongjun.notices.actions import sending  # noqa: E402
from rongjun.notices.actions.sending import Office  # noqa: E402
from rongjun.notices.logic import SMS  # noqa: E402
from rongjun.notices.logic.sending import Quiet  # noqa: E402
from rongjun.notices.tests.gateways import sms  # noqa: E402

OFFICE = Office(frozenset({SMS}), Quiet(hour(0), hour(0)), timedelta(hours=24))


def work(url: str) -> None:
    """Until somebody ends it. Its clock runs a hundred times as fast, so that waits are short."""
    gateway, began = sms(url), time.monotonic()
    gateway.at_once = 5
    while True:
        now = datetime(2026, 11, 30, 2, tzinfo=UTC) + timedelta(seconds=100 * (time.monotonic() - began))
        with acting_as_job("test.route"):
            sending.route_next(OFFICE, now=now)
            sending.claim(SMS, most=5, now=now)
        with acting_as_job("test.send"):
            sending.hand_over(gateway, OFFICE, by="job:test.send", now=now)
        time.sleep(0.01)


if __name__ == "__main__":
    work(sys.argv[1])
