"""Django's name for this app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.ledger"
    label = "ledger"
