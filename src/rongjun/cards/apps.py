"""Django's name for this app."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.cards"
    label = "cards"
