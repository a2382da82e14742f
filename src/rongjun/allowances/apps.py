"""Django's name for this app."""

from django.apps import AppConfig


class AllowancesConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.allowances"
    label = "allowances"
