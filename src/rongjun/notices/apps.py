"""Django's name for this app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.notices"
    label = "notices"
