"""A clock one can move, and the whole house behind a client: sign-in commits, its limits are time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import FunctionType

import pytest
from django.core.cache.backends import db as cache_in_database
from django.utils import timezone
from pytest_django.fixtures import Settings


class Clock:
    """The moment everything happens at, until it is moved."""

    def __init__(self) -> None:
        self.at = timezone.localtime()

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands still; axes took its own name for the clock.

    So did the cache, and keeps it: it reckons by the computer's clock, as allauth's codes do. Were it loaded
    only now, it would take this clock for good, and what later tests keep would have expired at once.
    """
    assert isinstance(vars(cache_in_database)["tz_now"], FunctionType), (
        "the cache took a clock that stands still"
    )
    taken = vars(cache_in_database)["tz_now"]
    assert isinstance(taken, FunctionType), "the cache took a clock that stands still"
    standing = Clock()
    monkeypatch.setattr(timezone, "now", standing)
    monkeypatch.setattr("axes.handlers.proxy.now", standing)
    return standing


@pytest.fixture
def site(own_database: str, clock: Clock, settings: Settings) -> Clock:
    """The whole house behind `django.test.Client`, and some pages of ours in it."""
    settings.ROOT_URLCONF = "rongjun.access.tests.urls"
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    return clock
