"""Django's name for this app."""

from django.apps import AppConfig


class InsightConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.insight"
    label = "insight"
