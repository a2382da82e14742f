"""The citizen pages as a Django app: screens and nothing of their own."""

from __future__ import annotations

from django.apps import AppConfig


class CitizenConfig(AppConfig):
    """Citizen pages."""

    name = "rongjun.citizen"
