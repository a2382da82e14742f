"""Django's name for this app."""

from django.apps import AppConfig


class BenefitsConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.benefits"
    label = "benefits"
