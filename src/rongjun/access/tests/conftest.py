"""A database of one's own and a clock one can move: sign-in commits, and its limits are made of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from tests.cluster import fresh_database

OWN = "rongjun_access_test"


class Clock:
    """The moment everything happens at, until it is moved."""

    def __init__(self) -> None:
        self.at = timezone.localtime()

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A fresh copy of the template behind Django's default connection: what is committed stays in it."""
    with django_db_blocker.unblock():
        connection.close()
        fresh_database(OWN)
        shared = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = OWN
        try:
            yield OWN
        finally:
            connection.close()
            connection.settings_dict["NAME"] = shared


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands still; axes took its own name for the clock."""
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
