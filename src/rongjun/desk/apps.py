"""Django's name for this app."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.desk"
    label = "desk"
