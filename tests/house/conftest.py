"""One small city for every test that visits pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from rongjun.config import demo
from tests.house.scene import Scene, set_scene


@pytest.fixture
def scene(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A city of thirty, and the sample roster. Hashing passwords slowly is tested where it belongs."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(demo, "PEOPLE", 30)
    return set_scene()
