"""Django's name for this app."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.files"
    label = "files"
