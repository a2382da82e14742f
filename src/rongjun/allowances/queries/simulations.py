"""Simulations as pages show them."""

from __future__ import annotations

from uuid import UUID

from rongjun.allowances.models import Simulation

LISTED = 30


def simulations() -> list[Simulation]:
    """The newest in scope, without what was handed in."""
    return list(Simulation.objects.defer("text", "result").order_by("-made_at", "id")[:LISTED])


def simulation(wanted: UUID) -> Simulation | None:
    """One in scope, whole."""
    return Simulation.objects.filter(pk=wanted).first()
