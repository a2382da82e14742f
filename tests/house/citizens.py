"""Citizens for the tests of apps: their accounts as actors, and a single sign-on that really answers."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from rongjun.access import sso_simulator
from rongjun.access.api import Actor, acting_as_job
from rongjun.access.models import Account
from rongjun.access.queries import citizen_by
from rongjun.access.rules import STARTED
from rongjun.access.sso_simulator import Server
from rongjun.registry.models import CitizenLink, Statement
from tests.house.scene import CITIZEN, Scene, bare_row

__all__ = ["Account", "Server", "Statement", "province"]


@pytest.fixture
def province(scene: Scene, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The simulator at a port of its own; its one person is the citizen of the scene."""
    monkeypatch.setattr(sso_simulator, "SILENCE_SECONDS", 2)
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 1
    number = bare_row("clerk", 905)["证件号码"]
    with Server(0, [{"name": "测试白纸905", "number": number, "note": "66 岁"}]) as server:
        settings.SSO = {**settings.SSO, "issuer": server.issuer.url, "secret": "simulated"}
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def as_actor(account: UUID, *, acting_for: UUID | None = None) -> Actor:
    """The citizen of an account as they act."""
    return citizen_by(Account.objects.get(pk=account), acting_for=acting_for)


def nobody() -> Actor:
    """A citizen whose account has no file."""
    return citizen_by(Account(username="c-nobody", name="测试无档", kind="citizen"))


def open_without_file(login: str) -> None:
    """An account of a citizen that is linked to no file."""
    now = timezone.now()
    Account.objects.create(username=login, name="测试", kind="citizen", used_at=now, password_changed_at=now)


def file_of_citizen() -> UUID:
    """The file of the citizen of the scene."""
    with acting_as_job("test.look"):
        return UUID(str(CitizenLink.objects.get(account__username=CITIZEN).person_id))


def answer_kept(person: UUID, fact: str) -> Statement:
    """What somebody stated of a person."""
    with acting_as_job("test.look"):
        return Statement.objects.get(person_id=person, fact=fact)


def age_sign_in(client: Client, *, seconds: int) -> None:
    """The session of a browser began so much earlier."""
    session = client.session
    session[STARTED] -= seconds
    session.save()
