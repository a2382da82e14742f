"""Django's name for this app."""

from django.apps import AppConfig


class InsuranceConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.insurance"
    label = "insurance"
