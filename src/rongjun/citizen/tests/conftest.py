"""The pages are tested in the small city the house tests use, with a single sign-on that really answers."""

from tests.house.citizens import province
from tests.house.conftest import scene

__all__ = ["province", "scene"]
