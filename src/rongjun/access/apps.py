"""Django's name for this app."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class AccessConfig(AppConfig):
    """Connects the signals of sign-in to the evidence chain."""

    name = "rongjun.access"
    label = "access"

    def ready(self) -> None:
        """Load the receivers; refuse to start with a fixed second factor outside the demo."""
        import rongjun.access.http  # noqa: F401 - registers the receivers

        if settings.DEMO_SECOND_FACTOR and settings.PROFILE != "demo":
            raise ImproperlyConfigured("固定的第二重验证码（DEMO_SECOND_FACTOR）只能用在演示里，请去掉它。")
