"""The pages are tested in the small city the house tests use."""

from tests.house.conftest import scene

__all__ = ["scene"]
