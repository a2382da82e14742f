"""Django's name for this app."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.registry"
    label = "registry"
