"""The shared parts are drawn without the rest of the house: own engine, own addresses, no database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Engine
from pytest_django.fixtures import Settings

import rongjun.ui

TEMPLATES = Path(rongjun.ui.__file__).parent / "templates"
Draw = Callable[..., str]


@pytest.fixture
def engine(settings: Settings) -> Engine:
    settings.ROOT_URLCONF = "rongjun.ui.tests.urls"
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    libraries = {
        "ui": "rongjun.ui.templatetags.ui",
        "i18n": "django.templatetags.i18n",
        "static": "django.templatetags.static",
    }
    return Engine(dirs=[str(TEMPLATES)], libraries=libraries, string_if_invalid="")


@pytest.fixture
def draw(engine: Engine) -> Draw:
    """Draws a line of template with `{% load ui %}` before it."""

    def drawn(line: str, **context: Any) -> str:
        return engine.from_string("{% load ui %}" + line).render(Context({"csrf_token": "token", **context}))

    return drawn


@pytest.fixture
def draw_page(engine: Engine) -> Draw:
    """Draws a whole template."""

    def drawn(name: str, **context: Any) -> str:
        return engine.get_template(name).render(Context({"csrf_token": "token", **context}))

    return drawn
