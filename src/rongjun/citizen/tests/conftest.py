"""The pages are tested in the small city the house tests use, with a single sign-on that really answers."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from pytest_django.fixtures import Settings

from rongjun.access import sso_simulator
from rongjun.access.sso_simulator import Server
from tests.house.conftest import scene
from tests.house.scene import Scene, bare_row

__all__ = ["scene"]


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
