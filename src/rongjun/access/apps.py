"""Django's name for this app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Connects the signals of sign-in to the evidence chain."""

    name = "rongjun.access"
    label = "access"

    def ready(self) -> None:
        """Load the receivers."""
        import rongjun.access.http  # noqa: F401 - registers the receivers
