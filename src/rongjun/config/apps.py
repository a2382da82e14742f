"""Connects the wires once Django has loaded every app."""

from django.apps import AppConfig


class HouseConfig(AppConfig):
    """The house itself: last in the list of apps, so that all others are there."""

    name = "rongjun.config"
    label = "house"

    def ready(self) -> None:
        """Tell the rules whom to ask for which fact, and who is called by which outcome."""
        from rongjun.config.wiring import FACT_SOURCES, OUTCOMES
        from rongjun.kernel import outcomes
        from rongjun.rules import asking

        asking.connect(FACT_SOURCES)
        outcomes.connect(OUTCOMES)
