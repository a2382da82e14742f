"""Two contents of one settlement as a page shows them, and what an officer may say about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest
from rongjun.insurance.logic.standing import PROPOSED, STANDS
from rongjun.insurance.queries.conflicts import ConflictPage, conflict_of


def shown(request: ActingRequest, settlement: UUID) -> dict[str, Any] | None:
    """What the page of a record that was set aside shows beside it, and what this officer may do."""
    found = conflict_of(settlement)
    if found is None:
        return None
    return {
        "said": found,
        "answer": _(STANDS[found.answer]) if found.answer else "",
        "rows": [
            {"cells": [_(what), one, {"text": other, "note": _("不同") if differs else ""}]}
            for what, one, other, differs in found.lines
        ],
        "columns": [{"label": _("内容")}, {"label": _("先到的")}, {"label": _("后到的")}],
        **_may(request, found),
    }


def _may(request: ActingRequest, found: ConflictPage) -> dict[str, bool]:
    is_own = found.proposed_by == request.actor.text
    proposed = found.state == PROPOSED
    return {
        "may_propose": found.is_open and not proposed and request.actor.may("insurance.review"),
        "may_check": found.is_open and proposed and not is_own and request.actor.may("insurance.check"),
        "is_own": found.is_open and proposed and is_own,
    }
