"""Shared page parts as a Django app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, template tags and nothing else: no models, no views."""

    name = "rongjun.ui"
    label = "ui"
