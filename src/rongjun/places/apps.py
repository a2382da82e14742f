"""Django's name for this app."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Registers the app under its own name."""

    name = "rongjun.places"
    label = "places"
