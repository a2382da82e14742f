"""A person's death."""

from __future__ import annotations

from rongjun.registry.models.base import Assertion


class Death(Assertion):
    """The person died on `valid_from`; closed, without an end, when it turned out not to be so."""
