"""Django's name for this app."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.partners"
    label = "partners"
